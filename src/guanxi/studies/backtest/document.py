"""The report of a back-test: a chapter a study, with one picture of its error beside the plain baseline's."""

from __future__ import annotations

from collections.abc import Sequence

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Document, Fact, Figure, Section, Value, money_kind
from guanxi.studies.backtest.lookback import Lookback
from guanxi.studies.backtest.walk import Backtest
from guanxi.words import Message, Money

__all__ = ["document_of"]


def document_of(found: Backtest) -> Document:
    """The report of a back-test, in no language yet.

    Parameters
    ----------
    found : of at least one study at one cut-off
    """
    span = {"first": found.lookbacks[0].cutoff, "as_of": found.as_of, "days": found.horizon_days}
    return Document(
        title=Message("backtest.title"),
        subtitle=Message("backtest.subtitle", span),
        facts=[_fact(found, study) for study in found.studies],
        sections=[_section(found, study) for study in found.studies],
        footer=Message("backtest.footer", {"snapshot": found.snapshot_id, **span}),
    )


def _fact(found: Backtest, study: str) -> Fact:
    grades = found.grades(study)
    good = sum(count for letter, count in grades.items() if letter in "AB")
    told = Message("backtest.fact_value", {"good": good, "cutoffs": sum(grades.values())})
    letters = [Message("backtest.grade_times", {"grade": letter, "times": times}) for letter, times in grades.items()]
    return Fact(Message(f"{study}.title"), told, note=Message("backtest.fact_note", {"grades": letters}))


def _section(found: Backtest, study: str) -> Section:
    mine = found.of(study)
    judged = [each for each in mine if each.comparison is not None]
    words = Words(mine[0], found)
    missing = [
        Message("backtest.missing", {"cutoff": each.cutoff, "missing": message})
        for each in mine
        for message in each.missing
    ]
    return Section(
        id=f"backtest-{words.id}",
        title=Message(f"{study}.question"),
        intro=[Message("backtest.intro", {"cutoffs": len(mine), "days": found.horizon_days})],
        figures=[_errors(judged, words), _classes(judged[-1], words)] if judged else [],
        tables=[_cutoffs(mine, words), _measures(mine, words)],
        notes=[Message("backtest.grades_explained"), *missing],
    )


_SHOWN = ("roc_auc", "top_tenth_found", "bias")
_IN_MONEY = ("mean_absolute_error", "root_mean_squared_error", "bias")


class Words:
    """How the figures of one study are told: a probability with three places, an amount as money."""

    def __init__(self, lookback: Lookback, found: Backtest) -> None:
        self.study = lookback.study
        self.id = lookback.study.replace("_", "-")
        self.is_amount = lookback.kind == "amount"
        self.currency = found.currency
        self.days = found.horizon_days

    def method(self, name: str | None) -> Message | None:
        """What a method is called by its study."""
        return None if name is None else Message(f"{self.study}.method_{name}")

    def interval(self, measure: str, value: float, low: float, high: float) -> Message:
        """A figure with its interval."""
        if not self.is_money(measure):
            return Message("evaluate.interval", {"value": value, "low": low, "high": high})
        told = {"value": value, "low": low, "high": high}
        return Message("backtest.interval", {name: Money(round(each), self.currency) for name, each in told.items()})

    def value(self, measure: str, value: float) -> Value:
        """A figure without one."""
        if self.is_money(measure):
            return Money(round(value), self.currency)
        return Message("backtest.number", {"value": value})

    def is_money(self, measure: str) -> bool:
        """Whether a measure is in the unit of the amounts."""
        return self.is_amount and measure in _IN_MONEY

    def kind_of_classes(self) -> str:
        """Of what was said."""
        return money_kind(self.currency) if self.is_amount else "percent"


