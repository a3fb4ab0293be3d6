"""Whom a rule catches: by brute force, by published counts, and at the edges."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SettingError
from guanxi.mining.association import caught
from guanxi.mining.association.holders import HeldSets
from mining.association.brute_force import basket_table, baskets_of


@given(baskets=baskets_of(6), items=st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True), data=st.data())
def test_those_that_hold_the_antecedent_are_caught(baskets, items, data):
    consequent = data.draw(st.sets(st.integers(0, 7), max_size=2))
    found = caught(basket_table(baskets), items, sorted(consequent))
    right = [number for number, basket in enumerate(baskets) if set(items) <= basket]
    assert found["transaction"].to_pylist() == right
    assert found["holds"].to_pylist() == [consequent <= baskets[number] for number in right]


@given(baskets=baskets_of(6), sets=st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=4), max_size=10))
def test_sets_are_counted(baskets, sets):
    lists = pa.array([sorted(each) for each in sets], pa.list_(pa.int64()))
    counts = HeldSets(basket_table(baskets)).counts(lists)
    assert counts.tolist() == [sum(each <= basket for basket in baskets) for each in sets]


def test_long_and_short_lists_of_baskets_are_crossed_right():
    # 5,000 baskets with one item, of which every 7th has a second and every 611th a third.
    baskets = [
        {0} | ({1} if number % 7 == 0 else set()) | ({2} if number % 611 == 0 else set()) for number in range(5000)
    ]
    right = [number for number in range(5000) if number % (7 * 611) == 0]
    assert caught(basket_table(baskets), [0, 1, 2])["transaction"].to_pylist() == right
    assert caught(basket_table(baskets), [2, 0]).num_rows == 9


def test_an_item_twice_in_a_basket_catches_it_once_and_rows_may_be_in_any_order():
    table = pa.table({"transaction": ["王", "李", "王", "李", "王"], "item": ["茶", "茶", "杯", "茶", "茶"]})
    assert caught(table, ["茶"], ["杯"]).to_pylist() == [
        {"transaction": "李", "holds": False}, {"transaction": "王", "holds": True}
    ]  # fmt: skip


def test_an_item_that_nobody_has_catches_nobody():
    found = caught(pa.table({"transaction": ["a", "b"], "item": ["tea", None]}), ["ink"], ["tea"])
    assert found.num_rows == 0
    assert found.schema == pa.schema([("transaction", pa.string()), ("holds", pa.bool_())])


def test_no_antecedent_and_no_baskets_are_errors():
    with pytest.raises(SettingError):
        caught(basket_table([{1}]), [])
    with pytest.raises(DataError):
        caught(basket_table([]), [1])
