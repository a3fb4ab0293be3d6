"""MBG/NBD: the published answer, the formulas against the model itself, and the truth of a played world."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from guanxi.mining.lifetime import BetaGeoNBD, ModifiedBetaGeoNBD
from guanxi.mining.lifetime.histories import read_histories
from mining.lifetime.worlds import cdnow, histories, numeric_gradient, play

HISTORIES = [(0, 0.0, 200.0), (0, 0.0, 0.0), (1, 10.0, 200.0), (5, 100.0, 350.0), (30, 340.0, 350.0)]


def test_cdnow_gives_the_published_parameters(real_data):
    books = cdnow(real_data)
    fitted = ModifiedBetaGeoNBD().fit(books.customers)
    assert fitted.converged_
    found = [fitted.r_, fitted.alpha_ / 7, fitted.a_, fitted.b_]
    assert [round(each, 3) for each in found] == [0.525, 6.183, 0.891, 1.614]
    later = fitted.expected_purchases(books.customers, horizon_days=39 * 7)["expected_purchases"].to_numpy()
    assert np.abs(later - books.later).mean() < 0.7855


@pytest.mark.parametrize("history", HISTORIES)
def test_the_likelihood_is_that_of_the_model(history):
    r, alpha, a, b = parameters = np.array([1.3, 45.0, 1.7, 2.4])
    x, recency, age = history
    found = ModifiedBetaGeoNBD()._log_likelihood(parameters, read_histories(histories(history)))
    rate = special.gamma(r + x) / special.gamma(r) * alpha**r
    likelihood = integrate.quad(
        lambda p: rate * (1 - p) ** x * ((1 - p) / (alpha + age) ** (r + x) + p / (alpha + recency) ** (r + x)),
        0, 1, weight="alg", wvar=(a - 1, b - 1), epsabs=0, epsrel=1e-11,
    )[0]  # fmt: skip
    assert found.value == pytest.approx(np.log(likelihood / special.beta(a, b)), abs=1e-8)


def test_gradient_and_hessian_are_those_of_the_likelihood():
    table, parameters = read_histories(histories(*HISTORIES)), (0.525, 43.3, 0.891, 1.614)
    found = ModifiedBetaGeoNBD()._log_likelihood(np.array(parameters), table)
    value = lambda point: ModifiedBetaGeoNBD()._log_likelihood(point, table).value  # noqa: E731
    gradient = lambda point: ModifiedBetaGeoNBD()._log_likelihood(point, table).gradient  # noqa: E731
    assert found.gradient == pytest.approx(numeric_gradient(value, parameters), rel=1e-6, abs=1e-7)
    assert found.hessian == pytest.approx(numeric_gradient(gradient, parameters), rel=1e-6, abs=1e-7)


def test_the_truth_of_a_world_where_many_never_come_back():
    truth = {"r": 0.9, "alpha": 40.0, "a": 0.8, "b": 2.0}
    world = play(customers=4000, seed=21, dropout="geometric_at_once", rate=(0.9, 40.0), leaving=(0.8, 2.0))
    fitted = ModifiedBetaGeoNBD().fit(world.customers)
    found = {row["parameter"]: row for row in fitted.parameters(confidence=0.99).to_pylist()}
    assert all(found[name]["low"] < true < found[name]["high"] for name, true in truth.items())
    assert fitted.log_likelihood_ > BetaGeoNBD().fit(world.customers).log_likelihood_ + 10
    alive = fitted.probability_alive(world.customers)["p_alive"].to_numpy()
    expected = fitted.expected_purchases(world.customers, horizon_days=180.0)["expected_purchases"].to_numpy()
    for group in np.array_split(np.argsort(expected, kind="stable"), 10):
        spread = np.sqrt((alive[group] * (1 - alive[group])).sum()) / len(group)
        assert world.active[group].mean() == pytest.approx(alive[group].mean(), abs=4 * spread + 0.01)
        error = world.later[group].std() / np.sqrt(len(group))
        assert world.later[group].mean() == pytest.approx(expected[group].mean(), abs=4 * error)
