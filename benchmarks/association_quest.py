"""Baskets as IBM's Quest program makes them: the customary synthetic data for frequent itemsets.

Agrawal & Srikant (1994), Fast algorithms for mining association rules, Proc. VLDB, section 2.4.3: a pool of weighted
patterns that share items; each basket is filled with patterns, of which some items are lost on the way. T10I4D1000K is
``quest(1_000_000)``. Same arguments, same baskets.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

_CORRELATION = 0.5
"""Mean share of a pattern's items that are taken from the pattern before it."""
_CORRUPTION_MEAN, _CORRUPTION_DEVIATION = 0.5, 0.1**0.5
_OVERFULL = 0.5
"""How often a pattern that does not fit is put in nevertheless; else the next basket begins with it."""

Ints = npt.NDArray[np.int32]


def quest(
    baskets: int, *, size: float = 10, pattern_size: float = 4, patterns: int = 2000, items: int = 1000, seed: int = 1
) -> pa.Table:
    """A table of (transaction, item); ``size`` and ``pattern_size`` are means."""
    transactions, flat = _fill(baskets, size, pattern_size, patterns, items, seed)
    return pa.table({"transaction": transactions, "item": flat})


@njit
def _fill(baskets, size, pattern_size, patterns, items, seed):  # type: ignore[no-untyped-def]  # noqa: PLR0912
    np.random.seed(seed)
    lengths = np.empty(patterns, np.int64)
    pool = np.empty((patterns, items), np.int32)
    for pattern in range(patterns):
        length = min(items, max(1, np.random.poisson(pattern_size)))
        taken = 0
        if pattern > 0:
            shared = min(int(length * min(1.0, np.random.exponential(_CORRELATION)) + 0.5), lengths[pattern - 1])
            order = np.random.permutation(lengths[pattern - 1])
            for each in range(shared):
                pool[pattern, taken] = pool[pattern - 1, order[each]]
                taken += 1
        while taken < length:
            item = np.random.randint(items)
            if not np.any(pool[pattern, :taken] == item):
                pool[pattern, taken] = item
                taken += 1
        lengths[pattern] = length
    weight = np.cumsum(np.random.exponential(1.0, patterns))
    corruption = np.random.normal(_CORRUPTION_MEAN, _CORRUPTION_DEVIATION, patterns)

    transactions, flat = (
        np.empty(int(baskets * size * 2) + 1000, np.int32),
        np.empty(int(baskets * size * 2) + 1000, np.int32),
    )
    end = 0
    kept = np.empty(items, np.int32)
    waiting, waits = np.empty(items, np.int32), 0
    held = np.full(items, -1, np.int64)
    for basket in range(baskets):
        room = max(1, np.random.poisson(size))
        many = 0
        for each in range(waits):
            held[waiting[each]] = basket
            transactions[end], flat[end] = basket, waiting[each]
            end += 1
            many += 1
        waits = 0
        while many < room:
            pattern = np.searchsorted(weight, np.random.random() * weight[-1])
            length = lengths[pattern]
            kept[:length] = pool[pattern, :length]
            while length > 0 and np.random.random() < corruption[pattern]:
                lost = np.random.randint(length)
                kept[lost] = kept[length - 1]
                length -= 1
            if many + length > room and np.random.random() > _OVERFULL:
                waiting[:length] = kept[:length]
                waits = length
                if many > 0:
                    break
                waits = 0
            for each in range(length):
                if held[kept[each]] != basket:
                    held[kept[each]] = basket
                    transactions[end], flat[end] = basket, kept[each]
                    end += 1
                    many += 1
    return transactions[:end].copy(), flat[:end].copy()
