"""Which customer belongs to which group: by hand, and against the definitions written out without numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.studies.segments import definitions
from guanxi.studies.segments.definitions import abc_class, rfm_segment, silent, top_share, value_group

amounts = st.lists(st.integers(0, 30), min_size=1, max_size=40)


def reals(values: Sequence[float]) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_the_rules_cover_every_pair_of_scores_once():
    cells = [
        (r, f)
        for (r_low, r_high), (f_low, f_high) in definitions.RULES.values()
        for r in range(r_low, r_high + 1)
        for f in range(f_low, f_high + 1)
    ]
    assert sorted(cells) == [(r, f) for r in range(1, 6) for f in range(1, 6)]


@pytest.mark.parametrize(
    ("r", "f", "segment"),
    [
        (5, 5, "champions"), (5, 4, "champions"), (4, 5, "loyal"), (3, 4, "loyal"), (5, 3, "potential_loyal"),
        (4, 2, "potential_loyal"), (5, 1, "new"), (4, 1, "promising"), (3, 3, "need_attention"),
        (3, 1, "about_to_sleep"), (2, 4, "at_risk"), (1, 3, "at_risk"), (2, 5, "cannot_lose"), (1, 1, "hibernating"),
        (0, 0, "no_purchase_yet"),
    ],
)  # fmt: skip
def test_a_pair_of_scores_has_its_well_known_name(r, f, segment):
    assert rfm_segment(np.array([r]), np.array([f])).tolist() == [segment]


@given(amounts, st.sampled_from([0.05, 0.2, 0.5]))
def test_the_top_are_those_whom_fewer_than_the_share_exceed(values, share):
    expected = [value > 0 and sum(other > value for other in values) < share * len(values) for value in values]
    assert top_share(reals(values), share).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30))
def test_value_groups_are_as_defined(people):
    def top(place, person):
        return person[place] > 0 and sum(each[place] > person[place] for each in people) < 0.2 * len(people)

    def bottom(place, person):
        return sum(each[place] < person[place] for each in people) < 0.5 * len(people)

    def group(person):
        if top(0, person):
            return "high"
        if top(1, person):
            return "potential"
        return "low" if bottom(0, person) and bottom(1, person) else "ordinary"

    found = value_group(reals([person[0] for person in people]), reals([person[1] for person in people]))
    assert found.tolist() == [group(person) for person in people]


@given(amounts)
def test_a_class_begins_where_the_share_of_those_who_spent_more_says(values):
    total = sum(values)

    def class_of(value):
        if value == 0:
            return "C"
        before = sum(other for other in values if other > value)
        return "A" if before * 100 < 80 * total else "B" if before * 100 < 95 * total else "C"

    assert abc_class(reals(values)).tolist() == [class_of(value) for value in values]


def test_the_customer_who_passes_a_border_belongs_above_it():
    assert abc_class(reals([79, 10, 7, 4])).tolist() == ["A", "A", "B", "C"]


gaps = st.one_of(st.just(math.nan), st.floats(0.5, 100))


@given(st.lists(st.tuples(st.one_of(st.just(math.nan), st.integers(1, 400).map(float)), gaps), min_size=1, max_size=30))
def test_silent_is_away_for_three_usual_gaps(people):
    own = [gap for _, gap in people if not math.isnan(gap)]
    usual = float(np.quantile(own, 0.9)) if own else math.inf
    expected = [not math.isnan(away) and away > (usual if math.isnan(gap) else 3 * gap) for away, gap in people]
    assert silent(*(reals(column) for column in zip(*people, strict=True))).tolist() == expected


def test_nobody_has_no_groups():
    nobody = reals([])
    for found in (top_share(nobody, 0.2), value_group(nobody, nobody), abc_class(nobody), silent(nobody, nobody)):
        assert len(found) == 0
