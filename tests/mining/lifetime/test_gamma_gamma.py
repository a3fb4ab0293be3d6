"""Gamma-Gamma: the published answer, the formulas against the model itself, and the truth of played worlds."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy import integrate, special, stats

from guanxi.errors import DataError, NotFittedError, SchemaError
from guanxi.mining.lifetime import GammaGamma
from guanxi.mining.lifetime.gamma_gamma import _log_likelihood
from mining.lifetime.worlds import cdnow, numeric_gradient, play

TRUTH = {"p": 6.0, "q": 4.0, "gamma": 1500.0}


def spenders(*rows: tuple[int, float | None]) -> pa.Table:
    """A table of (frequency, monetary)."""
    return pa.table({
        "customer_id": pa.array([f"客{number}" for number in range(len(rows))], pa.string()),
        "frequency": pa.array([row[0] for row in rows], pa.int64()),
        "monetary": pa.array([row[1] for row in rows], pa.float64()),
    })  # fmt: skip


def model(p: float = 6.25, q: float = 3.74, gamma: float = 1544.0) -> GammaGamma:
    return GammaGamma.from_data({
        "method": "GammaGamma", "regularisation": 0.0, "parameters": {"p": p, "q": q, "gamma": gamma},
        "covariance": None, "log_likelihood": 0.0, "converged": True, "iterations": 1, "customers": 9, "warnings": [],
        "correlation": 0.0,
    })  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return play(
        customers=3000, seed=5, dropout="geometric", rate=(1.2, 40.0), leaving=(0.8, 4.0), spend=tuple(TRUTH.values())
    )


def test_cdnow_gives_the_published_parameters(real_data):
    fitted = GammaGamma().fit(cdnow(real_data).customers)
    assert fitted.converged_
    assert fitted.customers_ == 946
    assert (round(fitted.p_, 2), round(fitted.q_, 2), round(fitted.gamma_ / 100, 2)) == (6.25, 3.74, 15.44)
    # Note 025: the mean spend of the population, and the correlation that the model leaves out.
    assert fitted.mean_ == pytest.approx(3517, abs=2)
    assert round(fitted.correlation_, 2) == 0.11


@pytest.mark.parametrize(("x", "mean"), [(1, 3000.0), (4, 120.0), (12, 9000.0)])
def test_the_likelihood_is_that_of_the_model(x, mean):
    found = _log_likelihood(np.array([6.25, 3.74, 1544.0]), np.array([float(x)]), np.array([mean]))
    # The mean of x purchases of shape p and rate ν is gamma of shape p x and rate ν x.
    density = integrate.quad(
        lambda rate: stats.gamma.pdf(mean, 6.25 * x, scale=1 / (rate * x)) * stats.gamma.pdf(rate, 3.74, scale=1 / 1544),
        0, 0.2, limit=500, points=[6.25 / mean], epsabs=0, epsrel=1e-9,
    )[0]  # fmt: skip
    assert found.value == pytest.approx(np.log(density), abs=1e-6)


@pytest.mark.parametrize("parameters", [(6.25, 3.74, 1544.0), (0.4, 30.0, 90.0), (200.0, 0.6, 5.0)])
def test_gradient_and_hessian_are_those_of_the_likelihood(parameters):
    x, mean = np.array([1.0, 2.0, 2.0, 9.0]), np.array([800.0, 2500.0, 10.0, 1800.0])
    found = _log_likelihood(np.array(parameters), x, mean)
    assert found.gradient == pytest.approx(
        numeric_gradient(lambda point: _log_likelihood(point, x, mean).value, parameters), rel=1e-5
    )
    assert found.hessian == pytest.approx(
        numeric_gradient(lambda point: _log_likelihood(point, x, mean).gradient, parameters), rel=1e-5, abs=1e-9
    )


def test_a_customer_is_drawn_towards_the_mean_of_all():
    # Note 025, equation (5): weights of the population's mean and of the customer's own.
    own = 6.25 * 2 / (6.25 * 2 + 3.74 - 1)
    population = 6.25 * 1544 / 2.74
    found = model().predict(spenders((0, None), (2, 9000.0), (500, 9000.0)))["expected_spend"].to_pylist()
    assert found == pytest.approx([population, own * 9000 + (1 - own) * population, 9000.0], rel=2e-3)
    assert found[1] == pytest.approx(own * 9000 + (1 - own) * population)
    assert model().mean_ == pytest.approx(population)


def test_the_ends_of_the_intervals_have_their_shares():
    found = model().predict(spenders((0, None), (3, 2000.0)), coverage=0.8).to_pylist()
    for row, (x, mean) in zip(found, [(0, 0.0), (3, 2000.0)], strict=True):
        law = stats.gamma(6.25 * x + 3.74, scale=1 / (1544 + x * mean))
        for end, share in (("low", 0.1), ("high", 0.9)):
            assert law.sf(6.25 / row[f"mean_{end}"]) == pytest.approx(share)
            # The next purchase, over quantiles of ν.
            below = special.gammainc(6.25, law.ppf((np.arange(5000) + 0.5) / 5000) * row[f"next_{end}"])
            assert below.mean() == pytest.approx(share, abs=1e-5)


def test_the_true_parameters_lie_in_their_intervals(world):
    fitted = GammaGamma().fit(world.customers)
    found = {row["parameter"]: row for row in fitted.parameters(confidence=0.99).to_pylist()}
    assert all(found[name]["low"] < true < found[name]["high"] for name, true in TRUTH.items())


def test_intervals_of_parameters_cover_as_they_say():
    rng = np.random.Generator(np.random.Philox(3))
    covered = []
    for _ in range(200):
        x = 1 + rng.poisson(2.0, 400)
        rate = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], 400)
        mean = rng.gamma(TRUTH["p"] * x) / (rate * x)
        rows = GammaGamma().fit(spenders(*zip(x.tolist(), mean.tolist(), strict=True))).parameters(confidence=0.8)
        covered.append([row["low"] < TRUTH[row["parameter"]] < row["high"] for row in rows.to_pylist()])
    low, high = stats.binom.ppf([0.001, 0.999], 200, 0.8)
    assert all(low <= times <= high for times in np.sum(covered, axis=0))


def test_who_has_not_come_back_is_not_learned_from():
    some = spenders((3, 900.0), (1, 2500.0), (6, 1700.0), (2, 600.0))
    more = pa.concat_tables([some, spenders((0, None), (0, 0.0), (0, -5.0))])
    assert GammaGamma().fit(more).parameters() == GammaGamma().fit(some).parameters()


def test_amounts_all_alike_leave_the_parameters_open_and_the_fit_says_so():
    table = spenders(*[(2, 1000.0)] * 30)
    fitted = GammaGamma().fit(table)
    assert not fitted.converged_
    assert [warning.code for warning in fitted.warnings_] == ["lifetime.ran_away"]
    assert GammaGamma(regularisation=10.0).fit(table).converged_
    assert fitted.correlation_ == 0.0


def test_a_population_without_a_mean_has_none():
    # Sums of a law with q < 1: a few amounts without measure.
    rng = np.random.Generator(np.random.Philox(8))
    x = rng.integers(1, 6, 300)
    mean = 6 * 1000 / rng.gamma(0.5, 1.0, 300) * rng.gamma(6 * x) / (6 * x)
    table = spenders(*zip(x.tolist(), mean.tolist(), strict=True), (0, None))
    fitted = GammaGamma().fit(table)
    assert fitted.converged_
    assert fitted.q_ < 1
    assert fitted.mean_ is None
    (warning,) = fitted.warnings_
    assert warning.code == "lifetime.mean_is_infinite"
    assert warning.say("zh")
    found = fitted.predict(table)["expected_spend"]
    assert found.null_count == 1
    assert found[300].as_py() is None


@pytest.mark.parametrize(
    ("row", "code", "parameters"),
    [
        ((2, 0.0), "lifetime.spend_not_positive", {"customers": ["客2"]}),
        ((2, -10.0), "lifetime.spend_not_positive", {"customers": ["客2"]}),
        ((-1, 10.0), "lifetime.negative", {"column": "frequency", "customers": ["客2"]}),
        ((2, float("inf")), "lifetime.not_finite", {"column": "monetary", "customers": ["客2"]}),
        ((2, None), "errors.empty_values", {"table": "customers", "column": "monetary"}),
    ],
)
def test_an_impossible_amount_is_named(row, code, parameters):
    table = spenders((1, 10.0), (2, 10.0), row)
    for act in (GammaGamma().fit, model().predict):
        with pytest.raises(DataError) as raised:
            act(table)
        assert raised.value.code == code
        assert raised.value.message.parameters == {"rows": 1, **parameters}


def test_too_few_customers_are_refused():
    for rows, code in (
        ([], "lifetime.nobody_came_back"),
        ([(0, None)] * 3, "lifetime.nobody_came_back"),
        ([(2, 5.0), (0, None)], "lifetime.too_few"),
    ):
        with pytest.raises(DataError) as raised:
            GammaGamma().fit(spenders(*rows))
        assert raised.value.code == code


def test_an_empty_frequency_and_a_missing_column_are_refused():
    table = spenders((1, 10.0), (2, 20.0))
    with pytest.raises(DataError):
        GammaGamma().fit(table.set_column(1, "frequency", pa.array([1, None], pa.int64())))
    with pytest.raises(SchemaError):
        GammaGamma().fit(table.drop_columns(["monetary"]))


def test_nothing_is_said_before_fit():
    with pytest.raises(NotFittedError):
        GammaGamma().scale_of(spenders((1, 10.0)))
    with pytest.raises(NotFittedError):
        GammaGamma().parameters()


def test_a_model_comes_back_from_json_as_it_was(world):
    fitted = GammaGamma().fit(world.customers)
    again = GammaGamma.from_data(json.loads(json.dumps(fitted.as_data())))
    assert again.predict(world.customers) == fitted.predict(world.customers)
    assert (again.correlation_, again.mean_) == (fitted.correlation_, fitted.mean_)
