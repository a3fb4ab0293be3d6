"""Frequent itemsets of many baskets: one thread or several, the same answer."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import SettingError
from guanxi.mining.association import Itemsets, frequent_itemsets

BASKETS, ITEMS, LEAST = 60_000, 300, 230


@cache
def held() -> np.ndarray:
    """Which basket holds which item: a million cells, some items often together, two in every basket."""
    dice = np.random.default_rng(5)
    found = np.zeros((BASKETS, ITEMS), np.bool_)
    found[np.arange(BASKETS)[:, None], dice.integers(2, ITEMS, (BASKETS, 20))] = True
    for pattern in ((7, 8, 9, 200), (8, 150, 299)):
        found[np.ix_(dice.integers(0, BASKETS, 600), pattern)] = True
    found[:, :2] = True
    return found


@cache
def mined(threads: int | None, **settings: int) -> Itemsets:
    transactions, items = np.nonzero(held())
    table = pa.table({"transaction": transactions, "item": items})
    return frequent_itemsets(table, min_support=LEAST, threads=threads, **settings)


def test_pairs_are_as_many_as_a_product_of_matrices_says():
    together = held().astype(np.float32).T @ held().astype(np.float32)
    right = {(left, right) for left, right in combinations(range(ITEMS), 2) if together[left, right] >= LEAST}
    table = mined(1).to_table()
    found = list(zip(map(tuple, table["items"].to_pylist()), table["count"].to_pylist(), strict=True))
    assert {items for items, _ in found if len(items) == 2} == right
    assert len(right) > 10_000
    assert all(count == together[items[0], items[-1]] for items, count in found if len(items) <= 2)
    assert all(count == held()[:, list(items)].all(axis=1).sum() for items, count in found if len(items) >= 5)
    assert (0, 1, 7, 8, 9, 200) in dict(found)


@pytest.mark.parametrize("threads", [2, 3, None])
@pytest.mark.parametrize("settings", [{}, {"max_sets": 1000}, {"top_k": 400, "min_length": 3}, {"max_length": 2}])
def test_the_number_of_threads_changes_nothing(threads, settings):
    alone, together = mined(1, **settings), mined(threads, **settings)
    assert together.to_table() == alone.to_table()
    assert together.parent.tolist() == alone.parent.tolist()
    assert together.messages == alone.messages
    assert bool(alone.messages) == ("max_sets" in settings)


def test_no_thread_is_an_error():
    with pytest.raises(SettingError) as raised:
        mined(0)
    assert raised.value.message.parameters["name"] == "threads"
