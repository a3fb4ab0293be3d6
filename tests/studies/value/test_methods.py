"""The plain baselines by hand, and which law of purchasing is chosen."""

from __future__ import annotations

import pyarrow as pa
import pytest

from guanxi.studies.value.methods import BASELINES, enough, fit_lifetime, plain
from guanxi.studies.value.past import buyers
from mining.lifetime.worlds import cdnow, histories, play

ROWS = {
    # customer: orders, age, amount, recent orders and amount, days since the last order, later orders and amount
    "a": (4, 180.0, 8000, 2, 5000, 3, 2, 4400),
    "b": (1, 10.0, 900, 1, 900, 10, 0, 0),
    "c": (2, 90.0, 2000, 0, 0, 60, 1, 600),
}


@pytest.fixture
def people() -> pa.Table:
    names = ("orders", "age_days", "amount", "recent_orders", "recent_amount", "days_since_last_order", "later_orders",
             "later_amount")  # fmt: skip
    columns = dict(zip(names, zip(*ROWS.values(), strict=True), strict=True))
    return pa.table({"customer_id": list(ROWS), **{name: list(values) for name, values in columns.items()}})


def test_past_rate_is_ones_own_over_no_less_than_a_horizon(people):
    said = plain("past_rate", people, people, horizon_days=30)
    assert said.orders.tolist() == pytest.approx([4 * 30 / 180, 1.0, 2 * 30 / 90])
    assert said.amount.tolist() == pytest.approx([8000 * 30 / 180, 900.0, 2000 * 30 / 90])


def test_last_period_is_the_last_horizon_again(people):
    said = plain("last_period", people, people, horizon_days=30)
    assert (said.orders.tolist(), said.amount.tolist()) == ([2.0, 1.0, 0.0], [5000.0, 900.0, 0.0])


def test_cell_mean_is_what_those_alike_did_in_the_horizon_before(people):
    many = pa.concat_tables([people] * 200)
    said = plain("cell_mean", people, many, horizon_days=30)
    # 200 customers in the cell, drawn towards the mean of all, 1, by twenty.
    assert said.orders.tolist() == pytest.approx([(400 + 20) / 220, 20 / 220, 1.0])


def test_mean_is_what_the_mean_customer_did_in_the_horizon_before_for_everybody(people):
    said = plain("mean", people.slice(0, 2), people, horizon_days=30)
    # 2, 0 and 1 orders came, for 4,400, 0 and 600.
    assert (said.orders.tolist(), said.amount.tolist()) == ([1.0, 1.0], [5000 / 3, 5000 / 3])


def test_one_that_ranks_nobody_is_the_last_of_equals():
    assert BASELINES == ("past_rate", "last_period", "cell_mean", "mean")


def test_monetary_is_the_mean_repeat_purchase_and_never_nothing():
    everyone = pa.table({
        "customer_id": ["a", "b", "c", "d"], "frequency": [2, 0, None, 1], "repeat_amount": [500, 0, None, 0],
    })  # fmt: skip
    assert buyers(everyone)["monetary"].to_pylist() == [250.0, None, 1.0]


@pytest.mark.parametrize(("customers", "repeaters", "there"), [(100, 30, True), (99, 60, False), (100, 29, False)])
def test_a_hundred_customers_and_thirty_who_came_back_are_enough(customers, repeaters, there):
    assert enough(pa.table({"frequency": [1] * repeaters + [0] * (customers - repeaters)})) is there


@pytest.mark.parametrize(("dropout", "name"), [("geometric", "bg_nbd"), ("geometric_at_once", "mbg_nbd")])
def test_the_law_that_made_the_past_is_the_likelier_one(dropout, name):
    world = play(customers=3000, seed=8, dropout=dropout, rate=(1.2, 30.0), leaving=(1.5, 2.0))
    model, warnings = fit_lifetime(world.customers)
    assert (model.name, warnings) == (name, ())
    assert list(model.laws) == ["bg_nbd", "mbg_nbd", "pareto_nbd"]
    assert next(iter(model.each())) == name


def test_customers_all_alike_have_no_law_but_a_weak_prior_gives_one_or_it_is_said_why():
    alike = histories(*[(3, 90.0, 100.0)] * 200).append_column("monetary", pa.array([500.0] * 200))
    model, warnings = fit_lifetime(alike)
    assert (model is None) == bool(warnings)


def test_the_laws_have_the_published_parameters_of_cdnow(real_data):
    """Fader, Hardie & Lee (2005), table 2, and Fader & Hardie (2013); weeks and dollars made days and cents."""
    model, _ = fit_lifetime(cdnow(real_data).customers)
    found = {(row["law"], row["parameter"]): row["value"] for row in model.parameters().to_pylist()}
    assert found["bg_nbd", "r"] == pytest.approx(0.243, abs=0.0005)
    assert found["bg_nbd", "alpha"] == pytest.approx(7 * 4.414, abs=0.007)
    assert found["bg_nbd", "a"] == pytest.approx(0.793, abs=0.0005)
    assert found["bg_nbd", "b"] == pytest.approx(2.426, abs=0.0005)
    assert found["gamma_gamma", "p"] == pytest.approx(6.25, abs=0.005)
    assert found["gamma_gamma", "q"] == pytest.approx(3.74, abs=0.005)
    assert found["gamma_gamma", "gamma"] == pytest.approx(1544, abs=1)
