"""BG/NBD: the published answers, the formulas against the model itself, and the truth of played worlds."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy import integrate, special, stats

from guanxi.errors import DataError, SettingError
from guanxi.mining.lifetime import BetaGeoNBD
from guanxi.mining.lifetime.histories import read_histories
from mining.lifetime.worlds import cdnow, histories, numeric_gradient, play

TRUTH = {"r": 0.9, "alpha": 40.0, "a": 0.8, "b": 3.0}
SHARES = (np.arange(2000) + 0.5) / 2000
HISTORIES = [(0, 0.0, 200.0), (1, 10.0, 200.0), (2, 190.0, 200.0), (5, 100.0, 350.0), (30, 340.0, 350.0), (3, 4.0, 4.0)]


def model(r: float = 0.243, alpha: float = 30.9, a: float = 0.793, b: float = 2.426) -> BetaGeoNBD:
    """A model with known parameters, which nothing is left open about."""
    return BetaGeoNBD.from_data({
        "method": "BetaGeoNBD", "regularisation": 0.0, "parameters": {"r": r, "alpha": alpha, "a": a, "b": b},
        "covariance": None, "log_likelihood": 0.0, "converged": True, "iterations": 1, "customers": 100, "warnings": [],
    })  # fmt: skip


@pytest.fixture(scope="module")
def books(real_data):
    return cdnow(real_data)


@pytest.fixture(scope="module")
def fitted_books(books):
    return BetaGeoNBD().fit(books.customers)


@pytest.fixture(scope="module")
def world():
    return play(
        customers=4000, seed=1, dropout="geometric",
        rate=(TRUTH["r"], TRUTH["alpha"]), leaving=(TRUTH["a"], TRUTH["b"]),
    )  # fmt: skip


# The published answers.


def test_cdnow_gives_the_published_parameters(fitted_books):
    assert fitted_books.converged_
    assert round(fitted_books.r_, 3) == 0.243
    assert round(fitted_books.alpha_ / 7, 3) == 4.414
    assert round(fitted_books.a_, 3) == 0.793
    assert round(fitted_books.b_, 3) == 2.426


def test_cdnow_gives_the_published_likelihood(books, fitted_books):
    # A density per day is a seventh of one per week, for each repeat purchase.
    repeats = sum(books.customers["frequency"].to_pylist())
    assert (len(books.customers), repeats) == (2357, 2457)
    assert round(fitted_books.log_likelihood_ + repeats * np.log(7), 1) == -9582.4


def test_cdnow_weeks_held_out_are_foreseen_as_well_as_by_others(books, fitted_books):
    found = fitted_books.predict(books.customers, horizon_days=39 * 7)["expected_purchases"].to_numpy()
    assert round(np.abs(found - books.later).mean(), 4) <= 0.7855
    assert round(np.sqrt(((found - books.later) ** 2).mean()), 3) <= 1.608
    assert round(found.sum()) == 1653


# The formulas, against the model itself.


def likelihood_by_integration(parameters, x, recency, age):
    """∫∫ of the likelihood of one customer's purchases over the laws of λ and p; nothing of it is in the code."""
    r, alpha, a, b = parameters

    def over_rate(p):
        stays = r + x
        active = special.gamma(stays) / special.gamma(r) * alpha**r / (alpha + age) ** stays * (1 - p) ** x
        if not x:
            return active / special.beta(a, b)
        left = special.gamma(stays) / special.gamma(r) * alpha**r / (alpha + recency) ** stays * p * (1 - p) ** (x - 1)
        return (active + left) / special.beta(a, b)

    return integrate.quad(over_rate, 0, 1, weight="alg", wvar=(a - 1, b - 1), epsabs=0, epsrel=1e-11)[0]


@pytest.mark.parametrize("history", HISTORIES)
def test_the_likelihood_is_that_of_the_model(history):
    parameters = np.array([1.3, 45.0, 1.7, 2.4])
    found = BetaGeoNBD()._log_likelihood(parameters, read_histories(histories(history)))
    assert found.value == pytest.approx(np.log(likelihood_by_integration(parameters, *history)), abs=1e-8)


