"""Frequent itemsets: by brute force, by published counts, and at the edges."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import frequent_itemsets
from guanxi.mining.association.frequent import least_count
from mining.association.brute_force import as_dictionary, basket_table, baskets_of, frequent


@given(baskets=baskets_of(8), min_count=st.integers(1, 6))
def test_all_itemsets_are_found_with_their_counts(baskets, min_count):
    found = frequent_itemsets(basket_table(baskets), min_support=min_count)
    assert as_dictionary(found) == frequent(baskets, min_count)


@given(baskets=baskets_of(7), min_count=st.integers(1, 4), longest=st.integers(1, 4))
def test_max_length_leaves_out_the_longer_ones_only(baskets, min_count, longest):
    found = frequent_itemsets(basket_table(baskets), min_support=min_count, max_length=longest)
    assert as_dictionary(found) == frequent(baskets, min_count, longest)


def many_baskets(seed: int, baskets: int, items: int, share: float) -> list[set[int]]:
    """More baskets than a small bitmap holds, with items that go together."""
    dice = random.Random(seed)  # noqa: S311
    made = []
    for _ in range(baskets):
        basket = {item for item in range(items) if dice.random() < share}
        if dice.random() < 0.3:
            basket |= {0, 1, 2}
        if 3 in basket:
            basket.add(4)
        made.append(basket)
    return made


@pytest.mark.parametrize("share", [0.03, 0.1, 0.5])
def test_hundreds_of_baskets_of_a_few_items_are_counted_right(share):
    baskets = many_baskets(1, 700, 12, share)
    found = frequent_itemsets(basket_table(baskets), min_support=4)
    assert as_dictionary(found) == frequent(baskets, 4)


@pytest.mark.parametrize("everywhere", [set(), {900}, {0, 900}])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_baskets_of_few_out_of_many_items_are_counted_right(seed, everywhere):
    # So sparse that the search keeps lists for some levels before it makes bitmaps.
    dice = random.Random(seed)  # noqa: S311
    baskets = [
        {int(dice.paretovariate(0.4)) % 800 for _ in range(dice.randint(1, 9))} | everywhere for _ in range(3000)
    ]
    table = basket_table(baskets)
    found, right = (frequent_itemsets(table, min_support=3, method=each) for each in ("eclat", "fpgrowth"))
    assert found.to_table() == right.to_table()
    assert found.parent.tolist() == right.parent.tolist()


@pytest.mark.parametrize(
    ("file", "min_support", "itemsets", "sum_of_counts"),
    [
        ("groceries/groceries_long", 0.001, 13_492, 339_547),
        ("groceries/groceries_long", 0.0005, 49_580, 562_109),
        ("fimi/T10I4D100K", 0.01, 385, 807_396),
        ("fimi/T10I4D100K", 0.001, 27_532, 6_659_711),
        ("fimi/chess", 0.8, 8_227, 22_118_301),
        ("fimi/chess", 0.6, 254_944, 537_258_268),
    ],
)
def test_the_published_counts_come_out(real_data, file, min_support, itemsets, sum_of_counts):
    found = frequent_itemsets(pq.read_table(real_data / f"{file}.parquet"), min_support=min_support)
    assert (len(found), found.support.sum()) == (itemsets, sum_of_counts)


def test_the_beer_and_vegetables_of_the_thousand_baskets_come_out(real_data):
    table = pyarrow.csv.read_csv(real_data / "baskets1n" / "baskets1n.csv")
    goods = table.column_names[7:]
    rows = [(row, name) for name in goods for row, flag in enumerate(table[name].to_pylist()) if flag in ("T", True)]
    empty = set(range(table.num_rows)) - {row for row, _ in rows}
    transactions, items = zip(*rows, *((row, None) for row in empty), strict=True)
    found = frequent_itemsets(pa.table({"transaction": transactions, "item": items}), min_support=0.1)
    counts = as_dictionary(found)
    assert found.baskets == 1000
    assert counts[frozenset({"beer", "cannedveg"})] == 167
    assert counts[frozenset({"beer", "cannedveg", "frozenmeal"})] == 146


@given(baskets=baskets_of(6, most=12), data=st.data())
def test_the_order_of_the_rows_does_not_matter(baskets, data):
    table = basket_table(baskets)
    shuffled = table.take(data.draw(st.permutations(range(len(table)))))
    straight, other = (frequent_itemsets(each, min_support=2) for each in (table, shuffled))
    assert straight.to_table() == other.to_table()
    assert straight.parent.tolist() == other.parent.tolist()


def test_an_itemset_stands_after_all_its_subsets():
    found = frequent_itemsets(basket_table(many_baskets(5, 200, 9, 0.5)), min_support=2)
    seen = set()
    for items in found.to_table()["items"].to_pylist():
        assert len(items) == 1 or all(frozenset(items) - {each} in seen for each in items)
        seen.add(frozenset(items))


def test_an_item_twice_in_a_basket_counts_once():
    table = pa.table({"transaction": [1, 1, 1, 2], "item": ["tea", "cup", "tea", "tea"]})
    assert as_dictionary(frequent_itemsets(table, min_support=1)) == {
        frozenset({"tea"}): 2, frozenset({"cup"}): 1, frozenset({"cup", "tea"}): 1
    }  # fmt: skip


def test_a_basket_with_nothing_in_it_is_a_basket():
    table = pa.table({"transaction": [1, 2, 3, 4], "item": ["tea", None, None, "tea"]})
    found = frequent_itemsets(table, min_support=0.5)
    assert (found.baskets, found.to_table()["support"].to_pylist()) == (4, [0.5])
    assert len(frequent_itemsets(table, min_support=0.51)) == 0
    assert len(frequent_itemsets(pa.table({"transaction": [1], "item": pa.nulls(1, pa.string())}), min_support=1)) == 0


def test_one_basket_of_one_item_is_one_itemset():
    found = frequent_itemsets(basket_table([{7}]), min_support=1.0)
    assert (found.itemset(0), found.support.tolist(), found.parent.tolist()) == ((7,), [1], [-1])


def test_chinese_names_come_back_in_the_order_of_their_values():
    table = pa.table({"transaction": ["甲", "甲", "乙", "乙"], "item": ["面包", "牛奶", "牛奶", "面包"]})
    assert frequent_itemsets(table, min_support=2).itemset(2) == ("牛奶", "面包")


@pytest.mark.parametrize("make", [
    lambda column: column.cast(pa.string()),
    lambda column: column.cast(pa.large_string()),
    lambda column: column.cast(pa.int8()),
    lambda column: column.cast(pa.uint64()),
    lambda column: pa.chunked_array([pa.array([each * 10**15 for each in column.to_pylist()])]),
    lambda column: column.cast(pa.string()).dictionary_encode(),
    lambda column: pa.chunked_array([column.chunk(0)[:2].dictionary_encode(), column.chunk(0)[2:].dictionary_encode()]),
    lambda column: column.cast(pa.date32()) if column.type == pa.int32() else column.cast(pa.float64()),
])  # fmt: skip
def test_columns_may_be_of_any_type(make):
    baskets = [{1, 2}, {1, 2, 3}, {2, 3}, {1}]
    table = basket_table(baskets)
    plain = frequent_itemsets(table, min_support=1)
    other = frequent_itemsets(pa.table({name: make(table[name]) for name in table.column_names}), min_support=1)
    assert other.support.tolist() == plain.support.tolist()
    assert other.parent.tolist() == plain.parent.tolist()


def test_a_dictionary_may_hold_a_value_twice_and_null():
    items = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), pa.array(["tea", "tea", None]))
    found = frequent_itemsets(pa.table({"transaction": [1, 2, 3, 4], "item": items}), min_support=1)
    assert (found.baskets, as_dictionary(found)) == (4, {frozenset({"tea"}): 2})


def test_a_hundred_thousand_items_are_not_too_many():
    numbers = np.arange(200_000)
    table = pa.table({"transaction": numbers // 4, "item": numbers % 100_000})
    found = frequent_itemsets(table, min_support=2)
    # Baskets of four items in a row, each basket twice: fifteen sets to each of the 25,000.
    assert (len(found), set(found.support.tolist())) == (25_000 * 15, {2})
    assert found.itemset(len(found) - 1) == tuple(sorted(found.itemset(len(found) - 1)))


@pytest.mark.parametrize("min_support", [0, 0.0, -0.1, 1.1, -3, True, float("nan")])
def test_a_support_of_nothing_or_more_than_all_is_an_error(min_support):
    with pytest.raises(SettingError) as raised:
        frequent_itemsets(basket_table([{1}]), min_support=min_support)
    assert raised.value.code == "association.min_support"


@pytest.mark.parametrize(
    ("min_support", "baskets", "count"),
    [(0.07, 100, 7), (0.006, 9835, 60), (1.0, 5, 5), (1, 5, 1), (1e-9, 10, 1), (0.29, 100, 29), (8, 5, 8)],
)
def test_a_share_is_a_number_of_baskets_without_rounding_errors(min_support, baskets, count):
    assert least_count(min_support, baskets) == count


def test_no_baskets_are_an_error():
    with pytest.raises(DataError) as raised:
        frequent_itemsets(
            pa.table({"transaction": pa.array([], pa.int64()), "item": pa.array([], pa.string())}), min_support=1
        )
    assert raised.value.code == "association.no_baskets"


def test_a_row_without_a_transaction_is_an_error():
    with pytest.raises(DataError) as raised:
        frequent_itemsets(pa.table({"transaction": [1, None], "item": ["a", "b"]}), min_support=1)
    assert raised.value.message.parameters["rows"] == 1


@pytest.mark.parametrize("column", ["transaction", "item"])
def test_a_missing_column_is_named(column):
    with pytest.raises(SchemaError) as raised:
        frequent_itemsets(basket_table([{1}]).drop_columns([column]), min_support=1)
    assert raised.value.message.parameters["column"] == column


@pytest.mark.parametrize("setting", ["max_length", "top_k", "max_sets", "min_length"])
def test_a_limit_below_one_is_an_error(setting):
    with pytest.raises(SettingError) as raised:
        frequent_itemsets(basket_table([{1}]), min_support=1, **{setting: 0})
    assert raised.value.message.parameters["name"] == setting


def in_order(counts: dict[frozenset, int]) -> list[tuple[int, int]]:
    return sorted((-count, len(items)) for items, count in counts.items())


@given(baskets=baskets_of(8), min_count=st.integers(1, 3), most=st.integers(1, 60))
def test_a_cap_keeps_the_most_frequent_and_says_so(baskets, min_count, most):
    everything = frequent(baskets, min_count)
    found = frequent_itemsets(basket_table(baskets), min_support=min_count, max_sets=most)
    kept = as_dictionary(found)
    assert kept.items() <= everything.items()
    assert bool(found.messages) == (len(everything) > most)
    if found.messages:
        assert len(kept) <= most
        assert in_order(kept) == in_order(everything)[: len(kept)]
        complete = found.messages[0].parameters["complete"]
        assert {items for items, count in everything.items() if count >= complete} <= set(kept)
        # The next group of equals would have been too many.
        group = in_order(everything)[len(kept)]
        assert len(kept) + in_order(everything).count(group) > most
        assert group not in in_order(kept)


@given(baskets=baskets_of(8), k=st.integers(1, 60))
def test_top_k_are_the_most_frequent_with_all_that_equal_the_last(baskets, k):
    everything = in_order(frequent(baskets, 1))
    found = in_order(as_dictionary(frequent_itemsets(basket_table(baskets), min_support=1, top_k=k)))
    assert found == [each for each in everything if each <= everything[min(k, len(everything)) - 1]]


def test_a_cap_reached_again_and_again_leaves_the_same_as_one_reached_at_the_end():
    baskets = many_baskets(7, 3000, 40, 0.25)
    everything = frequent_itemsets(basket_table(baskets), min_support=20)
    # The search tightens its cut whenever it holds some 4,600 itemsets.
    found = frequent_itemsets(basket_table(baskets), min_support=20, max_sets=500)
    assert len(everything) > 9 * 5000
    counts = as_dictionary(everything)
    kept = as_dictionary(found)
    assert in_order(kept) == in_order(counts)[: len(kept)]
    assert all(counts[items] == count for items, count in kept.items())


@given(baskets=baskets_of(7), k=st.integers(1, 40), shortest=st.integers(1, 3), kind=st.sampled_from(["all", "closed"]))
def test_top_k_of_a_least_length_are_not_crowded_out_by_shorter_ones(baskets, k, shortest, kind):
    right = frequent(baskets, 1)
    if kind == "closed":
        right = {
            items: n for items, n in right.items() if not any(items < other and right[other] == n for other in right)
        }
    everything = in_order({items: count for items, count in right.items() if len(items) >= shortest})
    found = frequent_itemsets(basket_table(baskets), min_support=1, top_k=k, min_length=shortest, kind=kind)
    kept = [each for each in everything if each <= everything[min(k, len(everything)) - 1]]
    assert in_order(as_dictionary(found)) == kept


def test_a_cap_counts_only_sets_of_the_least_length():
    baskets = many_baskets(7, 500, 20, 0.25)
    everything = in_order(frequent(baskets, 20, 4))
    found = frequent_itemsets(basket_table(baskets), min_support=20, max_length=4, min_length=3, max_sets=40)
    long = [each for each in everything if each[1] >= 3]
    assert 0 < len(found) <= 40 < len(long)
    assert in_order(as_dictionary(found)) == long[: len(found)]
    assert found.messages[0].parameters["kept"] == len(found)


@pytest.mark.parametrize(("items", "share"), [(18, 0.7), (12, 0.9)])
@pytest.mark.parametrize("everywhere", [set(), {3, 7}])
def test_where_most_sets_are_frequent_all_at_once_gives_the_same_as_one_by_one(items, share, everywhere):
    table = basket_table([basket | everywhere for basket in many_baskets(9, 200, items, share)])
    found, right = (frequent_itemsets(table, min_support=66, method=each) for each in ("auto", "fpgrowth"))
    assert len(found) > 1000
    assert found.to_table() == right.to_table()
    assert found.parent.tolist() == right.parent.tolist()
    limits = {"min_support": 66, "max_length": 4, "max_sets": 300}
    some, others = (frequent_itemsets(table, method=each, **limits) for each in ("auto", "fpgrowth"))
    assert in_order(as_dictionary(some)) == in_order(as_dictionary(others))


def test_forty_items_that_are_always_together_do_not_run_for_ever():
    found = frequent_itemsets(basket_table([set(range(40))] * 3), min_support=1, max_sets=1000)
    assert (len(found), set(found.length.tolist())) == (40 + 40 * 39 // 2, {1, 2})
    assert [message.code for message in found.messages] == ["association.capped"]
