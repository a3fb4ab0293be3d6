"""BG/BB: against the published example, enumeration, and a known world."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import beta

from guanxi.errors import DataError
from guanxi.mining.lifetime import BetaGeoBetaBinomial
from guanxi.mining.lifetime.beta_geo_beta_binomial import _log_likelihood, _read

# Yearly donations after a first one: frequency, recency, donors, of six years; Fader, Hardie & Shang (2010), table 1.
DONORS = [
    (6, 6, 1203), (5, 6, 728), (4, 6, 512), (3, 6, 357), (2, 6, 234), (1, 6, 129), (5, 5, 335), (4, 5, 284), (3, 5, 225),
    (2, 5, 173), (1, 5, 119), (4, 4, 240), (3, 4, 181), (2, 4, 155), (1, 4, 78), (3, 3, 322), (2, 3, 255), (1, 3, 129),
    (2, 2, 613), (1, 2, 277), (1, 1, 1091), (0, 0, 3464),
]  # fmt: skip


def histories(frequency, recency, age):
    return pa.table(
        {
            "customer_id": [str(each) for each in range(len(frequency))],
            "frequency": pa.array(frequency, pa.int64()),
            "recency_periods": pa.array(recency, pa.int64()),
            "age_periods": pa.array(age, pa.int64()),
        }
    )


@pytest.fixture(scope="module")
def donors():
    frequency, recency, count = np.array(DONORS).T
    return histories(np.repeat(frequency, count), np.repeat(recency, count), [6] * int(count.sum()))


@pytest.fixture(scope="module")
def model(donors):
    return BetaGeoBetaBinomial().fit(donors)


def drawn(customers, parameters, most=12, seed=1):
    """Histories of customers whose law is known, and what they did at the next five opportunities."""
    a, b, c, d = parameters
    random = np.random.default_rng(seed)
    buys, leaves = random.beta(a, b, customers), random.beta(c, d, customers)
    age = random.integers(1, most + 1, customers)
    lived = random.geometric(leaves) - 1
    at = np.arange(1, most + 6)
    bought = (random.random((customers, len(at))) < buys[:, None]) & (at <= lived[:, None])
    known = bought & (at <= age[:, None])
    ahead = bought & (at > age[:, None]) & (at <= age[:, None] + 5)
    return histories(known.sum(axis=1), (known * at).max(axis=1), age), ahead.sum(axis=1)


def test_the_published_parameters_are_found(model):
    assert model.customers_ == 11_104
    assert [round(each["value"], 3) for each in model.parameters().to_pylist()] == [1.204, 0.750, 0.657, 2.783]
    assert round(model.log_likelihood_, 1) == -33225.6


@pytest.mark.parametrize(("frequency", "recency", "expected"), [(0, 0, 0.07), (6, 6, 3.75)])
def test_the_published_expectations_for_the_next_five_years(model, frequency, recency, expected):
    found = model.predict(histories([frequency], [recency], [6]), horizon_periods=5)
    assert round(found["expected_purchases"][0].as_py(), 2) == expected


def likelihood_of(bought, parameters):
    """Of one row of yes and no, by enumerating after which opportunity he left."""
    a, b, c, d = parameters
    total = 0.0
    for lived in range(len(bought) + 1):
        if any(bought[lived:]):
            continue
        x = sum(bought[:lived])
        # Gone before opportunity lived + 1, or still there after the last.
        leaves = beta(c + 1, d + lived) if lived < len(bought) else beta(c, d + lived)
        total += beta(a + x, b + lived - x) / beta(a, b) * leaves / beta(c, d)
    return total


def test_the_likelihood_is_that_of_enumeration(model):
    parameters = model._parameters()
    rows = list(product([False, True], repeat=4))
    assert sum(likelihood_of(row, parameters) for row in rows) == pytest.approx(1, rel=1e-12)
    for row in rows:
        x, last = sum(row), max((place + 1 for place, each in enumerate(row) if each), default=0)
        found = _log_likelihood(parameters, _read(histories([x], [last], [4]))).value
        assert found == pytest.approx(np.log(likelihood_of(row, parameters)), rel=1e-10)


def test_what_is_foreseen_is_that_of_enumeration(model):
    parameters, past = model._parameters(), (True, False, True, False)
    before = likelihood_of(past, parameters)
    ahead = {row: likelihood_of(past + row, parameters) / before for row in product([False, True], repeat=3)}
    found = model.predict(histories([2], [3], [4]), horizon_periods=3).to_pylist()[0]
    assert found["expected_purchases"] == pytest.approx(sum(sum(row) * each for row, each in ahead.items()), rel=1e-10)


def test_the_slopes_are_those_of_the_log_likelihood():
    table, _ = drawn(60, (1.2, 0.8, 0.7, 2.5), seed=4)
    read, at, step = _read(table), np.array([0.9, 1.1, 0.8, 3.0]), 1e-5
    here = _log_likelihood(at, read)
    for place in range(4):
        move = np.zeros(4)
        move[place] = step
        ahead, behind = (_log_likelihood(at + sign * move, read) for sign in (1, -1))
        assert here.gradient[place] == pytest.approx((ahead.value - behind.value) / (2 * step), rel=1e-6)
        assert here.hessian[place] == pytest.approx((ahead.gradient - behind.gradient) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("truth", [(1.2, 0.75, 0.66, 2.8), (0.8, 3.0, 0.9, 6.0), (2.0, 2.0, 1.5, 10.0)])
def test_true_parameters_lie_in_their_intervals(truth):
    inside = []
    for seed in range(15):
        table = BetaGeoBetaBinomial().fit(drawn(3000, truth, seed=seed)[0]).parameters(confidence=0.95)
        inside.append((table["low"].to_numpy() <= truth) & (truth <= table["high"].to_numpy()))
    # 60 intervals of 95 %, four of a fit correlated: fewer than 49 inside would be very unlikely.
    assert np.sum(inside) >= 49


def test_intervals_cover_and_totals_come():
    table, ahead = drawn(20_000, (1.2, 0.75, 0.66, 2.8), seed=9)
    found = BetaGeoBetaBinomial().fit(table).predict(table, horizon_periods=5)
    low, high = found["purchases_low"].to_numpy(), found["purchases_high"].to_numpy()
    assert ((low <= ahead) & (ahead <= high)).mean() >= 0.8
    assert max((ahead < low).mean(), (ahead > high).mean()) <= 0.1
    assert found["expected_purchases"].to_numpy().sum() == pytest.approx(ahead.sum(), rel=0.03)


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "code"),
    [
        ([2, 1], [3, 1], [2, 4], "lifetime.periods_beyond_age"),
        ([3, 1], [2, 1], [4, 4], "lifetime.purchases_and_periods"),
        ([0, 1], [2, 1], [4, 4], "lifetime.purchases_and_periods"),
        ([-1, 1], [0, 1], [4, 4], "lifetime.negative"),
        ([0, 0], [0, 0], [4, 4], "lifetime.nobody_came_back"),
        ([1], [1], [4], "lifetime.too_few"),
    ],
)
def test_what_cannot_be_is_refused(frequency, recency, age, code):
    with pytest.raises(DataError) as caught:
        BetaGeoBetaBinomial().fit(histories(frequency, recency, age))
    assert caught.value.code == code


def test_a_saved_model_says_the_same(model, donors):
    again = BetaGeoBetaBinomial.from_data(model.as_data())
    assert again.predict(donors.slice(0, 50)).equals(model.predict(donors.slice(0, 50)))