@pytest.mark.parametrize("parameters", [(0.243, 30.9, 0.793, 2.426), (3.0, 7.0, 0.1, 40.0), (0.05, 900.0, 5.0, 0.3)])
def test_gradient_and_hessian_are_those_of_the_likelihood(parameters):
    table = read_histories(histories(*HISTORIES, (1, 10.0, 200.0)))
    found = BetaGeoNBD()._log_likelihood(np.array(parameters), table)
    value = lambda point: BetaGeoNBD()._log_likelihood(point, table).value  # noqa: E731
    gradient = lambda point: BetaGeoNBD()._log_likelihood(point, table).gradient  # noqa: E731
    assert found.gradient == pytest.approx(numeric_gradient(value, parameters), rel=1e-6, abs=1e-7)
    assert found.hessian == pytest.approx(numeric_gradient(gradient, parameters), rel=1e-6, abs=1e-7)
    assert found.hessian == pytest.approx(found.hessian.T, rel=1e-14)


def mean_of_who_is_active(days, a, shape, scale, stays):
    """(1 − e^(−λpt))/p purchases, over λ ~ Gamma(r + x, α + T) and p ~ Beta(a, b + x)."""

    def given(p):
        return -np.expm1(-shape * np.log1p(p * days / scale)) / p * stats.beta.pdf(p, a, stays)

    return integrate.quad(given, 0, 1, limit=500, epsrel=1e-11)[0]


@pytest.mark.parametrize("a", [0.793, 1.0, 1.0 + 1e-9, 2.5])
@pytest.mark.parametrize("days", [1.0, 273.0, 3000.0])
def test_expectations_are_those_of_the_model(a, days):
    found = model(a=a).expected_purchases(histories(*HISTORIES), horizon_days=days)["expected_purchases"].to_pylist()
    for (x, recency, age), expected in zip(HISTORIES, found, strict=True):
        shape, scale, stays = 0.243 + x, 30.9 + age, 2.426 + x
        gone = a / (stays - 1) * ((30.9 + age) / (30.9 + recency)) ** shape if x else 0.0
        mean = mean_of_who_is_active(days, a, shape, scale, stays)
        assert expected == pytest.approx(mean / (1 + gone), rel=1e-7)


def test_expectations_are_equation_ten_where_it_can_be_computed():
    x, recency, age, days = 2, 213.0, 272.0, 273.0
    r, alpha, a, b = 0.243, 30.9, 0.793, 2.426
    share = days / (alpha + age + days)
    bracket = 1 - ((alpha + age) / (alpha + age + days)) ** (r + x) * special.hyp2f1(r + x, b + x, a + b + x - 1, share)
    gone = a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x)
    found = model().expected_purchases(histories((x, recency, age)), horizon_days=days)
    assert found["expected_purchases"][0].as_py() == pytest.approx((a + b + x - 1) / (a - 1) * bracket / (1 + gone))


def test_who_bought_once_is_active_and_who_is_silent_is_less_so():
    table = histories((0, 0.0, 300.0), (3, 200.0, 210.0), (3, 200.0, 300.0), (9, 200.0, 300.0))
    once, fresh, silent, heavy = model().probability_alive(table)["p_alive"].to_pylist()
    assert once == 1.0
    assert fresh > silent > heavy > 0
    # Note 021: 1 / (1 + a/(b + x − 1) · ((α + T)/(α + t_x))^(r + x)).
    assert silent == pytest.approx(1 / (1 + 0.793 / 4.426 * (330.9 / 230.9) ** 3.243))


