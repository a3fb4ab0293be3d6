"""The lifetime models against the plain baselines at a date whose future is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import ndtri, stdtrit, xlogy

from guanxi.evaluate import Comparison, Estimate, compare_errors, grade, top_share_found, wilson
from guanxi.studies.base import Judgement
from guanxi.studies.value.intervals import ClassIntervals, classes_of
from guanxi.studies.value.methods import LEAST_CUSTOMERS, LEAST_REPEATERS, LifetimeModel, Said, enough
from guanxi.studies.value.past import Values, reals
from guanxi.words import Message

__all__ = ["COVERAGE", "WORTH_HAVING", "Judged", "compare_deviances", "deviances_of", "judge", "lacking"]

COVERAGE = 0.8
"""Of all intervals that are told of customers."""
WORTH_HAVING = 0.05
"""Share of the baseline's deviance. Most of it nobody can take away: what a customer does is largely chance."""
_LEAST_EXPECTED = 0.01
_TOP = 0.1
_ASKED_FOR_INTERVALS = 20_000
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Judged:
    """How each method did at the cut-off.

    Attributes
    ----------
    best : the baseline with the least deviance of the amount
    model : the name of the law that was chosen; None where none could be fitted
    published : of these, whose figures are shown
    measures : by method, estimates in the order of the table
    came : orders and amount that came
    deciles : classes of what the published method had expected
    covered : share of the customers whose amount lay in the model's interval; None without a model
    orders, amount : intervals of the best baseline, learned at the cut-off
    """

    judgement: Judgement
    best: str
    model: str | None
    published: str
    measures: Mapping[str, list[Estimate]]
    came: Said
    said: Said
    deciles: pa.Table
    covered: float | None
    orders: ClassIntervals
    amount: ClassIntervals

    def as_table(self) -> pa.Table:
        """One row a method × measure: method, measure, value, low, high (95 %); amounts in minor units."""
        rows = [
            {"method": name, "measure": each.measure, "value": each.value, "low": each.low, "high": each.high}
            for name, estimates in self.measures.items()
            for each in estimates
        ]
        texts = [(name, pa.string()) for name in ("method", "measure")]
        return pa.Table.from_pylist(
            rows, schema=pa.schema([*texts, *((name, pa.float64()) for name in ("value", "low", "high"))])
        )

    def interval_of_total(self, amount: Values) -> tuple[float, float]:
        """Between which the amount of all customers together lies with `COVERAGE`.

        Two variances are added: that of the customers, independent of each other, each with the mean squared error that
        was found; and how far the total was off then, which counts as one standard deviation, because a season or a
        trend moves all of them.
        """
        total, said, came = float(amount.sum()), float(self.said.amount.sum()), float(self.came.amount.sum())
        customers = len(amount) * float(np.mean((self.said.amount - self.came.amount) ** 2))
        together = (total * (came - said) / said) ** 2 if said else 0.0
        half = float(ndtri((1 + COVERAGE) / 2)) * np.sqrt(customers + together)
        return max(0.0, total - half), total + half


def lacking(then: pa.Table, *, cutoff: dt.date, first_on: dt.date, horizon_days: int) -> Message | None:
    """What is missing for a judgement at ``cutoff``; None where nothing is."""
    if first_on + dt.timedelta(days=horizon_days) > cutoff:
        return Message("value.missing_history", {"first": first_on, "days": horizon_days, "least": 2 * horizon_days})
    if not enough(then):
        repeaters = int(np.count_nonzero(then["frequency"].to_numpy()))
        found = {"cutoff": cutoff, "customers": then.num_rows, "repeaters": repeaters}
        return Message("value.missing_customers", {**found, "least": LEAST_CUSTOMERS, "least_twice": LEAST_REPEATERS})
    return None


def judge(
    then: pa.Table, baselines: Mapping[str, Said], model: LifetimeModel | None, *, cutoff: dt.date, horizon_days: int
) -> Judged:
    """Compare what each method said at ``cutoff`` with what came in the horizon from then on.

    Parameters
    ----------
    then : buyers as they stood at the cut-off, with what came
    baselines : what each of them had said
    model : fitted on ``then``; None where it could not be
    cutoff, horizon_days : when it was asked, and about how many days
    """
    came = Said(reals(then, "later_orders"), reals(then, "later_amount"))
    best = min(baselines, key=lambda name: float(deviances_of(came.amount, baselines[name].amount).mean()))
    said = dict(baselines)
    comparisons: tuple[Comparison, ...] = ()
    covered = None
    letter = grade(None)
    if model is None:
        letter = "C"
    else:
        # The other laws are shown beside; they had no say in what is published.
        laws = {name: each.expect(then, horizon_days=horizon_days) for name, each in model.each().items()}
        said = {**laws, **said}
        triple = (came.amount, said[model.name].amount, said[best].amount)
        comparisons = (compare_deviances(*triple), compare_errors(*triple), top_share_found(*triple, share=_TOP))
        letter = grade(comparisons[0], worth_having=WORTH_HAVING)
        covered = _covered(then, model, horizon_days)
    published = model.name if model is not None and letter in "AB" else best
    words = {"cutoff": cutoff, "days": horizon_days, "customers": then.num_rows, "baseline": _named(best)}
    explained = Message("value.judged_unfit", words)
    if model is not None:
        found = comparisons[0]
        words |= {"gain": found.relative_gain, "ours": found.method, "theirs": found.baseline}
        words["method"] = _named(model.name)
        explained = Message(f"value.judged_{letter.lower()}", words)
    return Judged(
        judgement=Judgement(letter, explained, cutoff, comparisons),
        best=best,
        model=model.name if model else None,
        published=published,
        measures={name: _measures(came, each) for name, each in said.items()},
        came=came,
        said=said[published],
        deciles=_deciles(came, said[published]),
        covered=covered,
        orders=ClassIntervals(coverage=COVERAGE).fit(baselines[best].orders, came.orders),
        amount=ClassIntervals(coverage=COVERAGE).fit(baselines[best].amount, came.amount),
    )


