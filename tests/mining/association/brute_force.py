"""Frequent itemsets by looking at every set: slow, and easy to believe."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pyarrow as pa
from hypothesis import strategies as st

from guanxi.mining.association import Itemsets


def basket_table(baskets: Iterable[Iterable[object]]) -> pa.Table:
    """Long table of baskets; an empty one is a row without an item."""
    rows = [(number, item) for number, basket in enumerate(baskets) for item in (list(basket) or [None])]
    transactions, items = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({"transaction": pa.array(transactions, pa.int64()), "item": pa.array(items)})


def frequent(baskets: list[set], min_count: int, longest: int = 99) -> dict[frozenset, int]:
    found = {}
    for size in range(1, min(longest, len(set().union(*baskets))) + 1):
        for candidate in map(frozenset, combinations(sorted(set().union(*baskets)), size)):
            count = sum(candidate <= basket for basket in baskets)
            if count >= min_count:
                found[candidate] = count
    return found


def as_dictionary(found: Itemsets) -> dict[frozenset, int]:
    """The itemsets found; none may be there twice."""
    rows = found.to_table().to_pylist()
    result = {frozenset(row["items"]): row["count"] for row in rows}
    assert len(result) == len(rows) == len(found)
    return result


def baskets_of(items: int, most: int = 40):
    """Baskets for hypothesis: sparse and dense ones, with items that are in all of them."""
    one = st.sets(st.integers(0, items - 1), max_size=items)
    return st.builds(
        lambda sets, everywhere: [each | everywhere for each in sets],
        st.lists(one, min_size=1, max_size=most),
        st.sets(st.integers(0, items - 1), max_size=2),
    )
