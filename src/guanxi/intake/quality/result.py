"""What an assessment says: measures, findings with examples, and how both changed since the delivery before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guanxi.words import Message

__all__ = ["MEASURES", "Example", "Finding", "Measure", "Quality", "Trend", "compare"]

MEASURES = ("accuracy", "completeness", "consistency", "timeliness", "understandability")


@dataclass(frozen=True)
class Measure:
    """One of `MEASURES` of one column, or of the whole file."""

    name: str
    score: float | None
    """0 … 1; None where nothing could be judged."""
    column: str | None = None
    role: str | None = None

    @property
    def label(self) -> Message:
        return Message(f"quality.measure_{self.name}")


@dataclass(frozen=True)
class Example:
    """One offending value, where a person finds it."""

    line: int
    column: str | None
    value: str | None


@dataclass(frozen=True)
class Finding:
    """One rule that records of the file break."""

    measure: str
    code: str
    """Name of the rule; ``quality.CODE`` says it, ``quality.CODE_fix`` what to do."""
    column: str | None
    rows: int
    """Records concerned, counted exactly."""
    severity: int
    """3: the records cannot be used. 2: results come out wrong. 1: worth a look."""
    message: Message
    fix: Message
    examples: tuple[Example, ...] = ()
    personal: bool = False
    """The column identifies persons."""
    importance: int = 0
    """Records concerned × severity; where no record can be pointed at, as for missing days, their likely number."""


@dataclass(frozen=True)
class Quality:
    """The quality of one delivered file."""

    source: str
    file: str
    kind: str
    records: int
    overall: float | None
    measures: tuple[Measure, ...]
    """Of the whole file, in the order of `MEASURES`."""
    columns: tuple[Measure, ...]
    """Of each column, in file order."""
    findings: tuple[Finding, ...]
    """The most important first: records concerned × severity."""
    first_on: dt.date | None
    newest_on: dt.date | None
    """The days of the oldest and newest event, in the company's calendar."""

    def score(self, measure: str, column: str | None = None) -> float | None:
        """The score of a measure, of the file or of a column."""
        return next(
            each.score
            for each in (self.measures if column is None else self.columns)
            if each.name == measure and each.column == column
        )

    def as_data(self, *, with_personal: bool = True) -> dict[str, object]:
        """The assessment as plain data, for ``quality.json`` and for `compare`.

        Parameters
        ----------
        with_personal : keep example values of columns that identify persons. False for what is stored for good.
        """
        columns: dict[str, dict[str, object]] = {}
        for each in self.columns:
            entry = columns.setdefault(str(each.column), {"column": each.column, "role": each.role})
            entry[each.name] = _rounded(each.score)
        return {
            "source": self.source,
            "file": self.file,
            "kind": self.kind,
            "records": self.records,
            "first_on": self.first_on.isoformat() if self.first_on else None,
            "newest_on": self.newest_on.isoformat() if self.newest_on else None,
            "overall": _rounded(self.overall),
            "measures": {each.name: _rounded(each.score) for each in self.measures},
            "columns": list(columns.values()),
            "findings": [
                {
                    "measure": each.measure,
                    "code": each.code,
                    "column": each.column,
                    "rows": each.rows,
                    "severity": each.severity,
                    "message": each.message.as_data(),
                    "fix": each.fix.as_data(),
                    "examples": [
                        {
                            "line": example.line,
                            "column": example.column,
                            "value": example.value if with_personal or not each.personal else None,
                        }
                        for example in each.examples
                    ],
                }
                for each in self.findings
            ],
        }


@dataclass(frozen=True)
class Trend:
    """A measure of this delivery beside the one before; ``overall`` is one, too."""

    measure: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """Positive where it got better; None where one of the two could not be judged."""
        return None if self.before is None or self.after is None else round(self.after - self.before, 4)

    @property
    def message(self) -> Message:
        label = Message(f"quality.measure_{self.measure}")
        if self.change is None:
            return Message("quality.trend_unknown", {"measure": label})
        code = "same" if abs(self.change) < 0.005 else "better" if self.change > 0 else "worse"
        return Message(f"quality.trend_{code}", {"measure": label, "before": self.before, "after": self.after})


def compare(before: Mapping[str, object], after: Quality) -> tuple[Trend, ...]:
    """How each measure changed since the previous delivery of the same source.

    Parameters
    ----------
    before : what `Quality.as_data` gave then, as the catalogue keeps it; may be empty
    after : this delivery's

    Returns
    -------
    tuple of `Trend` : ``overall``, then `MEASURES`.

    Examples
    --------
    >>> now = Quality("shop", "may.csv", "orders", 10, 0.9, (Measure("accuracy", 0.9),), (), (), None, None)
    >>> [(trend.measure, trend.change) for trend in compare({"overall": 0.8, "measures": {"accuracy": 0.95}}, now)]
    [('overall', 0.1), ('accuracy', -0.05)]
    """
    then = before.get("measures")
    scores = then if isinstance(then, Mapping) else {}
    trends = [Trend("overall", _number(before.get("overall")), after.overall)]
    return tuple(trends + [Trend(each.name, _number(scores.get(each.name)), each.score) for each in after.measures])


def mean(scores: Sequence[tuple[float | None, float]]) -> float | None:
    """The weighted mean of the (score, weight) that could be judged."""
    judged = [(score, weight) for score, weight in scores if score is not None and weight]
    total = sum(weight for _, weight in judged)
    return sum(score * weight for score, weight in judged) / total if total else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
