"""The assignment of greatest worth, against scipy's and against trying all of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from guanxi.intake.assignment import best_assignment


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 10**6), st.booleans())
@settings(max_examples=200)
def test_the_pairs_are_those_of_scipy_also_among_equals(rows, columns, seed, with_ties):
    generator = np.random.default_rng(seed)
    worth = generator.integers(0, 3, (rows, columns)).astype(float) if with_ties else generator.random((rows, columns))
    expected = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    assert best_assignment(worth) == [(int(row), int(column)) for row, column in expected]


def test_no_other_assignment_is_worth_more():
    worth = np.random.default_rng(7).random((5, 5))
    best = sum(worth[pair] for pair in best_assignment(worth))
    assert best == pytest.approx(max(sum(worth[range(5), order]) for order in permutations(range(5))))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_where_there_is_nothing_to_give_there_are_no_pairs(shape):
    assert best_assignment(np.zeros(shape)) == []
