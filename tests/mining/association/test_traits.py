"""Traits as items: by hand, and what they find in real data."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import caught, frequent_itemsets, rules, trait_items


def items_of(column: pa.Array, **settings) -> list:
    table = pa.table({"id": range(len(column)), "x": column})
    return trait_items(table, key="id", **settings).sort_by("transaction")["item"].to_pylist()


def test_numbers_come_in_bands_of_about_as_many_each():
    assert items_of(pa.array([1, 2, 3, 4, 5, 6, None, 8]), bands=3) == [
        "x ≤ 3", "x ≤ 3", "x ≤ 3", "3 < x ≤ 5", "3 < x ≤ 5", "x > 5", None, "x > 5"
    ]  # fmt: skip


def test_few_different_numbers_stay_what_they_are():
    assert items_of(pa.array([1.5, 2.0, 1.5])) == ["x = 1.5", "x = 2.0", "x = 1.5"]


def test_equal_values_are_never_parted():
    assert items_of(pa.array([1, 1, 1, 1, 1, 1, 1, 2, 3, 4]), bands=3) == ["x ≤ 1"] * 7 + ["x > 1"] * 3


@given(values=st.lists(st.integers(0, 30), min_size=1, max_size=60), bands=st.integers(1, 6))
def test_a_larger_value_is_never_in_a_lower_band(values, bands):
    found = items_of(pa.array(values), bands=bands)
    order = sorted(range(len(values)), key=values.__getitem__)
    changes = sum(found[one] != found[other] for one, other in pairwise(order))
    assert changes == len(set(found)) - 1 < max(bands, 1)


def test_dates_words_and_flags():
    days = [dt.date(2026, 1, day) for day in (1, 2, 3, 4)]
    assert items_of(pa.array(days), bands=2) == ["x ≤ 2026-01-02"] * 2 + ["x > 2026-01-02"] * 2
    assert items_of(pa.array(["男", None, "女"])) == ["x = 男", None, "x = 女"]
    assert items_of(pa.array([True, False, None])) == ["x", None, None]
    assert items_of(pa.array([float("nan"), 1.0])) == [None, "x = 1.0"]


def test_only_the_columns_asked_for():
    table = pa.table({"id": [1], "a": ["x"], "b": ["y"]})
    assert trait_items(table, key="id", columns=["b"])["item"].to_pylist() == ["b = y"]
    assert trait_items(table, key="id", columns=[])["item"].to_pylist() == [None]


def test_what_cannot_be_read_is_an_error():
    table = pa.table({"id": [1, None], "a": ["x", "y"]})
    with pytest.raises(DataError):
        trait_items(table, key="id")
    with pytest.raises(DataError):
        trait_items(table[:0], key="id")
    with pytest.raises(SchemaError):
        trait_items(table, key="a", columns=["age"])
    with pytest.raises(SettingError):
        trait_items(table, key="a", bands=0)


def test_who_buys_fruit_vegetables_and_fish(real_data):
    table = pyarrow.csv.read_csv(real_data / "baskets1n" / "baskets1n.csv")
    healthy = pc.and_(pc.equal(table["fruitveg"], "T"), pc.equal(table["fish"], "T"))
    traits = table.select(["pmethod", "sex", "homeown", "income", "age"])
    traits = traits.append_column("healthy", healthy).append_column("row", pa.array(range(1000)))
    baskets = trait_items(traits, key="row")
    found = rules(
        frequent_itemsets(baskets, min_support=0.1), target=["healthy"], min_confidence=0.3, min_improvement=0.1
    ).to_pylist()
    # The young who do not own a home: 137, of whom 110 do; among all it is 145 of 1,000.
    assert [(row["antecedent"], row["antecedent_count"], row["count"]) for row in found] == [
        (["age ≤ 24", "homeown = NO"], 137, 110),
        (["age ≤ 24"], 277, 112),
    ]
    whom = caught(baskets, ["age ≤ 24", "homeown = NO"], ["healthy"])
    assert (whom.num_rows, whom["holds"].to_pylist().count(False)) == (137, 27)
    assert {table["age"][row].as_py() <= 24 for row in whom["transaction"].to_pylist()} == {True}


def test_who_is_a_risk_of_level_two(real_data):
    table = pyarrow.csv.read_csv(real_data / "german_credit" / "german_credit.csv")
    baskets = trait_items(table.append_column("row", pa.array(range(1000))), key="row")
    found = rules(
        frequent_itemsets(baskets, min_support=0.03, max_length=4),
        target=["class = 2"], min_confidence=0.6, min_improvement=0.05,
    )  # fmt: skip
    best = next(row for row in found.to_pylist() if row["antecedent"][:2] == ["checking_status = A11", "duration > 24"])
    assert best["q"] < 0.001
    # The list of customers and the rule's counts are the same.
    whom = caught(baskets, best["antecedent"], ["class = 2"])
    assert (whom.num_rows, sum(whom["holds"].to_pylist())) == (best["antecedent_count"], best["count"])
    assert {table["class"][row].as_py() for row in whom.filter(whom["holds"])["transaction"].to_pylist()} == {2}