def test_probabilities_are_those_of_the_model_and_add_up_to_one():
    table = histories(*HISTORIES, names=[f"客{number}" for number in range(6)])
    found = model().purchase_probabilities(table, horizon_days=100.0, most=4)
    assert found["customer_id"].to_pylist()[:6] == ["客0"] * 5 + ["客1"]
    assert found["purchases"].to_pylist()[:6] == [0, 1, 2, 3, 4, 0]
    shares = found["probability"].to_numpy().reshape(6, 5)
    assert shares.sum(axis=1) == pytest.approx(np.ones(6))
    alive = model().probability_alive(table)["p_alive"].to_pylist()
    for (x, _, age), active, row in zip(HISTORIES, alive, shares, strict=True):
        # Exactly one purchase: he leaves after it, or stays and buys no more. Means over quantiles of λ and of p.
        rate = stats.gamma.ppf(SHARES, 0.243 + x, scale=1 / (30.9 + age))[:, None]
        p = stats.beta.ppf(SHARES, 0.793, 2.426 + x)[None, :]
        once = p * -np.expm1(-rate * 100) + (1 - p) * rate * 100 * np.exp(-rate * 100)
        assert row[1] == pytest.approx(active * once.mean(), rel=5e-4)
        assert row[0] == pytest.approx(1 - active + active * ((30.9 + age) / (130.9 + age)) ** (0.243 + x))


def test_all_probabilities_give_the_expectation():
    table = histories(*HISTORIES)
    found = model().purchase_probabilities(table, horizon_days=60.0, most=200)
    mean = (found["purchases"].to_numpy() * found["probability"].to_numpy()).reshape(6, 201).sum(axis=1)
    expected = model().expected_purchases(table, horizon_days=60.0)["expected_purchases"].to_numpy()
    assert mean == pytest.approx(expected)


def test_the_interval_is_made_of_quantiles():
    table = histories(*HISTORIES)
    found = model().predict(table, horizon_days=273.0, coverage=0.8)
    shares = model().purchase_probabilities(table, horizon_days=273.0, most=400)["probability"].to_numpy()
    at_most = shares.reshape(6, 401).cumsum(axis=1)
    assert found["purchases_low"].to_pylist() == [int(np.argmax(row >= 0.1)) for row in at_most]
    assert found["purchases_high"].to_pylist() == [int(np.argmax(row >= 0.9)) for row in at_most]


def test_the_wait_for_the_next_purchase_is_where_no_purchase_has_its_share():
    table = histories(*HISTORIES)
    found = model().next_purchase(table, coverage=0.8)
    assert found["p_buys_again"] == model().probability_alive(table)["p_alive"]
    for column, share in {"days_low": 0.1, "days_until_next": 0.5, "days_high": 0.9}.items():
        for row, days in enumerate(found[column].to_pylist()):
            one = model().purchase_probabilities(table.slice(row, 1), horizon_days=days, most=1)
            some = one["probability"].to_pylist()[1]
            assert some == pytest.approx(share * found["p_buys_again"][row].as_py())


def test_discounting_at_no_rate_is_counting():
    table = histories(*HISTORIES)
    plain = model().expected_purchases(table, horizon_days=730.0)["expected_purchases"].to_numpy()
    none = model().discounted_purchases(table, horizon_days=730.0, annual_discount_rate=0.0)
    assert none["discounted_purchases"].to_numpy() == pytest.approx(plain)


@pytest.mark.parametrize("days", [90.0, 1500.0])
def test_a_later_purchase_counts_less(days):
    table = histories(*HISTORIES)
    found = model().discounted_purchases(table, horizon_days=days, annual_discount_rate=0.15)
    edges = days * np.linspace(0, 1, 101) ** 3
    counts = [np.zeros(6)] + [
        model().expected_purchases(table, horizon_days=edge)["expected_purchases"].to_numpy() for edge in edges[1:]
    ]
    middle = 1.15 ** (-(edges[1:] + edges[:-1]) / 2 / 365)
    assert found["discounted_purchases"].to_numpy() == pytest.approx(middle @ np.diff(counts, axis=0), rel=2e-4)


def test_a_heavy_buyer_and_a_long_time_lose_no_digits():
    table = histories((5000, 700.0, 700.5), (0, 0.0, 0.0))
    found = model(r=2.0, alpha=0.5, a=0.01, b=500.0).predict(table, horizon_days=365.0).to_pylist()
    assert all(np.isfinite(value) for row in found for name, value in row.items() if name != "customer_id")
    assert found[0]["expected_purchases"] == pytest.approx(365 * 5002 / 701, rel=0.01)
    assert found[0]["purchases_low"] < found[0]["expected_purchases"] < found[0]["purchases_high"]


# The truth of played worlds.


