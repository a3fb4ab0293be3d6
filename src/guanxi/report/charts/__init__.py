"""Charts as plain dictionaries: options of Apache ECharts that tests read and pages draw.

Every function takes numbers and words and returns a `Chart`: the option and the same numbers as a table. Options hold
no functions. What depends on the reader is a string that begins with ``@`` and is filled in by ``templates/charts.js``:

- ``@series-1``: a colour of `guanxi.report.palette`;
- ``@full/KIND`` and ``@short/KIND``: a number written in full or shortened (1.2M, 120万), KIND as in
  `guanxi.report.document`; ``@range/KIND`` two of them with a dash, ``@pair/KIND`` with an arrow;
  ``@named/KIND`` and ``@sized/KIND`` one behind a name;
- ``@title``: the data item's own ``title``; ``@tip``: the tooltip.

Money is given in minor units and stands in the option in major units, as the axis shows it. None is a gap.

Examples
--------
>>> chart = bar(["Champions", "At risk"], [120, 45], kind="int", name="Customers", by="Segment")
>>> chart.option["series"][0]["data"]
[120, 45]
>>> chart.table.rows
[('Champions', 120), ('At risk', 45)]
"""

from __future__ import annotations

from guanxi.report.charts.areas import cohorts, flows, rfm_grid, treemap
from guanxi.report.charts.axes import bar, columns, histogram, line, pareto, stacked_bar
from guanxi.report.charts.web import Link, web

__all__ = [
    "Link",
    "bar",
    "cohorts",
    "columns",
    "flows",
    "histogram",
    "line",
    "pareto",
    "rfm_grid",
    "stacked_bar",
    "treemap",
    "web",
]
