"""When studies run by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.jobs.schedule import next_time
from guanxi_crm.core.models import Schedule
from guanxi_crm.core.policy import Actor
from guanxi_crm.insights.services.runs import studies_checked
from guanxi_crm.insights.studies import HORIZON_DAYS, STUDIES

__all__ = ["SCHEDULED", "schedule_delete", "schedule_pause", "schedule_save"]

SCHEDULED = "insights.scheduled"
"""Kind of the job that a schedule queues; it starts a run."""


@transaction.atomic
def schedule_save(
    *,
    user: Actor,
    every: str,
    at: dt.time,
    weekday: int = 0,
    day: int = 1,
    studies: Sequence[str] = STUDIES,
    horizon_days: int = HORIZON_DAYS,
    publish: bool = True,
    schedule_id: int | None = None,
) -> Schedule:
    """Make a schedule, or change one; it acts for whoever saved it last.

    Permission: run.schedule and run.create, and run.publish where its runs are published. Audit: schedule.

    Parameters
    ----------
    every : ``day``, ``week`` (on ``weekday``, 0 Monday … 6 Sunday) or ``month`` (on ``day``, 1 … 28)
    at : on the company's clock
    studies, horizon_days, publish : of its runs
    schedule_id : of the one that is changed

    Raises
    ------
    NotFound, NotAllowed
    RuleBroken : a day or time that there is not; studies or horizon as in `run_create`.
    """
    _require(user)
    user.require("run", "create")
    user.require_writable("run", ["schedule"])
    if publish:
        user.require("run", "publish")
    if every not in {"day", "week", "month"}:
        raise RuleBroken("crm_insights.every_what", field="every")
    if not 0 <= weekday <= 6:
        raise RuleBroken("crm_insights.every_what", field="weekday")
    if not 1 <= day <= 28:
        raise RuleBroken("crm_insights.day_limits", field="day")
    schedule = _schedule(schedule_id) if schedule_id else Schedule(kind=SCHEDULED)
    schedule.parameters = {
        "studies": studies_checked(studies, horizon_days), "horizon_days": horizon_days, "publish": publish,
    }  # fmt: skip
    schedule.user_id = user.user_id
    schedule.every, schedule.weekday, schedule.day, schedule.at = every, weekday, day, at
    schedule.is_active = True
    schedule.next_at = next_time(schedule, after=timezone.now())
    schedule.save()
    _log(user, schedule, "save")
    return schedule


@transaction.atomic
def schedule_pause(*, user: Actor, schedule_id: int, is_active: bool) -> Schedule:
    """Pause a schedule, or let it go on; what it missed meanwhile is not made up for.

    Permission: run.schedule. Audit: schedule. Raises: NotFound, NotAllowed.
    """
    _require(user)
    schedule = _schedule(schedule_id)
    schedule.is_active = is_active
    schedule.next_at = next_time(schedule, after=timezone.now())
    schedule.save(update_fields=["is_active", "next_at"])
    _log(user, schedule, "resume" if is_active else "pause")
    return schedule


@transaction.atomic
def schedule_delete(*, user: Actor, schedule_id: int) -> None:
    """Delete a schedule; runs that it has started stay.

    Permission: run.schedule. Audit: schedule. Raises: NotFound, NotAllowed.
    """
    _require(user)
    schedule = _schedule(schedule_id)
    _log(user, schedule, "delete")
    schedule.delete()


def _require(user: Actor) -> None:
    user.require("run", "schedule")
    user.require_readable("run", ["schedule"])


def _schedule(schedule_id: int) -> Schedule:
    schedule = Schedule.objects.select_for_update().filter(pk=schedule_id, kind=SCHEDULED).first()
    if schedule is None:
        raise NotFound
    return schedule


def _log(user: Actor, schedule: Schedule, what: str) -> None:
    log(
        user=user, kind="run", record=None, action="schedule",
        note={
            "what": what, "schedule": schedule.pk, "every": schedule.every, "at": str(schedule.at),
            **schedule.parameters,
        },
    )  # fmt: skip
