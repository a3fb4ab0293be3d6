"""What customers will spend: how often joined with how much, against plain play of the same laws."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import SettingError
from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, lifetime_value, predict_amount
from guanxi.mining.lifetime.amount import _joined
from mining.lifetime.worlds import cdnow, histories, play

LAW = {"rate": (0.9, 40.0), "leaving": (0.8, 3.0), "spend": (6.0, 4.0, 1500.0)}


@pytest.fixture(scope="module")
def world():
    return play(customers=4000, seed=11, dropout="geometric", **LAW)


@pytest.fixture(scope="module")
def models(world):
    return BetaGeoNBD().fit(world.customers), GammaGamma().fit(world.customers)


def known(*, alive_for_ever: bool = False) -> tuple[BetaGeoNBD, GammaGamma]:
    """Models with the parameters of the law, which nothing is left open about."""
    shared = {
        "regularisation": 0.0, "covariance": None, "log_likelihood": 0.0, "converged": True, "iterations": 1,
        "customers": 9, "warnings": [],
    }  # fmt: skip
    stays = {"a": 1e-9, "b": 1.0} if alive_for_ever else {"a": 0.8, "b": 3.0}
    purchases = {"method": "BetaGeoNBD", "parameters": {"r": 0.9, "alpha": 40.0, **stays}, **shared}
    spend = {"method": "GammaGamma", "parameters": {"p": 6.0, "q": 4.0, "gamma": 1500.0}, "correlation": 0.0, **shared}
    return BetaGeoNBD.from_data(purchases), GammaGamma.from_data(spend)


@pytest.mark.parametrize("most", [1, 2, 3, 24, 25, 400])
def test_numbers_that_are_left_out_are_shared_so_that_cubics_stay(most):
    numbers, shares = _joined(most)
    assert numbers[:24].tolist() == list(range(1, min(most, 24) + 1))
    assert numbers[-1] >= most
    assert np.diff(numbers).max(initial=0) <= 1 + most / 24
    for power in range(min(4, len(numbers))):
        assert shares @ numbers**power == pytest.approx(np.arange(1.0, most + 1) ** power)


def test_the_expected_amount_is_purchases_times_spend(world, models):
    found = predict_amount(*models, world.customers, horizon_days=180.0)
    often = models[0].expected_purchases(world.customers, horizon_days=180.0)["expected_purchases"].to_numpy()
    each = models[1].predict(world.customers)["expected_spend"].to_numpy()
    assert found["expected_amount"].to_numpy() == pytest.approx(often * each)
    assert found["customer_id"] == world.customers["customer_id"]


def test_the_ends_of_the_interval_have_their_shares():
    rows = [(0, 0.0, 30.0), (3, 200.0, 220.0), (20, 300.0, 310.0)]
    table = histories(*rows).append_column("monetary", pa.array([None, 2500.0, 800.0]))
    for coverage in (0.8, 0.95):
        found = predict_amount(*known(), table, horizon_days=365.0, coverage=coverage).to_pylist()
        alive = known()[0].probability_alive(table)["p_alive"].to_pylist()
        rng = np.random.Generator(np.random.Philox(2))
        for row, (x, _, age), mean, active in zip(found, rows, [0.0, 2500.0, 800.0], alive, strict=True):
            # The same future, played 200,000 times: rate, leaving and spend from their laws given the past.
            size = 200_000
            rate = rng.gamma(0.9 + x, 1 / (40.0 + age), size)
            leaves_at = rng.geometric(rng.beta(0.8, 3.0 + x, size))
            count = np.minimum(rng.poisson(rate * 365.0), leaves_at) * (rng.random(size) < active)
            nu = rng.gamma(6.0 * x + 4.0, 1 / (1500.0 + x * mean), size)
            amount = np.where(count > 0, rng.gamma(np.maximum(6.0 * count, 1.0)) / nu, 0.0)
            assert row["expected_amount"] == pytest.approx(amount.mean(), rel=0.02)
            for end, share in (("low", (1 - coverage) / 2), ("high", (1 + coverage) / 2)):
                # Where the end is nothing, so much has no purchase at all.
                below = (amount <= row[f"amount_{end}"]).mean()
                assert below == pytest.approx(max(share, (amount == 0).mean()), abs=0.005)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_intervals_of_amounts_cover_as_they_say(world, models, coverage):
    found = predict_amount(*models, world.customers, horizon_days=180.0, coverage=coverage)
    low, high = found["amount_low"].to_numpy(), found["amount_high"].to_numpy()
    # Above the upper end lie as many as are said, wherever buying at all is likely enough.
    open_above = high > 0
    above = (world.later_amount > high)[open_above].mean()
    share = (1 - coverage) / 2
    assert above == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / open_above.sum()))
    inside = (low <= world.later_amount) & (world.later_amount <= high)
    assert inside.mean() > coverage - 4 * np.sqrt(coverage * (1 - coverage) / 4000)


def test_what_all_customers_will_spend_comes_true(world, models):
    found = predict_amount(*models, world.customers, horizon_days=180.0)["expected_amount"].to_numpy()
    for group in np.array_split(np.argsort(found, kind="stable"), 5):
        error = world.later_amount[group].std() / np.sqrt(len(group))
        assert world.later_amount[group].mean() == pytest.approx(found[group].mean(), abs=4 * error)


def test_spend_that_hardly_varies_has_steps_and_still_an_interval():
    spend = GammaGamma.from_data(known()[1].as_data() | {"parameters": {"p": 1e4, "q": 1e4, "gamma": 1e3}})
    table = histories((3, 200.0, 220.0)).append_column("monetary", pa.array([1000.0]))
    row = predict_amount(known(alive_for_ever=True)[0], spend, table, horizon_days=200.0).to_pylist()[0]
    count = known(alive_for_ever=True)[0].predict(table, horizon_days=200.0).to_pylist()[0]
    assert row["amount_low"] / 1000 == pytest.approx(count["purchases_low"], rel=0.05)
    assert row["amount_high"] / 1000 == pytest.approx(count["purchases_high"], rel=0.05)


def test_value_is_the_amount_less_discount_and_cost(world, models):
    few = world.customers.slice(0, 50)
    amount = predict_amount(*models, few, horizon_days=730.0)["expected_amount"].to_numpy()
    plain = lifetime_value(*models, few, horizon_days=730.0, annual_discount_rate=0.0, margin=0.3)
    assert plain["lifetime_value"].to_numpy() == pytest.approx(0.3 * amount)
    less = lifetime_value(*models, few, horizon_days=730.0, annual_discount_rate=0.1)["lifetime_value"].to_numpy()
    # Two years at a tenth: at least 1/1.21 of it is left, and something is gone.
    assert ((less > amount / 1.21) & (less < amount)).all()


@pytest.mark.parametrize(("rate", "above", "error"), [(0.1, (0.085, 0.103), 0.03), (0.3, (0.07, 0.103), 0.07)])
def test_the_upper_end_of_a_value_is_hardly_too_high(rate, above, error):
    """Purchases one by one over three years, each discounted by its own day."""
    rows, spent, size = [(0, 0.0, 30.0), (3, 200.0, 220.0), (20, 300.0, 310.0)], [None, 2500.0, 800.0], 100_000
    table = histories(*rows).append_column("monetary", pa.array(spent))
    found = lifetime_value(*known(), table, horizon_days=1095.0, annual_discount_rate=rate).to_pylist()
    active = known()[0].probability_alive(table)["p_alive"].to_pylist()
    rng = np.random.Generator(np.random.Philox(4))
    for row, (x, _, age), mean, alive in zip(found, rows, spent, active, strict=True):
        pace = rng.gamma(0.9 + x, 1 / (40.0 + age), size)
        leaves_at = rng.geometric(rng.beta(0.8, 3.0 + x, size))
        nu = rng.gamma(6.0 * x + 4.0, 1 / (1500.0 + x * (mean or 0.0)), size)
        day, value, bought = np.zeros(size), np.zeros(size), 0
        still = np.flatnonzero(rng.random(size) < alive)
        while len(still):
            day[still] += rng.exponential(1 / pace[still])
            still = still[day[still] < 1095.0]
            value[still] += (1 + rate) ** (-day[still] / 365) * rng.gamma(6.0, 1 / nu[still])
            bought += 1
            still = still[leaves_at[still] > bought]
        assert row["lifetime_value"] == pytest.approx(value.mean(), rel=0.02)
        assert row["value_high"] == pytest.approx(np.quantile(value, 0.9), rel=error)
        assert above[0] < (value > row["value_high"]).mean() < above[1]
        assert row["value_low"] <= 1.01 * np.quantile(value, 0.1)


def test_who_has_no_expected_spend_has_no_expected_amount():
    spend = GammaGamma.from_data(known()[1].as_data() | {"parameters": {"p": 6.0, "q": 0.9, "gamma": 1500.0}})
    table = histories((0, 0.0, 30.0), (2, 20.0, 30.0)).append_column("monetary", pa.array([None, 900.0]))
    found = predict_amount(known()[0], spend, table, horizon_days=90.0)
    assert found["expected_amount"].to_pylist()[0] is None
    assert found["expected_amount"].to_pylist()[1] > 0
    value = lifetime_value(known()[0], spend, table, horizon_days=90.0, annual_discount_rate=0.1)
    assert value["lifetime_value"].to_pylist()[0] is None


def test_nobody_has_no_amount():
    table = histories().append_column("monetary", pa.array([], pa.float64()))
    assert predict_amount(*known(), table, horizon_days=90.0).num_rows == 0


def test_settings_out_of_range_are_refused():
    table = histories((1, 5.0, 10.0)).append_column("monetary", pa.array([10.0]))
    for act in (
        lambda: predict_amount(*known(), table, horizon_days=0.0),
        lambda: predict_amount(*known(), table, horizon_days=9.0, coverage=0.0),
        lambda: lifetime_value(*known(), table, horizon_days=9.0, annual_discount_rate=0.1, margin=0.0),
        lambda: lifetime_value(*known(), table, horizon_days=9.0, annual_discount_rate=-0.1),
    ):
        with pytest.raises(SettingError):
            act()


def test_cdnow_amounts_held_out(real_data):
    books = cdnow(real_data)
    models = BetaGeoNBD().fit(books.customers), GammaGamma().fit(books.customers)
    found = predict_amount(*models, books.customers, horizon_days=39 * 7)
    # The purchases foreseen are 1,653 of 1,882; what each comes to is foreseen better.
    assert found["expected_amount"].to_numpy().sum() == pytest.approx(books.later_amount.sum(), rel=0.16)
    inside = (books.later_amount >= found["amount_low"].to_numpy()) & (
        books.later_amount <= found["amount_high"].to_numpy()
    )
    assert 0.8 < inside.mean() < 0.95
