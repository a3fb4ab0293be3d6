"""Who orders next, when, and for how much? The chance of an order in the horizon, and the day on which it is due."""

from guanxi.studies.next_purchase.study import STUDY

__all__ = ["STUDY"]
