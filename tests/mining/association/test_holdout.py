"""Rules on baskets held out: by hand, and what chance alone does."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.association import frequent_itemsets, hold_out, rules, split_baskets
from mining.association.brute_force import basket_table, baskets_of


@given(baskets=baskets_of(5), share=st.sampled_from([0.2, 0.5, 0.8]), seed=st.integers(0, 5), data=st.data())
def test_each_basket_is_whole_on_one_side_whatever_the_order_of_rows(baskets, share, seed, data):
    table = basket_table(baskets)
    explore, held = split_baskets(table, share=share, seed=seed)
    assert set(explore["transaction"].to_pylist()).isdisjoint(held["transaction"].to_pylist())
    assert len(explore) + len(held) == len(table)
    assert len(set(held["transaction"].to_pylist())) == round(share * len(baskets))
    shuffled = table.take(data.draw(st.permutations(range(len(table)))))
    again = split_baskets(shuffled, share=share, seed=seed)[1]
    assert set(again["transaction"].to_pylist()) == set(held["transaction"].to_pylist())


def test_another_seed_splits_otherwise():
    table = basket_table([{1}] * 50)
    held = [split_baskets(table, seed=seed)[1]["transaction"].to_pylist() for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_rules_are_counted_and_tested_on_what_was_held_out():
    found = pa.table({"antecedent": [["tea"], ["ink"], ["egg"]], "consequent": [["cup"], ["cup"], ["cup"]]})
    # Tea and cup 20, tea alone 10, cup alone 20, ink 5 of which one with cup, 46 with nothing.
    held = [{"tea", "cup"}] * 20 + [{"tea"}] * 10 + [{"cup"}] * 19 + [{"ink", "cup"}] + [{"ink"}] * 4 + [set()] * 46
    rows = hold_out(found, basket_table(held)).to_pylist()
    first = {name: value for name, value in rows[0].items() if name.startswith("holdout")}
    p = hypergeom.sf(19, 100, 30, 40)
    assert first == pytest.approx(
        {
            "holdout_count": 20, "holdout_antecedent_count": 30, "holdout_consequent_count": 40,
            "holdout_confidence": 2 / 3, "holdout_confidence_low": 0.48780, "holdout_confidence_high": 0.80770,
            "holdout_p": p, "holdout_p_adjusted": 3 * p,
        },
        abs=1e-5,
    )  # fmt: skip
    assert [row["stands"] for row in rows] == [True, False, False]
    assert (rows[2]["holdout_confidence"], rows[2]["holdout_count"], rows[2]["holdout_p"]) == (None, 0, 1.0)


def test_rules_that_chance_made_do_not_stand():
    dice = random.Random(4)  # noqa: S311
    baskets = [{item for item in range(30) if dice.random() < 0.15} for _ in range(600)]
    explore, held = split_baskets(basket_table(baskets))
    found = rules(frequent_itemsets(explore, min_support=5), min_lift=1.5)
    best = found.take(np.argsort(found["p"].to_numpy())[:50])
    # In the baskets where they were found, each of them alone seems significant.
    assert max(best["p"].to_pylist()) < 0.05
    assert not any(hold_out(best, held)["stands"].to_pylist())


def test_no_rules_are_tested_without_complaint():
    nothing = rules(frequent_itemsets(basket_table([{1}]), min_support=1))
    assert hold_out(nothing, basket_table([{1}])).num_rows == 0


def test_what_cannot_be_split_or_tested_is_an_error():
    table = basket_table([{1}])
    for share in (0, 1, -1):
        with pytest.raises(SettingError):
            split_baskets(table, share=share)
    with pytest.raises(SchemaError):
        split_baskets(table.select(["item"]))
    with pytest.raises(DataError):
        split_baskets(pa.table({"transaction": pa.nulls(1, pa.int64())}))
    with pytest.raises(SchemaError):
        hold_out(table, table)
    with pytest.raises(SettingError):
        hold_out(pa.table({"antecedent": [[1]], "consequent": [[2]]}), table, alpha=2)
