"""What charts are made of: frame, axes, labels, colours. Used by the charts only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from guanxi.report.document import Column, DataTable, Text, require_kind
from guanxi.report.palette import HEAT_LEVELS, SERIES_COLOURS
from guanxi.words import Money

ROW_PX = 30
LABEL_PX = 270
"""Room for a name beside its bar; longer ones are cut, and read in full in the tooltip and the table."""

Number = int | float | Decimal
Numbers = Sequence[Number | None]
Series = Sequence[tuple[Text, Numbers]]
"""Named rows of numbers, each as long as the axis."""


def frame(*, series: list[dict[str, Any]], legend: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """What all charts share. Animation would only delay the numbers, and a print would catch it half way."""
    option = {"animation": False, "series": series, **parts}
    if "xAxis" in parts:
        # Labels and names of axes stay within the frame, however long they are.
        bounds = {"outerBoundsMode": "same", "outerBoundsContain": "all"}
        option["grid"] = {"left": 0, "right": 4, "top": 44 if legend else 16, "bottom": 2, **bounds}
    if legend:
        option["legend"] = legend
    return option


def bars(name: Text, values: Numbers, kind: str, index: int, *, incomplete_last: bool = False) -> dict[str, Any]:
    data = plain(values, kind)
    if incomplete_last and data:
        unfinished = {"opacity": 0.45, "borderColor": series_colour(index), "borderType": "dashed", "borderWidth": 1}
        data[-1] = {"value": data[-1], "itemStyle": unfinished}
    return {
        "type": "bar",
        "name": name,
        "data": data,
        "color": series_colour(index),
        "tooltip": {"valueFormatter": f"@full/{kind}"},
    }


def table(title: Text, by: Text, names: Sequence[Text], series: Series, kind: str) -> DataTable:
    return DataTable(
        title=title,
        columns=[Column("by", by), *(Column(f"value_{index}", name, kind) for index, (name, _) in enumerate(series))],
        rows=list(zip(names, *(values for _, values in series), strict=True)),
    )


def categories(names: Sequence[Text], *, inverse: bool = False) -> dict[str, Any]:
    return {
        "type": "category",
        "data": list(names),
        "inverse": inverse,
        "axisTick": {"show": False},
        "axisLine": {"show": not inverse, "lineStyle": {"color": "@line-strong"}},
        "axisLabel": label()
        | {"hideOverlap": True, **({"width": LABEL_PX, "overflow": "truncate"} if inverse else {})},
        "nameTextStyle": label(),
    }


def value_axis(kind: str) -> dict[str, Any]:
    whole = {"minInterval": 1} if kind == "int" else {}
    return {
        "type": "value",
        "axisTick": {"show": False},
        "axisLine": {"show": False},
        "axisLabel": label() | {"formatter": f"@short/{kind}"},
        "splitLine": {"lineStyle": {"color": "@line"}},
        "nameTextStyle": label(),
        **whole,
    }


def label() -> dict[str, Any]:
    return {"color": "@ink-soft", "fontSize": 12}


def value_label(kind: str, position: str) -> dict[str, Any]:
    return label() | {"show": True, "position": position, "formatter": f"@full/{kind}"}


def legend() -> dict[str, Any]:
    return {"top": 0, "left": 0, "icon": "roundRect", "itemWidth": 12, "itemHeight": 12, "textStyle": label()}


def tooltip(trigger: str, *, pointer: str = "line") -> dict[str, Any]:
    shadow = {"shadowStyle": {"color": "@line", "opacity": 0.4}}
    return {
        "trigger": trigger,
        "confine": True,
        "formatter": "@tip",
        "backgroundColor": "@paper",
        "borderColor": "@line",
        "axisPointer": {"type": pointer, "lineStyle": {"color": "@line-strong"}, **shadow},
    }


def series_colour(index: int) -> str:
    return f"@series-{index % SERIES_COLOURS + 1}"


def heat_level(value: Number | None, largest: Number) -> int:
    """0 for nothing, else 1 … 5 in equal steps up to the largest."""
    if not value or value < 0 or not largest:
        return 0
    steps = HEAT_LEVELS - 1
    return min(steps, 1 + int(float(value) / float(largest) * steps * 0.9999))


def plain(values: Numbers, kind: str) -> list[Any]:
    """Numbers that JSON knows; money in major units."""
    require_kind(kind)
    if kind.startswith("money:"):
        currency = kind.removeprefix("money:")
        return [None if each is None else float(Money(Decimal(each), currency).major) for each in values]
    return [float(each) if isinstance(each, Decimal) else each for each in values]
