"""Methods against the plain rule at a date whose future is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.evaluate import (
    Bin,
    Estimate,
    Grade,
    average_precision,
    brier_score,
    calibration_bins,
    calibration_error,
    compare_auc,
    compare_brier_score,
    compare_log_loss,
    gains,
    grade,
    lift,
    log_loss,
    roc_auc,
)
from guanxi.studies.base import Judgement
from guanxi.studies.churn import methods
from guanxi.studies.churn.timeline import LABEL, Past, stacked
from guanxi.words import Message

__all__ = ["LEAST_CUSTOMERS", "LEAST_OF_A_KIND", "WORTH_HAVING", "Judged", "judge", "lacking"]

LEAST_CUSTOMERS = 500
LEAST_OF_A_KIND = 60
WORTH_HAVING = 0.05
"""Share of the baseline's log loss. Much of it nobody can take away: whether a customer orders is partly chance."""
_MEASURES = (roc_auc, average_precision, log_loss, brier_score, calibration_error, lift)
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """How each method did at the cut-off.

    Attributes
    ----------
    best : the method chosen before the cut-off
    plain : the plain rule that it was compared with: of the two, the one that did better at the cut-off
    measures : by method, the estimates in the order of the table
    bins : calibration of the best method
    found : by method, the share of all leavers among its first tenth, two tenths … of the customers
    """

    judgement: Judgement
    best: str
    plain: str
    measures: dict[str, list[Estimate]]
    bins: list[Bin]
    found: dict[str, Values]

    def as_table(self) -> pa.Table:
        """One row a method × measure: method, measure, value, low, high."""
        rows = [
            {"method": name, "measure": each.measure, "value": each.value, "low": each.low, "high": each.high}
            for name, estimates in self.measures.items()
            for each in estimates
        ]
        kinds = [
            ("method", pa.string()),
            ("measure", pa.string()),
            *((n, pa.float64()) for n in ("value", "low", "high")),
        ]
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds))

    def bins_as_table(self) -> pa.Table:
        """One row a class of the best method's probabilities: customers, said, came, came_low, came_high."""
        kinds = [("customers", pa.int64()), *((n, pa.float64()) for n in ("said", "came", "came_low", "came_high"))]
        return pa.Table.from_pylist([vars(each) for each in self.bins], schema=pa.schema(kinds))


def lacking(
    cutoffs: Mapping[int, dt.date], outcomes: Mapping[int, pa.Table], *, first_on: dt.date, horizon_days: int
) -> Message | None:
    """What is missing for a judgement; None where nothing is."""
    if 2 not in cutoffs:
        return Message("churn.missing_history", {"first": first_on, "days": horizon_days, "least": 3 * horizon_days})
    for ago in (1, 2):
        customers = outcomes[ago].num_rows
        leavers = int(np.sum(outcomes[ago][LABEL].to_numpy()))
        if customers < LEAST_CUSTOMERS or min(leavers, customers - leavers) < LEAST_OF_A_KIND:
            found = {"cutoff": cutoffs[ago], "customers": customers, "leavers": leavers}
            least = {"stayers": customers - leavers, "least": LEAST_CUSTOMERS, "least_of_a_kind": LEAST_OF_A_KIND}
            return Message("churn.missing_customers", {**found, **least})
    return None


def judge(past: Past, *, horizon_days: int) -> Judged:
    """Fit on what was known one horizon ago, ask, and compare with what came since.

    The best method is chosen by what it said of customers before that date; the grade is that of its log loss against
    that of the plain rule that did better: who beats the rule only where the rule is worse than one share for
    everybody has said nothing of anybody.
    """
    learned = stacked([past.then[ago] for ago in sorted(past.then) if ago > 1])
    asked = past.then[1]
    label = asked[LABEL].to_numpy().astype(np.int64)
    fitted = {name: model.fit(learned) for name, model in methods.candidates().items()}
    rules = {name: rule.fit(learned) for name, rule in methods.plain_rules().items()}
    models: dict[str, methods.Model] = {**rules, **fitted}
    if all(table["p_no_order"].null_count == 0 for table in past.then.values()):
        models |= {name: model.fit(learned) for name, model in methods.beside().items()}
    said = {name: model.predict(asked)["probability"].to_numpy() for name, model in models.items()}
    best = methods.best_before(fitted)
    rule = min(rules, key=lambda name: log_loss(label, said[name]).value)
    plain = said[rule]
    comparison = compare_log_loss(label, said[best], plain)
    # A slope of 0: what the method had found did not hold at another date, and it says the same of everybody.
    letter: Grade = grade(comparison, worth_having=WORTH_HAVING) if fitted[best].slope_ > 0 else "C"
    others = (compare_auc(label, said[best], plain), compare_brier_score(label, said[best], plain))
    words = {
        "cutoff": past.cutoffs[1],
        "days": horizon_days,
        "customers": len(label),
        "gain": comparison.relative_gain,
        "method": Message(f"churn.method_{best}"),
        "plain": Message(f"churn.method_{rule}"),
        "auc": others[0].method,
        "plain_auc": others[0].baseline,
    }
    explained = Message(f"churn.judged_{letter.lower()}", words)
    return Judged(
        judgement=Judgement(letter, explained, past.cutoffs[1], (comparison, *others)),
        best=best,
        plain=rule,
        measures={name: [measure(label, values) for measure in _MEASURES] for name, values in said.items()},
        bins=calibration_bins(label, said[best]),
        found={name: gains(label, values) for name, values in said.items()},
    )
