"""RFM scores: by definition, on edges, and as every estimator should behave."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.errors import DataError, NotFittedError, SchemaError, SettingError
from guanxi.mining.rfm import RFM


def customers(days: list[int | None], orders: list[int], amount: list[int]) -> pa.Table:
    return pa.table({
        "customer_id": pa.array([f"客户{number}" for number in range(len(days))], pa.string()),
        "days_since_last_order": pa.array(days, pa.int64()),
        "orders": pa.array(orders, pa.int64()),
        "amount": pa.array(amount, pa.int64()),
    })  # fmt: skip


def brute_force(values: list[int], scores: int) -> list[int]:
    """1 + how many k of 1 … scores - 1 have at least k/scores of all values strictly below."""
    found = []
    for value in values:
        below = sum(other < value for other in values)
        found.append(1 + sum(below * scores >= k * len(values) for k in range(1, scores)))
    return found


people = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(1, 12)), st.integers(1, 5), st.integers(-(10**6), 10**12)),
    min_size=1,
    max_size=60,
).filter(lambda rows: any(days is not None for days, _, _ in rows))


def as_table(rows: list[tuple[int | None, int, int]]) -> pa.Table:
    return customers(*[list(values) for values in zip(*rows, strict=True)])


@given(rows=people, scores=st.integers(2, 10))
def test_a_score_says_how_many_are_strictly_worse(rows, scores):
    found = RFM(scores=scores).fit(as_table(rows)).predict(as_table(rows))
    buyers = [row for row in rows if row[0] is not None]
    for column, name, sign in ((0, "r", -1), (1, "f", 1), (2, "m", 1)):
        right = brute_force([sign * row[column] for row in buyers], scores)
        assert [score for score in found[name].to_pylist() if score is not None] == right


@given(rows=people)
def test_equal_values_share_a_score(rows):
    found = RFM().fit(as_table(rows)).predict(as_table(rows)).to_pydict()
    for column, name in ((0, "r"), (1, "f"), (2, "m")):
        scores = {}
        for row, score in zip(rows, found[name], strict=True):
            if row[0] is not None:
                assert scores.setdefault(row[column], score) == score


@given(rows=people, data=st.data())
def test_the_order_of_the_rows_does_not_matter(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    straight, shuffled = as_table(rows), as_table(rows).take(order)
    assert RFM().fit(shuffled).predict(straight) == RFM().fit(straight).predict(straight)


def test_five_different_customers_get_five_scores():
    table = customers([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [100, 300, 200, 500, 400])
    assert RFM().fit(table).predict(table).to_pydict() == {
        "customer_id": table["customer_id"].to_pylist(),
        "r": [5, 4, 3, 2, 1],
        "f": [5, 4, 3, 2, 1],
        "m": [1, 3, 2, 5, 4],
    }


def test_where_most_bought_once_they_all_score_1():
    table = customers([1] * 10, [1] * 9 + [2], [100] * 10)
    assert RFM().fit(table).predict(table)["f"].to_pylist() == [1] * 9 + [5]


def test_one_customer_alone_is_better_than_nobody():
    table = customers([1], [1], [100])
    assert RFM().fit(table).predict(table).select(["r", "f", "m"]).to_pylist() == [{"r": 1, "f": 1, "m": 1}]


def test_who_never_bought_has_no_scores_and_moves_nobody_elses():
    buyers = customers([1, 2, 3], [3, 2, 1], [300, 200, 100])
    everybody = pa.concat_tables([buyers, customers([None, None], [0, 0], [0, 0])])
    found = RFM().fit(everybody).predict(everybody)
    assert found.slice(0, 3) == RFM().fit(buyers).predict(buyers)
    assert found.slice(3).select(["r", "f", "m"]).to_pylist() == [{"r": None, "f": None, "m": None}] * 2


def test_new_customers_are_scored_by_the_edges_learned():
    table = customers([10, 20, 30, 40, 50], [1, 2, 3, 4, 5], [100, 200, 300, 400, 500])
    new = customers([1, 25, 999], [0, 3, 99], [-5, 299, 10**15])
    found = RFM().fit(table).predict(new)
    assert found.select(["r", "f", "m"]).to_pydict() == {"r": [5, 3, 1], "f": [1, 3, 5], "m": [1, 2, 5]}
    assert found.schema.field("r").type == pa.int64()


def test_nobody_who_bought_is_an_error():
    for table in (customers([], [], []), customers([None], [0], [0])):
        with pytest.raises(DataError) as raised:
            RFM().fit(table)
        assert raised.value.code == "errors.nobody_bought"


def test_nobody_to_score_is_an_empty_table():
    fitted = RFM().fit(customers([1], [1], [1]))
    assert fitted.predict(customers([], [], [])).num_rows == 0


@pytest.mark.parametrize("column", ["customer_id", "days_since_last_order", "orders", "amount"])
def test_a_missing_column_is_named(column):
    with pytest.raises(SchemaError) as raised:
        RFM().fit(customers([1], [1], [1]).drop_columns([column]))
    assert (raised.value.code, raised.value.message.parameters["column"]) == ("errors.no_such_column", column)


def test_a_column_of_another_type_is_named():
    table = customers([1], [1], [1])
    table = table.set_column(3, "amount", pa.array([1.5]))
    fitted = RFM().fit(customers([1], [1], [1]))
    for act in (RFM().fit, fitted.predict):
        with pytest.raises(SchemaError) as raised:
            act(table)
        assert raised.value.message.parameters == {
            "table": "customers", "column": "amount", "expected": "int64", "found": "double",
        }  # fmt: skip


def test_fewer_than_two_scores_make_no_sense():
    with pytest.raises(SettingError) as raised:
        RFM(scores=1).fit(customers([1], [1], [1]))
    assert raised.value.message.parameters == {"name": "scores", "least": 2, "value": 1}


def test_predict_before_fit_says_so():
    with pytest.raises(NotFittedError):
        RFM().predict(customers([1], [1], [1]))
