"""One share of renewals at every age: tables worked by hand, and those of other programs."""

from __future__ import annotations

from math import log

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from guanxi.studies.retention.constant import Constancy


def constancy(at_risk: list[int], left: list[int]) -> Constancy:
    return Constancy.of(np.array(at_risk), np.array(left))


def said(found: Constancy, language: str) -> str:
    return found.in_words().say(language)


def test_two_ages_worked_by_hand():
    """Of 150 renewals 45 were not made, three in ten: 30 and 15 are expected, 40 and 5 were seen."""
    found = constancy([100, 50], [40, 5])
    statistic = 2 * (40 * log(40 / 30) + 60 * log(60 / 70) + 5 * log(5 / 15) + 45 * log(45 / 35))
    assert (found.statistic, found.degrees) == (pytest.approx(statistic, rel=1e-12), 1)
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-12)
    assert found.rejected


def test_seven_years_of_a_published_cohort():
    """The customers of the plan "regular" of Fader & Hardie (2007), as any program tests them."""
    left = np.array([369, 163, 86, 56, 37, 27, 21])
    at_risk = 1000 - np.concatenate(([0], np.cumsum(left)[:-1]))
    statistic, p_value, degrees, _ = stats.chi2_contingency([left, at_risk - left], lambda_="log-likelihood")
    found = Constancy.of(at_risk, left)
    assert (found.statistic, found.degrees) == (pytest.approx(statistic, rel=1e-10), degrees)
    assert found.p_value == pytest.approx(p_value, rel=1e-8)
    assert (said(found, "en"), said(found, "zh")) == ("p < 0.001", "p < 0.001")


def test_one_share_at_every_age_is_seen_as_such():
    found = constancy([1000, 800, 640], [200, 160, 128])
    assert (found.statistic, found.degrees, found.p_value) == (pytest.approx(0.0, abs=1e-9), 2, pytest.approx(1.0))
    assert said(found, "en") == "p = 1.000"
    assert not found.rejected


def test_ages_are_joined_until_five_of_each_kind_are_expected():
    # One in ten leaves: 50 renewals are needed. 60; 30 + 20; and 40, too few, which those before take.
    assert constancy([60, 30, 20, 40], [9, 3, 1, 2]) == constancy([60, 90], [9, 6])
    assert constancy([60, 30, 20, 40], [9, 3, 1, 2]).degrees == 1
    # Nine in ten leave: so that five renew, 50 are needed as well.
    assert constancy([60, 30, 20, 40], [51, 27, 19, 38]) == constancy([60, 90], [51, 84])


def test_an_age_at_which_nobody_leaves_counts_too():
    found = constancy([100, 100], [20, 0])
    assert found.statistic == pytest.approx(2 * (20 * log(2) + 80 * log(80 / 90) + 100 * log(100 / 90)))


@pytest.mark.parametrize(
    ("at_risk", "left"), [([90, 9], [9, 0]), ([40, 30], [0, 0]), ([40], [40]), ([], [])],
)  # fmt: skip
def test_where_there_are_not_two_groups_nothing_is_tested(at_risk, left):
    found = constancy(at_risk, left)
    assert found == Constancy(0.0, 0, 1.0)
    assert not found.rejected
    assert (said(found, "en"), said(found, "zh")) == ("too few to test", "数据太少，无法检验")


def test_renewals_of_a_table_are_those_that_came_up_at_each_age():
    periods, gone = [1] * 40 + [2] * 5 + [1] * 10 + [2] * 45, [True] * 45 + [False] * 55
    names = [str(each) for each in range(100)]
    table = pa.table({"customer_id": names, "periods": periods, "has_left": gone})
    assert Constancy.seen(table) == constancy([100, 50], [40, 5])


def test_where_the_share_is_constant_it_is_rejected_one_time_in_twenty():
    random = np.random.Generator(np.random.Philox(2))
    rejected = []
    for _ in range(2000):
        there, at_risk, left = 300, [], []
        while there and len(at_risk) < 12:
            gone = int(random.binomial(there, 0.15))
            at_risk.append(there)
            left.append(gone)
            there -= gone
        rejected.append(constancy(at_risk, left).rejected)
    assert 0.035 < np.mean(rejected) < 0.07
