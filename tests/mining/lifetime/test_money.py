"""Margins, value at risk and pay-back by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, lifetime_value
from guanxi.mining.lifetime.money import acquisition, cumulative_margins, margins, value_at_risk
from mining.lifetime.worlds import play

LINES = pa.table({
    "customer_id": ["bo", "ada", "ada", "ada", None, "cy"],
    "amount": [300, 1000, 500, -200, 900, 0],
    "cost": [None, 600, None, -120, 100, None],
})  # fmt: skip


def test_margin_is_of_lines_whose_cost_is_known_and_returns_take_it_back():
    found = {row["customer_id"]: row for row in margins(LINES).to_pylist()}
    assert list(found) == ["ada", "bo", "cy"]
    assert found["ada"] == {
        "customer_id": "ada", "amount": 1300, "known_amount": 800, "margin": 320.0, "margin_rate": 0.4,
    }  # fmt: skip
    assert (found["bo"]["margin"], found["bo"]["margin_rate"]) == (None, None)


def test_a_rate_stands_in_for_unknown_costs():
    found = {row["customer_id"]: row for row in margins(LINES, rate=0.25).to_pylist()}
    assert found["ada"]["margin"] == 320 + 125
    assert found["ada"]["margin_rate"] == pytest.approx(445 / 1300)
    assert (found["bo"]["margin"], found["bo"]["margin_rate"]) == (75.0, 0.25)
    assert (found["cy"]["margin"], found["cy"]["margin_rate"]) == (0.0, None)


def test_a_rate_has_to_be_above_nothing():
    with pytest.raises(SettingError):
        margins(LINES, rate=0.0)
    with pytest.raises(SchemaError):
        margins(LINES.drop_columns(["cost"]))


def test_value_at_risk_is_amount_times_probability_the_most_first():
    expected = pa.table({"customer_id": ["a", "b", "c", "d"], "value": [100.0, 80.0, 80.0, 10.0]})
    leaving = pa.table({"customer_id": ["d", "c", "b", "e"], "value": [1.0, 0.5, 0.5, 0.9]})
    found = value_at_risk(expected, leaving)
    assert found["customer_id"].to_pylist() == ["b", "c", "d"]
    assert found["value_at_risk"].to_pylist() == [40.0, 40.0, 10.0]


@pytest.mark.parametrize("wrong", [1.2, -0.1, float("nan")])
def test_what_is_no_probability_is_refused(wrong):
    table = pa.table({"customer_id": ["a"], "value": [1.0]})
    with pytest.raises(DataError) as raised:
        value_at_risk(table, pa.table({"customer_id": ["a"], "value": [wrong]}))
    assert raised.value.code == "lifetime.not_probabilities"


CAMPAIGNS = pa.table({"campaign_id": ["spring", "free", "fair", "nobody"], "cost": [3000, 0, 5000, 700]})
ACQUIRED = pa.table({
    "customer_id": ["a", "b", "c", "d"], "campaign_id": ["spring", "spring", "free", "fair"],
})  # fmt: skip
EARNED = pa.table({
    "customer_id": ["a", "b", "a", "b", "c", "d", "stranger"],
    "day": [0, 0, 10, 10, 3, 1, 0],
    "margin": [2000.0, 500.0, 900.0, -400.0, 50.0, 4999.0, 9e9],
})  # fmt: skip


def test_a_campaign_is_paid_back_on_the_day_by_which_all_its_customers_have_brought_the_cost():
    found = {row["campaign_id"]: row for row in acquisition(CAMPAIGNS, ACQUIRED, EARNED).to_pylist()}
    assert list(found) == CAMPAIGNS["campaign_id"].to_pylist()
    # What came back on the tenth day counts on that day.
    assert (found["spring"]["cost_per_customer"], found["spring"]["margin"]) == (1500.0, 3000.0)
    assert (found["spring"]["payback_days"], found["spring"]["return_rate"]) == (10, 0.0)
    # What cost nothing is back at once.
    assert (found["free"]["payback_days"], found["free"]["return_rate"]) == (0, None)
    assert (found["fair"]["payback_days"], found["fair"]["cost_per_customer"]) == (None, 5000.0)
    assert (found["nobody"]["customers"], found["nobody"]["cost_per_customer"]) == (0, None)
    assert (found["nobody"]["margin"], found["nobody"]["return_rate"]) == (0.0, -1.0)


def test_a_cost_is_covered_to_the_minor_unit_whatever_the_rounding_of_fractions():
    acquired = pa.table({"customer_id": ["a"], "campaign_id": ["spring"]})
    for margin in ([100 * 0.29], [100 * 0.07] * 3 + [8.0]):
        days = list(range(len(margin)))
        earned = pa.table({"customer_id": ["a"] * len(margin), "day": days, "margin": margin})
        (found,) = acquisition(pa.table({"campaign_id": ["spring"], "cost": [29]}), acquired, earned).to_pylist()
        assert (found["payback_days"], found["margin"], found["return_rate"]) == (days[-1], 29.0, 0.0)
        assert cumulative_margins(acquired, earned)["margin"].to_pylist()[-1] == 29.0


def test_days_and_campaigns_are_summed_in_their_order_and_strangers_left_out():
    assert cumulative_margins(ACQUIRED, EARNED).to_pylist() == [
        {"campaign_id": "fair", "day": 1, "margin": 4999.0}, {"campaign_id": "free", "day": 3, "margin": 50.0},
        {"campaign_id": "spring", "day": 0, "margin": 2500.0}, {"campaign_id": "spring", "day": 10, "margin": 3000.0},
    ]  # fmt: skip
    assert cumulative_margins(ACQUIRED, EARNED.slice(0, 0)).num_rows == 0


def test_what_fell_again_was_back_on_the_first_day():
    acquired = pa.table({"customer_id": ["a"], "campaign_id": ["spring"]})
    earned = pa.table({"customer_id": ["a", "a"], "day": [2, 5], "margin": [40.0, -30.0]})
    (found,) = acquisition(pa.table({"campaign_id": ["spring"], "cost": [29]}), acquired, earned).to_pylist()
    assert (found["payback_days"], found["margin"]) == (2, 10.0)


def test_nobody_is_won_twice():
    twice = pa.concat_tables([ACQUIRED, ACQUIRED.slice(0, 1)])
    with pytest.raises(DataError) as raised:
        acquisition(CAMPAIGNS, twice, EARNED)
    assert raised.value.code == "lifetime.won_twice"


def test_the_margin_of_a_lifetime_is_that_share_of_its_amount_and_a_later_purchase_is_worth_less():
    world = play(customers=800, seed=2, dropout="geometric", rate=(1.2, 30.0), leaving=(1.5, 2.0))
    models = BetaGeoNBD().fit(world.customers), GammaGamma().fit(world.customers)
    whole, part, later = (
        lifetime_value(*models, world.customers, horizon_days=365, **options)["lifetime_value"].to_numpy()
        for options in (
            {"annual_discount_rate": 0.0},
            {"annual_discount_rate": 0.0, "margin": 0.3},
            {"annual_discount_rate": 0.1, "margin": 0.3},
        )
    )
    assert part == pytest.approx(0.3 * whole)
    assert (later < part).all()
    assert np.min(later / part) > 1 / 1.1
