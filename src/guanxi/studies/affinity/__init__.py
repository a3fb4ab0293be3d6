"""What sells together, and what to offer with what?"""

from guanxi.studies.affinity.study import STUDY

__all__ = ["STUDY"]
