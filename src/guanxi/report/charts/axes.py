"""Charts with a value axis: bars, columns, lines, histogram, concentration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from guanxi.report.charts import parts
from guanxi.report.charts.parts import ROW_PX, Number, Numbers, Series
from guanxi.report.document import Chart, Column, DataTable, Text
from guanxi.words import Message

__all__ = ["bar", "columns", "histogram", "line", "pareto", "stacked_bar"]

PERIOD = Message("report.period")


def bar(names: Sequence[Text], values: Numbers, *, kind: str, name: Text, by: Text) -> Chart:
    """Horizontal bars with their numbers, first on top: segments, countries, products.

    Parameters
    ----------
    names : what each bar stands for
    values : one a name
    kind : kind of the values
    name : what is measured ("Customers")
    by : what the bars are ("Segment")
    """
    option = parts.frame(
        xAxis={"type": "value", "show": False, "axisLabel": {"show": False}},
        yAxis=parts.categories(names, inverse=True),
        series=[
            parts.bars(name, values, kind, 0)
            | {"barMaxWidth": 20, "label": parts.value_label(kind, "right"), "barMinHeight": 1}
        ],
        tooltip=parts.tooltip("item"),
    )
    # Room for the number behind the longest bar.
    option["grid"] |= {"right": 84, "top": 4}
    return Chart(option, parts.table(name, by, names, [(name, values)], kind), height=ROW_PX * len(names) + 8)


def columns(
    periods: Sequence[str],
    values: Numbers,
    *,
    kind: str,
    name: Text,
    by: Text = PERIOD,
    incomplete_last: bool = False,
) -> Chart:
    """Upright bars over time; a last period that is not over yet is drawn lighter.

    Parameters
    ----------
    periods : as they are to be read, in order: "2011-12", "2011-W49", "2011-12-09"
    values : one a period
    kind : kind of the values
    name : what is measured
    by : what the periods are
    incomplete_last : whether the last period lies partly after as_of
    """
    series = parts.bars(name, values, kind, 0, incomplete_last=incomplete_last) | {"barCategoryGap": "28%"}
    option = parts.frame(
        xAxis=parts.categories(periods),
        yAxis=parts.value_axis(kind),
        series=[series],
        tooltip=parts.tooltip("axis", pointer="shadow"),
    )
    return Chart(option, parts.table(name, by, periods, [(name, values)], kind))


def line(
    periods: Sequence[str],
    series: Series,
    *,
    kind: str,
    by: Text = PERIOD,
    incomplete_last: bool = False,
) -> Chart:
    """Lines over time, each labelled at its end; the way to a last period that is not over yet is dashed.

    Parameters
    ----------
    periods : as they are to be read, in order
    series : name and values, one a period; up to `palette.SERIES_COLOURS`
    kind : kind of the values
    by : what the periods are
    incomplete_last : whether the last period lies partly after as_of
    """
    drawn: list[dict[str, Any]] = []
    for index, (name, values) in enumerate(series):
        colour = parts.series_colour(index)
        numbers = parts.plain(values, kind)
        base = {
            "type": "line",
            "name": name,
            "symbol": "none",
            "color": colour,
            "lineStyle": {"width": 2.5, "color": colour},
            "tooltip": {"valueFormatter": f"@full/{kind}"},
        }
        if not incomplete_last or len(numbers) < 2:
            drawn.append(base | {"data": numbers})
            continue
        dashed = [None] * (len(numbers) - 2) + numbers[-2:]
        drawn.append(base | {"data": [*numbers[:-1], None]})
        drawn.append(base | {"data": dashed, "lineStyle": {"width": 2, "color": colour, "type": "dashed"}})
    several = len(series) > 1
    option = parts.frame(
        xAxis=parts.categories(periods) | {"boundaryGap": False},
        yAxis=parts.value_axis(kind),
        series=drawn,
        tooltip=parts.tooltip("axis"),
        legend=parts.legend() if several else None,
    )
    return Chart(option, parts.table(series[0][0], by, periods, series, kind), height=340 if several else 320)


def stacked_bar(
    names: Sequence[Text],
    series: Series,
    *,
    kind: str,
    by: Text,
    upright: bool = False,
    incomplete_last: bool = False,
) -> Chart:
    """Bars made of parts: new and returning customers by month, segments by country.

    Parameters
    ----------
    names : what each bar stands for
    series : name and values of each part, one value a bar
    kind : kind of the values
    by : what the bars are
    upright : True for bars over time
    incomplete_last : whether the last period lies partly after as_of
    """
    drawn = [
        parts.bars(name, values, kind, index, incomplete_last=incomplete_last)
        | {"stack": "all", "barMaxWidth": 44 if upright else 22, "barCategoryGap": "28%"}
        for index, (name, values) in enumerate(series)
    ]
    along, across = parts.categories(names, inverse=not upright), parts.value_axis(kind)
    option = parts.frame(
        xAxis=along if upright else across,
        yAxis=across if upright else along,
        series=drawn,
        tooltip=parts.tooltip("axis", pointer="shadow"),
        legend=parts.legend(),
    )
    height = 340 if upright else ROW_PX * len(names) + 80
    return Chart(option, parts.table(series[0][0], by, names, series, kind), height=height)


def histogram(
    edges: Sequence[Number | None], counts: Numbers, *, kind: str, name: Text, by: Text, count_kind: str = "int"
) -> Chart:
    """How many fall between each edge and the next.

    Parameters
    ----------
    edges : one more than counts, ascending; the last may be None for "and more"
    counts : one a range
    kind : kind of the edges
    name : what is counted ("Customers")
    by : what the edges measure ("Orders")
    count_kind : kind of the counts
    """
    if len(edges) != len(counts) + 1:
        raise ValueError(f"{len(edges)} edges for {len(counts)} counts")
    limits = parts.plain(edges, kind)
    ranges = ["|".join("" if limit is None else str(limit) for limit in pair) for pair in itertools.pairwise(limits)]
    axis = parts.categories(ranges) | {"name": by, "nameLocation": "middle", "nameGap": 34}
    axis["axisLabel"] = axis["axisLabel"] | {"formatter": f"@range/{kind}"}
    bars = parts.bars(name, counts, count_kind, 0) | {
        "barCategoryGap": "6%",
        "label": parts.value_label(count_kind, "top"),
    }
    option = parts.frame(xAxis=axis, yAxis=parts.value_axis(count_kind), series=[bars], tooltip=parts.tooltip("item"))
    table = DataTable(
        title=name,
        columns=[
            Column("from", Message("report.from", {"what": by}), kind),
            Column("to", Message("report.below", {"what": by}), kind),
            Column("count", name, count_kind),
        ],
        rows=list(zip(edges[:-1], edges[1:], counts, strict=True)),
    )
    return Chart(option, table)


def pareto(points: Sequence[tuple[float, float]], *, marks: Sequence[tuple[float, float]] = ()) -> Chart:
    """How much of the amount comes from how many customers, the best first (concentration, Lorenz curve turned round).

    Parameters
    ----------
    points : (share of customers, share of amount), both cumulated, ascending; a hundred are plenty
    marks : points to name on the curve, such as (0.2, 0.76)
    """
    customers, amount = Message("report.customers_share"), Message("report.amount_share")
    curve = [(0.0, 0.0), *(point for point in points if point != (0.0, 0.0))]
    axis = {"min": 0, "max": 1, "interval": 0.2}
    option = parts.frame(
        xAxis=parts.value_axis("percent") | axis | {"name": customers, "nameLocation": "middle", "nameGap": 34},
        yAxis=parts.value_axis("percent") | axis,
        series=[
            {
                "type": "line",
                "name": amount,
                "data": [list(point) for point in curve],
                "symbol": "none",
                "color": "@series-1",
                "lineStyle": {"width": 2.5},
                "areaStyle": {"color": "@accent-soft", "opacity": 0.7},
                "tooltip": {"valueFormatter": "@full/percent"},
            },
            {
                "type": "line",
                "name": Message("report.equal_shares"),
                "data": [[0, 0], [1, 1]],
                "symbol": "none",
                "silent": True,
                "color": "@line-strong",
                "lineStyle": {"width": 1, "type": "dashed"},
                "tooltip": {"show": False},
            },
            {
                "type": "scatter",
                "name": amount,
                "data": [list(mark) for mark in marks],
                "symbolSize": 11,
                "color": "@series-2",
                "itemStyle": {"opacity": 1, "borderColor": "@paper", "borderWidth": 2},
                "label": parts.label()
                | {
                    "show": True,
                    "position": "right",
                    "distance": 10,
                    "color": "@ink",
                    "fontSize": 14,
                    "fontWeight": 600,
                    "align": "left",
                    "formatter": "@pair/percent",
                },
                "tooltip": {"valueFormatter": "@full/percent"},
                "z": 5,
            },
        ],
        tooltip=parts.tooltip("axis"),
    )
    table = DataTable(
        title=amount,
        columns=[Column("customers_share", customers, "percent"), Column("amount_share", amount, "percent")],
        rows=list(curve),
    )
    return Chart(option, table, height=380)
