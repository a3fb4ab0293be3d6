"""What the study of the next purchase says in the report: orders by week ahead, who is due, how far to believe it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import Estimate
from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Figure, Section, Value
from guanxi.studies.base import JudgedContext
from guanxi.studies.next_purchase.judge import SOON_DAYS, Judged
from guanxi.studies.next_purchase.past import reals
from guanxi.warehouse.paged import by_part
from guanxi.words import Message

__all__ = ["MOST_ROWS", "TOP_ROWS", "due_first", "sections", "sheet"]

TOP_ROWS = 25
MOST_ROWS = 10_000
"""Of the file for people."""
_MEASURES = ("score_days", "day_mean_absolute_error", "day_covered", "expected_soon", "found_soon")
_SHARES = {"day_covered", "found_soon"}


def due_first(table: pa.Table) -> pa.Table:
    """Of the table ``customers``, as many as may be expected to order in the horizon, the likeliest, by their day.

    Where no probability is told, all of whom a day is.
    """
    told = by_part(table, lambda rows: rows.filter(pc.is_valid(rows["due_on"])))
    if not told.num_rows:
        return told
    day = told["due_on"].cast(pa.int32()).to_numpy()
    if told["order_probability"].null_count:
        return told.take(pa.array(np.argsort(day, kind="stable")))
    chance = reals(told, "order_probability")
    named = np.argsort(-chance, kind="stable")[: max(1, round(float(pc.sum(table["order_probability"]).as_py())))]
    return told.take(pa.array(named[np.lexsort((-chance[named], day[named]))])).combine_chunks()


def sections(due: pa.Table, weeks: pa.Table, judged: Judged | None, context: JudgedContext) -> list[Section]:
    """The chapter ``next-purchase``; none where nobody is due.

    Parameters
    ----------
    due : from `due_first`
    weeks : of the study's result
    judged : None where nothing could be
    """
    if not due.num_rows:
        return []
    words = {"days": context.horizon_days, "orders": float(np.sum(reals(weeks, "expected_orders")))}
    figures = [_weeks(weeks, context)]
    tables = [_table(due, TOP_ROWS, context)]
    notes = [context.judgement.explained]
    if judged is not None:
        figures.append(_calibration(judged, context))
        tables.append(_comparison(judged, context))
        if (covered := judged.measure("day_covered")) is not None:
            notes.append(Message("next_purchase.note_days", _interval(covered)))
        if judged.amounts_covered is not None:
            notes.append(Message("next_purchase.note_amounts", _interval(judged.amounts_covered)))
    return [
        Section(
            id="next-purchase",
            title=Message("next_purchase.title"),
            intro=[Message("next_purchase.intro", words)],
            figures=figures,
            tables=tables,
            notes=notes,
        )
    ]


def sheet(due: pa.Table, context: JudgedContext) -> DataTable:
    """The file ``due.csv``: who is due, by day, at most `MOST_ROWS`."""
    return _table(due, MOST_ROWS, context)


def _table(due: pa.Table, rows: int, context: JudgedContext) -> DataTable:
    kinds = {
        "customer_id": "text", "due_on": "date", "due_low_on": "date", "due_high_on": "date",
        "order_probability": "percent", "next_order_amount": context.kind, "orders": "int",
        "days_since_last_order": "int",
    }  # fmt: skip
    shown = due.select(list(kinds)).slice(0, rows)
    values: list[tuple[Value, ...]] = list(zip(*(shown[name].to_pylist() for name in kinds), strict=True))
    return DataTable(
        title=Message("next_purchase.due", {"rows": len(values), "of": due.num_rows}),
        columns=[Column(key, Message(f"next_purchase.column_{key}"), kind) for key, kind in kinds.items()],
        rows=values,
        caption=Message("next_purchase.due_caption", {"days": context.horizon_days, "counted": context.counted}),
    )


def _weeks(weeks: pa.Table, context: JudgedContext) -> Figure:
    rows = weeks.to_pylist()
    series = [(Message("next_purchase.expected"), [row["expected_orders"] for row in rows])]
    finding = Message("next_purchase.finding_week_alone", {"orders": rows[0]["expected_orders"]})
    if rows[0]["low"] is not None:
        words = {"orders": rows[0]["expected_orders"], "low": rows[0]["low"], "high": rows[0]["high"]}
        finding = Message("next_purchase.finding_week", words)
        series += [(Message(f"next_purchase.{end}"), [row[end] for row in rows]) for end in ("low", "high")]
    return Figure(
        id="next-purchase-weeks",
        title=Message("next_purchase.figure_weeks"),
        finding=finding,
        chart=charts.line(
            [row["from_on"].isoformat() for row in rows], series, kind="number",
            by=Message("next_purchase.column_week"),
        ),
        caption=Message("next_purchase.caption_weeks", {"counted": context.counted}),
    )  # fmt: skip


def _calibration(judged: Judged, context: JudgedContext) -> Figure:
    rows = judged.classes.to_pylist()
    inside = sum(row["low"] <= row["said"] <= row["high"] for row in rows)
    soon = min(SOON_DAYS, context.horizon_days)
    return Figure(
        id="next-purchase-calibration",
        title=Message("next_purchase.figure_calibration", {"soon": soon}),
        finding=Message("next_purchase.finding_calibration", {"inside": inside, "classes": len(rows)}),
        chart=charts.line(
            [str(place + 1) for place in range(len(rows))],
            [(Message(f"next_purchase.{name}"), [row[name] for row in rows]) for name in ("said", "came")],
            kind="percent",
            by=Message("next_purchase.column_class"),
        ),
        caption=Message("next_purchase.caption_calibration", {**_judged_words(judged, context), "soon": soon}),
    )


def _comparison(judged: Judged, context: JudgedContext) -> DataTable:
    """One row a method, the published one first; the last row is what came."""
    names = [judged.published, *(name for name in judged.measures if name != judged.published)]
    rows: list[tuple[Value, ...]] = []
    for name in names:
        found = {each.measure: each for each in judged.measures[name]}
        told = _method(name)
        if name == judged.published:
            told = Message("next_purchase.published", {"method": told})
        rows.append((told, *(_cell(found.get(measure)) for measure in _MEASURES)))
    soon = min(SOON_DAYS, context.horizon_days)
    return DataTable(
        title=Message("next_purchase.comparison"),
        columns=[
            Column("method", Message("next_purchase.column_method")),
            *(
                Column(name, Message(f"next_purchase.measure_{name}", {"soon": soon}),
                       "number" if name == "expected_soon" else "text")
                for name in _MEASURES
            ),
        ],
        rows=rows,
        total=(Message("next_purchase.came"), None, None, None, judged.came_soon, None),
        caption=Message("next_purchase.comparison_caption", _judged_words(judged, context)),
    )  # fmt: skip


def _cell(found: Estimate | None) -> Value:
    if found is None:
        return None
    if found.measure == "expected_soon":
        return found.value
    code = "next_purchase.share_between" if found.measure in _SHARES else "evaluate.interval"
    return Message(code, _interval(found))


def _interval(found: Estimate) -> dict[str, object]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _judged_words(judged: Judged, context: JudgedContext) -> dict[str, object]:
    return {
        "cutoff": judged.judgement.cutoff,
        "days": context.horizon_days,
        "customers": judged.measures[judged.published][0].customers,
        "method": _method(judged.published),
        "counted": context.counted,
    }


def _method(name: str) -> Message:
    return Message(f"next_purchase.method_{name}")
