"""Charts whose areas carry the value: heat grids, treemap, flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guanxi.report.charts import parts
from guanxi.report.charts.parts import ROW_PX, Number, Numbers
from guanxi.report.document import Chart, Column, DataTable, Text
from guanxi.words import Message

__all__ = ["cohorts", "flows", "rfm_grid", "treemap"]


def treemap(names: Sequence[Text], values: Numbers, *, kind: str, name: Text, by: Text) -> Chart:
    """Areas in proportion to the values, the larger the deeper: what the whole is made of. Values are positive."""
    numbers = parts.plain(values, kind)
    largest = max((each for each in numbers if each), default=1)
    data = []
    for label, value in zip(names, numbers, strict=True):
        level = parts.heat_level(value, largest)
        colour = {"itemStyle": {"color": f"@heat-{level}"}, "label": {"color": f"@heat-ink-{level}"}}
        data.append({"name": label, "value": value, **colour})
    option = parts.frame(
        series=[
            {
                "type": "treemap",
                "animation": False,
                "name": name,
                "data": data,
                "roam": False,
                "nodeClick": False,
                "breadcrumb": {"show": False},
                "left": 0,
                "right": 0,
                "top": 0,
                "bottom": 0,
                "itemStyle": {"borderColor": "@paper", "borderWidth": 0, "gapWidth": 3},
                "label": {"formatter": f"@named/{kind}", "fontSize": 13, "lineHeight": 19, "padding": 4},
                "tooltip": {"valueFormatter": f"@full/{kind}"},
            }
        ],
        tooltip=parts.tooltip("item"),
    )
    return Chart(option, parts.table(name, by, names, [(name, values)], kind), height=360)


def rfm_grid(customers: Mapping[tuple[int, int], int]) -> Chart:
    """Customers by recency score (rows, 5 on top) and frequency score (columns), 1 … 5 each.

    Parameters
    ----------
    customers : (r, f) to number of customers; what is missing is 0
    """
    scores = ["1", "2", "3", "4", "5"]
    rows = [[customers.get((int(r), int(f)), 0) for f in scores] for r in reversed(scores)]
    option = _heat(
        across=scores,
        down=scores[::-1],
        rows=rows,
        kind="int",
        name=Message("report.customers"),
        titles=[[f"R {r} · F {f}" for f in scores] for r in reversed(scores)],
        largest=max(max(row) for row in rows),
    )
    option["xAxis"] |= {"name": Message("report.frequency_score"), "nameLocation": "middle", "nameGap": 30}
    option["yAxis"] |= {"name": Message("report.recency_score"), "nameLocation": "middle", "nameGap": 26}
    heads = [Column(f"f{f}", f"F {f}", "int") for f in scores]
    table = DataTable(
        title=Message("report.customers"),
        columns=[Column("r", Message("report.recency_score")), *heads],
        rows=[(f"R {r}", *row) for r, row in zip(reversed(scores), rows, strict=True)],
    )
    return Chart(option, table, height=360)


def cohorts(starts: Sequence[str], sizes: Sequence[int], shares: Sequence[Numbers], *, period: Text) -> Chart:
    """Of the customers who first bought in a period, the share who bought again in each period after it.

    Parameters
    ----------
    starts : the period of the first order, one a row, oldest first
    sizes : customers who first bought then
    shares : one row a cohort; ``shares[i][0]`` is 1 period later; None or a shorter row where the period is not over
    period : the heading over the columns ("Months after the first order")
    """
    width = max((len(row) for row in shares), default=0)
    rows = [[*row, *[None] * (width - len(row))] for row in shares]
    later = [str(step + 1) for step in range(width)]
    option = _heat(
        across=later,
        down=[f"{start}|{size}" for start, size in zip(starts, sizes, strict=True)],
        rows=rows,
        kind="percent",
        name=Message("report.bought_again"),
        titles=[[f"{start} · +{step}" for step in later] for start in starts],
        largest=max((share for row in rows for share in row if share is not None), default=1),
    )
    option["series"][0]["label"]["formatter"] = "@short/percent"
    option["yAxis"]["axisLabel"]["formatter"] = "@sized/int"
    option["xAxis"] |= {"position": "top", "name": period, "nameLocation": "middle", "nameGap": 28}
    option["grid"]["top"] = 0
    heads = [Column(f"later_{step}", f"+{step}", "percent") for step in later]
    table = DataTable(
        title=Message("report.bought_again"),
        columns=[
            Column("start", Message("report.first_order")),
            Column("customers", Message("report.customers"), "int"),
            *heads,
        ],
        rows=[(start, size, *row) for start, size, row in zip(starts, sizes, rows, strict=True)],
    )
    return Chart(option, table, height=ROW_PX * len(rows) + 64, min_width=36 * width + 120)


def flows(links: Sequence[tuple[Text, Text, int]], *, before: Text, after: Text) -> Chart:
    """Who moved where: customers by the group they were in (left) and the group they are in (right).

    Parameters
    ----------
    links : (group before, group after, customers), customers > 0
    before, after : what the two sides are, such as the two dates
    """
    groups: list[Text] = []
    for pair in links:
        groups += [group for group in pair[:2] if group not in groups]
    nodes = {(side, groups.index(group)): group for link in links for side, group in zip("ab", link[:2], strict=True)}
    option = parts.frame(
        series=[
            {
                "type": "sankey",
                "name": Message("report.customers"),
                "data": [
                    {
                        "name": f"{side}{index}",
                        "title": group,
                        "depth": "ab".index(side),
                        "itemStyle": {"color": parts.series_colour(index)},
                        "label": {"position": "right" if side == "a" else "left"},
                    }
                    for (side, index), group in sorted(nodes.items(), key=lambda item: item[0])
                ],
                "links": [
                    {
                        "source": f"a{groups.index(source)}",
                        "target": f"b{groups.index(target)}",
                        "value": customers,
                        "title": Message("report.moved", {"before": source, "after": target}),
                    }
                    for source, target, customers in links
                ],
                "left": 0,
                "right": 0,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 10,
                "nodeGap": 14,
                "draggable": False,
                "label": parts.label() | {"color": "@ink", "formatter": "@title"},
                "lineStyle": {"color": "source", "opacity": 0.3},
                "emphasis": {"focus": "adjacency"},
                "tooltip": {"valueFormatter": "@full/int"},
            }
        ],
        tooltip=parts.tooltip("item"),
    )
    table = DataTable(
        title=Message("report.customers"),
        columns=[
            Column("before", before),
            Column("after", after),
            Column("customers", Message("report.customers"), "int"),
        ],
        rows=list(links),
    )
    return Chart(option, table, height=max(300, 44 * len(groups)))


def _heat(
    *,
    across: Sequence[str],
    down: Sequence[str],
    rows: Sequence[Sequence[Number | None]],
    kind: str,
    name: Text,
    titles: Sequence[Sequence[str]],
    largest: Number,
) -> dict[str, Any]:
    """A grid of cells coloured by value; the colour of a cell's number is chosen to be read on it."""
    data = []
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if value is None:
                continue
            level = parts.heat_level(value, largest)
            colour = {"itemStyle": {"color": f"@heat-{level}"}, "label": {"color": f"@heat-ink-{level}"}}
            data.append({"value": [x, y, value], "title": titles[y][x], **colour})
    bare = {"splitLine": {"show": False}, "axisLine": {"show": False}}
    return parts.frame(
        xAxis=parts.categories(across) | bare,
        yAxis=parts.categories(down, inverse=True) | bare,
        series=[
            {
                "type": "heatmap",
                "name": name,
                "data": data,
                "label": {"show": True, "formatter": f"@full/{kind}", "fontSize": 12},
                "itemStyle": {"borderColor": "@paper", "borderWidth": 2},
                "tooltip": {"valueFormatter": f"@full/{kind}"},
            }
        ],
        tooltip=parts.tooltip("item"),
    )
