"""What a study is, and what it answers: the frozen contract between the mine and everybody who reads its results.

A study is one business question. It reads one snapshot as of one date, and returns a `Result`: scores with reasons,
figures and words, a judgement on later data, what was missing, and an account of every row. It never fails for little
data: below its gate it gives the plain baseline and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.evaluate import Comparison, Grade
from guanxi.report.document import Advice, DataTable, Section, money_kind
from guanxi.schema import SCORES
from guanxi.studies.kept import KeptModel
from guanxi.warehouse import Query, Session, Snapshot, load_query
from guanxi.warehouse.paged import paged
from guanxi.words import Message, Money

__all__ = [
    "KEEP_OUT_RULES",
    "RUN_SCORES",
    "Account",
    "Context",
    "Foretells",
    "JudgedContext",
    "Judgement",
    "Result",
    "Study",
    "account_of",
    "scores_said",
    "scores_table",
    "study_query",
]

KEEP_OUT_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
"""Why a usable row may be kept out of a study, in the order in which the rules are asked (``studies.rule_NAME``)."""

RUN_SCORES = "run_scores"
"""The scores that this run has given so far, a table of the session: the only way in which a study reads another."""


@dataclass(frozen=True)
class Account:
    """Every delivered row of an order file: used by the study, set aside at the load, or kept out by a named rule.

    Examples
    --------
    >>> Account(delivered=10, set_aside=1, kept_out={"no_customer": 2}).used
    7
    """

    delivered: int
    set_aside: int
    kept_out: Mapping[str, int]

    @property
    def used(self) -> int:
        return self.delivered - self.set_aside - sum(self.kept_out.values())

    def as_data(self) -> dict[str, object]:
        return {
            "delivered": self.delivered,
            "used": self.used,
            "set_aside": self.set_aside,
            "kept_out": dict(self.kept_out),
        }


@dataclass(frozen=True)
class Judgement:
    """How a study did on data from after everything that it had seen.

    ``cutoff`` is the date as of which it was asked; what came in the horizon from then on is what it was compared with.
    """

    grade: Grade
    explained: Message
    cutoff: dt.date | None = None
    comparisons: tuple[Comparison, ...] = ()

    def as_data(self) -> dict[str, object]:
        return {
            "grade": self.grade,
            "cutoff": self.cutoff.isoformat() if self.cutoff else None,
            "explained": self.explained.as_data(),
            "comparisons": [each.as_data() for each in self.comparisons],
        }


@dataclass(frozen=True)
class Context:
    """What the words of a study's report need to know beside its tables; a study adds what is only its own.

    Examples
    --------
    >>> context = Context("value", dt.date(2024, 3, 1), 90, "EUR", Account(10, 0, {}))
    >>> context.money(123.4)
    Money(minor=123, currency='EUR')
    """

    study: str
    as_of: dt.date
    horizon_days: int
    currency: str
    account: Account

    @property
    def kind(self) -> str:
        """Of a column of money, for the report."""
        return money_kind(self.currency)

    @property
    def counted(self) -> Message:
        """How every figure of this study was counted."""
        return Message(f"{self.study}.counted", self.counted_with)

    @property
    def counted_with(self) -> dict[str, object]:
        """The figures of that sentence."""
        return {"used": self.account.used, "delivered": self.account.delivered, "as_of": self.as_of}

    def money(self, minor: float) -> Money:
        return Money(round(minor), self.currency)


@dataclass(frozen=True)
class JudgedContext(Context):
    """Of a study that is judged on later data."""

    judgement: Judgement


@dataclass(frozen=True)
class Result:
    """What a study found.

    Attributes
    ----------
    study : name of the study
    as_of : events strictly before this date were read
    snapshot_id : the data, as loaded
    parameters : everything else that the answer depends on
    account : what became of the rows
    scores : the canonical table ``scores`` of this study
    members : customer_id and one column per segmentation, each the code of a segment
    tables : further tables by name; ``customers``, one row per customer, is joined with those of the other studies
    sections : chapters of the report
    advice : what to do, most valuable first
    lists : customers to be acted on, as tables
    sheets : tables for people by name, written as NAME.csv in the reader's language
    files : tables for programs by name, written as NAME.parquet
    judgement : on later data; None for a study that only counts
    missing : what it would have needed to say more
    model : what it has learned, to be kept and asked about other customers; None where it publishes no model
    """

    study: str
    as_of: dt.date
    snapshot_id: int
    parameters: Mapping[str, object]
    account: Account
    scores: pa.Table
    members: pa.Table | None = None
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    advice: Sequence[Advice] = ()
    lists: Sequence[DataTable] = ()
    sheets: Mapping[str, DataTable] = field(default_factory=dict)
    files: Mapping[str, pa.Table] = field(default_factory=dict)
    judgement: Judgement | None = None
    missing: Sequence[Message] = ()
    model: KeptModel | None = None

    def as_data(self) -> dict[str, object]:
        """Everything but the tables, for ``result.json``."""
        return {
            "study": self.study,
            "as_of": self.as_of.isoformat(),
            "snapshot_id": self.snapshot_id,
            "parameters": dict(self.parameters),
            "rows": self.account.as_data(),
            "judgement": self.judgement.as_data() if self.judgement else None,
            "missing": [each.as_data() for each in self.missing],
            "tables": {name: table.num_rows for name, table in self.tables.items()},
        }


Values = npt.NDArray[np.float64]
_Column: TypeAlias = pa.Array | pa.ChunkedArray
_REPEATED = 1 << 17


@dataclass(frozen=True)
class Foretells:
    """A score that says what customers will do in the horizon, and what it is held against when that has come.

    Attributes
    ----------
    score : its name
    kind : of a yes its ``probability``; or an ``amount`` in minor units
    came : ``came(session, cutoff=…, horizon_days=…)`` in a session that holds the customer features of the end of that
        horizon or of a later date: customer_id, came (float64; 1 for a yes), and a column for each plain baseline with
        what it would have said at the cut-off; no such column where it had nothing to learn from
    compare : of what came, what was said and what a baseline said
    worth_having : share of the baseline's measure that a gain must have for an A
    """

    score: str
    kind: Literal["probability", "amount"]
    came: Callable[..., pa.Table]
    compare: Callable[[Values, Values, Values], Comparison]
    worth_having: float


@dataclass(frozen=True)
class Study:
    """A study in the catalogue: its question, what it needs, from when on it can judge itself, and how to run it.

    The question, the gate and the method in words are ``NAME.question``, ``NAME.gate`` and ``NAME.method``.
    """

    name: str
    needs: tuple[str, ...]
    rules: tuple[str, ...]
    """Those of `KEEP_OUT_RULES` that it applies."""
    run: Callable[..., Result]
    """``run(session, as_of=…, horizon_days=…)``; the session already holds the customer features of that date, and in
    `RUN_SCORES` what the studies that it reads have said as of it."""
    reads: tuple[str, ...] = ()
    """The studies whose scores it reads; they run before it, also where only it was asked for."""
    foretells: Foretells | None = None
    """What a back-test judges; None where it looks back only."""
    options: tuple[str, ...] = ()
    """Keyword arguments of ``run`` beyond those, of `guanxi.studies.run`."""

    def say(self, what: str, language: str) -> str:
        return Message(f"{self.name}.{what}").say(language)


def study_query(name: str) -> Query:
    """A named query of the studies."""
    return load_query("guanxi.studies", name)


def account_of(session: Session, *, as_of: dt.date, rules: Sequence[str]) -> Account:
    """Account for every delivered row of the order files.

    Parameters
    ----------
    session : an engine bound to a snapshot
    as_of : of the study
    rules : those of `KEEP_OUT_RULES` that the study applies; a row that falls under several counts for the first
    """
    deliveries = [each for each in session.snapshot.deliveries if each.kind == "orders"]
    total = {name: sum(each.account[name] for each in deliveries) for name in ("records", "set_aside", "known")}
    found = session.run(study_query("lines_by_rule"), {"as_of": as_of})
    counts = dict(zip(found["rule"].to_pylist(), found["lines"].to_pylist(), strict=True))
    counts["already_known"] = total["known"]
    counts["superseded"] = sum(each.account.get("superseded", 0) for each in deliveries)
    kept_out = {rule: counts[rule] for rule in KEEP_OUT_RULES if rule in rules and counts.get(rule)}
    return Account(total["records"], total["set_aside"], kept_out)


def scores_said(session: Session, *, study: str, score: str) -> pa.Table:
    """What another study has said in this run.

    Returns
    -------
    table, one row a customer with that score, by customer_id: customer_id, value, low, high
    """
    return session.run(study_query("scores_said"), {"study": study, "score": score})


def scores_table(
    columns: Mapping[str, _Column], customers: _Column, *, study: str, as_of: dt.date, snapshot: Snapshot,
    reasons: Mapping[str, _Column] | None = None, ends: Mapping[str, tuple[_Column, _Column]] | None = None,
) -> pa.Table:  # fmt: skip
    """The canonical ``scores`` of a study from one column per score; customers without a value have no row of it.

    Parameters
    ----------
    columns : by score, its values in the order of ``customers``
    customers : their ids
    study, as_of, snapshot : what the scores are of
    reasons : by score, in the same order; none for the others
    ends : by score, low and high in the same order; none for the others

    Notes
    -----
    Nothing is copied of a score that everybody has, and what is the same in every row is held once.
    """
    parts = []
    for name, values in columns.items():
        own = {"customer_id": customers, "value": values.cast(pa.float64())}
        own |= dict(zip(("low", "high"), (ends or {}).get(name, ()), strict=False))
        if reasons and name in reasons:
            own["reasons"] = reasons[name]
        table = pa.table(own)
        if values.null_count:
            table = paged(table.filter(values.is_valid()))
        same = {"study": study, "score": name, "as_of": as_of, "snapshot_id": snapshot.data_id}
        for column in SCORES.arrow:
            if column.name not in own:
                value = pa.scalar(same.get(column.name), column.type)
                table = table.append_column(column.name, _repeated(value, table.num_rows))
        parts.append(table.select(SCORES.arrow.names).cast(SCORES.arrow))
    return pa.concat_tables(parts)


def _repeated(value: pa.Scalar, rows: int) -> pa.ChunkedArray:
    """A value over and over, in the memory of a few thousand."""
    chunk = pa.repeat(value, min(rows, _REPEATED))
    whole, rest = divmod(rows, _REPEATED)
    return pa.chunked_array([*[chunk] * whole, chunk.slice(0, rest)], value.type)
