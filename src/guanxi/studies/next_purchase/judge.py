"""The laws of purchasing against the plain rules at a date whose future is known: did they come, and when?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from scipy.special import ndtri, stdtrit

from guanxi.evaluate import Comparison, Estimate, Grade, compare_errors, grade, wilson
from guanxi.studies.base import Judgement
from guanxi.studies.next_purchase.past import Days, Values
from guanxi.studies.next_purchase.waits import Waits
from guanxi.words import Message

__all__ = ["COVERAGE", "LEAST_CHANCE", "SOON_DAYS", "WORTH_HAVING", "Judged", "WeeksJudged", "compare_scores", "judge"]

COVERAGE = 0.8
"""Of the interval of the day on which an order is due."""
LEAST_CHANCE = 0.1
"""Of who is less likely to order within the horizon, no day is told."""
SOON_DAYS = 30
"""It is asked, too, who comes within so many days (within the horizon, if that is shorter)."""
WORTH_HAVING = 0.05
"""Share of the best plain rule's score. Most of it nobody can take away: on which day a customer comes is chance."""
_CONFIDENCE = 0.95
_CLASSES = 10


@dataclass(frozen=True)
class WeeksJudged:
    """Purchases in each week from the cut-off on, as they were expected and as they came."""

    said: Values
    came: Values

    def interval(self, expected: Values) -> tuple[Values, Values]:
        """Between which the purchases of each week ahead lie with `COVERAGE`.

        Two variances are added: of a count, as large as its mean; and of the level, of which one standard deviation is
        the root mean square of the weeks' relative misses, for a season or a trend moves all customers at once.
        """
        miss = float(np.sqrt(np.mean((self.came / np.maximum(self.said, 1.0) - 1) ** 2)))
        half = float(ndtri((1 + COVERAGE) / 2)) * np.sqrt(expected + (miss * expected) ** 2)
        return np.maximum(expected - half, 0.0), expected + half


@dataclass(frozen=True)
class Judged:
    """How each method did at the cut-off.

    Attributes
    ----------
    best : the plain rule with the least score
    law : the name of the law of purchasing; None where there was none
    published : of these, whose days are told
    measures : by method, estimates in the order of the table
        score_days; expected_soon and found_soon, of who comes within `SOON_DAYS`; day_mean_absolute_error and
        day_covered, of who came and had been told a day
    classes : of the probability of an order within `SOON_DAYS`, of the published method
    amounts_covered : of who came, the share whose amount lay in the interval; None without a law of spending
    """

    judgement: Judgement
    best: str
    law: str | None
    published: str
    measures: Mapping[str, list[Estimate]]
    classes: pa.Table
    weeks: WeeksJudged
    amounts_covered: Estimate | None
    came_soon: int

    def measure(self, name: str) -> Estimate | None:
        """One of the published method."""
        return next((each for each in self.measures[self.published] if each.measure == name), None)

    def as_table(self) -> pa.Table:
        """One row a method × measure: method, measure, value, low, high (95 %), customers."""
        rows = [
            {"method": name, "measure": each.measure, "value": each.value, "low": each.low, "high": each.high,
             "customers": each.customers}
            for name, estimates in self.measures.items()
            for each in estimates
        ]  # fmt: skip
        return pa.Table.from_pylist(rows)


def judge(
    waits: Mapping[str, Waits],
    came: Days,
    *,
    law: str | None,
    weeks: Mapping[str | None, WeeksJudged],
    amounts_covered: Estimate | None,
    cutoff: dt.date,
) -> Judged:
    """Compare what each method said at ``cutoff`` with what came in the horizon from then on.

    Parameters
    ----------
    waits : by method, of the same customers
    came : of each, days to his next purchase; the horizon's length for who did not come
    law : which of the methods is a law; None where none could be fitted
    weeks : purchases by week, as the law would have said and, under None, as without one
    amounts_covered, cutoff : as they stand in the answer
    """
    scores = {name: each.score(came) for name, each in waits.items()}
    best = min((name for name in waits if name != law), key=lambda name: float(scores[name].mean()))
    days = next(iter(waits.values())).horizon_days
    words: dict[str, object] = {"cutoff": cutoff, "days": days, "customers": len(came), "rule": _named(best)}
    comparisons: tuple[Comparison, ...] = ()
    published = best
    letter: Grade = "C"
    explained = Message("next_purchase.judged_unfit", words)
    if law is not None:
        found = compare_scores(scores[law], scores[best])
        comparisons = (found,)
        letter = grade(found, worth_having=WORTH_HAVING)
        published = law if letter in "AB" else best
        words |= {"gain": found.relative_gain, "ours": found.method, "theirs": found.baseline, "law": _named(law)}
        explained = Message(f"next_purchase.judged_{letter.lower()}", words)
    soon = min(SOON_DAYS, days)
    return Judged(
        judgement=Judgement(letter, explained, cutoff, comparisons),
        best=best,
        law=law,
        published=published,
        measures={name: _measures(each, scores[name], came, soon) for name, each in waits.items()},
        classes=_classes(waits[published].probability(soon), came < soon),
        weeks=weeks[law if published == law else None],
        amounts_covered=amounts_covered,
        came_soon=int(np.count_nonzero(came < soon)),
    )