def test_the_true_parameters_lie_in_their_intervals(world):
    fitted = BetaGeoNBD().fit(world.customers)
    found = {row["parameter"]: row for row in fitted.parameters(confidence=0.99).to_pylist()}
    for name, true in TRUTH.items():
        assert found[name]["low"] < true < found[name]["high"]


def test_intervals_of_parameters_cover_as_they_say():
    covered = []
    for seed in range(60):
        played = play(
            customers=400, seed=100 + seed, dropout="geometric", later=0.0,
            rate=(TRUTH["r"], TRUTH["alpha"]), leaving=(TRUTH["a"], TRUTH["b"]),
        )  # fmt: skip
        fitted = BetaGeoNBD().fit(played.customers)
        assert fitted.converged_
        rows = fitted.parameters(confidence=0.8).to_pylist()
        covered += [[row["low"] < TRUTH[row["parameter"]] < row["high"] for row in rows]]
    low, high = stats.binom.ppf([0.001, 0.999], 60, 0.8)
    assert all(low <= times <= high for times in np.sum(covered, axis=0))


def test_p_alive_is_a_probability(world):
    alive = BetaGeoNBD().fit(world.customers).probability_alive(world.customers)["p_alive"].to_numpy()
    for group in np.array_split(np.argsort(alive, kind="stable"), 10):
        spread = np.sqrt((alive[group] * (1 - alive[group])).sum()) / len(group)
        assert world.active[group].mean() == pytest.approx(alive[group].mean(), abs=4 * spread + 0.01)


def test_expectations_come_true_in_every_tenth(world):
    fitted = BetaGeoNBD().fit(world.customers)
    found = fitted.expected_purchases(world.customers, horizon_days=180.0)["expected_purchases"].to_numpy()
    for group in np.array_split(np.argsort(found, kind="stable"), 10):
        error = world.later[group].std() / np.sqrt(len(group))
        assert world.later[group].mean() == pytest.approx(found[group].mean(), abs=4 * error)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_intervals_of_purchases_cover_as_they_say(world, coverage):
    fitted = BetaGeoNBD().fit(world.customers)
    found = fitted.predict(world.customers, horizon_days=180.0, coverage=coverage)
    low, high = found["purchases_low"].to_numpy(), found["purchases_high"].to_numpy()
    inside = (low <= world.later) & (world.later <= high)
    # What the model itself says of these whole-number ends, which is more than asked for.
    shares = fitted.purchase_probabilities(world.customers, horizon_days=180.0, most=150)["probability"].to_numpy()
    at_most = np.hstack([np.zeros((4000, 1)), shares.reshape(4000, 151).cumsum(axis=1)])
    everyone = np.arange(4000)
    said = at_most[everyone, high + 1] - at_most[everyone, low]
    assert said.mean() > coverage
    assert inside.mean() == pytest.approx(said.mean(), abs=4 * np.sqrt(coverage * (1 - coverage) / 4000))


# Few, alike, or impossible customers.


@pytest.mark.parametrize("rows", [[], [(3, 30.0, 60.0)]])
def test_fewer_than_two_customers_are_refused(rows):
    with pytest.raises(DataError) as raised:
        BetaGeoNBD().fit(histories(*rows))
    assert (raised.value.code, raised.value.message.parameters) == ("lifetime.too_few", {"customers": len(rows)})


def test_nobody_who_came_back_is_nothing_to_learn_from():
    with pytest.raises(DataError) as raised:
        BetaGeoNBD().fit(histories(*[(0, 0.0, 50.0)] * 9))
    assert (raised.value.code, raised.value.message.parameters) == ("lifetime.nobody_came_back", {"customers": 9})


def test_customers_all_alike_leave_the_parameters_open_and_the_fit_says_so():
    table = histories(*[(2, 40.0, 60.0)] * 50)
    fitted = BetaGeoNBD().fit(table)
    assert not fitted.converged_
    (warning,) = fitted.warnings_
    assert warning.code == "lifetime.ran_away"
    assert "0.1" in warning.say("en")
    assert "0.1" in warning.say("zh")
    assert fitted.parameters()["low"].to_pylist() == [None] * 4
    for row in fitted.predict(table.slice(0, 1), horizon_days=90.0).to_pylist():
        assert all(np.isfinite(value) for name, value in row.items() if name != "customer_id")