def compare_deviances(
    actual: Values, method: Values, baseline: Values, *, confidence: float = _CONFIDENCE
) -> Comparison:
    """Mean Poisson deviance of a method and of a baseline for the same customers.

    For expectations of amounts and counts. Of the measures that the true mean makes least [1]_ it is one that a few
    great customers do not decide alone, as they do the squared error. The absolute error is no such measure: the median
    makes it least, which is nothing at all where most customers do not come back.

    Parameters
    ----------
    actual, method, baseline : float64 arrays of shape (customers,), >= 0, in one unit
    confidence : of the interval of the difference

    Returns
    -------
    Comparison : ``mean_poisson_deviance``, in units of the mean that came; the interval is Student's for paired
        differences, customers being independent

    Notes
    -----
    2 (y log(y / μ) − y + μ), where μ is taken to be at least a hundredth of the mean that came: so a customer of whom
    nothing was expected, and who came, does not cost infinity. As large for amounts in cents as in euros.

    References
    ----------
    .. [1] Gneiting (2011), Making and evaluating point forecasts. J. American Statistical Association 106, 746-762.

    Examples
    --------
    >>> found = compare_deviances(np.array([0.0, 0.0, 3.0]), np.array([0.1, 0.1, 2.8]), np.ones(3))
    >>> round(found.method, 3), round(found.baseline, 3), round(found.gain, 3)
    (0.138, 2.197, 2.059)
    """
    ours, theirs = (deviances_of(actual, said) for said in (method, baseline))
    gain = float(np.mean(theirs - ours))
    half = _half(theirs - ours, confidence)
    return Comparison(
        "mean_poisson_deviance", float(ours.mean()), float(theirs.mean()), gain, gain - half, gain + half, len(actual),
        confidence,
    )  # fmt: skip


def deviances_of(actual: Values, said: Values) -> Values:
    """What the mean of `compare_deviances` is of, customer by customer."""
    unit = float(actual.mean()) or 1.0
    came, expected = actual / unit, np.maximum(said / unit, _LEAST_EXPECTED)
    return 2 * (xlogy(came, came / expected) - came + expected)


def _measures(came: Said, said: Said) -> list[Estimate]:
    """Deviance of the amount; errors and total of amount and orders; share of the true top tenth found."""
    deviances = deviances_of(came.amount, said.amount)
    deviance, half = float(deviances.mean()), _half(deviances, _CONFIDENCE)
    found = [Estimate("amount_deviance", deviance, deviance - half, deviance + half, len(deviances))]
    for what, actual, expected in (("amount", came.amount, said.amount), ("orders", came.orders, said.orders)):
        error = expected - actual
        count = len(error)
        absolute, root = float(np.mean(np.abs(error))), _root_mean_square(error)
        half = _half(np.abs(error), _CONFIDENCE)
        found.append(Estimate(f"{what}_mean_absolute_error", absolute, absolute - half, absolute + half, count))
        half = _half(error**2 / (2 * root), _CONFIDENCE) if root else 0.0
        found.append(Estimate(f"{what}_root_mean_squared_error", root, root - half, root + half, count))
        total = float(expected.sum())
        found.append(Estimate(f"{what}_total", total, total, total, count))
    top = max(1, round(_TOP * len(came.amount)))
    hits = top_share_found(came.amount, said.amount, said.amount, share=_TOP).method
    return [*found, Estimate("top_tenth_found", hits, *wilson(hits * top, top, _CONFIDENCE), len(came.amount))]


def _deciles(came: Said, said: Said) -> pa.Table:
    """One row a class of the amount that was expected, the lowest first; means a customer, 95 % interval of what came.

    Columns: customers (int64), said_orders, came_orders, said_amount, came_amount, came_low, came_high (float64, minor
    units).
    """
    _, place = classes_of(said.amount)
    rows = []
    for each in np.unique(place):
        mine = place == each
        amount = float(came.amount[mine].mean())
        half = _half(came.amount[mine], _CONFIDENCE) if mine.sum() > 1 else 0.0
        rows.append(
            {
                "customers": int(mine.sum()),
                "said_orders": float(said.orders[mine].mean()),
                "came_orders": float(came.orders[mine].mean()),
                "said_amount": float(said.amount[mine].mean()),
                "came_amount": amount,
                "came_low": max(0.0, amount - half),
                "came_high": amount + half,
            }
        )
    return pa.Table.from_pylist(rows)


def _covered(then: pa.Table, model: LifetimeModel, horizon_days: int) -> float:
    """Share of the customers whose amount lay in the model's interval, asked of some at even distances."""
    step = -(-then.num_rows // _ASKED_FOR_INTERVALS)
    asked = then.take(pa.array(np.arange(0, then.num_rows, step)))
    low, high = model.amount_interval(asked, horizon_days=horizon_days, coverage=COVERAGE)
    came = reals(asked, "later_amount")
    return float(np.mean((low <= came) & (came <= high)))


def _root_mean_square(errors: Values) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _half(values: Values, confidence: float) -> float:
    """Half the width of Student's interval of a mean."""
    count = len(values)
    return float(stdtrit(count - 1, (1 + confidence) / 2) * values.std(ddof=1) / np.sqrt(count))


def _named(method: str) -> Message:
    return Message(f"value.method_{method}")
