"""Closed and maximal itemsets: by brute force, by published counts, and with limits."""

from __future__ import annotations

import random

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import SettingError
from guanxi.mining.association import frequent_itemsets, rules
from mining.association.brute_force import as_dictionary, basket_table, baskets_of, frequent


def condensed(counts: dict[frozenset, int], kind: str) -> dict[frozenset, int]:
    """What has no superset among the frequent ones, or none with its count."""
    return {
        items: count
        for items, count in counts.items()
        if not any(items < other and (kind == "maximal" or counts[other] == count) for other in counts)
    }


kinds = pytest.mark.parametrize("kind", ["closed", "maximal"])


@kinds
@given(baskets=baskets_of(7), min_count=st.integers(1, 5))
def test_what_no_superset_makes_superfluous_is_found(kind, baskets, min_count):
    found = frequent_itemsets(basket_table(baskets), min_support=min_count, kind=kind)
    assert as_dictionary(found) == condensed(frequent(baskets, min_count), kind)
    assert found.kind == kind
    assert found.counts.tolist() == found.to_table()["count"].to_pylist()


@kinds
@given(baskets=baskets_of(7), longest=st.integers(1, 4))
def test_max_length_does_not_change_what_is_closed_or_maximal(kind, baskets, longest):
    found = frequent_itemsets(basket_table(baskets), min_support=2, kind=kind, max_length=longest)
    right = condensed(frequent(baskets, 2), kind)
    assert as_dictionary(found) == {items: count for items, count in right.items() if len(items) <= longest}


@kinds
@given(baskets=baskets_of(7), k=st.integers(1, 20))
def test_top_k_of_them_are_the_most_frequent(kind, baskets, k):
    def in_order(counts):
        return sorted((-count, len(items)) for items, count in counts.items())

    right = in_order(condensed(frequent(baskets, 1), kind))
    found = frequent_itemsets(basket_table(baskets), min_support=1, kind=kind, top_k=k)
    assert in_order(as_dictionary(found)) == [each for each in right if each <= right[min(k, len(right)) - 1]]


@kinds
@given(baskets=baskets_of(7), most=st.integers(1, 60))
def test_past_the_cap_they_are_those_of_the_support_that_is_said(kind, baskets, most):
    found = frequent_itemsets(basket_table(baskets), min_support=1, kind=kind, max_sets=most)
    least = found.messages[0].parameters["complete"] if found.messages else 1
    assert as_dictionary(found) == condensed(frequent(baskets, least), kind)


@kinds
@pytest.mark.parametrize("seed", [1, 2])
def test_baskets_of_few_out_of_many_items_are_searched_right(kind, seed):
    # So sparse that the search keeps lists for some levels before it makes bitmaps.
    dice = random.Random(seed)  # noqa: S311
    baskets = [{int(dice.paretovariate(0.5)) % 300 for _ in range(dice.randint(1, 12))} | {900} for _ in range(2000)]
    table = basket_table(baskets)
    counts = as_dictionary(frequent_itemsets(table, min_support=5))
    subsets = {
        items - {each}
        for items, count in counts.items()
        for each in items
        if kind == "maximal" or counts.get(items - {each}) == count
    }
    right = {items: count for items, count in counts.items() if items not in subsets}
    assert len(right) > 500
    assert as_dictionary(frequent_itemsets(table, min_support=5, kind=kind)) == right
    short = frequent_itemsets(table, min_support=5, kind=kind, max_length=2)
    assert as_dictionary(short) == {items: count for items, count in right.items() if len(items) <= 2}
    # With more than four thousand, the search for closed ones raises its least support on the way.
    rare = as_dictionary(frequent_itemsets(table, min_support=2, kind=kind))
    assert (len(rare) > 4500) == (kind == "closed")
    order = sorted((-count, len(items)) for items, count in rare.items())
    most = as_dictionary(frequent_itemsets(table, min_support=2, kind=kind, top_k=100))
    assert sorted((-count, len(items)) for items, count in most.items()) == [
        each for each in order if each <= order[99]
    ]
    assert most.items() <= rare.items()


@kinds
def test_a_thousand_items_that_are_always_together_are_one_set(kind):
    found = frequent_itemsets(basket_table([set(range(1000))] * 2 + [{1000}]), min_support=2, kind=kind)
    assert (len(found), found.counts.tolist(), len(found.itemset(0))) == (1, [2], 1000)


def test_three_hundred_baskets_each_within_the_next_are_as_many_closed_sets():
    baskets = [set(range(number + 1)) for number in range(300)]
    closed, maximal = (
        frequent_itemsets(basket_table(baskets), min_support=1, kind=kind) for kind in ("closed", "maximal")
    )
    assert sorted(closed.counts.tolist()) == list(range(1, 301))
    assert maximal.counts.tolist() == [1]


# Counted by PyFIM 6.28, target="c" and "m".
@pytest.mark.parametrize(
    ("file", "min_support", "closed", "maximal"),
    [
        ("groceries/groceries_long", 0.0005, (46267, 543825), (22725, 130527)),
        ("fimi/chess", 0.7, (23892, 58170846), (891, 2009620)),
        ("fimi/T10I4D100K", 0.001, (26806, 6538032), (4054, 577161)),
    ],
)
def test_the_counts_of_pyfim_come_out(real_data, file, min_support, closed, maximal):
    table = pq.read_table(real_data / f"{file}.parquet")
    found = [frequent_itemsets(table, min_support=min_support, kind=kind) for kind in ("closed", "maximal")]
    assert [(len(each), each.counts.sum()) for each in found] == [closed, maximal]


def test_rules_need_all_itemsets():
    with pytest.raises(SettingError):
        rules(frequent_itemsets(basket_table([{1, 2}]), min_support=1, kind="closed"))


def test_another_kind_is_an_error():
    with pytest.raises(SettingError) as raised:
        frequent_itemsets(basket_table([{1, 2}]), min_support=1, kind="open")
    assert raised.value.code == "association.one_of"
