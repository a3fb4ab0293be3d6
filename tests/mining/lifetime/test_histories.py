"""Histories are checked before anything is learned from them, and equal ones are one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError
from guanxi.mining.lifetime.histories import read_histories
from mining.lifetime.worlds import histories


def test_equal_histories_are_one_with_a_count():
    found = read_histories(histories((2, 30.0, 60.0), (0, 0.0, 10.0), (2, 30.0, 60.0)))
    assert list(zip(found.frequency, found.recency, found.age, found.count, strict=True)) == [
        (0.0, 0.0, 10.0, 1.0),
        (2.0, 30.0, 60.0, 2.0),
    ]
    assert found.place.tolist() == [1, 0, 1]
    assert found.customers == 3


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.25, 1.0, 3.0, 1e9]), st.sampled_from([0.0, 0.5, 2.0, 1e9]))),
)  # fmt: skip
def test_every_customer_finds_his_history_again(given_rows):
    rows = [(x, recency if x else 0.0, recency + more) for x, recency, more in given_rows]
    found = read_histories(histories(*rows))
    assert (
        list(zip(found.frequency[found.place], found.recency[found.place], found.age[found.place], strict=True)) == rows
    )
    assert len(found) == len(set(rows))
    assert found.count.sum() == len(rows)


def test_distinct_frequencies_carry_their_customers():
    values, customers = read_histories(histories((2, 1.0, 9.0), (2, 2.0, 9.0), (0, 0.0, 1.0))).frequencies()
    assert values.tolist() == [0.0, 2.0]
    assert customers.tolist() == [1.0, 2.0]


def test_blocks_of_one_frequency_hold_everybody_once():
    found = read_histories(histories((2, 1.0, 9.0), (0, 0.0, 9.0), (2, 2.0, 9.0), (7, 1.0, 2.0)))
    blocks = [(chosen.tolist(), set(block.frequency)) for chosen, block in found.blocks_of_one_frequency()]
    assert blocks == [([0], {0.0}), ([1, 2], {2.0}), ([3], {7.0})]


@pytest.mark.parametrize(
    ("row", "code", "parameters"),
    [
        ((1, 20.0, 10.0), "lifetime.recency_beyond_age", {}),
        ((-1, 0.0, 10.0), "lifetime.negative", {"column": "frequency"}),
        ((1, -2.0, 10.0), "lifetime.negative", {"column": "recency_days"}),
        ((0, 0.0, -1.0), "lifetime.negative", {"column": "age_days"}),
        ((1, float("nan"), 10.0), "lifetime.not_finite", {"column": "recency_days"}),
        ((1, 1.0, float("inf")), "lifetime.not_finite", {"column": "age_days"}),
        ((0, 5.0, 10.0), "lifetime.recency_without_repeat", {}),
    ],
)
def test_an_impossible_history_is_named_with_its_customers(row, code, parameters):
    table = histories(*[(1, 5.0, 10.0)], *[row] * 7, names=["fine", *(f"客户{number}" for number in range(7))])
    with pytest.raises(DataError) as raised:
        read_histories(table)
    assert raised.value.code == code
    named = [f"客户{number}" for number in range(5)]
    assert raised.value.message.parameters == {"rows": 7, "customers": named, **parameters}
    assert "客户4" in raised.value.say("zh")
    assert "客户4" in raised.value.say("en")


def test_an_empty_value_is_refused():
    table = histories((1, 5.0, 10.0), (0, 0.0, 3.0))
    table = table.set_column(3, "age_days", pa.array([10.0, None]))
    with pytest.raises(DataError) as raised:
        read_histories(table)
    assert raised.value.message.parameters == {"table": "customers", "column": "age_days", "rows": 1}


def test_a_missing_column_and_a_wrong_type_are_refused():
    table = histories((1, 5.0, 10.0))
    with pytest.raises(SchemaError):
        read_histories(table.drop_columns(["age_days"]))
    with pytest.raises(SchemaError):
        read_histories(table.set_column(1, "frequency", pa.array([1.0])))


def test_an_empty_table_has_no_histories():
    found = read_histories(histories())
    assert (len(found), found.customers) == (0, 0)
    assert list(found.blocks_of_one_frequency()) == []
