"""The arithmetic of coverage, on a bank's cards and by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.studies.coverage import coverage

BANK = {
    "home loans": (133_085, 25_693, 0.19, 0.70, 67_467),
    "VIP": (67_055, 18_076, 0.27, 0.70, 28_863),
    "salary accounts": (301_670, 46_083, 0.15, 0.50, 104_752),
    "fixed deposits": (454_163, 19_634, 0.04, 0.30, 116_615),
    "car loans": (25_875, 1_636, 0.06, 0.70, 16_477),
}
"""Customers, holders of a card, coverage now, wanted, customers to reach."""


def counts(*rows, **columns):
    names = ("group", "product", "customers", "holders")
    values = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {name: [] for name in names}
    schema = pa.schema(
        [("group", pa.string()), ("product", pa.string()), ("customers", pa.int64()), ("holders", pa.int64())]
    )
    table = pa.table(values, schema=schema)
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column))
    return table


def test_a_banks_cards():
    table = counts(*((group, "card", n, held) for group, (n, held, *_) in BANK.items()))
    found = coverage(table, {group: wanted for group, (*_, wanted, _) in BANK.items()})
    assert found["group"].to_pylist() == list(BANK)
    assert [round(share, 2) for share in found["coverage"].to_pylist()] == [now for _, _, now, _, _ in BANK.values()]
    assert found["to_reach"].to_pylist() == [reach for *_, reach in BANK.values()]
    assert all(
        low < share < high
        for low, share, high in zip(found["coverage_low"].to_pylist(), found["coverage"].to_pylist(),
                                    found["coverage_high"].to_pylist(), strict=True)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("customers", "holders", "wanted", "reach"),
    [
        (10, 0, 0.7, 7),
        (10, 7, 0.7, 0),
        (10, 9, 0.7, 0),
        (3, 0, 1 / 3, 1),
        (100, 28, 0.29, 1),
        (1000, 0, 0.001, 1),
        (7, 2, 1, 5),
        (7, 2, 0, 0),
    ],
)
def test_customers_to_reach_are_counted_exactly(customers, holders, wanted, reach):
    assert coverage(counts(("a", "p", customers, holders)), wanted)["to_reach"].to_pylist() == [reach]


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 1000))
def test_as_many_as_are_reached_make_the_share_and_one_less_does_not(customers, holders, per_mille):
    holders = min(holders, customers)
    (reach,) = coverage(counts(("a", "p", customers, holders)), per_mille / 1000)["to_reach"].to_pylist()
    assert (holders + reach) * 1000 >= per_mille * customers
    assert reach == 0 or (holders + reach - 1) * 1000 < per_mille * customers


def test_by_default_wanted_is_what_the_best_fourth_have():
    table = counts(
        ("a", "p", 100, 10), ("b", "p", 100, 20), ("c", "p", 100, 30), ("d", "p", 100, 90), ("a", "q", 100, 50)
    )
    found = coverage(table)
    assert found["wanted"].to_pylist() == [0.3, 0.3, 0.3, 0.3, 0.5]
    assert found["to_reach"].to_pylist() == [20, 10, 0, 0, 0]


def test_groups_are_compared_with_their_own_kind():
    table = counts(("a", "p", 10, 1), ("b", "p", 10, 9), group_kind=["holds", "level"])
    assert coverage(table)["wanted"].to_pylist() == [0.1, 0.9]


def test_a_group_without_a_share_of_its_own_takes_the_default():
    found = coverage(counts(("a", "p", 10, 1), ("b", "p", 10, 4)), {"a": 0.5})
    assert found["wanted"].to_pylist() == [0.5, 0.4]


def test_a_third_is_reached_by_a_third():
    # A share that no decimal has: one group of three is its own measure.
    found = coverage(counts(("a", "p", 3, 1), ("b", "p", 300, 0)), None)
    assert found["to_reach"].to_pylist() == [0, 100]
    assert math.ceil(Fraction(1, 3) * 300) == 100


def test_a_group_of_nobody_has_no_coverage():
    found = coverage(counts(("a", "p", 0, 0)), 0.5)
    assert found.select(["coverage", "to_reach"]).to_pylist() == [{"coverage": None, "to_reach": 0}]


def test_no_rows_are_no_error():
    assert coverage(counts()).num_rows == 0


def test_other_columns_stay():
    assert coverage(counts(("a", "p", 5, 1), note=["x"]), 0.5)["note"].to_pylist() == ["x"]


def test_what_cannot_be_is_an_error_that_names_the_row():
    with pytest.raises(DataError, match="Group 普通, product 卡: 6 holders of 5 customers"):
        coverage(counts(("普通", "卡", 5, 6)))
    with pytest.raises(DataError, match="-1 holders"):
        coverage(counts(("a", "p", 5, -1)))
    with pytest.raises(SettingError, match=r"group a is 1\.5"):
        coverage(counts(("a", "p", 5, 1)), 1.5)
    with pytest.raises(SettingError, match="group vip, which is not there"):
        coverage(counts(("a", "p", 5, 1)), {"vip": 0.5})
    with pytest.raises(SchemaError, match="no column holders"):
        coverage(counts(("a", "p", 5, 1)).drop_columns("holders"))
