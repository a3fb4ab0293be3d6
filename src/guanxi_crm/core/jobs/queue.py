"""From queued to done: every change of a job's state, each in one transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from guanxi_crm.core.models import Job, JobState
from guanxi_crm.core.policy import Actor

__all__ = [
    "job_cancel",
    "job_claim",
    "job_enqueue",
    "job_fail",
    "job_finish",
    "job_give_back",
    "job_renew",
    "job_stop",
    "jobs_reap",
]


def job_enqueue(
    *,
    user: Actor,
    kind: str,
    parameters: Mapping[str, object] | None = None,
    unique: str | None = None,
    due_at: dt.datetime | None = None,
) -> Job:
    """Queue a job, in the transaction of whatever it follows from.

    Parameters
    ----------
    user : on whose behalf; whoever calls has asked the policy
    kind : as registered with `handles`
    parameters : JSON
    unique : where one of these is queued or running already, that one is returned
    due_at : not before; by default now
    """
    now = timezone.now()
    while True:
        there = Job.objects.filter(unique=unique).first() if unique else None
        if there is not None:
            return there
        try:
            with transaction.atomic():
                return Job.objects.create(
                    kind=kind, parameters=dict(parameters or {}), user_id=user.user_id, unique=unique, created_at=now,
                    due_at=due_at or now,
                )  # fmt: skip
        except IntegrityError:
            # Somebody else was quicker; his may have ended already when we look again.
            if unique is None:
                raise


def job_claim(kinds: list[str], *, at: dt.datetime) -> tuple[Job, uuid.UUID] | None:
    """Take the oldest job that is due, with a new lease; None where there is none. Safe among many workers."""
    with transaction.atomic():
        due = Job.objects.select_for_update(skip_locked=_can_skip_locked()).filter(
            state=JobState.QUEUED, due_at__lte=at, kind__in=kinds
        )
        job = due.order_by("due_at", "created_at").first()
        if job is None:
            return None
        lease = uuid.uuid4()
        Job.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING, lease=lease, lease_until=_until(at), started_at=at, attempts=F("attempts") + 1,
            stage="", done=0, total=None,
        )  # fmt: skip
        job.refresh_from_db()
        return job, lease


def job_renew(job_id: uuid.UUID, lease: uuid.UUID, *, at: dt.datetime) -> bool | None:
    """Keep a lease: True if it is still ours, None if it is and somebody has asked to cancel, False if it is lost."""
    ours = Job.objects.filter(pk=job_id, lease=lease, state=JobState.RUNNING)
    if not ours.update(lease_until=_until(at)):
        return False
    return None if ours.filter(cancel_asked=True).exists() else True


def job_finish(job_id: uuid.UUID, lease: uuid.UUID, result: Mapping[str, object], *, at: dt.datetime) -> bool:
    """Done; False where the lease was lost meanwhile, and then nothing is written."""
    return _end(job_id, lease, JobState.DONE, at, result=dict(result))


def job_stop(job_id: uuid.UUID, lease: uuid.UUID, *, at: dt.datetime) -> bool:
    """Cancelled, by the worker that ran it."""
    return _end(job_id, lease, JobState.CANCELLED, at)


def job_fail(job_id: uuid.UUID, lease: uuid.UUID, problem: Mapping[str, object], *, at: dt.datetime) -> bool:
    """Failed for a reason that another attempt would not change."""
    return _end(job_id, lease, JobState.FAILED, at, problem=dict(problem))


def job_give_back(job_id: uuid.UUID, lease: uuid.UUID, *, at: dt.datetime, counted: bool = True) -> bool:
    """Let another attempt begin, as this one has died; not ``counted`` where that was not the job's fault."""
    ours = Job.objects.filter(pk=job_id, lease=lease, state=JobState.RUNNING)
    if not counted:
        ours.filter(attempts__gt=0).update(attempts=F("attempts") - 1)
    return bool(_again(ours, at))


def jobs_reap(*, at: dt.datetime) -> int:
    """Give back what dead workers held; a job that has killed its worker too often has failed."""
    return _again(Job.objects.filter(state=JobState.RUNNING, lease_until__lt=at), at)


def job_cancel(*, job: Job) -> None:
    """Stop a job: at once if it waits, else when its process has been told. Whoever calls has asked the policy."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED)
    if not waiting.update(state=JobState.CANCELLED, ended_at=now, unique=None):
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_asked=True)


def _end(job_id: uuid.UUID, lease: uuid.UUID, state: str, at: dt.datetime, **values: object) -> bool:
    ours = Job.objects.filter(pk=job_id, lease=lease, state=JobState.RUNNING)
    return bool(ours.update(state=state, lease=None, lease_until=None, unique=None, ended_at=at, **values))


def _again(jobs: QuerySet[Job], at: dt.datetime) -> int:
    """Running jobs whose attempt is dead: cancelled if somebody asked, failed if there were too many, else due."""
    nobody = {"lease": None, "lease_until": None}
    over = {**nobody, "unique": None, "ended_at": at}
    stopped = jobs.filter(cancel_asked=True).update(state=JobState.CANCELLED, **over)
    failed = jobs.filter(attempts__gte=settings.JOB_ATTEMPTS).update(
        state=JobState.FAILED, problem={"code": "crm_core.job_died"}, **over
    )
    return stopped + failed + jobs.update(state=JobState.QUEUED, **nobody)


def _until(at: dt.datetime) -> dt.datetime:
    return at + dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _can_skip_locked() -> bool:
    return transaction.get_connection().features.has_select_for_update_skip_locked
