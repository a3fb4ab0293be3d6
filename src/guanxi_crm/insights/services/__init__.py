"""Writes of `insights`: starting, cancelling, publishing and taking back runs; schedules."""

from guanxi_crm.insights.services.runs import run_cancel, run_create, run_publish, run_take_back
from guanxi_crm.insights.services.schedules import schedule_delete, schedule_pause, schedule_save

__all__ = [
    "run_cancel",
    "run_create",
    "run_publish",
    "run_take_back",
    "schedule_delete",
    "schedule_pause",
    "schedule_save",
]
