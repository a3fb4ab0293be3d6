"""Who is leaving, and why? The probability that a customer does not order within the horizon."""

from guanxi.studies.churn.contract import Contract, contract
from guanxi.studies.churn.study import STUDY

__all__ = ["STUDY", "Contract", "contract"]
