"""Loops of the BG/NBD likelihood, compiled by `guanxi.compiled`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KERNELS = ("over_histories",)

Values = npt.NDArray[np.float64]


def over_histories(  # noqa: PLR0915 (one pass)
    x: Values, recency: Values, age: Values, count: Values, parameters: Values, chances_at_first: int
) -> tuple[float, Values, Values]:
    """What of the log-likelihood depends on more than the frequency, with its gradient and Hessian.

    One pass, four transcendental functions a history. ``x`` rises, so that what depends on it alone is kept.
    """
    r, alpha, a, b = parameters
    log_alpha = np.log(alpha)
    value = 0.0
    gradient = np.zeros(4)
    hessian = np.zeros((4, 4))
    before = -1.0
    log_chance = 0.0
    slope_b = 0.0
    for each in range(len(x)):
        times, customers = x[each], count[each]
        if times != before:
            before = times
            survived = times + chances_at_first
            trials = b + survived - 1 if survived > 0 else b
            log_chance = np.log(a / trials)
            slope_b = -1 / trials
        total = r + times
        to_age, to_last = 1 / (alpha + age[each]), 1 / (alpha + recency[each])
        grown = np.log1p(age[each] / alpha)
        old = age[each] / alpha * to_age
        value -= customers * (total * grown + times * log_alpha)
        gradient[0] -= customers * grown
        gradient[1] += customers * (r * old - times * to_age)
        hessian[0, 1] += customers * old
        hessian[1, 1] += customers * (total * to_age * to_age - r / (alpha * alpha))
        if times + chances_at_first > 0:
            # Where he could have left: log(1 + e^odds), its slopes, and the odds' own slopes.
            ratio = np.log1p((age[each] - recency[each]) * to_last)
            odds = log_chance + total * ratio
            small = np.exp(-abs(odds))
            value += customers * (max(odds, 0.0) + np.log1p(small))
            gone = 1 / (1 + small) if odds > 0 else small / (1 + small)
            weight = customers * gone
            spread = weight * small / (1 + small) if odds > 0 else weight / (1 + small)
            nearer = to_age - to_last
            slope_alpha = total * nearer
            slope_a = 1 / a
            gradient[0] += weight * ratio
            gradient[1] += weight * slope_alpha
            gradient[2] += weight * slope_a
            gradient[3] += weight * slope_b
            hessian[0, 0] += spread * ratio * ratio
            hessian[0, 1] += spread * ratio * slope_alpha + weight * nearer
            hessian[0, 2] += spread * ratio * slope_a
            hessian[0, 3] += spread * ratio * slope_b
            hessian[1, 1] += spread * slope_alpha * slope_alpha - weight * total * nearer * (to_age + to_last)
            hessian[1, 2] += spread * slope_alpha * slope_a
            hessian[1, 3] += spread * slope_alpha * slope_b
            hessian[2, 2] += (spread - weight) * slope_a * slope_a
            hessian[2, 3] += spread * slope_a * slope_b
            hessian[3, 3] += (spread + weight) * slope_b * slope_b
    for row in range(4):
        for column in range(row):
            hessian[row, column] = hessian[column, row]
    return value, gradient, hessian
