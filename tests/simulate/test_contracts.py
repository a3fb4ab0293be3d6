"""Contracts end with the planted hazard."""

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import betaln

from guanxi.simulate import PLANS, Contracts, Plan, Relations, company
from guanxi.simulate.contracts import draw_subscriptions
from guanxi.simulate.customers import draw_population

LAW = Contracts(plans=(Plan("A", 0.5, 0.704, 1.182, 3900), Plan("B", 0.4, 0.668, 3.806, 9900)))


@pytest.fixture(scope="module")
def shop():
    parameters = company(customers=20_000, seed=37, relations=Relations(contracts=LAW))
    population = draw_population(parameters)
    return parameters, population, draw_subscriptions(parameters, population)


def seen(parameters, held, plan):
    """Renewals of each contract that the books see, and whether the last one seen was its end."""
    mine = held.plan == plan
    whole = (parameters.days - 1 - held.begun_day[mine]) // 30
    return np.minimum(held.periods[mine], whole), held.periods[mine] <= whole


@pytest.mark.parametrize("plan", [0, 1])
@pytest.mark.parametrize("renewal", [1, 2, 3, 6, 12])
def test_at_each_renewal_as_many_cancel_as_the_law_says(shop, plan, renewal):
    renewals, ended = seen(shop[0], shop[2], plan)
    reached = renewals >= renewal
    cancelled = ended & (renewals == renewal)
    low, high = stats.binomtest(int(cancelled.sum()), int(reached.sum())).proportion_ci(0.999)
    assert low <= LAW.plans[plan].hazard(renewal) <= high


@pytest.mark.parametrize("plan", [0, 1])
def test_the_parameters_are_found_again_by_maximum_likelihood(shop, plan):
    """Equations (5) and (6) of Fader & Hardie (2007); the truth within the 95 % region of the likelihood ratio."""
    renewals, ended = seen(shop[0], shop[2], plan)

    def minus_log_likelihood(log_parameters):
        alpha, beta = np.exp(log_parameters)
        died = betaln(alpha + 1, beta + renewals - 1) - betaln(alpha, beta)
        lives = betaln(alpha, beta + renewals) - betaln(alpha, beta)
        return -np.where(ended, died, lives).sum()

    truth = np.log([LAW.plans[plan].alpha, LAW.plans[plan].beta])
    best = optimize.minimize(minus_log_likelihood, truth, method="Nelder-Mead")
    assert best.success
    assert 2 * (minus_log_likelihood(truth) - best.fun) < stats.chi2.ppf(0.95, 2)


def test_as_many_hold_a_plan_as_planted(shop):
    parameters, population, held = shop
    early = population.arrived[held.customer] // 86_400 < parameters.days - 60
    asked = (population.arrived // 86_400 < parameters.days - 60).sum()
    for plan, law in enumerate(LAW.plans):
        low, high = stats.binomtest(int((early & (held.plan == plan)).sum()), int(asked)).proportion_ci(0.999)
        assert low <= law.share <= high


def test_a_contract_begins_in_the_sixty_days_from_joining_on(shop):
    parameters, population, held = shop
    delay = held.begun_day - population.arrived[held.customer] // 86_400
    assert (delay.min(), delay.max()) == (0, 59)
    assert held.begun_day.max() < parameters.days
    assert np.unique(held.customer).size == len(held.customer)


def test_cancelling_has_nothing_to_do_with_buying(shop):
    _, population, held = shop
    ranks = stats.spearmanr(held.cancellation, population.rate[held.customer])
    assert ranks.pvalue > 0.001


def test_the_default_plans_are_those_of_the_paper():
    """Of the first year, α and β as published give retention rates β/(α + β)."""
    assert [round(1 - plan.hazard(1), 3) for plan in PLANS] == [0.627, 0.851]
