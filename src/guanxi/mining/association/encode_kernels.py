"""Loops of the encoding, compiled by `guanxi.compiled`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

KERNELS = ("less", "group", "count_items", "_sort", "flatten")

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


_BLOCK = 16
"""Baskets of so many items are sorted by counting smaller ones, which goes into vector instructions."""
_LARGEST = np.int32(2**31 - 1)


def less(values: npt.NDArray[np.integer[Any]], least: int) -> Ints:
    """By how much each value exceeds the least one."""
    codes = np.empty(len(values), np.int32)
    for row in range(len(values)):
        codes[row] = values[row] - least
    return codes


def group(transactions: Ints, items: Ints, transaction_codes: int) -> tuple[Longs, Ints]:
    """Rows by transaction code: offsets and items. A table that is in order already is not copied."""
    offsets = np.zeros(transaction_codes + 1, np.int64)
    in_order = True
    before = 0
    for row in range(len(transactions)):
        code = transactions[row]
        offsets[code + 1] += 1
        in_order &= code >= before
        before = code
    for code in range(transaction_codes):
        offsets[code + 1] += offsets[code]
    if in_order:
        return offsets, items
    place = offsets[:-1].copy()
    grouped = np.empty(len(items), np.int32)
    for row in range(len(items)):
        code = transactions[row]
        grouped[place[code]] = items[row]
        place[code] += 1
    return offsets, grouped


def count_items(offsets: Longs, codes: Ints, item_codes: int) -> tuple[Longs, int]:
    """Number of transactions per item, and of transactions with any row."""
    support = np.zeros(item_codes, np.int64)
    last_seen = np.full(item_codes, -1, np.int32)
    baskets = 0
    for transaction in range(len(offsets) - 1):
        baskets += offsets[transaction] < offsets[transaction + 1]
        for row in range(offsets[transaction], offsets[transaction + 1]):
            code = codes[row]
            if code >= 0 and last_seen[code] != transaction:
                last_seen[code] = transaction
                support[code] += 1
    return support, baskets


def _sort(values: Ints, start: int, end: int, block: Ints) -> None:
    """Sort a few distinct values in place."""
    many = end - start
    if many > _BLOCK:
        values[start:end].sort()
        return
    # Each goes to as many places after the first as there are smaller ones: no branch that would be guessed wrong.
    for each in range(_BLOCK):
        block[each] = values[start + each] if each < many else _LARGEST
    for each in range(many):
        value = block[each]
        smaller = np.int32(0)
        for other in range(_BLOCK):
            smaller += np.int32(block[other] < value)
        values[start + smaller] = value


def flatten(offsets: Longs, codes: Ints, rank: Ints, ranks: int) -> tuple[Ints, int]:
    """Ranks of each transaction, ascending, each once, ended by -1; transactions with fewer than two are left out.

    And how many are there.
    """
    last_seen = np.full(ranks, -1, np.int32)
    # The last block is read as a whole, which may be beyond the last value.
    flat = np.empty(len(codes) + len(offsets) + _BLOCK, np.int32)
    block = np.empty(_BLOCK, np.int32)
    end = 0
    rows = 0
    for transaction in range(len(offsets) - 1):
        start = end
        for row in range(offsets[transaction], offsets[transaction + 1]):
            code = codes[row]
            if code < 0:
                continue
            found = rank[code]
            if found >= 0 and last_seen[found] != transaction:
                last_seen[found] = transaction
                flat[end] = found
                end += 1
        if end - start < 2:
            end = start
        else:
            _sort(flat, start, end, block)
            flat[end] = -1
            end += 1
            rows += 1
    return flat[:end], rows
