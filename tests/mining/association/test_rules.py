"""Rules: by brute force, by hand, by published counts."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import false_discovery_control, hypergeom

from guanxi.compiled import compiled
from guanxi.errors import SettingError
from guanxi.mining.association import frequent_itemsets, rule_kernels, rules
from mining.association.brute_force import basket_table, baskets_of, frequent


def by_hand(baskets: list[set], min_count: int, max_consequent: int) -> dict[tuple[frozenset, frozenset], dict]:
    """Every rule, with its confidence, improvement, p and q."""
    counts = {frozenset(): len(baskets), **frequent(baskets, min_count)}
    found = {}
    for whole, count in counts.items():
        for size in range(1, min(max_consequent, len(whole) - 1) + 1):
            for consequent in map(frozenset, combinations(sorted(whole), size)):
                antecedent = whole - consequent
                smaller = (frozenset(part) for few in range(len(antecedent)) for part in combinations(antecedent, few))
                confidence = count / counts[antecedent]
                found[antecedent, consequent] = {
                    "count": count,
                    "confidence": confidence,
                    "improvement": confidence - max(counts[each | consequent] / counts[each] for each in smaller),
                    "p": hypergeom.sf(count - 1, len(baskets), counts[antecedent], counts[consequent]),
                }
    q = false_discovery_control([each["p"] for each in found.values()]) if found else []
    for each, value in zip(found.values(), q, strict=True):
        each["q"] = value
    return found


def as_dictionary(table: pa.Table) -> dict[tuple[frozenset, frozenset], dict]:
    rows = table.to_pylist()
    found = {(frozenset(row["antecedent"]), frozenset(row["consequent"])): row for row in rows}
    assert len(found) == len(rows)
    return found


@given(baskets=baskets_of(6), min_count=st.integers(1, 3), max_consequent=st.integers(1, 4))
def test_all_rules_are_found_with_their_measures(baskets, min_count, max_consequent):
    found = as_dictionary(
        rules(frequent_itemsets(basket_table(baskets), min_support=min_count), max_consequent=max_consequent)
    )
    right = by_hand(baskets, min_count, max_consequent)
    assert set(found) == set(right)
    for rule, values in right.items():
        assert {name: found[rule][name] for name in values} == pytest.approx(values, rel=1e-9, abs=1e-14)


@given(
    baskets=baskets_of(6),
    confidence=st.sampled_from([0, 0.25, 0.5, 0.75, 1]),
    lift=st.sampled_from([0.0, 1.0, 1.5]),
    improvement=st.sampled_from([-1.0, 0.01, 0.2]),
)
def test_thresholds_leave_out_what_is_below_and_change_nothing_else(baskets, confidence, lift, improvement):
    found = frequent_itemsets(basket_table(baskets), min_support=2)
    everything = rules(found, max_consequent=2)
    some = rules(found, max_consequent=2, min_confidence=confidence, min_lift=lift, min_improvement=improvement)
    assert some.to_pylist() == [
        row
        for row in everything.to_pylist()
        if row["confidence"] >= confidence and row["lift"] >= lift and row["improvement"] >= improvement
    ]


def test_the_measures_of_a_table_of_two_by_two():
    # 100 baskets: tea and cup 20, tea alone 10, cup alone 20, neither 50.
    baskets = [{"tea", "cup"}] * 20 + [{"tea"}] * 10 + [{"cup"}] * 20 + [set()] * 50
    found = as_dictionary(rules(frequent_itemsets(basket_table(baskets), min_support=5)))
    rule = found[frozenset({"tea"}), frozenset({"cup"})]
    right = {
        "count": 20,
        "antecedent_count": 30,
        "consequent_count": 40,
        "support": 0.2,
        "confidence": 2 / 3,
        "lift": 5 / 3,
        "leverage": 0.2 - 0.3 * 0.4,
        "conviction": 0.6 / (1 / 3),
        "zhang": (2 / 3 - 20 / 70) / (2 / 3),
        "cosine": 0.2 / math.sqrt(0.3 * 0.4),
        "kulczynski": (2 / 3 + 1 / 2) / 2,
        "imbalance": 10 / 50,
        "chi2": 100 * (20 * 50 - 10 * 20) ** 2 / (30 * 70 * 40 * 60),
        "p": hypergeom.sf(19, 100, 30, 40),
        "q": hypergeom.sf(19, 100, 30, 40),
        "improvement": 2 / 3 - 0.4,
        # Wilson's interval of 20 of 30, as in R's binom.confint(20, 30, method = "wilson").
        "confidence_low": 0.4878,
        "confidence_high": 0.8077,
        # exp(ln 5/3 ± 1.96 s), s² = (1/.2 - 1/.3 - 1/.4 + 2 · 5/3 - 1) / 100.
        "lift_low": 5 / 3 / math.exp(1.959964 * math.sqrt(0.015)),
        "lift_high": 5 / 3 * math.exp(1.959964 * math.sqrt(0.015)),
    }
    assert {name: rule[name] for name in right} == pytest.approx(right, abs=5e-5)
    assert set(rule) == {*right, "antecedent", "consequent"}


def test_a_rule_that_always_holds_and_one_to_what_everybody_has():
    found = as_dictionary(rules(frequent_itemsets(basket_table([{1, 2, 3}, {1, 2, 3}, {3}, {3}]), min_support=2)))
    always = found[frozenset({1}), frozenset({2})]
    assert (always["confidence"], always["conviction"], always["zhang"], always["lift"]) == (1.0, math.inf, 1.0, 2.0)
    everybody = found[frozenset({1}), frozenset({3})]
    assert {name: everybody[name] for name in ("lift", "leverage", "conviction", "zhang", "chi2", "p")} == {
        "lift": 1.0, "leverage": 0.0, "conviction": 1.0, "zhang": 0.0, "chi2": 0.0, "p": 1.0
    }  # fmt: skip


@pytest.mark.parametrize(("min_support", "min_confidence", "number"), [(0.006, 0.25, 463), (0.001, 0.8, 410)])
def test_the_published_rules_of_the_grocery_come_out(real_data, min_support, min_confidence, number):
    table = pq.read_table(real_data / "groceries" / "groceries_long.parquet")
    found = rules(frequent_itemsets(table, min_support=min_support), min_confidence=min_confidence)
    assert found.num_rows == number
    assert found["antecedent"].type == pa.list_(pa.string())
    assert min(found["confidence"].to_pylist()) >= min_confidence


def test_what_the_grocery_sells_with_whole_milk(real_data):
    table = pq.read_table(real_data / "groceries" / "groceries_long.parquet")
    found = rules(frequent_itemsets(table, min_support=0.006), min_confidence=0.25, target=["whole milk"])
    assert {tuple(each) for each in found["consequent"].to_pylist()} == {("whole milk",)}
    best = found.slice(0, 1).to_pylist()[0]
    # As arules prints it for the same data.
    assert (best["antecedent"], best["count"]) == (["butter", "whipped/sour cream"], 66)
    assert (best["confidence"], best["lift"]) == pytest.approx((0.66, 2.583008), abs=1e-6)


@given(baskets=baskets_of(6))
def test_a_target_leaves_only_rules_to_it_and_corrects_for_those_only(baskets):
    baskets = [*baskets, {0, 1}, {0, 1}]
    found = frequent_itemsets(basket_table(baskets), min_support=2)
    right = {rule: each for rule, each in by_hand(baskets, 2, 2).items() if rule[1] <= {0, 1}}
    p = false_discovery_control([each["p"] for each in right.values()])
    some = as_dictionary(rules(found, target=[0, 1], max_consequent=2))
    assert set(some) == set(right)
    assert [some[rule]["q"] for rule in right] == pytest.approx(list(p), abs=1e-12)


def test_the_chi_squared_test_instead_of_fishers():
    baskets = [{1, 2}] * 20 + [{1}] * 10 + [{2}] * 20 + [set()] * 50
    found = rules(frequent_itemsets(basket_table(baskets), min_support=5), test="chi2").to_pylist()
    assert [row["p"] for row in found] == pytest.approx([chi2_distribution.sf(each["chi2"], 1) for each in found])


def test_without_a_test_there_is_no_p_and_all_else_is_the_same(real_data):
    found = frequent_itemsets(basket_table([{1, 2, 3}, {1, 2}, {2, 3}, {1}]), min_support=1)
    without, tested = rules(found, test="none"), rules(found)
    assert without["p"].null_count == without["q"].null_count == without.num_rows
    assert without.schema == tested.schema
    assert without.drop_columns(["p", "q"]) == tested.drop_columns(["p", "q"])


@pytest.mark.parametrize(
    ("both", "left", "right", "baskets"),
    [
        (0, 5, 7, 100),
        (5, 5, 7, 100),
        (30, 1000, 900, 10**6),
        (1, 1000, 900, 10**6),
        (600, 1000, 900, 10**6),
        (95, 97, 98, 100),
    ],
)
def test_fishers_test_is_right_in_both_tails(both, left, right, baskets):
    found = compiled(rule_kernels).fisher(*(np.array([each], np.int64) for each in (both, left, right)), baskets)[0]
    assert found == pytest.approx(hypergeom.sf(both - 1, baskets, left, right), rel=1e-7)


def test_no_itemsets_have_no_rules():
    for baskets in ([{1}], [{1}, {2}], [set()]):
        found = rules(frequent_itemsets(basket_table(baskets), min_support=1))
        assert found.num_rows == 0
        assert "q" in found.column_names


def test_settings_out_of_range_are_errors():
    found = frequent_itemsets(basket_table([{1, 2}]), min_support=1)
    for setting, code in (
        ({"min_confidence": 1.5}, "association.share"),
        ({"max_consequent": 0}, "errors.at_least"),
        ({"test": "t"}, "association.one_of"),
        ({"target": [9]}, "association.not_frequent"),
    ):
        with pytest.raises(SettingError) as raised:
            rules(found, **setting)
        assert raised.value.code == code


def test_the_same_baskets_give_the_same_rules_in_the_same_order():
    baskets = [{"茶", "杯", "糖"}, {"茶", "糖"}, {"杯", "糖"}, {"茶", "杯"}] * 3
    first, second = (rules(frequent_itemsets(basket_table(each), min_support=2)) for each in (baskets, baskets[::-1]))
    assert first == second