def _errors(judged: Sequence[Lookback], words: Words) -> Figure:
    compared = [each.comparison for each in judged if each.comparison is not None]
    better = sum(each.gain_low > 0 for each in compared)
    return Figure(
        id=f"backtest-{words.id}-errors",
        title=Message("backtest.figure_errors", {"measure": _measure(compared[0].measure)}),
        finding=Message("backtest.finding_errors", {"better": better, "cutoffs": len(compared)}),
        chart=charts.line(
            [each.cutoff.isoformat() for each in judged],
            [
                (Message("backtest.was_said"), [each.method for each in compared]),
                (Message("backtest.plain"), [each.baseline for each in compared]),
            ],
            kind=money_kind(words.currency) if words.is_money(compared[0].measure) else "number",
            by=Message("backtest.column_cutoff"),
        ),
        caption=Message("backtest.caption_errors", {"measure": _measure(compared[0].measure), "days": words.days}),
    )


def _classes(latest: Lookback, words: Words) -> Figure:
    rows = latest.deciles.to_pylist()
    inside = sum(row["came_low"] <= row["said"] <= row["came_high"] for row in rows)
    return Figure(
        id=f"backtest-{words.id}-classes",
        title=Message("backtest.figure_classes", {"cutoff": latest.cutoff}),
        finding=Message("backtest.finding_classes", {"inside": inside, "classes": len(rows)}),
        chart=charts.line(
            [str(place + 1) for place in range(len(rows))],
            [
                (Message("backtest.was_said"), [row["said"] for row in rows]),
                (Message("backtest.came"), [row["came"] for row in rows]),
            ],
            kind=words.kind_of_classes(),
            by=Message("backtest.column_class"),
        ),
        caption=Message(
            "backtest.caption_classes",
            {"cutoff": latest.cutoff, "days": words.days, "customers": latest.customers},
        ),
    )


def _cutoffs(mine: Sequence[Lookback], words: Words) -> DataTable:
    error = next((each.comparison.measure for each in mine if each.comparison is not None), None)
    return DataTable(
        title=Message("backtest.table"),
        columns=[
            Column("cutoff", Message("backtest.column_cutoff"), "date"),
            Column("grade", Message("backtest.column_grade")),
            Column("customers", Message("backtest.column_customers"), "int"),
            Column("error", _measure(error) if error else Message("backtest.column_error")),
            Column("plain_error", Message("backtest.column_plain_error")),
            Column("gain", Message("backtest.column_gain")),
        ],
        rows=[(each.cutoff, each.grade, each.customers, *_compared(each, words)) for each in mine],
        caption=Message("backtest.table_caption", {"days": words.days}),
    )


def _compared(each: Lookback, words: Words) -> tuple[Value, Value, Value]:
    found = each.comparison
    if found is None:
        return None, None, None
    measure = found.measure
    gain = words.interval(measure, found.gain, found.gain_low, found.gain_high)
    return words.value(measure, found.method), words.value(measure, found.baseline), gain


def _measures(mine: Sequence[Lookback], words: Words) -> DataTable:
    shown = [name for name in _SHOWN if any(_value(each, name, words) for each in mine)]
    covered = any(each.covered is not None for each in mine)
    return DataTable(
        title=Message("backtest.measures"),
        columns=[
            Column("cutoff", Message("backtest.column_cutoff"), "date"),
            Column("method", Message("backtest.column_method")),
            Column("baseline", Message("backtest.column_baseline")),
            *(Column(name, _measure(name)) for name in shown),
            *([Column("covered", Message("backtest.column_covered"), "percent")] if covered else []),
        ],
        rows=[
            (
                each.cutoff, words.method(each.method), words.method(each.baseline),
                *(_value(each, name, words) for name in shown), *([each.covered] if covered else []),
            )
            for each in mine
        ],
        caption=Message("backtest.measures_caption"),
    )  # fmt: skip


def _value(each: Lookback, name: str, words: Words) -> Value:
    """A measure with its interval; None where there is none."""
    found = next((measure for measure in each.measures if measure.measure == name), None)
    return None if found is None else words.interval(name, found.value, found.low, found.high)


def _measure(name: str) -> Message:
    return Message(f"backtest.measure_{name}")