def compare_scores(method: Values, baseline: Values) -> Comparison:
    """Continuous ranked probability scores of a method and of a baseline for the same customers, in days.

    Parameters
    ----------
    method, baseline : one entry a customer, from `Waits.score`

    Returns
    -------
    Comparison : ``continuous_ranked_probability_score``; Student's interval for paired differences

    Examples
    --------
    >>> found = compare_scores(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    >>> found.measure, found.gain
    ('continuous_ranked_probability_score', 1.0)
    """
    # The score is already an error: how far it is from none.
    found = compare_errors(np.zeros(len(method)), method, baseline, confidence=_CONFIDENCE)
    return replace(found, measure="continuous_ranked_probability_score")


def _measures(waits: Waits, scores: Values, came: Days, soon: int) -> list[Estimate]:
    count = len(came)
    half = float(stdtrit(count - 1, (1 + _CONFIDENCE) / 2) * scores.std(ddof=1) / np.sqrt(count))
    mean = float(scores.mean())
    likely = waits.probability(soon)
    total = float(likely.sum())
    found = [
        Estimate("score_days", mean, mean - half, mean + half, count),
        Estimate("expected_soon", total, total, total, count),
    ]
    soon_came = came < soon
    if named := int(np.count_nonzero(soon_came)):
        # As many are named as came, so that every miss is both one too many and one too few.
        first = np.argsort(-likely, kind="stable")[:named]
        found.append(_share("found_soon", int(np.count_nonzero(soon_came[first])), named))
    there = (came < waits.horizon_days) & (waits.probability(waits.horizon_days) >= LEAST_CHANCE)
    if told := int(np.count_nonzero(there)):
        off = np.abs(waits.due(0.5) - came)[there].astype(np.float64)
        half = float(stdtrit(told - 1, (1 + _CONFIDENCE) / 2) * off.std(ddof=1) / np.sqrt(told)) if told > 1 else 0.0
        found.append(Estimate("day_mean_absolute_error", float(off.mean()), off.mean() - half, off.mean() + half, told))
        low, high = waits.due((1 - COVERAGE) / 2), waits.due((1 + COVERAGE) / 2)
        found.append(_share("day_covered", int(np.count_nonzero(((low <= came) & (came <= high))[there])), told))
    return found


def _share(name: str, hits: int, of: int) -> Estimate:
    return Estimate(name, hits / of, *wilson(hits, of, _CONFIDENCE), of)


def _classes(said: Values, came: np.ndarray) -> pa.Table:
    """One row a class of the probability that was said, the lowest first; classes of about equal number.

    Columns: customers (int64), said, came, low, high (float64, 0 … 1; 95 % interval of the share that came).
    """
    borders = np.unique(np.quantile(said, np.arange(1, _CLASSES) / _CLASSES, method="inverted_cdf"))
    place = np.searchsorted(borders[borders < said.max()], said, side="left")
    rows = []
    for each in np.unique(place):
        mine = place == each
        hits, count = int(np.count_nonzero(came[mine])), int(mine.sum())
        low, high = wilson(hits, count, _CONFIDENCE)
        rows.append(
            {"customers": count, "said": float(said[mine].mean()), "came": hits / count, "low": low, "high": high}
        )
    return pa.Table.from_pylist(rows)


def _named(method: str) -> Message:
    return Message(f"next_purchase.method_{method}")
