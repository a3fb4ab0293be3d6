"""Contracts: against the published example, brute force, a known world, and scipy's product-limit estimate."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.special import beta, hyp2f1

from guanxi.errors import DataError
from guanxi.mining.lifetime import BetaDiscreteWeibull, ShiftedBetaGeo, kaplan_meier
from guanxi.mining.lifetime.retention import contracts_of

# Survivors of 1,000 customers after 0 … 12 years; Fader & Hardie (2007), figure 1, of which seven years are fitted.
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


def contracts(periods, has_left):
    return pa.table(
        {
            "customer_id": [str(each) for each in range(len(periods))],
            "periods": pa.array(periods, pa.int64()),
            "has_left": pa.array(has_left, pa.bool_()),
        }
    )


def cohort(survivors, years=7):
    left = -np.diff(survivors[: years + 1])
    there = survivors[years]
    periods = [*np.repeat(np.arange(1, years + 1), left).tolist(), *[years] * there]
    return contracts(periods, [True] * int(left.sum()) + [False] * there)


def drawn(customers, a, b, c=1.0, seen=10, seed=1, together=False):
    """Customers whose own law is known: each leaves after period t with 1 − (1 − θ)^(t^c − (t−1)^c).

    They began in all periods, or together in the first.
    """
    random = np.random.default_rng(seed)
    stays = 1 - random.beta(a, b, customers)
    # The continuous time at which (stays)^(t^c) falls below a uniform, rounded up.
    time = (np.log(random.random(customers)) / np.log(stays)) ** (1 / c)
    age = seen if together else random.integers(1, seen + 1, customers)
    periods = np.ceil(np.minimum(time, 1e6)).astype(np.int64)
    return contracts(np.minimum(periods, age), periods <= age)


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta_", "log_likelihood"),
    [(HIGH_END, 0.668, 3.806, -1611.16), (REGULAR, 0.704, 1.182, -1680.27)],
    ids=["high end", "regular"],
)
def test_the_published_parameters_are_found(survivors, alpha, beta_, log_likelihood):
    model = ShiftedBetaGeo().fit(cohort(survivors))
    assert (round(model.alpha_, 3), round(model.beta_, 3)) == (alpha, beta_)
    assert round(model.log_likelihood_, 2) == log_likelihood
    assert model.converged_


def test_seven_years_project_the_next_five_within_the_paper_s_error():
    survival = ShiftedBetaGeo().fit(cohort(REGULAR)).retention(periods=12)["survival"].to_numpy()
    assert np.abs(survival[8:] * 1000 - REGULAR[8:]).max() < 5


def test_age_explains_the_high_end_better_and_is_surely_there():
    plain, aged = ShiftedBetaGeo().fit(cohort(HIGH_END)), BetaDiscreteWeibull().fit(cohort(HIGH_END))
    assert aged.log_likelihood_ - plain.log_likelihood_ > stats.chi2.ppf(0.99, 1) / 2
    assert aged.parameters()["low"][2].as_py() > 1


def test_without_ageing_both_models_are_one():
    plain = ShiftedBetaGeo.from_data(ShiftedBetaGeo().fit(cohort(REGULAR)).as_data())
    data = BetaDiscreteWeibull().fit(cohort(REGULAR)).as_data()
    data["parameters"] = {"gamma": plain.alpha_, "delta": plain.beta_, "c": 1.0}
    aged = BetaDiscreteWeibull.from_data(data)
    expected = [beta(plain.alpha_, plain.beta_ + t) / beta(plain.alpha_, plain.beta_) for t in range(9)]
    for model in (plain, aged):
        assert model.retention(periods=8)["survival"].to_pylist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("model", [ShiftedBetaGeo, BetaDiscreteWeibull])
def test_the_slopes_are_those_of_the_log_likelihood(model):
    found = model().fit(drawn(400, 1.2, 3.0, 1.3))
    few = contracts_of(drawn(60, 1.2, 3.0, 1.3, seed=4))
    at = found._parameters() * 1.2
    here = found._log_likelihood(at, few)
    step = 1e-5
    for place in range(len(at)):
        move = np.zeros(len(at))
        move[place] = step
        ahead, behind = (found._log_likelihood(at + sign * move, few) for sign in (1, -1))
        assert here.gradient[place] == pytest.approx((ahead.value - behind.value) / (2 * step), rel=1e-6)
        assert here.hessian[place] == pytest.approx((ahead.gradient - behind.gradient) / (2 * step), rel=1e-5)


def test_residual_lifetime_is_the_published_closed_form():
    model = ShiftedBetaGeo().fit(cohort(HIGH_END))
    a, b, rate = model.alpha_, model.beta_, 0.1
    there = contracts([0, 1, 5], [False] * 3)
    found = model.predict(there, horizon_periods=3000, discount_rate_per_period=rate)
    # Fader & Hardie (2010), equation (6), which counts a renewal that is due now and not yet discounted.
    due = [(b + n) / (a + b + n) * hyp2f1(1, b + n + 1, a + b + n + 1, 1 / (1 + rate)) for n in (0, 1, 5)]
    assert found["expected_periods"].to_pylist() == pytest.approx([each / (1 + rate) for each in due], rel=1e-9)
    assert found["p_renews_next"].to_pylist() == pytest.approx([(b + n) / (a + b + n) for n in (0, 1, 5)])


def test_who_has_left_is_told_nothing_more():
    model = ShiftedBetaGeo().fit(cohort(REGULAR))
    gone, there = model.predict(contracts([3, 3], [True, False])).to_pylist()
    assert set(gone.values()) == {"0", None}
    assert there["p_stays"] < there["p_renews_next"] < 1


@pytest.mark.parametrize(("a", "b", "c"), [(0.8, 2.5, 1.0), (1.5, 6.0, 1.4), (0.6, 1.5, 0.8)])
def test_true_parameters_lie_in_their_intervals(a, b, c):
    inside = []
    for seed in range(20):
        table = BetaDiscreteWeibull().fit(drawn(4000, a, b, c, seen=12, seed=seed)).parameters(confidence=0.95)
        low, high = table["low"].to_numpy(), table["high"].to_numpy()
        inside.append((low <= [a, b, c]) & ([a, b, c] <= high))
    # 60 intervals of 95 %: fewer than 51 inside would be a chance of about one in ten thousand.
    assert np.sum(inside) >= 51


@pytest.mark.parametrize(("c", "side"), [(1.5, 1), (0.67, -1)])
def test_six_periods_of_ten_thousand_contracts_tell_whether_customers_tire_or_grow_attached(c, side):
    for seed in range(10):
        table = drawn(10_000, 0.668, 3.806, c, seen=6, seed=seed, together=True)
        (found,) = (row for row in BetaDiscreteWeibull().fit(table).parameters().to_pylist() if row["parameter"] == "c")
        assert side * (found["low"] - 1) > 0
        assert side * (found["high"] - 1) > 0


def test_the_interval_of_a_parameter_of_which_nothing_is_known_has_no_end():
    data = BetaDiscreteWeibull().fit(cohort(REGULAR)).as_data()
    unsure = BetaDiscreteWeibull.from_data(data | {"covariance": np.diag([1e6, 1.0, 1.0]).tolist()})
    row = unsure.parameters().to_pylist()[0]
    assert (row["low"], row["high"]) == (0.0, np.inf)


def test_intervals_of_further_periods_cover_as_they_say():
    random = np.random.default_rng(8)
    model = ShiftedBetaGeo().fit(drawn(5000, 0.9, 3.0, seen=8, seed=8))
    stays = 1 - random.beta(0.9, 3.0, 40_000)
    lived = random.geometric(1 - stays)
    there = lived > 4
    further = np.minimum(lived[there] - 5, 12)
    found = model.predict(contracts([4] * int(there.sum()), [False] * int(there.sum())), horizon_periods=12)
    low, high = found["periods_low"][0].as_py(), found["periods_high"][0].as_py()
    covered = ((low <= further) & (further <= high)).mean()
    below, above = (further < low).mean(), (further > high).mean()
    assert covered >= 0.8 - 0.01
    assert max(below, above) <= 0.1 + 0.01


def test_what_was_seen_agrees_with_scipy():
    table = drawn(300, 0.9, 3.0, seed=2)
    periods, has_left = table["periods"].to_numpy(), table["has_left"].to_numpy()
    found = kaplan_meier(table, coverage=0.8)
    curve = stats.ecdf(stats.CensoredData(uncensored=periods[has_left], right=periods[~has_left])).sf
    assert found["survival"].to_pylist() == pytest.approx(curve.evaluate(found["period"].to_numpy()), rel=1e-12)
    expected = curve.confidence_interval(0.8, method="log-log")
    told = found.filter(found["survival_low"].is_valid())
    for end, other in (("survival_low", expected.low), ("survival_high", expected.high)):
        assert told[end].to_pylist() == pytest.approx(other.evaluate(told["period"].to_numpy()), rel=1e-9)


@pytest.mark.parametrize(
    ("periods", "has_left", "code"),
    [
        ([3, 2], [False, False], "lifetime.nobody_left"),
        ([1, 1, 1], [True, False, False], "lifetime.one_period"),
        ([0, 2], [True, False], "lifetime.left_before_a_period"),
        ([-1, 2], [False, True], "lifetime.negative"),
        ([2], [True], "lifetime.too_few"),
    ],
)
def test_what_cannot_be_is_refused(periods, has_left, code):
    with pytest.raises(DataError) as caught:
        ShiftedBetaGeo().fit(contracts(periods, has_left))
    assert caught.value.code == code


def test_where_everybody_leaves_alike_the_fit_says_that_it_ran_away():
    model = ShiftedBetaGeo().fit(contracts([2] * 50, [True] * 50))
    assert not model.converged_
    assert model.warnings_
    assert np.isfinite(model.predict(contracts([1], [False]))["expected_periods"].to_pylist()).all()


def test_a_saved_model_says_the_same():
    model = BetaDiscreteWeibull().fit(cohort(HIGH_END))
    table = contracts([0, 4], [False, False])
    assert BetaDiscreteWeibull.from_data(model.as_data()).predict(table).equals(model.predict(table))
