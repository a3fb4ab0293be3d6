"""Pareto/NBD: the published answers, the formulas against the model itself, and the truth of a played world."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import integrate, special, stats

from guanxi.errors import DataError
from guanxi.mining.lifetime import ParetoNBD
from guanxi.mining.lifetime.histories import read_histories
from mining.lifetime.worlds import cdnow, histories, numeric_gradient, play

BOOKS = {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7}
HISTORIES = [(0, 0.0, 200.0), (1, 10.0, 200.0), (2, 190.0, 200.0), (5, 100.0, 350.0), (30, 340.0, 350.0), (3, 4.0, 4.0)]
EXACTLY = 1e-10


def model(**parameters: float) -> ParetoNBD:
    """A model with known parameters, which nothing is left open about."""
    return ParetoNBD.from_data({
        "method": "ParetoNBD", "regularisation": 0.0, "parameters": BOOKS | parameters, "covariance": None,
        "log_likelihood": 0.0, "converged": True, "iterations": 1, "customers": 100, "warnings": [],
    })  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return play(customers=4000, seed=31, dropout="pareto", rate=(0.9, 40.0), leaving=(0.7, 120.0))


def test_cdnow_gives_the_published_answers(real_data):
    books = cdnow(real_data)
    fitted = ParetoNBD().fit(books.customers)
    assert fitted.converged_
    found = [fitted.r_, fitted.alpha_ / 7, fitted.s_, fitted.beta_ / 7]
    assert [round(each, 3) for each in found] == [0.553, 10.578, 0.606, 11.669]
    assert round(fitted.log_likelihood_ + 2457 * np.log(7), 1) == -9595.0
    later = fitted.expected_purchases(books.customers, horizon_days=39 * 7)["expected_purchases"].to_numpy()
    assert round(np.abs(later - books.later).mean(), 4) <= 0.7545
    assert round(np.sqrt(((later - books.later) ** 2).mean()), 3) <= 1.603
    assert round(later.sum()) == 1666


def likelihood_by_integration(parameters, x, recency, age):
    """Over the day of leaving, with the rates mixed by their gamma laws."""
    r, alpha, s, beta = parameters

    def bought(until):
        return special.gamma(r + x) / special.gamma(r) * alpha**r / (alpha + until) ** (r + x)

    left = integrate.quad(
        lambda day: bought(day) * stats.lomax.pdf(day, s, scale=beta), recency, age, epsabs=0, epsrel=1e-11, limit=500
    )[0]
    return bought(age) * stats.lomax.sf(age, s, scale=beta) + left


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("parameters", [(0.553, 74.0, 0.606, 81.7), (2.0, 5.0, 3.0, 900.0), (1.0, 800.0, 0.2, 2.0)])
def test_the_likelihood_is_that_of_the_model(history, parameters):
    found = ParetoNBD()._log_likelihood(np.array(parameters), read_histories(histories(history)))
    assert found.value == pytest.approx(np.log(likelihood_by_integration(parameters, *history)), abs=EXACTLY)


@pytest.mark.parametrize("parameters", [(0.553, 74.0, 0.606, 81.7), (2.0, 30.0, 3.0, 900.0)])
def test_gradient_and_hessian_are_those_of_the_likelihood(parameters):
    table = read_histories(histories(*HISTORIES, (1, 10.0, 200.0)))
    found = ParetoNBD()._log_likelihood(np.array(parameters), table)
    value = lambda point: ParetoNBD()._log_likelihood(point, table).value  # noqa: E731
    gradient = lambda point: ParetoNBD()._log_likelihood(point, table).gradient  # noqa: E731
    assert found.gradient == pytest.approx(numeric_gradient(value, parameters), rel=1e-5, abs=1e-6)
    assert found.hessian == pytest.approx(numeric_gradient(gradient, parameters), rel=1e-5, abs=1e-6)


def test_p_alive_is_the_share_of_the_likelihood_of_being_active():
    parameters = tuple(BOOKS.values())
    found = model().probability_alive(histories(*HISTORIES))["p_alive"].to_pylist()
    for (x, recency, age), alive in zip(HISTORIES, found, strict=True):
        r, alpha, s, beta = parameters
        active = special.gamma(r + x) / special.gamma(r) * alpha**r / (alpha + age) ** (r + x)
        active *= stats.lomax.sf(age, s, scale=beta)
        assert alive == pytest.approx(active / likelihood_by_integration(parameters, x, recency, age), rel=EXACTLY)
    assert found[-1] == 1.0


def over_days(law):
    """Integral over a horizon of 150 days."""
    return integrate.quad(law, 0, 150, epsabs=0, epsrel=1e-12, limit=500)[0]


@pytest.mark.parametrize("s", [0.606, 1.0, 1.0 + 1e-9, 3.0])
def test_expectations_and_probabilities_are_of_one_law(s):
    table = histories(*HISTORIES)
    expected = model(s=s).expected_purchases(table, horizon_days=150.0)["expected_purchases"].to_numpy()
    shares = model(s=s).purchase_probabilities(table, horizon_days=150.0, most=300)["probability"].to_numpy()
    assert shares.reshape(6, 301) @ np.arange(301) == pytest.approx(expected, rel=EXACTLY)
    # His rate times the days for which he stays.
    for (x, _, age), alive, mean in zip(
        HISTORIES, model(s=s).probability_alive(table)["p_alive"].to_pylist(), expected, strict=True
    ):
        stays = over_days(lambda day, age=age: stats.lomax.sf(day, s, scale=81.7 + age))
        assert mean == pytest.approx(alive * (0.553 + x) / (74.0 + age) * stays, rel=EXACTLY)


def test_the_chance_of_no_purchase_is_that_of_the_model():
    found = model().purchase_probabilities(histories(*HISTORIES), horizon_days=150.0, most=1)["probability"].to_numpy()
    alive = model().probability_alive(histories(*HISTORIES))["p_alive"].to_pylist()
    for (x, _, age), active, some in zip(HISTORIES, alive, found[1::2], strict=True):
        # On the day of his first purchase he is still there.
        first = over_days(
            lambda day, x=x, age=age: (
                stats.lomax.pdf(day, 0.553 + x, scale=74.0 + age) * stats.lomax.sf(day, 0.606, scale=81.7 + age)
            )
        )
        assert some == pytest.approx(active * first, rel=EXACTLY)


def test_the_wait_for_the_next_purchase_is_where_some_purchase_has_its_share():
    table = histories(*HISTORIES[1:])
    found = model().next_purchase(table, coverage=0.8)
    for column, share in {"days_low": 0.1, "days_until_next": 0.5, "days_high": 0.9}.items():
        for row, days in enumerate(found[column].to_pylist()):
            one = model().purchase_probabilities(table.slice(row, 1), horizon_days=days, most=1)
            again = found["p_buys_again"][row].as_py()
            assert one["probability"].to_pylist()[1] == pytest.approx(share * again, rel=1e-3)


def test_the_truth_of_a_played_world(world):
    fitted = ParetoNBD().fit(world.customers)
    found = {row["parameter"]: row for row in fitted.parameters(confidence=0.99).to_pylist()}
    for name, true in {"r": 0.9, "alpha": 40.0, "s": 0.7, "beta": 120.0}.items():
        assert found[name]["low"] < true < found[name]["high"]
    foreseen = fitted.predict(world.customers, horizon_days=180.0)
    alive, expected = foreseen["p_alive"].to_numpy(), foreseen["expected_purchases"].to_numpy()
    for group in np.array_split(np.argsort(expected, kind="stable"), 10):
        spread = np.sqrt((alive[group] * (1 - alive[group])).sum()) / len(group)
        assert world.active[group].mean() == pytest.approx(alive[group].mean(), abs=4 * spread + 0.01)
        error = world.later[group].std() / np.sqrt(len(group))
        assert world.later[group].mean() == pytest.approx(expected[group].mean(), abs=4 * error)
    high = foreseen["purchases_high"].to_numpy()
    assert (world.later > high).mean() < 0.1 + 4 * np.sqrt(0.09 / 4000)


def test_intervals_of_parameters_cover_as_they_say():
    truth = (0.9, 40.0, 0.7, 120.0)
    covered = []
    for seed in range(40):
        played = play(customers=1500, seed=300 + seed, dropout="pareto", later=0.0, rate=truth[:2], leaving=truth[2:])
        rows = ParetoNBD().fit(played.customers).parameters(confidence=0.8).to_pylist()
        covered.append([row["low"] < true < row["high"] for row, true in zip(rows, truth, strict=True)])
    low, high = stats.binom.ppf([0.001, 0.999], 40, 0.8)
    assert all(low <= times <= high for times in np.sum(covered, axis=0))


def test_customers_all_alike_leave_the_parameters_open_and_the_fit_says_so():
    fitted = ParetoNBD().fit(histories(*[(2, 40.0, 60.0)] * 50))
    assert not fitted.converged_
    assert [warning.code for warning in fitted.warnings_] == ["lifetime.ran_away"]
    found = fitted.predict(histories((2, 40.0, 60.0)), horizon_days=90.0).to_pylist()[0]
    assert all(np.isfinite(value) for name, value in found.items() if name != "customer_id")
    assert ParetoNBD(regularisation=0.1).fit(histories(*[(2, 40.0, 60.0)] * 50)).converged_


def test_nobody_who_came_back_is_nothing_to_learn_from():
    with pytest.raises(DataError):
        ParetoNBD().fit(histories(*[(0, 0.0, 50.0)] * 9))


def test_a_model_comes_back_from_json_as_it_was(world):
    fitted = ParetoNBD().fit(world.customers)
    again = ParetoNBD.from_data(json.loads(json.dumps(fitted.as_data())))
    assert again.predict(world.customers) == fitted.predict(world.customers)
