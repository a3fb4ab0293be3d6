import datetime as dt

import numpy as np

from guanxi.simulate.parameters import EVERYDAY_MONTHS, GIFT_MONTHS
from guanxi.simulate.season import HOURS, UNITS_PER_DAY, WEEKDAYS, Clock

MONDAY = dt.date(2024, 1, 1)


def test_a_year_of_any_season_has_the_length_of_a_year():
    for months in (EVERYDAY_MONTHS, GIFT_MONTHS):
        clock = Clock(months, dt.date(2023, 1, 1), 365)
        assert abs(clock.total / UNITS_PER_DAY - 365) < 2  # 52 weeks and a day


def test_a_week_follows_the_weekdays_and_a_day_the_hours():
    clock = Clock((1.0,) * 12, MONDAY, 7)
    daily = np.diff(clock.units(np.arange(8) * 86_400))
    assert np.allclose(daily / daily.sum(), np.array(WEEKDAYS) / sum(WEEKDAYS), atol=1e-4)
    hourly = np.diff(clock.units(np.arange(25) * 3600))
    assert np.allclose(hourly / hourly.sum(), np.array(HOURS) / sum(HOURS), atol=1e-4)


def test_months_follow_their_factors():
    clock = Clock(GIFT_MONTHS, dt.date(2023, 1, 1), 365)
    january, february = (clock.units(np.array([day * 86_400]))[0] for day in (28, 31))
    four_weeks_of_january = january
    four_weeks_of_february = clock.units(np.array([59 * 86_400]))[0] - february
    assert abs(four_weeks_of_january / four_weeks_of_february - GIFT_MONTHS[0] / GIFT_MONTHS[1]) < 1e-3


def test_units_and_seconds_are_each_others_inverse():
    clock = Clock(EVERYDAY_MONTHS, MONDAY, 30)
    seconds = np.arange(0, 30 * 86_400, 977)
    back = clock.seconds(clock.units(seconds))
    assert (abs(back - seconds) <= 3600 // clock.weights.min() + 1).all()
    assert (np.diff(back) >= 0).all()


def test_the_last_unit_lies_before_the_end():
    clock = Clock(EVERYDAY_MONTHS, MONDAY, 3)
    assert clock.seconds(np.array([clock.total - 1]))[0] < 3 * 86_400
    assert clock.units(np.array([3 * 86_400]))[0] == clock.total
