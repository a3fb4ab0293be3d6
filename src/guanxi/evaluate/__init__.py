"""Judging an answer on data from later than anything it was learned from."""

from guanxi.evaluate.compare import Comparison, compare_errors, top_share_found
from guanxi.evaluate.grade import Grade, grade

__all__ = ["Comparison", "Grade", "compare_errors", "grade", "top_share_found"]
