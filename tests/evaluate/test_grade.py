"""The letter of a study, at its boundaries."""

from __future__ import annotations

import pytest

from guanxi.evaluate import Comparison, grade


def comparison(*, gain: float, low: float, baseline: float = 10.0) -> Comparison:
    return Comparison("mean_absolute_error", baseline - gain, baseline, gain, low, gain + (gain - low), 100)


@pytest.mark.parametrize(
    ("gain", "low", "letter"),
    [
        (1.0, 0.001, "A"),  # exactly worth having
        (0.999, 0.5, "B"),  # sure, but not worth having
        (5.0, 0.0, "C"),  # large, but perhaps nothing
        (5.0, -1.0, "C"),
        (-1.0, -2.0, "C"),
        (0.0, 0.0, "C"),
    ],
)
def test_the_letter(gain, low, letter):
    assert grade(comparison(gain=gain, low=low)) == letter


def test_what_is_worth_having_may_be_set():
    assert grade(comparison(gain=0.5, low=0.1), worth_having=0.05) == "A"


def test_too_little_data_is_a_d():
    assert grade(None) == "D"


def test_a_gain_over_nothing_is_a_b():
    # The baseline's measure is 0 (it found none of the best), so that no share of it can be said.
    assert grade(comparison(gain=0.3, low=0.2, baseline=0.0)) == "B"
