"""Views on itemsets: made when asked for, and right."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from guanxi.mining.association import frequent_itemsets, itemsets
from mining.association.brute_force import basket_table


@pytest.fixture
def found():
    return frequent_itemsets(basket_table([{"茶", "杯", "糖"}, {"茶", "糖"}, {"茶"}]), min_support=1)


def test_the_tree_and_the_table_say_the_same(found):
    table = found.to_table().to_pylist()
    for place, row in enumerate(table):
        items, node = set(), place
        while node >= 0:
            items.add(found.items[int(found.item[node])].as_py())
            node = found.parent[node]
        assert set(row["items"]) == items
        assert row["length"] == len(items) == found.length[place]
        assert row["count"] == found.support[place]
        assert row["support"] == row["count"] / 3
        assert found.itemset(place) == tuple(row["items"]) == tuple(sorted(items))


def test_the_items_are_ranked_from_the_rarest(found):
    assert found.items.to_pylist() == ["杯", "糖", "茶"]


def test_the_arrays_have_the_types_that_are_said(found):
    assert [str(each.dtype) for each in (found.parent, found.item, found.support, found.length)] == [
        "int32", "int32", "int64", "uint8"
    ]  # fmt: skip


def test_a_place_counts_from_the_end_too_and_there_are_no_more(found):
    assert found.itemset(-1) == found.itemset(len(found) - 1)
    with pytest.raises(IndexError):
        found.itemset(len(found))


def test_the_table_comes_in_pieces(found, monkeypatch):
    whole = found.to_table()
    monkeypatch.setattr(itemsets, "_PIECE", 3)
    assert [piece.num_rows for piece in found.tables()] == [3, 3, 1]
    assert found.to_table() == whole


def test_nothing_found_is_a_table_without_rows():
    found = frequent_itemsets(basket_table([{"茶"}, {"杯"}]), min_support=2)
    assert found.to_table().schema == pa.schema(
        [("items", pa.list_(pa.string())), ("length", pa.int64()), ("count", pa.int64()), ("support", pa.float64())]
    )


def test_items_keep_their_type():
    days = [dt.date(2026, 1, 2), dt.date(2026, 1, 1)]
    found = frequent_itemsets(pa.table({"transaction": [1, 1], "item": days}), min_support=1)
    assert found.itemset(2) == (days[1], days[0])
