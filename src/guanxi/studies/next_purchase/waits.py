"""How likely a customer is to have ordered by each day ahead: by a law of purchasing, or by a plain rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.mining.lifetime.histories import read_histories
from guanxi.mining.lifetime.purchases import PurchaseModel
from guanxi.mining.rfm import RFM
from guanxi.studies.next_purchase.past import Days, Values, days_until, reals

__all__ = ["Waits", "by_cells", "by_law", "by_own_gap"]

_KNOTS = 30
_ROWS = 50_000
_IMAGINARY = 20.0
_SCORES = 5


@dataclass(frozen=True)
class Waits:
    """Laws of the wait until the next purchase, cut off at the horizon; customers alike share one.

    Parameters
    ----------
    place : one entry a customer: which law is his
    chances : array of shape (laws, horizon days + 1), rising in a row from 0: the probability that a purchase has come
        before the day of that number begins

    Examples
    --------
    >>> waits = Waits(np.array([0, 0, 1]), np.array([[0.0, 0.5, 0.8], [0.0, 0.0, 0.0]]))
    >>> waits.probability(2).tolist(), waits.due(0.5).tolist()
    ([0.8, 0.8, 0.0], [0, 0, 2])
    >>> waits.score(np.array([0, 2, 2])).round(2).tolist()
    [0.29, 0.89, 0.0]
    """

    place: npt.NDArray[np.signedinteger]
    chances: npt.NDArray[np.floating]

    @property
    def horizon_days(self) -> int:
        return self.chances.shape[1] - 1

    def probability(self, days: int) -> Values:
        """That a customer orders within so many days."""
        return self.chances[:, days].astype(np.float64)[self.place]

    def due(self, share: float) -> Days:
        """The day by which, *if* he orders within the horizon, he has done so with probability ``share``.

        The horizon's length where he surely does not.
        """
        day = np.empty(len(self.chances), np.int64)
        for first in range(0, len(day), _ROWS):
            rows = self.chances[first : first + _ROWS]
            whole = rows[:, -1]
            reached = rows >= share * whole[:, None]
            # The first column holds for who surely does not come.
            day[first : first + _ROWS] = np.where(whole > 0, reached.argmax(axis=1) - 1, self.horizon_days)
        return day[self.place]

    def score(self, came: Days) -> Values:
        """Continuous ranked probability score of each customer, in days: least, on average, for the true law.

        Parameters
        ----------
        came : day of the next purchase; the horizon's length for who did not come

        Notes
        -----
        Σ over the days of the horizon of (probability of having come by its end − whether he had)², the score cut off
        at the horizon [1]_. Of who names one day for sure it is the number of days between that day and the true one.

        References
        ----------
        .. [1] Gneiting & Ranjan (2011), Comparing density forecasts using threshold- and quantile-weighted scoring
           rules. J. Business & Economic Statistics 29(3), 411-422.
        """
        found = np.empty(len(came))
        ends = np.arange(1, self.horizon_days + 1)
        for first in range(0, len(came), _ROWS):
            rows = slice(first, first + _ROWS)
            said = self.chances[self.place[rows], 1:]
            found[rows] = ((said - (came[rows, None] < ends)) ** 2).sum(axis=1)
        return found


def by_law(law: PurchaseModel, customers: pa.Table, *, horizon_days: int) -> Waits:
    """What a fitted law of purchasing says.

    Notes
    -----
    The probability of no purchase is asked at some thirty days, the nearest ones close together, and joined by straight
    lines. O(30 × distinct frequencies and ages).
    """
    histories = read_histories(customers)
    knots = np.unique(np.rint(horizon_days * (np.arange(_KNOTS + 1) / _KNOTS) ** 2))
    at_knots = np.zeros((len(histories), len(knots)), dtype=np.float32)
    for place, chance in enumerate(law.chances(histories, knots[1:].tolist()), start=1):
        at_knots[:, place] = chance
    ends = np.arange(horizon_days + 1)
    weights = np.array([np.interp(ends, knots, knot) for knot in np.eye(len(knots))], dtype=np.float32)
    return Waits(histories.place, at_knots @ weights)


def by_own_gap(customers: pa.Table, learned: pa.Table, *, horizon_days: int) -> Waits:
    """The plain rule: last order + own mean gap, with how often and how far that was off a horizon before.

    Who has bought once has the mean gap of all. Who is late is due at once, until he is late by another gap: then he is
    not waited for.

    Parameters
    ----------
    customers : table of `guanxi.studies.next_purchase.past.buyers_at`
    learned : the same, one horizon earlier; where nobody is in it, the day named is taken as sure
    horizon_days : how far ahead
    """
    due = _own_day(customers, horizon_days)
    ends = np.arange(horizon_days + 1)
    if not learned.num_rows:
        return Waits(due, (ends > np.arange(horizon_days + 1)[:, None]).astype(np.float64))
    named, came = _own_day(learned, horizon_days), days_until(learned, horizon_days=horizon_days)
    told, there = named < horizon_days, came < horizon_days
    off = (came - named)[told & there]
    chances = np.zeros((horizon_days + 1, horizon_days + 1))
    for day in range(horizon_days + 1):
        mine = told if day < horizon_days else ~told
        shifted = np.clip(day + off, 0, horizon_days - 1) if day < horizon_days else came[~told & there]
        if mine.any() and len(shifted):
            summed = np.cumsum(np.bincount(shifted, minlength=horizon_days)) / len(shifted)
            chances[day, 1:] = summed * there[mine].mean()
    return Waits(due, chances)


def by_cells(customers: pa.Table, learned: pa.Table, *, horizon_days: int) -> Waits:
    """The plain rule: the same waits as those of customers with the same scores for recency and frequency had.

    Parameters are those of `by_own_gap`, with somebody in ``learned``. Each of the 25 cells is drawn towards everybody
    by 20 imaginary customers.
    """
    came = days_until(learned, horizon_days=horizon_days)
    everybody = np.bincount(came, minlength=horizon_days + 1)[:horizon_days] / len(came)
    cell = _cells(learned)
    counts = np.zeros((_SCORES**2, horizon_days + 1))
    np.add.at(counts, (cell, came), 1.0)
    customers_in = np.bincount(cell, minlength=_SCORES**2)[:, None]
    shares = (counts[:, :horizon_days] + _IMAGINARY * everybody) / (customers_in + _IMAGINARY)
    return Waits(_cells(customers), np.hstack([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)]))


def _own_day(customers: pa.Table, horizon_days: int) -> Days:
    repeats, recency = reals(customers, "frequency"), reals(customers, "recency_days")
    all_repeats = repeats.sum()
    usual = recency.sum() / all_repeats if all_repeats else np.inf
    gap = np.where(repeats > 0, recency / np.maximum(repeats, 1), usual)
    ahead = gap - reals(customers, "days_since_last_order")
    ahead = np.where(ahead >= 0, ahead, np.where(ahead >= -gap, 0.0, np.inf))
    return np.minimum(np.rint(ahead), horizon_days).astype(np.int64)


def _cells(customers: pa.Table) -> npt.NDArray[np.intp]:
    scores = RFM().fit(customers).predict(customers)
    return np.asarray((reals(scores, "r") - 1) * _SCORES + reals(scores, "f") - 1, dtype=np.intp)
