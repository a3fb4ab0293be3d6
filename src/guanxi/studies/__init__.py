"""Business questions, one per package: tables, features, a method, and an answer judged on later data."""

from guanxi.studies.base import Account, Judgement, Result, Study
from guanxi.studies.catalogue import STUDIES, accounts, run

__all__ = ["STUDIES", "Account", "Judgement", "Result", "Study", "accounts", "run"]
