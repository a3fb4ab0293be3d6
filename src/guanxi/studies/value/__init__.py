"""Who will buy again, when, and for how much? Expected orders and amount of each customer over the horizon."""

from guanxi.studies.value.study import STUDY

__all__ = ["STUDY"]
