"""How is the business doing? Sales over time, cohorts, returning customers, countries and products."""

from guanxi.studies.overview.study import STUDY

__all__ = ["STUDY"]
