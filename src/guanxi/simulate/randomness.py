"""Randomness that is the same on any machine, in any order of work.

Numbers are drawn from Philox [1]_, a generator without a state to pass on: its key is (seed, purpose), its counter
begins at the number of the block of customers or orders that is being made. So a block can be made at any time, by any
thread, without the blocks before it. Only the raw 64-bit words of the generator are used, and turned into what is
needed by inversion: one word per value, so that no value can shift the ones after it.

References
----------
.. [1] Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. Proc. SC'11.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Floats",
    "Integers",
    "Purpose",
    "exponential",
    "poisson",
    "poisson_ladder",
    "to_uniform",
    "uniform",
    "words",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Purpose(IntEnum):
    """What numbers are drawn for. The numbers are part of the format: a change changes every company."""

    SEGMENT = 1
    ARRIVAL = 2
    RATE = 3
    DROPOUT = 4
    LIFETIME = 5
    SPEND = 6
    TASTE = 7
    PLACE = 8
    NAME = 9
    ORDER_COUNT = 10
    ORDER_TIME = 11
    GUEST = 12
    ORDER_VALUE = 13
    LINE_COUNT = 14
    CATEGORY = 15
    FAMILY = 16
    PAIR = 17
    SIZE = 18
    WEIGHT = 19
    RETURN = 20
    RETURN_DELAY = 21
    REPEAT = 22
    MISTAKE = 23
    POSTAGE = 24
    TEST = 25
    AFTERWARDS = 26
    BAD_ORDER = 27
    COMPLAINT = 28
    COMPLAINT_DELAY = 29
    SENT_BACK = 30
    VISIT_COUNT = 31
    VISIT_TIME = 32
    VISIT_KEPT = 33
    ARM = 34
    CHANNEL = 35
    OPENED = 36
    OPENED_DELAY = 37
    DURATION = 38
    PLAN = 39
    CANCELLATION = 40
    PERIODS = 41
    BEGUN = 42


def words(seed: int, purpose: Purpose, block: int, count: int) -> NDArray[np.uint64]:
    """``count`` random 64-bit words for one purpose and block."""
    key = np.array([seed, purpose], dtype=np.uint64)
    counter = np.array([0, 0, 0, block], dtype=np.uint64)
    return np.random.Philox(key=key, counter=counter).random_raw(count)


def uniform(seed: int, purpose: Purpose, block: int, count: int) -> Floats:
    """``count`` numbers between 0 and 1, both excluded."""
    return to_uniform(words(seed, purpose, block, count))


def to_uniform(drawn: NDArray[np.uint64]) -> Floats:
    """Words as odd multiples of 2⁻⁵³: 52 bits and a half, which a float64 holds exactly, so that 1 is never reached."""
    return ((drawn >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def exponential(uniforms: Floats) -> Floats:
    """Standard exponential variates."""
    return -np.log1p(-uniforms)


def poisson(uniforms: Floats, means: Floats) -> Integers:
    """One Poisson variate per mean, by walking up its distribution; O(largest variate) passes over those left.

    Means up to 700: beyond, the probability of zero is no number any more.
    """
    counts = np.zeros(len(means), dtype=np.int64)
    open_ = np.arange(len(means))
    probability = np.exp(-means)
    cumulated = probability.copy()
    left, mean, target = open_, means, uniforms
    count = 0
    while True:
        going = target > cumulated
        # Far in the tail the sum no longer grows; what is left there stays where it is.
        going &= (probability > 0) & ((count < mean) | (probability > 1e-18))
        if not going.any():
            return counts
        count += 1
        left, mean, target = left[going], mean[going], target[going]
        probability = probability[going] * mean / count
        cumulated = cumulated[going] + probability
        counts[left] = count


def poisson_ladder(mean: float, *, most: int = 60) -> Floats:
    """Cumulated probabilities of a Poisson law, to be searched with uniforms."""
    steps = np.r_[1.0, mean / np.arange(1, most + 1)]
    ladder: Floats = np.cumsum(np.exp(-mean) * np.cumprod(steps))
    ladder[-1] = 1.0
    return ladder
