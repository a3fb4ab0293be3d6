"""Rules: what is more than chance is found, what is chance or said already is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from guanxi.mining.association import frequent_itemsets, rules
from guanxi.studies.affinity import learn as module
from guanxi.studies.affinity.learn import learn, least_count, lift_low
from studies.affinity.shops import baskets, chance


def told(rules):
    return {(tuple(row["antecedent"]), tuple(row["consequent"])) for row in rules.to_pylist()}


def test_products_that_stand_by_themselves_give_hardly_a_rule():
    learned = learn(baskets(*chance(3000, 30, seed=4)))
    assert learned.tested > 5000
    assert learned.found <= 2
    assert learned.pairs.num_rows == 0


def test_a_planted_pair_is_found_both_ways_with_its_counts():
    held = chance(2000, 20, seed=1)
    for number in range(0, 2000, 10):
        held[number] += ["tea", "cup"]
    for number in range(5, 2000, 20):
        held[number].append("tea")
    learned = learn(baskets(*held))
    assert {(("tea",), ("cup",)), (("cup",), ("tea",))} <= told(learned.pairs)
    row = next(each for each in learned.pairs.to_pylist() if each["antecedent"] == ["tea"])
    assert (row["count"], row["antecedent_count"], row["consequent_count"]) == (200, 300, 200)
    assert row["confidence"] == pytest.approx(2 / 3)
    assert row["lift"] == pytest.approx(2 / 3 / (200 / learned.baskets))
    assert row["q"] < 1e-100


def test_a_third_product_that_adds_nothing_makes_no_rule_of_its_own():
    held = chance(4000, 6, seed=3, chance=0.3)
    for number in range(0, 4000, 10):
        held[number] += ["tea", "cup"]
    for number in range(5, 4000, 20):
        held[number].append("tea")
    found = told(learn(baskets(*held)).rules)
    assert (("tea",), ("cup",)) in found
    assert [rule for rule in found if "tea" in rule[0] and len(rule[0]) > 1 and rule[1] == ("cup",)] == []


def test_what_only_two_together_lead_to_is_found():
    held = chance(2000, 5, seed=3)
    held += [["flour", "yeast", "salt"]] * 100 + [["flour"]] * 300 + [["yeast"]] * 300
    assert (("flour", "yeast"), ("salt",)) in told(learn(baskets(*held)).rules)


def test_rules_come_by_what_is_certain_of_their_lift():
    learned = learn(baskets(*(chance(500, 10, seed=2) + [["a", "b"]] * 60 + [["c", "d"]] * 12)))
    low = lift_low(learned.rules)
    assert low.tolist() == sorted(low, reverse=True)
    assert learned.rules.num_rows == learned.found


def test_only_the_strongest_are_kept(monkeypatch):
    held = chance(500, 10, seed=2) + [["a", "b"]] * 60 + [["c", "d"]] * 12
    everything = learn(baskets(*held))
    monkeypatch.setattr(module, "MOST_RULES", 1)
    learned = learn(baskets(*held))
    assert learned.rules.num_rows == 1
    assert learned.found == everything.found
    assert learned.rules.equals(everything.rules.slice(0, 1))
    assert learned.pairs.equals(everything.pairs)


def test_the_least_support_rises_until_there_are_not_too_many_sets(monkeypatch):
    table = baskets(*chance(600, 15, seed=5, chance=0.4))
    assert learn(table).least == 10
    monkeypatch.setattr(module, "_MOST_SETS", 100)
    learned = learn(table)
    assert learned.itemsets.num_rows <= 100
    all_sets = frequent_itemsets(table, min_support=learned.least, max_length=3)
    assert len(all_sets) <= learned.itemsets.num_rows
    assert sum(count >= learned.least for count in learned.itemsets["count"].to_pylist()) == len(all_sets)


def test_the_number_of_tests_is_that_of_all_candidates():
    table = baskets(*chance(400, 8, seed=6, chance=0.4))
    assert learn(table).tested == rules(frequent_itemsets(table, min_support=10, max_length=3)).num_rows


@pytest.mark.parametrize(("count", "least"), [(1, 10), (20_000, 10), (20_001, 11), (1_000_000, 500)])
def test_ten_baskets_or_one_in_two_thousand_are_needed(count, least):
    assert least_count(count) == least


@pytest.mark.parametrize("held", [[], [["a"]], [["a", "b"]] * 9, [["a"], ["b"]] * 50])
def test_little_is_no_error_and_no_rule(held):
    learned = learn(baskets(*held))
    assert (learned.rules.num_rows, learned.pairs.num_rows, learned.found) == (0, 0, 0)
    assert learned.rules.schema == module.RULES


def test_the_same_baskets_in_another_order_give_the_same():
    table = baskets(*(chance(500, 10, seed=2) + [["a", "b"]] * 60))
    assert learn(table).rules.equals(learn(table.take(list(reversed(range(table.num_rows))))).rules)


def test_productive_is_by_the_exact_binomial_test_of_scipy():
    random = np.random.default_rng(4)
    trials = random.integers(10, 400, 300)
    count = random.binomial(trials, 0.4)
    simpler = np.clip(count / trials - random.normal(0.03, 0.05, 300), 0.0, 1.0)
    table = pa.table({
        "antecedent_count": trials, "count": count, "confidence": count / trials,
        "improvement": count / trials - simpler,
    })  # fmt: skip
    asked = random.random(300) < 0.7
    q = stats.false_discovery_control(stats.binom.sf(count - 1, trials, simpler)[asked])
    found = module._productive(table, asked)
    assert found[asked].tolist() == (q <= 0.05).tolist()
    assert 0 < found.sum() < asked.sum()
    assert not found[~asked].any()
