from dataclasses import replace

import pytest

from guanxi.errors import SettingError
from guanxi.simulate import (
    DISCOUNT_BUYERS,
    ONE_SEGMENT,
    SEGMENTS,
    BadOrders,
    Campaigns,
    Contracts,
    Dirt,
    Plan,
    Visits,
    company,
)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("customers", 0), ("customers", -5), ("seed", -1), ("days", 0), ("days", 4000), ("growth", -0.1),
        ("return_share", 1.5), ("dirt", 0.95), ("dirt", -0.1),
    ],
)  # fmt: skip
def test_a_number_out_of_range_is_refused_with_the_range(setting, value):
    with pytest.raises(SettingError) as refused:
        company(**{"customers": 10, "seed": 1, setting: value})
    assert refused.value.code == "simulate.out_of_range"
    assert "between" in refused.value.say("en")
    assert "之间" in refused.value.say("zh")


@pytest.mark.parametrize(("setting", "value"), [("language", "fr"), ("dropout", "weibull")])
def test_an_unknown_choice_is_refused_with_the_choices(setting, value):
    with pytest.raises(SettingError) as refused:
        company(**{"customers": 10, "seed": 1, setting: value})
    assert refused.value.code == "simulate.not_one_of"
    assert value in str(refused.value)


def test_segments_have_to_make_up_all_customers():
    with pytest.raises(SettingError) as refused:
        company(customers=10, seed=1, segments=SEGMENTS[:2])
    assert refused.value.code == "simulate.shares_do_not_add_up"
    assert "0.450" in str(refused.value)


def test_an_impossible_law_is_refused():
    with pytest.raises(SettingError):
        company(customers=10, seed=1, segments=(replace(ONE_SEGMENT[0], spend_spread=1.0),))


def test_a_number_for_dirt_means_dirt_like_a_shop():
    assert company(customers=1, seed=1, dirt=0.2).dirt == Dirt.like_a_shop(0.2) == Dirt(0.2, 0.02, 0.02, 0.1, 0.002)


def test_the_decimals_are_those_of_the_currency():
    assert company(customers=1, seed=1).decimals == 2
    assert company(customers=1, seed=1, currency="JPY").decimals == 0


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (BadOrders, "before_leaving", 1.0), (BadOrders, "otherwise", 0.0), (BadOrders, "sent_back", 1.1),
        (Visits, "per_order", -1), (Campaigns, "treated_share", 1.5), (Campaigns, "effect_new", -1.01),
        (Campaigns, "every_days", 7), (Campaigns, "channel_shares", (0.5, 0.5, 0.5)),
        (Contracts, "period_days", 0), (Contracts, "plans", (Plan("A", 0.7, 1, 1, 1), Plan("B", 0.7, 1, 1, 1))),
    ],
)  # fmt: skip
def test_an_impossible_law_of_what_happens_besides_orders_is_refused(kind, setting, value):
    with pytest.raises(SettingError) as refused:
        kind(**{setting: value})
    assert refused.value.code == "simulate.out_of_range"


def test_an_impossible_plan_is_refused():
    with pytest.raises(SettingError):
        Plan("A", 0.1, 0.0, 1.0, 100)


def test_discount_buyers_leave_four_times_as_fast():
    full, discount = (segment for segment in DISCOUNT_BUYERS)
    assert full.dropout_shape == discount.dropout_shape
    assert full.dropout_scale_days / discount.dropout_scale_days == 4
    assert (full.rate_shape, full.rate_scale_days) == (discount.rate_shape, discount.rate_scale_days)
    assert discount.price_level < full.price_level == 1
