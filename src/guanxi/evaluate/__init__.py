"""Judging an answer on data from later than anything it was learned from."""

from guanxi.evaluate.binary import (
    Estimate,
    average_precision,
    brier_score,
    compare_auc,
    compare_brier_score,
    compare_log_loss,
    gains,
    lift,
    log_loss,
    roc_auc,
    wilson,
)
from guanxi.evaluate.calibration import Bin, calibration_bins, calibration_error
from guanxi.evaluate.compare import Comparison, compare_errors, compare_hit_rates, top_share_found
from guanxi.evaluate.folds import compare_over_folds, folds_of
from guanxi.evaluate.grade import Grade, grade

__all__ = [
    "Bin",
    "Comparison",
    "Estimate",
    "Grade",
    "average_precision",
    "brier_score",
    "calibration_bins",
    "calibration_error",
    "compare_auc",
    "compare_brier_score",
    "compare_errors",
    "compare_hit_rates",
    "compare_log_loss",
    "compare_over_folds",
    "folds_of",
    "gains",
    "grade",
    "lift",
    "log_loss",
    "roc_auc",
    "top_share_found",
    "wilson",
]
