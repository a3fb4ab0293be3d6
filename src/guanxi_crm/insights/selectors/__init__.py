"""Reads of `insights`: each begins with what the user may see."""

from guanxi_crm.insights.selectors.headlines import Headlines, headlines
from guanxi_crm.insights.selectors.products import WantedProduct, products_wanted
from guanxi_crm.insights.selectors.runs import run_get, run_under_way, runs_of, schedules_of
from guanxi_crm.insights.selectors.studies import StudyCard, grade_history, grades, study_cards, study_latest

__all__ = [
    "Headlines",
    "StudyCard",
    "WantedProduct",
    "grade_history",
    "grades",
    "headlines",
    "products_wanted",
    "run_get",
    "run_under_way",
    "runs_of",
    "schedules_of",
    "study_cards",
    "study_latest",
]
