"""What differs between two groups: by brute force, by hand, and what chance alone does."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, hypergeom

from guanxi.errors import DataError, SettingError
from guanxi.mining.association import contrast_sets
from guanxi.mining.association.frequent import least_count
from mining.association.brute_force import basket_table, baskets_of, frequent


def by_hand(first: list[set], second: list[set], share: float, longest: int) -> dict[frozenset, dict]:
    sizes = (len(first), len(second))
    seen = [frequent(group, least_count(share, len(group)), longest) for group in (first, second)]
    found: dict[frozenset, dict] = {}
    for items in sorted(set(seen[0]) | set(seen[1]), key=len):
        counts = [sum(items <= basket for basket in group) for group in (first, second)]
        total = sum(counts)
        tails = [hypergeom.sf(count - 1, sum(sizes), total, size) for count, size in zip(counts, sizes, strict=True)]
        difference = counts[1] / sizes[1] - counts[0] / sizes[0]
        parts = [frozenset(part) for size in range(1, len(items)) for part in combinations(items, size)]
        found[items] = {
            "first_count": counts[0],
            "second_count": counts[1],
            "difference": difference,
            "p": min(1.0, 2 * min(tails)),
            "gain": abs(difference) - max((abs(found[part]["difference"]) for part in parts), default=0.0),
        }
    q = false_discovery_control([each["p"] for each in found.values()]) if found else []
    for each, value in zip(found.values(), q, strict=True):
        each["q"] = value
    return found


@given(first=baskets_of(5, most=15), second=baskets_of(5, most=15), longest=st.integers(1, 3))
def test_all_sets_of_either_group_are_compared(first, second, longest):
    rows = contrast_sets(basket_table(first), basket_table(second), min_support=0.3, max_length=longest).to_pylist()
    found = {frozenset(row["items"]): row for row in rows}
    right = by_hand(first, second, 0.3, longest)
    assert set(found) == set(right)
    for items, values in right.items():
        assert {name: found[items][name] for name in values} == pytest.approx(values, abs=1e-9)


@given(first=baskets_of(5, most=15), second=baskets_of(5, most=15))
def test_thresholds_leave_out_what_is_below_and_change_nothing_else(first, second):
    tables = basket_table(first), basket_table(second)
    everything = contrast_sets(*tables, min_support=0.2).to_pylist()
    some = contrast_sets(*tables, min_support=0.2, min_difference=0.2, max_q=0.5, min_gain=0.01).to_pylist()
    assert some == [
        row for row in everything if abs(row["difference"]) >= 0.2 and row["q"] <= 0.5 and row["gain"] >= 0.01
    ]


def test_what_is_new_and_what_has_gone():
    last_year = pa.table({"transaction": [1, 2, 3, 4], "item": ["茶", "茶", "茶", "墨"]})
    this_year = pa.table({"transaction": [1, 2, 3, 4], "item": ["茶", "杯", "杯", "墨"]})
    rows = contrast_sets(last_year, this_year, min_support=0.25).to_pylist()
    assert {row["items"][0]: (row["difference"], row["growth"]) for row in rows} == {
        "茶": (-0.5, 1 / 3), "杯": (0.5, math.inf), "墨": (0.0, 1.0)
    }  # fmt: skip


def test_two_halves_of_the_same_do_not_differ():
    dice = random.Random(2)  # noqa: S311
    baskets = [{item for item in range(25) if dice.random() < 0.2} for _ in range(800)]
    halves = basket_table(baskets[:400]), basket_table(baskets[400:])
    assert contrast_sets(*halves, min_support=0.05).num_rows > 100
    assert contrast_sets(*halves, min_support=0.05, max_q=0.05).num_rows == 0


def test_one_group_may_hold_nothing():
    rows = contrast_sets(basket_table([set()]), basket_table([{1}]).cast(basket_table([{1}]).schema), min_support=1.0)
    assert [(row["items"], row["difference"]) for row in rows.to_pylist()] == [([1], 1.0)]
    with pytest.raises(DataError):
        contrast_sets(basket_table([]), basket_table([{1}]), min_support=0.5)


@pytest.mark.parametrize("setting", [{"min_difference": 2}, {"max_q": -1}, {"max_length": 0}, {"min_support": 0}])
def test_a_setting_out_of_range_is_an_error(setting):
    with pytest.raises(SettingError):
        contrast_sets(basket_table([{1}]), basket_table([{1}]), **{"min_support": 0.5, **setting})
