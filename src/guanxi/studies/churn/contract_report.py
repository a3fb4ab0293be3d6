"""The report of a flat table that says who has left: how far it can be told, by what, and who of the others may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from guanxi.report.document import Column, DataTable, Document, Fact, Section, Value
from guanxi.studies.churn.bands import band_of
from guanxi.studies.churn.contract import Contract
from guanxi.words import Message

__all__ = ["document_of", "reasons_in_words"]

_ROWS = 25
_REASONS_TOLD = 3


def document_of(found: Contract, *, file: str) -> Document:
    """The report, in no language yet.

    Parameters
    ----------
    found : what the table told
    file : its name
    """
    scores = found.scores
    left = scores["left"].to_numpy(zero_copy_only=False)
    measured = found.measures[found.best]["roc_auc"]
    here = scores.filter(pa.array(~left))
    customers = found.customers.filter(pa.array(~left))
    likely = int(np.sum(band_of(here["probability"].to_numpy()) == "high"))
    return Document(
        title=Message("churn.title"),
        subtitle=Message("churn.contract_subtitle", {"file": file}),
        facts=[
            Fact(Message("churn.column_customers"), len(left), "int"),
            Fact(Message("churn.contract_left"), float(left.mean()), "percent"),
            Fact(
                Message("evaluate.roc_auc"), Message("churn.contract_auc", {"auc": float(measured.mean())}),
                note=Message("churn.contract_auc_note", {"deviation": float(measured.std(ddof=1))}),
            ),
            Fact(Message("churn.contract_likely"), likely, "int", Message("churn.contract_likely_note")),
        ],
        sections=[_list(here, customers), found.section],
        footer=Message("churn.contract_counted", {"rows": len(left), "folds": found.model.folds}),
    )  # fmt: skip


def reasons_in_words(reasons: Sequence[Mapping[str, object]], customer: Mapping[str, object]) -> Message:
    """The columns that raise a customer's probability most with his values, the strongest first, at most three."""
    strongest = [str(each["code"]) for each in reasons if float(str(each["effect"])) > 0][:_REASONS_TOLD]
    told = [
        Message("churn.contract_reason", {"column": column, "value": _told(customer[column])}) for column in strongest
    ]
    return Message("churn.because", {"reasons": told})


def _told(value: object) -> object:
    """A value as the table has it; an empty one as a dash."""
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _list(here: pa.Table, customers: pa.Table) -> Section:
    """Who of those who are still there is most likely to leave."""
    order = np.argsort(-here["probability"].to_numpy(), kind="stable")[:_ROWS]
    chosen = pa.array(order)
    rows: list[tuple[Value, ...]] = [
        (row["customer_id"], row["probability"], reasons_in_words(row["reasons"], customer))
        for row, customer in zip(here.take(chosen).to_pylist(), customers.take(chosen).to_pylist(), strict=True)
    ]
    table = DataTable(
        title=Message("churn.contract_list", {"rows": len(rows), "of": here.num_rows}),
        columns=[
            Column("customer_id", Message("churn.column_customer_id")),
            Column("probability", Message("churn.column_churn_probability"), "percent", bar=True),
            Column("why", Message("churn.column_why")),
        ],
        rows=rows,
        caption=Message("churn.contract_list_caption"),
    )
    return Section(id="churn-first", title=Message("churn.contract_first"), tables=[table])
