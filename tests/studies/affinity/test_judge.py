"""The judgement: rules of the past in later baskets, and the gate."""

from __future__ import annotations

import datetime as dt

import pytest

from guanxi.studies.affinity.baskets import Baskets
from guanxi.studies.affinity.judge import cutoff_for, held, judge
from guanxi.studies.affinity.learn import learn
from studies.affinity.shops import baskets, chance
from studies.shops import FIRST


def as_read(*sides):
    table = baskets(*sides)
    return Baskets(table, FIRST, False), FIRST + dt.timedelta(days=len(sides))


def test_rules_are_counted_anew():
    learned = learn(baskets(*([["tea", "cup"]] * 40 + [["ink", "pen"]] * 40 + [["x"]] * 200)))
    later = baskets(*([["tea", "cup"]] * 30 + [["tea"]] * 10 + [["ink"]] * 20 + [["pen"]] * 20 + [["y"]] * 20))
    found = held(learned.rules, later)
    rows = {(row["antecedent"][0], row["consequent"][0]): row for row in found.table.to_pylist()}
    assert rows["tea", "cup"]["later_count"] == 30
    assert rows["tea", "cup"]["later_antecedent_count"] == 40
    assert rows["tea", "cup"]["later_lift"] == pytest.approx(30 / 40 / (30 / 100))
    assert rows["ink", "pen"]["later_lift"] == 0
    assert (found.counted, found.above, found.confirmed, found.contradicted) == (4, 2, 2, 2)


def test_a_rule_whose_products_are_gone_is_neither_held_nor_broken():
    learned = learn(baskets(*([["tea", "cup"]] * 40 + [["x"]] * 200)))
    found = held(learned.rules, baskets(["tea"], ["y"]))
    assert found.table["later_lift"].to_pylist() == [None, None]
    assert (found.counted, found.above, found.contradicted) == (0, 0, 0)


def test_the_last_horizon_is_held_back():
    table, as_of = as_read(*[["a"]] * 400)
    assert cutoff_for(table, as_of=as_of, horizon_days=90) == as_of - dt.timedelta(days=90)


def test_of_a_short_history_a_third_is_held_back():
    table, as_of = as_read(*[["a"]] * 60)
    assert cutoff_for(table, as_of=as_of, horizon_days=90) == as_of - dt.timedelta(days=20)


def test_what_is_shown_beside_a_product_beats_the_best_sellers_where_pairs_are_real():
    noise = chance(600, 12, seed=5, chance=0.1)
    for number, items in enumerate(noise):
        items += [f"a{number % 9}", f"b{number % 9}"]
    table, as_of = as_read(*noise)
    judged, missing = judge(table, as_of=as_of, horizon_days=150)
    assert judged.judgement.grade == "A"
    assert judged.judgement.cutoff == as_of - dt.timedelta(days=150)
    assert missing == ()
    (comparison,) = judged.judgement.comparisons
    assert comparison.gain_low > 0.2
    assert judged.held is not None
    assert judged.held.confirmed >= 18


def test_where_nothing_goes_together_the_best_sellers_do_as_well():
    table, as_of = as_read(*chance(600, 12, seed=5, chance=0.3))
    judged, _ = judge(table, as_of=as_of, horizon_days=150)
    assert judged.judgement.grade == "C"


@pytest.mark.parametrize("sides", [[], [["a"]], [["a", "b"]] * 250, [["a"]] * 500 + [["a", "b"]] * 250])
def test_below_the_gate_nothing_is_judged_and_what_is_missing_is_said(sides):
    table, as_of = as_read(*sides)
    judged, (lacking,) = judge(table, as_of=as_of, horizon_days=90)
    assert judged.judgement.grade == "D"
    assert judged.held is None
    assert lacking.parameters["later"] < 100 or lacking.parameters["learned"] < 200


def test_nothing_after_the_cutoff_reaches_what_was_learned():
    before = chance(400, 10, seed=5, chance=0.2)
    for number, items in enumerate(before):
        items += [f"a{number % 5}", f"b{number % 5}"]
    later = [["z1", "z2"]] * 120
    other = [["a0", "b1"]] * 120
    learned = []
    for end in (later, other):
        table, as_of = as_read(*before, *end)
        judged, _ = judge(table, as_of=as_of, horizon_days=120)
        learned.append(judged.learned)
    assert learned[0].rules.equals(learned[1].rules)
    assert learned[0].itemsets.equals(learned[1].itemsets)
