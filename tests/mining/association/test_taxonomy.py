"""Generalised itemsets: by brute force, by the example of the paper, and at the edges."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import frequent_itemsets, more_than_expected, rules
from mining.association.brute_force import as_dictionary, basket_table, baskets_of, frequent

# 0 to 4 are goods, 10 to 12 groups, 20 stands above two of them; 2 is in two groups, and 3 in none.
ABOVE = {0: {10, 20}, 1: {10, 20}, 2: {11, 12, 20}, 4: {12}, 10: {20}, 11: {20}}
ROWS = [(0, 10), (1, 10), (2, 11), (2, 12), (4, 12), (10, 20), (11, 20)]
GROUPS = pa.table({"item": [row[0] for row in ROWS], "parent": [row[1] for row in ROWS]})


def by_hand(baskets: list[set], min_count: int, longest: int = 99) -> dict[frozenset, int]:
    whole = [basket.union(*(ABOVE.get(item, set()) for item in basket)) for basket in baskets]
    return {
        items: count
        for items, count in frequent(whole, min_count, longest).items()
        if not any(items & ABOVE.get(item, set()) for item in items)
    }


@given(baskets=baskets_of(5, most=20), min_count=st.integers(1, 5), method=st.sampled_from(["auto", "fpgrowth"]))
def test_goods_and_groups_are_counted_and_none_stands_with_what_is_above_it(baskets, min_count, method):
    found = frequent_itemsets(basket_table(baskets), min_support=min_count, taxonomy=GROUPS, method=method)
    assert as_dictionary(found) == by_hand(baskets, min_count)
    assert found.baskets == len(baskets)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_hundreds_of_baskets_are_counted_right(share):
    baskets = [{item for item in range(5) if (number * (item + 3) * 7919) % 100 < 100 * share} for number in range(900)]
    found = frequent_itemsets(basket_table(baskets), min_support=3, taxonomy=GROUPS)
    assert as_dictionary(found) == by_hand(baskets, 3)


@given(baskets=baskets_of(5, most=20), k=st.integers(1, 30))
def test_top_k_and_cap_work_with_groups(baskets, k):
    everything = sorted((-count, len(items)) for items, count in by_hand(baskets, 1).items())
    found = as_dictionary(frequent_itemsets(basket_table(baskets), min_support=1, taxonomy=GROUPS, top_k=k))
    last = everything[min(k, len(everything)) - 1] if everything else None
    assert sorted((-count, len(items)) for items, count in found.items()) == [
        each for each in everything if each <= last
    ]


def test_the_example_of_srikant_and_agrawal():
    # Figure 2 of the paper: clothes over outerwear and shirts, outerwear over jackets and ski pants, footwear over
    # shoes and hiking boots; six transactions, support two. Its table of frequent itemsets, completed by {jacket}.
    pairs = [("jacket", "outerwear"), ("ski pants", "outerwear"), ("shirt", "clothes"), ("outerwear", "clothes"),
             ("shoes", "footwear"), ("hiking boots", "footwear")]  # fmt: skip
    groups = pa.table({"item": [one for one, _ in pairs], "parent": [other for _, other in pairs]})
    baskets = [{"shirt"}, {"jacket", "hiking boots"}, {"ski pants", "hiking boots"}, {"shoes"}, {"shoes"}, {"jacket"}]
    found = frequent_itemsets(basket_table(baskets), min_support=2, taxonomy=groups)
    assert as_dictionary(found) == {
        frozenset(items): count
        for items, count in [
            (["jacket"], 2), (["outerwear"], 3), (["clothes"], 4), (["shoes"], 2), (["hiking boots"], 2),
            (["footwear"], 4), (["outerwear", "hiking boots"], 2), (["clothes", "hiking boots"], 2),
            (["outerwear", "footwear"], 2), (["clothes", "footwear"], 2),
        ]
    }  # fmt: skip
    outerwear = [row for row in rules(found, min_confidence=0.6).to_pylist() if row["antecedent"] == ["outerwear"]]
    # "Outerwear → hiking boots: support 33 %, confidence 66.6 %."
    assert {row["consequent"][0]: (row["support"], row["confidence"]) for row in outerwear} == {
        "hiking boots": (1 / 3, 2 / 3), "footwear": (1 / 3, 2 / 3)
    }  # fmt: skip


def test_what_the_group_tells_already_is_left_out():
    groups = pa.table({"item": ["apple", "pear"], "parent": ["fruit", "fruit"]})
    # Half of the fruit are apples and half pears; milk goes with fruit, tea with pears only.
    baskets = [{"apple", "milk"}, {"pear", "milk"}] * 4 + [{"pear", "tea"}, {"apple"}] * 4
    found = frequent_itemsets(basket_table(baskets), min_support=2, taxonomy=groups)
    kept = {tuple(row["items"]): row["expected"] for row in more_than_expected(found, groups).to_pylist()}
    assert ("apple", "milk") not in kept
    assert ("pear", "milk") not in kept
    assert kept["fruit", "milk"] is None
    assert kept["pear", "tea"] == 4 * 8 / 16


def test_items_with_codes_of_another_width_and_an_empty_taxonomy():
    baskets = basket_table([{0, 1}, {0, 2}])
    small = GROUPS.cast(pa.schema([("item", pa.int16()), ("parent", pa.int16())]))
    straight, other = (frequent_itemsets(baskets, min_support=1, taxonomy=each) for each in (GROUPS, small))
    assert straight.to_table() == other.to_table()
    assert (
        frequent_itemsets(baskets, min_support=1, taxonomy=GROUPS[:0]).to_table()
        == frequent_itemsets(baskets, min_support=1).to_table()
    )


def test_a_taxonomy_that_cannot_be_read_is_an_error():
    baskets = basket_table([{0}])
    with pytest.raises(DataError) as circle:
        frequent_itemsets(baskets, min_support=1, taxonomy=pa.table({"item": [1, 2], "parent": [2, 1]}))
    assert circle.value.message.parameters["item"] == "1"
    with pytest.raises(SchemaError):
        frequent_itemsets(baskets, min_support=1, taxonomy=pa.table({"item": [1]}))
    with pytest.raises(DataError):
        frequent_itemsets(baskets, min_support=1, taxonomy=pa.table({"item": [1], "parent": pa.nulls(1, pa.int64())}))
    with pytest.raises(SettingError):
        frequent_itemsets(baskets, min_support=1, taxonomy=GROUPS, kind="closed")
