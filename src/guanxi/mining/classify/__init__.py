"""Classification: the probability of a yes, calibrated, with reasons that add up."""

from guanxi.mining.classify.boosting import GradientBoosting
from guanxi.mining.classify.bucket_rate import BucketRate
from guanxi.mining.classify.calibrated import CalibratedClassifier, platt
from guanxi.mining.classify.logistic import LogisticRegression
from guanxi.mining.classify.reasons import reasons_of

__all__ = ["BucketRate", "CalibratedClassifier", "GradientBoosting", "LogisticRegression", "platt", "reasons_of"]
