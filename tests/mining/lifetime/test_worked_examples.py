"""Worked examples of Fader & Hardie's notes and of the packages that follow them, and closed forms that they printed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, hyperu, log_expit

from guanxi.errors import SettingError
from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD, lifetime_value
from mining.lifetime.worlds import histories, play

WEEKS_A_YEAR = 365 / 7


def known(law, **parameters: float):
    """A law with known parameters, in whatever unit of time they and the histories are."""
    return law.from_data({
        "method": law.__name__, "regularisation": 0.0, "parameters": parameters, "covariance": None,
        "log_likelihood": 0.0, "converged": True, "iterations": 1, "customers": 100, "warnings": [],
    })  # fmt: skip


def test_the_first_customer_of_cdnow_in_the_note_on_excel():
    """Fader, Hardie & Lee (2005), brucehardie.com/notes/004: x = 2, t = 30.43, T = 38.86 weeks; 39 weeks ahead."""
    law = known(BetaGeoNBD, r=0.243, alpha=4.414, a=0.793, b=2.426)
    found = law.expected_purchases(histories((2, 30.43, 38.86)), horizon_days=39.0)
    assert round(found["expected_purchases"][0].as_py(), 3) == 1.226


def test_p_alive_is_the_formula_of_the_note_on_it():
    """Fader, Hardie & Lee (2008), brucehardie.com/notes/021, for a customer who came back and for one who did not."""
    r, alpha, a, b = 0.243, 4.414, 0.793, 2.426
    found = known(BetaGeoNBD, r=r, alpha=alpha, a=a, b=b).probability_alive(
        histories((2, 30.43, 38.86), (0, 0.0, 38.9))
    )
    here = 1 / (1 + a / (b + 1) * ((alpha + 38.86) / (alpha + 30.43)) ** (r + 2))
    assert found["p_alive"].to_pylist() == pytest.approx([here, 1.0], rel=1e-12)


def test_p_alive_of_the_manual_of_btyd():
    """Dziurzynski, Wadsworth, Fader, Feit & Hardie, BTYD, pnbd.PAlive: 0.2924031 of who never came back in 39 weeks."""
    law = known(ParetoNBD, r=0.55, alpha=10.56, s=0.61, beta=11.64)
    assert round(law.probability_alive(histories((0, 0.0, 39.0)))["p_alive"][0].as_py(), 7) == 0.2924031


DERT = [(7, 35.0, 77.86), (1, 30.0, 77.86), (0, 0.0, 77.86), (3, 77.0, 77.86)]


def test_residual_transactions_of_pareto_nbd_are_the_published_closed_form():
    """Fader, Hardie & Lee (2005), RFM and CLV, equation (2), at 15 % a year, which is .0027 a week."""
    r, alpha, s, b = 0.5629966, 12.5590370, 0.4081095, 10.5148048
    law, force = known(ParetoNBD, r=r, alpha=alpha, s=s, beta=b), 0.0027
    # A "day" of the model is a week here.
    found = law.discounted_purchases(
        histories(*DERT), horizon_days=math.inf, annual_discount_rate=math.expm1(force * 365)
    )
    assert math.expm1(force * WEEKS_A_YEAR) == pytest.approx(0.15, abs=0.002)
    x, age = np.array([row[0] for row in DERT]), 77.86
    alive = law.probability_alive(histories(*DERT))["p_alive"].to_numpy()
    closed = alive * (r + x) / (alpha + age) * (b + age) ** s * force ** (s - 1) * hyperu(s, s, force * (b + age))
    assert found["discounted_purchases"].to_numpy() == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("row", [(0, 0.0, 200.0), (5, 100.0, 350.0), (60, 340.0, 350.0), (1500, 340.0, 350.0)])
@pytest.mark.parametrize("a", [0.2, 0.8, 3.0, 20.0])
@pytest.mark.parametrize("rate", [0.5, 0.1, 0.03])
def test_residual_transactions_of_bg_nbd_are_those_of_the_model(row, a, rate):
    """Of who buys at rate λ and leaves with probability p they are λ/(δ + pλ), here mixed by brute force.

    By the trapezoidal rule in log λ and logit p, which for such laws is exact to the last digits.
    """
    r, alpha, b = 0.5, 30.0, 2.5
    law, force = known(BetaGeoNBD, r=r, alpha=alpha, a=a, b=b), math.log1p(rate) / 365
    shape, stays = r + row[0], b + row[0]
    log_pace = math.log(shape) + np.arange(-80, 30, 0.1) / min(math.sqrt(shape), shape)
    chances = shape * log_pace - np.exp(log_pace)
    chances = np.exp(chances - chances.max())
    paces = np.exp(log_pace) / (alpha + row[2])
    logit = math.log(a / stays) + np.arange(-80 / min(a, 1), 80, 0.1)
    leaving = a * log_expit(logit) + stays * log_expit(-logit)
    leaving = np.exp(leaving - leaving.max())
    mixed = leaving @ (paces / (force + expit(logit)[:, None] * paces)) @ chances / leaving.sum() / chances.sum()
    alive = law.probability_alive(histories(row))["p_alive"][0].as_py()
    found = law.discounted_purchases(histories(row), horizon_days=math.inf, annual_discount_rate=rate)
    assert found["discounted_purchases"][0].as_py() == pytest.approx(alive * mixed, rel=1e-9)


@pytest.mark.parametrize("law", [BetaGeoNBD, ModifiedBetaGeoNBD])
@pytest.mark.parametrize("days", [90.0, 1095.0])
def test_discounting_is_the_sum_over_many_short_horizons(law, days):
    fitted = known(law, r=0.243, alpha=30.9, a=0.793, b=2.426)
    table = histories((0, 0.0, 200.0), (5, 100.0, 350.0), (60, 340.0, 350.0))
    found = fitted.discounted_purchases(table, horizon_days=days, annual_discount_rate=0.1)
    edges = days * np.linspace(0, 1, 200)[1:] ** 2
    counts = [fitted.expected_purchases(table, horizon_days=edge)["expected_purchases"].to_numpy() for edge in edges]
    middle = 1.1 ** (-(edges + np.concatenate(([0.0], edges[:-1]))) / 2 / 365)
    each = np.diff(counts, axis=0, prepend=np.zeros((1, 3)))
    assert found["discounted_purchases"].to_numpy() == pytest.approx(middle @ each, rel=1e-5)


def test_an_endless_horizon_needs_a_rate():
    law = known(BetaGeoNBD, r=0.243, alpha=30.9, a=0.793, b=2.426)
    with pytest.raises(SettingError):
        law.discounted_purchases(histories((1, 5.0, 9.0)), horizon_days=math.inf, annual_discount_rate=0.0)


def test_lifetime_values_lie_in_their_intervals_as_often_as_they_say_and_come_true_together():
    """A world played on for three years; undiscounted, which is what can be seen of it without the days."""
    world = play(customers=3000, seed=8, dropout="geometric", rate=(1.0, 40.0), leaving=(0.8, 3.0), later=1095.0)
    law, spend = BetaGeoNBD().fit(world.customers), GammaGamma().fit(world.customers)
    plain, discounted = (
        lifetime_value(law, spend, world.customers, horizon_days=1095.0, annual_discount_rate=rate)
        for rate in (0.0, 0.1)
    )
    low, high = (plain[name].to_numpy() for name in ("value_low", "value_high"))
    inside = (low <= world.later_amount) & (world.later_amount <= high)
    assert 0.78 < inside.mean() < 0.95
    assert (world.later_amount > high).mean() == pytest.approx(0.1, abs=0.025)
    value = plain["lifetime_value"].to_numpy()
    for group in np.array_split(np.argsort(value, kind="stable"), 5):
        error = world.later_amount[group].std() / np.sqrt(len(group))
        assert world.later_amount[group].mean() == pytest.approx(value[group].mean(), abs=4 * error)
    shares = discounted["lifetime_value"].to_numpy() / value
    assert (shares > 1.1**-3).all()
    assert (shares < 1).all()
    assert discounted["value_high"].to_numpy() == pytest.approx(high * shares)
    endless = lifetime_value(law, spend, world.customers, horizon_days=math.inf, annual_discount_rate=0.1)
    assert (endless["lifetime_value"].to_numpy() > discounted["lifetime_value"].to_numpy()).all()
    assert endless["value_low"].null_count == endless.num_rows
