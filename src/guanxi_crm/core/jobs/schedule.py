"""What is due again and again, on the company's clock."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from guanxi_crm.core.company import company
from guanxi_crm.core.jobs.queue import job_enqueue
from guanxi_crm.core.models import Schedule

__all__ = ["next_time", "schedules_queue"]


def schedules_queue(*, at: dt.datetime) -> int:
    """Queue each schedule that is due, once, however long nobody was there to do it."""
    queued = 0
    for due in Schedule.objects.filter(is_active=True, next_at__lte=at).values_list("pk", flat=True):
        with transaction.atomic():
            schedule = Schedule.objects.select_for_update().get(pk=due)
            if schedule.next_at > at or not schedule.is_active:
                continue
            user, _ = import_string(settings.ACTOR_OF_JOB)(schedule)
            job_enqueue(user=user, kind=schedule.kind, parameters=schedule.parameters, unique=f"schedule:{schedule.pk}")
            schedule.next_at = next_time(schedule, after=at)
            schedule.save(update_fields=["next_at"])
            queued += 1
    return queued


def next_time(schedule: Schedule, *, after: dt.datetime) -> dt.datetime:
    """When it is due for the first time after a moment; an hour that a change of clocks skips is taken as the next."""
    zone = zoneinfo.ZoneInfo(company().timezone)
    day = after.astimezone(zone).date()
    while True:
        if _is_day(schedule, day):
            due = dt.datetime.combine(day, schedule.at, zone).astimezone(dt.UTC)
            if due > after:
                return due
        day += dt.timedelta(days=1)


def _is_day(schedule: Schedule, day: dt.date) -> bool:
    if schedule.every == "week":
        return day.weekday() == schedule.weekday
    return schedule.every == "day" or day.day == schedule.day
