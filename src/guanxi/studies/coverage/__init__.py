"""Which customers lack what others like them have, and how many are to be reached?"""

from guanxi.studies.coverage.counts import coverage
from guanxi.studies.coverage.study import STUDY

__all__ = ["STUDY", "coverage"]
