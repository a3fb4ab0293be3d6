"""From what is kept of a study to what its page shows: cells with bars, intervals as drawings, nothing hidden in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Cell", "Compared", "chapters_shown", "compared", "lists_shown"]

_CUSTOMER = "customer_id"
_FORMS = {"mean_absolute_error": "money", "top_share_found": "share", "hit_rate": "share"}
"""How values of a measure are written; others are plain numbers."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    ``bar`` is percent of the column's largest, None in a column without bars; ``sort`` the number by which the column
    is sorted, None where there is none or it is sorted by its text.
    """

    text: str
    is_number: bool
    label: str
    is_customer: bool
    bar: float | None = None
    sort: float | None = None


@dataclass(frozen=True)
class Compared:
    """A measure of the method and of its plain baseline on later data, and the gain as a share of the baseline's.

    Places are percent of the width of a drawing that holds 0 and the whole interval.
    """

    measure: str
    form: str
    """``money`` in minor units, ``share`` of 0 … 1, or ``number``."""
    method: float
    baseline: float
    gain: float | None
    """Relative; None where the baseline's measure is 0."""
    low: float | None
    high: float | None
    customers: int
    confidence: float
    zero_at: float
    gain_at: float
    low_at: float
    high_at: float

    @property
    def width(self) -> float:
        return round(self.high_at - self.low_at, 1)


def chapters_shown(document: Mapping[str, Any], *, everybody: bool, said: str = "") -> list[dict[str, Any]]:
    """The chapters of a study's document; tables and figures that name customers only for who may see everybody.

    ``said`` is a note that the page has told already.
    """
    return [
        {
            **chapter,
            "figures": [
                {**each, "table": _table(each["table"])}
                for each in chapter["figures"]
                if everybody or not each["table"]["is_personal"]
            ],
            "tables": [_table(each) for each in chapter["tables"] if everybody or not each["is_personal"]],
            "notes": [each for each in chapter["notes"] if each != said],
        }
        for chapter in document.get("chapters", ())
    ]


def lists_shown(document: Mapping[str, Any], *, everybody: bool) -> list[dict[str, Any]]:
    """The lists of customers to act on; none for who may not see everybody."""
    return [_table(each) for each in document.get("lists", ()) if everybody]


def compared(comparisons: Iterable[Mapping[str, Any]]) -> list[Compared]:
    """The comparisons of a judgement, each as a drawing of its interval."""
    return [_compared(each) for each in comparisons]


def _compared(each: Mapping[str, Any]) -> Compared:
    # Of the absolute gain only its sign and size beside others' would show; as a share it speaks for itself.
    scale = abs(each["baseline"])
    gain, low, high = (each[name] / scale if scale else None for name in ("gain", "gain_low", "gain_high"))
    known = [value for value in (0.0, gain, low, high) if value is not None]
    least, most = min(known), max(known)
    margin = 0.06 * (most - least) or 1.0
    least, most = least - margin, most + margin

    def place(value: float | None) -> float:
        return round(100 * ((value or 0.0) - least) / (most - least), 1)

    return Compared(
        measure=each["measure"], form=_FORMS.get(each["measure"], "number"), method=each["method"],
        baseline=each["baseline"], gain=gain, low=low, high=high, customers=each["customers"],
        confidence=each["confidence"], zero_at=place(0.0), gain_at=place(gain),
        low_at=place(low), high_at=place(high),
    )  # fmt: skip


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    columns = table["columns"]
    keys = [column["key"] for column in columns]
    return {
        **table,
        "rows": [
            _cells(row, columns, table["bars"], table.get("sorts", {}), place)
            for place, row in enumerate(table["rows"])
        ],
        "total": _cells(table["total"], columns, {}, {}, 0) if table["total"] else [],
        "customer_column": keys.index(_CUSTOMER) if _CUSTOMER in keys else None,
        "is_cut": table["of"] > len(table["rows"]),
    }


def _cells(
    row: list[str],
    columns: list[Mapping[str, Any]],
    bars: Mapping[str, list[float]],
    sorts: Mapping[str, list[float | None]],
    place: int,
) -> list[Cell]:
    return [
        Cell(
            text, column["is_number"], column["label"], column["key"] == _CUSTOMER,
            bars[str(number)][place] if str(number) in bars else None,
            sorts[str(number)][place] if str(number) in sorts else None,
        )
        for number, (text, column) in enumerate(zip(row, columns, strict=True))
    ]  # fmt: skip
