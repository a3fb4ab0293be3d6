"""Who are our customers? RFM segments, value groups, ABC, silent and VIP customers."""

from guanxi.studies.segments.study import STUDY

__all__ = ["STUDY"]
