"""Planted associations are found among all pairs of products, and chance ones are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from guanxi.mining.association import frequent_itemsets, rules
from guanxi.simulate import ONE_SEGMENT, company
from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import draw_population
from guanxi.simulate.pairs import true_pairs
from simulate.worlds import baskets

COMPANIES = 8
PLANTED = {
    frozenset(catalogue().codes[catalogue().family_first[family]] for family in (pair.product, pair.companion))
    for pair in catalogue().pairs
}


@dataclass(frozen=True)
class Rule:
    """A found rule between two things, beside the truth."""

    pair: frozenset[str]
    p: float
    q: float
    lift: float
    confidence: tuple[float, float]
    true_lift: float
    true_confidence: float

    @property
    def is_planted(self) -> bool:
        return self.pair in PLANTED


@cache
def found(seed: int, *, tastes: bool) -> list[Rule]:
    """All rules between two things in a company whose customers are rich, so that no budget ends."""
    segment = replace(ONE_SEGMENT[0], spend_mean=1e7, spend_spread=50.0)
    if not tastes:
        segment = replace(segment, favourite_share=0.0, second_share=0.0)
    shop = company(customers=2_000, seed=seed, segments=(segment,))
    table, keys = baskets(shop)
    truth = {
        frozenset((row["product_id"], row["companion_id"])): row
        for row in true_pairs(shop, draw_population(shop), keys).to_pylist()
    }
    made = rules(frequent_itemsets(table, min_support=1, max_length=2)).to_pylist()
    told = []
    for row in made:
        pair = frozenset((row["antecedent"][0], row["consequent"][0]))
        true = truth[pair]
        told.append(Rule(
            pair=pair, p=row["p"], q=row["q"], lift=row["lift"],
            confidence=(row["confidence_low"], row["confidence_high"]), true_lift=true["expected_lift"],
            true_confidence=true["expected_support"] * len(keys) / row["antecedent_count"],
        ))  # fmt: skip
    return told


@pytest.fixture(params=range(COMPANIES))
def by_chance(request) -> list[Rule]:
    """Where all but the planted pairs meet by chance."""
    return found(request.param, tastes=False)


def test_every_planted_pair_is_found_in_both_directions(by_chance):
    assert len(by_chance) > 12_000
    assert sum(rule.is_planted and rule.q < 0.05 for rule in by_chance) == 2 * len(PLANTED) == 12


def test_the_false_discoveries_are_no_larger_a_share_than_q_says():
    for level in (0.05, 0.2):
        shares = []
        for seed in range(COMPANIES):
            said = [rule for rule in found(seed, tastes=False) if rule.q < level]
            shares.append(sum(not rule.is_planted for rule in said) / len(said))
        assert np.mean(shares) <= level


def test_p_values_of_chance_pairs_are_no_smaller_than_chance_makes_them(by_chance):
    p = np.array([rule.p for rule in by_chance if not rule.is_planted])
    for level in (0.001, 0.01, 0.05, 0.2):
        # Both directions of a pair have one p.
        assert (p <= level).sum() / 2 <= stats.binom.ppf(0.999, len(p) // 2, level)
    assert (p <= 0.05).mean() > 0.01


def test_the_lift_of_planted_pairs_is_the_true_one(by_chance):
    for rule in by_chance:
        if rule.is_planted:
            assert rule.lift == pytest.approx(rule.true_lift, rel=0.25)
            assert rule.true_lift > 3


def test_the_interval_of_a_confidence_holds_the_truth_in_95_percent_of_the_rules():
    """Of rules that can be counted well; the antecedent's baskets are those that were seen."""
    inside = []
    for seed in range(COMPANIES):
        for rule in found(seed, tastes=False):
            if rule.true_confidence > 0.05:
                low, high = rule.confidence
                inside.append(low <= rule.true_confidence <= high)
    assert len(inside) > 500
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_with_tastes_what_is_found_goes_together_in_truth():
    """Things of one category do, for the same customers like them; things that repel each other are not found."""
    for seed in range(3):
        said = [rule for rule in found(seed, tastes=True) if rule.q < 0.05]
        assert {rule.pair for rule in said if rule.is_planted} == PLANTED
        assert len(said) > 500
        assert np.mean([rule.true_lift <= 1 for rule in said]) <= 0.05


def test_in_an_ordinary_company_the_planted_pairs_stand_out():
    """With all segments, tastes, sizes, small budgets: of the surest rules those with the highest lift."""
    table, _ = baskets(company(customers=4_000, seed=3))
    sure = rules(frequent_itemsets(table, min_support=0.0005, max_length=2)).to_pylist()
    sure = sorted((row for row in sure if row["q"] < 0.001), key=lambda row: -row["lift"])
    top = {frozenset((row["antecedent"][0], row["consequent"][0])) for row in sure[: 2 * len(PLANTED)]}
    assert len(top & PLANTED) >= 4
    assert {frozenset((row["antecedent"][0], row["consequent"][0])) for row in sure} >= PLANTED


def test_the_same_baskets_in_another_order_give_the_same_rules():
    table, _ = baskets(company(customers=300, seed=1))
    mixed = table.take(pa.array(np.random.Generator(np.random.Philox(1)).permutation(table.num_rows)))
    first, second = (rules(frequent_itemsets(each, min_support=2, max_length=2)) for each in (table, mixed))
    assert first == second
