"""The plain baseline of value: what the neighbours in the same cell did."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, SchemaError
from guanxi.mining.cell_mean import CellMean


def customers(rows: list[dict[str, int]]) -> pa.Table:
    """Rows with r, f, orders, amount and perhaps later_orders."""
    names = ("r", "f", "orders", "amount", "later_orders")
    columns = {name: pa.array([row.get(name, 0) for row in rows], pa.int64()) for name in names}
    return pa.table({"customer_id": pa.array([f"c{number}" for number in range(len(rows))], pa.string()), **columns})


PAST = [
    {"r": 5, "f": 5, "orders": 4, "amount": 400, "later_orders": 3},
    {"r": 5, "f": 5, "orders": 2, "amount": 100, "later_orders": 1},
    {"r": 1, "f": 1, "orders": 1, "amount": 100, "later_orders": 0},
    {"r": 1, "f": 2, "orders": 3, "amount": 400, "later_orders": 4},
]


def test_without_weight_a_cell_is_its_mean():
    found = CellMean(weight=0).fit(customers(PAST)).predict(customers(PAST))
    assert found["expected_orders"].to_pylist() == [2.0, 2.0, 0.0, 4.0]


def test_a_cell_is_drawn_towards_the_mean_of_all():
    fitted = CellMean(weight=2).fit(customers(PAST))
    assert fitted.overall_ == 2.0
    assert fitted.predict(customers(PAST))["expected_orders"].to_pylist() == [2.0, 2.0, 4 / 3, 8 / 3]


def test_a_cell_that_nobody_was_in_expects_the_mean_of_all():
    new = customers([{"r": 3, "f": 3}, {"r": 9, "f": 1}, {"r": 1, "f": 9}])
    for weight in (0, 20):
        assert CellMean(weight=weight).fit(customers(PAST)).predict(new)["expected_orders"].to_pylist() == [
            2.0,
            2.0,
            2.0,
        ]


def test_the_amount_is_the_own_mean_order_drawn_by_one_order_of_all():
    fitted = CellMean(weight=0).fit(customers(PAST))
    assert fitted.order_amount_ == 100.0
    found = fitted.predict(
        customers([{"r": 5, "f": 5, "orders": 4, "amount": 400}, {"r": 5, "f": 5, "orders": 1, "amount": 300}])
    )
    assert found["expected_amount"].to_pylist() == [2 * 500 / 5, 2 * 400 / 2]


def test_who_has_no_order_yet_is_expected_to_spend_like_all():
    found = CellMean(weight=0).fit(customers(PAST)).predict(customers([{"r": 5, "f": 5}]))
    assert found["expected_amount"].to_pylist() == [200.0]


@given(
    st.lists(
        st.fixed_dictionaries({
            "r": st.integers(1, 5), "f": st.integers(1, 5), "orders": st.integers(1, 9),
            "amount": st.integers(1, 10**6), "later_orders": st.integers(0, 9),
        }), min_size=1, max_size=40,
    ),
    st.sampled_from([0.0, 1.0, 20.0]),
)  # fmt: skip
def test_cells_agree_with_plain_loops(rows, weight):
    found = CellMean(weight=weight).fit(customers(rows)).predict(customers(rows))["expected_orders"].to_pylist()
    overall = sum(row["later_orders"] for row in rows) / len(rows)
    for row, expected in zip(rows, found, strict=True):
        cell = [other["later_orders"] for other in rows if (other["r"], other["f"]) == (row["r"], row["f"])]
        assert expected == pytest.approx((sum(cell) + weight * overall) / (len(cell) + weight))


def test_all_expectations_add_up_to_what_happened():
    found = CellMean(weight=0).fit(customers(PAST)).predict(customers(PAST))
    assert sum(found["expected_orders"].to_pylist()) == sum(row["later_orders"] for row in PAST)


def test_nobody_to_learn_from_is_an_error():
    with pytest.raises(DataError):
        CellMean().fit(customers([]))


def test_later_orders_are_asked_for_to_learn_and_not_to_predict():
    table = customers(PAST).drop_columns(["later_orders"])
    with pytest.raises(SchemaError) as raised:
        CellMean().fit(table)
    assert raised.value.message.parameters["column"] == "later_orders"
    assert CellMean().fit(customers(PAST)).predict(table).num_rows == 4


def test_scores_that_are_empty_are_refused():
    table = customers(PAST)
    table = table.set_column(1, "r", pa.array([5, 5, None, 1], pa.int64()))
    for act in (CellMean().fit, CellMean().fit(customers(PAST)).predict):
        with pytest.raises(DataError) as raised:
            act(table)
        assert raised.value.message.parameters == {"table": "customers", "column": "r", "rows": 1}
