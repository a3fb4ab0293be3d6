"""Buying has seasons: a year's, a week's and a day's. A clock that runs faster when more is bought.

On this clock every customer buys evenly: an inhomogeneous Poisson process of intensity λ·s(t) is a homogeneous one of
rate λ in the operational time S(t) = ∫ s [1]_. So nothing is thinned out, and the truth is exact: a customer who is
there from a to b makes λ·(S(b) − S(a)) repeat orders on average. s has mean 1 over a year, so λ is per plain day.

The clock counts in whole units, `UNITS_PER_DAY` on an average day, and never rounds by a floating point: an order falls
into the same second on every machine.

References
----------
.. [1] Çinlar (1975), Introduction to Stochastic Processes, ch. 4.7.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from guanxi.simulate.randomness import Integers

__all__ = ["HOURS", "UNITS_PER_DAY", "WEEKDAYS", "Clock"]

UNITS_PER_DAY = 24 * 32_768
WEEKDAYS = (0.90, 0.90, 0.92, 0.95, 1.08, 1.20, 1.05)
"""Monday to Sunday."""
HOURS = (
    0.25, 0.12, 0.06, 0.05, 0.05, 0.08, 0.20, 0.50, 0.90, 1.30, 1.60, 1.60,
    1.50, 1.40, 1.35, 1.35, 1.35, 1.30, 1.25, 1.50, 1.85, 1.95, 1.50, 0.70,
)  # fmt: skip
_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Clock:
    """Operational time of one season, from midnight of ``starts_on`` for ``days`` days.

    Examples
    --------
    >>> clock = Clock((1.0,) * 12, dt.date(2024, 1, 1), 7)
    >>> bool(abs(clock.total / UNITS_PER_DAY - 7) < 0.001)
    True
    >>> noon = np.array([12 * 3600])
    >>> clock.seconds(clock.units(noon)).tolist()
    [43200]
    """

    def __init__(self, months: tuple[float, ...], starts_on: dt.date, days: int) -> None:
        year = np.dot(months, _DAYS_OF_MONTHS) / 365
        dates = [starts_on + dt.timedelta(days=day) for day in range(days)]
        daily = np.array([months[date.month - 1] / year * WEEKDAYS[date.weekday()] for date in dates])
        daily *= 7 / sum(WEEKDAYS)
        hourly = np.outer(daily, np.array(HOURS) / sum(HOURS)).ravel()
        self.weights: NDArray[np.int64] = np.maximum(1, np.rint(hourly * UNITS_PER_DAY)).astype(np.int64)
        """Units in each hour."""
        self.grid: NDArray[np.int64] = np.concatenate(([0], np.cumsum(self.weights)))

    @property
    def total(self) -> int:
        return int(self.grid[-1])

    @property
    def seconds_in_all(self) -> int:
        return 3600 * len(self.weights)

    def units(self, seconds: Integers) -> Integers:
        """Units that have passed at a second."""
        hour = seconds // 3600
        inside = np.minimum(hour, len(self.weights) - 1)
        return self.grid[hour] + (seconds - hour * 3600) * self.weights[inside] // 3600

    def seconds(self, units: Integers) -> Integers:
        """The second in which a unit begins; a unit before `total` lies before the end."""
        hour = np.searchsorted(self.grid, units, side="right") - 1
        return hour * 3600 + (units - self.grid[hour]) * 3600 // self.weights[hour]
