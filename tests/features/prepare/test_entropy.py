"""Supervised cuts against the definition written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guanxi.features.prepare import entropy_cuts


def entropy(labels: list[int]) -> float:
    shares = [labels.count(value) / len(labels) for value in set(labels)]
    return -sum(share * math.log2(share) for share in shares)


def cuts(rows: list[tuple[int, int]]) -> list[float]:
    """Fayyad & Irani (1993), section 3, row by row."""
    values, labels = sorted({value for value, _ in rows}), [label for _, label in rows]
    best = None
    for low, high in itertools.pairwise(values):
        left = [label for value, label in rows if value <= low]
        right = [label for value, label in rows if value > low]
        mixed = (len(left) * entropy(left) + len(right) * entropy(right)) / len(rows)
        if best is None or mixed < best[0] - 1e-12:
            best = (mixed, (low + high) / 2, left, right)
    if best is None:
        return []
    mixed, at, left, right = best
    k, k1, k2 = (len(set(each)) for each in (labels, left, right))
    price = math.log2(3**k - 2) - (k * entropy(labels) - k1 * entropy(left) - k2 * entropy(right))
    if entropy(labels) - mixed <= (math.log2(len(rows) - 1) + price) / len(rows):
        return []
    below, above = [row for row in rows if row[0] <= at], [row for row in rows if row[0] > at]
    return [*cuts(below), at, *cuts(above)]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=1, max_size=60))
def test_cuts_are_those_of_the_definition(rows):
    values, labels = np.array(rows).T
    assert entropy_cuts(values.astype(float), labels).tolist() == cuts(rows)


def test_two_changes_are_two_cuts():
    values = np.arange(90.0)
    label = ((values >= 30) & (values < 60)).astype(np.int64)
    assert entropy_cuts(values, label).tolist() == [29.5, 59.5]


def test_an_outcome_by_chance_is_not_cut():
    random = np.random.Generator(np.random.Philox(3))
    assert entropy_cuts(random.random(500), random.integers(0, 2, 500)).tolist() == []