def test_regularisation_makes_them_answerable():
    fitted = BetaGeoNBD(regularisation=0.1).fit(histories(*[(2, 40.0, 60.0)] * 50))
    assert fitted.converged_
    assert fitted.warnings_ == ()


def test_regularisation_is_a_normal_law_of_the_logarithms():
    # With a law this narrow, the parameters are where it stands.
    fitted = BetaGeoNBD(regularisation=1e9).fit(histories((2, 40.0, 60.0), (0, 0.0, 20.0), (1, 3.0, 40.0)))
    assert [fitted.r_, fitted.alpha_, fitted.a_, fitted.b_] == pytest.approx([1.0, 40.0, 1.0, 1.0], rel=1e-6)
    spread = np.array(fitted.parameters()["standard_error"].to_pylist()) / fitted._parameters()
    assert spread == pytest.approx(np.full(4, 1e9**-0.5), rel=1e-6)


def test_a_large_shop_does_not_feel_a_little_regularisation(world):
    plain, steadied = BetaGeoNBD().fit(world.customers), BetaGeoNBD(regularisation=0.1).fit(world.customers)
    errors = plain.parameters()["standard_error"].to_numpy()
    assert (np.abs(plain._parameters() - steadied._parameters()) < 0.1 * errors).all()


def test_nothing_to_predict_is_an_empty_table():
    assert model().predict(histories()).num_rows == 0
    assert model().next_purchase(histories()).num_rows == 0
    assert model().purchase_probabilities(histories(), horizon_days=30.0).num_rows == 0


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan")])
def test_a_horizon_is_above_zero(days):
    with pytest.raises(SettingError):
        model().predict(histories((1, 5.0, 10.0)), horizon_days=days)


def test_settings_out_of_range_are_refused():
    table = histories((1, 5.0, 10.0), (2, 6.0, 11.0))
    for act in (
        lambda: model().predict(table, coverage=1.0),
        lambda: model().discounted_purchases(table, horizon_days=9.0, annual_discount_rate=-0.1),
        lambda: model().parameters(confidence=0.0),
        lambda: BetaGeoNBD(regularisation=-1.0).fit(table),
    ):
        with pytest.raises(SettingError):
            act()


# Days, rows and files.


def test_another_unit_of_time_is_the_same_model(world):
    table = world.customers
    for place, name in ((2, "recency_days"), (3, "age_days")):
        table = table.set_column(place, name, pa.array(table[name].to_numpy() / 7))
    days, weeks = BetaGeoNBD().fit(world.customers), BetaGeoNBD().fit(table)
    assert weeks._parameters() * [1, 7, 1, 1] == pytest.approx(days._parameters(), rel=1e-6)


def test_equal_customers_may_stand_apart(world):
    twice = pa.concat_tables([world.customers, world.customers])
    once, double = BetaGeoNBD().fit(world.customers), BetaGeoNBD().fit(twice)
    assert double._parameters() == pytest.approx(once._parameters(), rel=1e-5)
    assert double.log_likelihood_ == pytest.approx(2 * once.log_likelihood_)


def test_a_model_comes_back_from_json_as_it_was(world):
    fitted = BetaGeoNBD().fit(world.customers)
    again = BetaGeoNBD.from_data(json.loads(json.dumps(fitted.as_data())))
    assert again.predict(world.customers) == fitted.predict(world.customers)
    assert again.parameters() == fitted.parameters()
    alike = BetaGeoNBD().fit(histories(*[(2, 40.0, 60.0)] * 50))
    again = BetaGeoNBD.from_data(json.loads(json.dumps(alike.as_data())))
    assert again.warnings_[0].say("zh") == alike.warnings_[0].say("zh")


def test_a_model_of_another_kind_is_refused(world):
    data = BetaGeoNBD().fit(world.customers).as_data() | {"method": "GammaGamma"}
    with pytest.raises(SettingError) as raised:
        BetaGeoNBD.from_data(data)
    assert raised.value.code == "lifetime.another_method"
