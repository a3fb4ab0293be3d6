"""One letter for a study: is its answer better than the plain one, on later data?"""

from __future__ import annotations

from typing import Literal

from guanxi.evaluate.compare import Comparison

__all__ = ["Grade", "grade"]

Grade = Literal["A", "B", "C", "D"]


def grade(comparison: Comparison | None, *, worth_having: float = 0.1) -> Grade:
    """Grade a comparison on later data.

    A: clearly better than the plain baseline (the interval of the difference lies above 0, and the gain is at least
    ``worth_having`` of the baseline's measure). B: better. C: not better; the baseline is what is published. D: too
    little data to judge (``comparison`` is None).

    Examples
    --------
    >>> grade(None)
    'D'
    >>> grade(Comparison("mean_absolute_error", 8.0, 10.0, 2.0, 1.5, 2.5, 100))
    'A'
    >>> grade(Comparison("mean_absolute_error", 9.8, 10.0, 0.2, 0.1, 0.3, 100))
    'B'
    >>> grade(Comparison("mean_absolute_error", 9.8, 10.0, 0.2, -0.1, 0.5, 100))
    'C'
    """
    if comparison is None:
        return "D"
    if comparison.gain_low <= 0:
        return "C"
    return "A" if comparison.relative_gain >= worth_having else "B"
