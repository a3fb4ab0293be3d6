"""The report of a table of contracts: how many stay, by cohort and as the law goes on, and what that is worth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Document, Fact, Figure, Section, Value
from guanxi.studies.retention.study import COVERAGE, Retention
from guanxi.words import Message

__all__ = ["document_of"]

_ROWS = 25
_PERIODS_SHOWN = 12


def document_of(found: Retention, *, file: str) -> Document:
    """The report, in no language yet.

    Parameters
    ----------
    found : what the table told
    file : its name
    """
    customers = found.customers
    here = customers.filter(pc.invert(customers["has_left"]))
    counted = Message(
        "retention.counted",
        {
            "contracts": customers.num_rows,
            "left_out": found.contracts.left_out,
            "as_of": found.contracts.as_of,
            "period": _period(found),
        },
    )
    total = float(pc.sum(here["residual_value"]).as_py() or 0.0)
    renews = float(pc.mean(here["p_renews_next"]).as_py() or 0.0)
    return Document(
        title=Message("retention.title"),
        subtitle=Message("retention.subtitle", {"file": file, "as_of": found.contracts.as_of}),
        facts=[
            Fact(Message("retention.fact_contracts"), customers.num_rows, "int"),
            Fact(Message("retention.fact_there"), here.num_rows, "int"),
            Fact(Message("retention.fact_renews"), renews, "percent", Message("retention.fact_renews_note")),
            Fact(Message("retention.fact_value"), total, "number", _worth(found)),
        ],
        sections=[_section(found, here, counted)],
        footer=counted,
    )


def _section(found: Retention, here: pa.Table, counted: Message) -> Section:
    notes = [Message("retention.note_law", {"law": _method(found.published)})]
    tables = [_cohorts(found, counted), _most_worth(here, found, counted)]
    if found.judged:
        tables.insert(1, _comparison(found, counted))
    return Section(
        id="retention",
        title=Message("retention.title"),
        intro=[
            Message("retention.intro", {"period": _period(found), "law": _method(found.published)}),
            found.judgement.explained,
            *_departure(found.curve),
        ],
        figures=[_curve(found, counted)],
        tables=tables,
        notes=[*notes, *found.model.warnings_],
    )


def _departure(curve: pa.Table) -> list[Message]:
    """That what is published leaves the interval of what was seen: in how many periods, and where it lies farthest."""
    seen = curve.filter(pc.is_valid(curve["survival_low"]))
    outside = seen.filter(
        pc.or_(pc.less(seen["model"], seen["survival_low"]), pc.greater(seen["model"], seen["survival_high"]))
    )
    if not outside.num_rows:
        return []
    far = max(outside.to_pylist(), key=lambda row: abs(row["model"] - row["survival"]))
    said = {name: far[name] for name in ("period", "model", "survival", "survival_low", "survival_high")}
    counts = {"periods": outside.num_rows, "of": seen.num_rows, "coverage": COVERAGE}
    return [Message("retention.departure", {**said, **counts})]


def _curve(found: Retention, counted: Message) -> Figure:
    rows = found.curve.to_pylist()
    return Figure(
        id="retention-curve",
        title=Message("retention.figure_curve"),
        chart=charts.line(
            [str(row["period"]) for row in rows],
            [
                (Message("retention.seen"), [row["survival"] for row in rows]),
                (_method(found.published), [row["model"] for row in rows]),
            ],
            kind="percent",
            by=Message("retention.column_period"),
        ),
        caption=Message("retention.caption_curve", {"counted": counted}),
    )


def _cohorts(found: Retention, counted: Message) -> DataTable:
    """One row a cohort: how many began, how many of them were there after each period."""
    periods = range(1, min(_PERIODS_SHOWN, int(pc.max(found.cohorts["period"]).as_py())) + 1)
    by_cohort: dict[str, dict[int, float]] = {}
    for row in found.cohorts.to_pylist():
        by_cohort.setdefault(row["cohort"], {})[row["period"]] = row["survival"]
    began = dict(zip(*np.unique(found.customers["cohort"].to_pylist(), return_counts=True), strict=True))
    rows: list[tuple[Value, ...]] = [
        (name, int(began[name]), *(curve.get(period) for period in periods)) for name, curve in by_cohort.items()
    ]
    return DataTable(
        title=Message("retention.cohorts"),
        columns=[
            Column("cohort", Message("retention.column_cohort")),
            Column("contracts", Message("retention.fact_contracts"), "int"),
            *(Column(f"period_{each}", str(each), "percent") for each in periods),
        ],
        rows=rows,
        caption=Message("retention.cohorts_caption", {"counted": counted}),
    )


def _comparison(found: Retention, counted: Message) -> DataTable:
    return DataTable(
        title=Message("retention.comparison"),
        columns=[
            Column("method", Message("retention.column_method")),
            Column("log_loss", Message("evaluate.log_loss"), "number"),
        ],
        rows=[
            (_method(name), Message("retention.loss", {"value": loss}))
            for name, loss in sorted(found.judged.items(), key=lambda each: each[1])
        ],
        caption=Message("retention.comparison_caption", {"counted": counted}),
    )


def _most_worth(here: pa.Table, found: Retention, counted: Message) -> DataTable:
    order = np.argsort(-here["residual_value"].to_numpy(), kind="stable")[:_ROWS]
    kinds = {
        "customer_id": "text", "periods": "int", "p_renews_next": "percent", "p_stays": "percent",
        "expected_periods": "number", "residual_value": "number",
    }  # fmt: skip
    return DataTable(
        title=Message("retention.most_worth", {"rows": len(order), "of": here.num_rows}),
        columns=[
            Column(name, Message(f"retention.column_{name}"), kind, bar=name == "residual_value")
            for name, kind in kinds.items()
        ],
        rows=[tuple(row[name] for name in kinds) for row in here.take(pa.array(order)).to_pylist()],
        caption=Message("retention.most_worth_caption", {"worth": _worth(found), "counted": counted}),
    )


def _worth(found: Retention) -> Message:
    return Message("retention.worth", {"periods": found.horizon_periods, "rate": found.annual_discount_rate})


def _period(found: Retention) -> Message:
    return Message(f"retention.period_{found.contracts.period}")


def _method(name: str) -> Message:
    return Message(f"retention.method_{name}")
