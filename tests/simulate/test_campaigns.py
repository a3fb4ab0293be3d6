"""Campaigns: arms drawn by lot, effects as planted, nobody's orders moved."""

import numpy as np
import pytest

from guanxi.simulate import ONE_SEGMENT, Campaigns, Relations, company
from guanxi.simulate.campaigns import campaign_starts, channels, draw_campaigns
from guanxi.simulate.customers import draw_population
from guanxi.simulate.experience import own_orders
from guanxi.simulate.orders import draw_order_keys
from guanxi.simulate.visits import leaves_at

LAW = Campaigns(treated_share=0.6, effect_new=0.9, effect_established=-0.3, opened_shares=(0.2, 0.5, 0.9))


@pytest.fixture(scope="module", params=["pareto", "geometric"])
def shop(request):
    parameters = company(
        customers=20_000, seed=35, segments=ONE_SEGMENT, dropout=request.param, relations=Relations(campaigns=LAW)
    )
    population = draw_population(parameters)
    orders = own_orders(parameters, population, draw_order_keys(parameters, population))
    made = np.bincount(orders.customer, minlength=len(population))
    last = np.zeros(len(population), dtype=np.int64)
    last[orders.customer] = orders.second
    leaves = leaves_at(parameters, population, last, made)
    return parameters, population, orders, leaves, list(draw_campaigns(parameters, population, orders, leaves))


def stacked(campaigns):
    """Over all campaigns, one entry a customer × campaign: ordered, treated, is_new, b₁, b₀."""
    parts = []
    for each in campaigns:
        ordered = np.zeros(len(each.base))
        ordered[each.ordered_by] = 1
        parts.append((
            ordered, each.treated, each.is_new, each.base + 0.4 * each.effect, each.base - 0.6 * each.effect,
        ))  # fmt: skip
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def test_they_begin_at_ten_and_end_before_the_books(shop):
    parameters, *_, campaigns = shop
    starts = campaign_starts(parameters)
    assert [each // 86_400 for each in starts] == list(range(90, 716, 60))
    assert all(each % 86_400 == 36_000 for each in starts)
    assert [each.starts for each in campaigns] == starts
    assert campaigns[-1].ends < parameters.seconds


def test_everybody_who_had_joined_is_in_one_arm_and_nobody_else(shop):
    _, population, _, _, campaigns = shop
    for each in campaigns:
        assert len(each.treated) == (population.arrived < each.starts).sum()


def test_the_arm_is_drawn_by_lot_whoever_the_customer_is(shop):
    """The treated are a share e of any group, the past, the future and the hidden truth included: 28 z-scores."""
    _, population, orders, leaves, campaigns = shop
    for each in campaigns[::3]:
        count = len(each.treated)
        before = np.bincount(orders.customer[orders.second < each.starts], minlength=len(population))[:count]
        after = np.bincount(orders.customer[orders.second >= each.ends], minlength=len(population))[:count]
        facts = (
            np.ones(count), population.rate[:count], population.dropout[:count], before, after,
            leaves[:count] < each.starts, each.is_new,
        )  # fmt: skip
        for fact in (fact.astype(float) for fact in facts):
            z = (fact * (each.treated - 0.6)).sum() / (0.24 * (fact**2).sum()) ** 0.5
            assert abs(z) < 3.5


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("arm", [True, False])
def test_in_each_arm_as_many_order_as_the_truth_says(shop, new, arm):
    ordered, treated, is_new, with_message, without = stacked(shop[-1])
    mine = (is_new == new) & (treated == arm)
    chance = (with_message if arm else without)[mine]
    assert abs((ordered[mine] - chance).sum()) < 3.5 * (chance * (1 - chance)).sum() ** 0.5


@pytest.mark.parametrize(("new", "sign"), [(True, 1), (False, -1)])
def test_the_difference_of_the_arms_is_the_planted_effect(shop, new, sign):
    """The effect estimated as in any experiment, within its interval of the mean true effect, and not of zero."""
    ordered, treated, is_new, with_message, without = stacked(shop[-1])
    mine = is_new == new
    shares = [ordered[mine & (treated == arm)] for arm in (True, False)]
    estimate = shares[0].mean() - shares[1].mean()
    error = sum(each.var() / len(each) for each in shares) ** 0.5
    assert abs(estimate - (with_message - without)[mine].mean()) < 3.29 * error
    assert sign * estimate > 3.29 * error


def test_probabilities_are_probabilities_and_who_has_left_is_not_moved(shop):
    _, _, _, leaves, campaigns = shop
    for each in campaigns:
        treated, control = each.base + 0.4 * each.effect, each.base - 0.6 * each.effect
        assert min(treated.min(), control.min()) >= 0
        assert max(treated.max(), control.max()) <= 1
        gone = leaves[: len(each.base)] < each.starts
        assert (each.base[gone] == 0).all()


def test_the_first_order_within_the_days_is_what_answers(shop):
    _, _, orders, _, campaigns = shop
    each = campaigns[4]
    second, customer = orders.second[each.first_order], orders.customer[each.first_order]
    assert np.array_equal(customer, each.ordered_by)
    assert ((second >= each.starts) & (second < each.ends)).all()
    inside = (orders.second >= each.starts) & (orders.second < each.ends)
    for who, at in zip(customer.tolist(), second.tolist(), strict=True):
        assert orders.second[inside & (orders.customer == who)].min() == at


def test_messages_are_opened_as_often_as_the_channel_is(shop):
    parameters, population, _, leaves, campaigns = shop
    wants = channels(parameters, population)
    assert np.allclose(np.bincount(wants) / len(wants), LAW.channel_shares, atol=0.012)
    for channel, share in enumerate(LAW.opened_shares):
        for gone, factor in ((False, 1.0), (True, 0.2)):
            opened = asked = 0
            for each in campaigns:
                count = len(each.treated)
                mine = (wants[:count] == channel) & ((leaves[:count] < each.starts) == gone)
                asked += (each.treated & mine).sum()
                opened += mine[each.opened_by].sum()
            chance = share * factor
            assert abs(opened - asked * chance) < 3.5 * (asked * chance * (1 - chance)) ** 0.5


def test_only_who_was_written_to_opens_and_within_two_days(shop):
    for each in shop[-1]:
        assert each.treated[each.opened_by].all()
        assert ((each.opened_at >= each.starts + 60) & (each.opened_at < each.starts + 2 * 86_400)).all()
