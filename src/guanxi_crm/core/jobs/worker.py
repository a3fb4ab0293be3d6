"""The process that runs jobs: claims one, runs it in a child process, keeps its lease, ends it."""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, OperationalError, close_old_connections
from django.utils import timezone

from guanxi_crm.core.jobs.queue import job_claim, job_give_back, job_renew, job_stop, jobs_reap
from guanxi_crm.core.jobs.registry import handlers
from guanxi_crm.core.jobs.schedule import schedules_queue
from guanxi_crm.core.models import Job, JobState

__all__ = ["work"]

_LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_GRACE_SECONDS = 10.0


@dataclass
class _Running:
    job: Job
    lease: uuid.UUID
    process: subprocess.Popen[bytes]
    renewed: float
    asked_to_stop: float | None = None


def work(*, at_once: int = 2, until_idle: bool = False) -> None:
    """Run jobs until told to stop (SIGTERM, SIGINT), or until nothing is due. What runs then is given back.

    Parameters
    ----------
    at_once : how many jobs run beside each other
    until_idle : return when nothing is queued or running: for scripts and tests
    """
    running: list[_Running] = []
    stopping: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: stopping.append(got)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    looked = -math.inf
    try:
        while not stopping:
            try:
                if time.monotonic() - looked > settings.JOB_LEASE_SECONDS / 3:
                    looked = time.monotonic()
                    jobs_reap(at=timezone.now())
                    schedules_queue(at=timezone.now())
                while len(running) < at_once and (claimed := job_claim(list(handlers()), at=timezone.now())):
                    running.append(_start(*claimed))
                running = [each for each in running if _tend(each)]
                if until_idle and not running and not _is_due():
                    return
            except OperationalError:
                # The database is away or very busy: what runs goes on, and leases outlast a short while.
                _LOG.exception("the database does not answer")
                close_old_connections()
            time.sleep(_POLL_SECONDS if not until_idle else 0.05)
    finally:
        _stop(running)
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_due() -> bool:
    """Whether there is work now, or will be when a dead worker's lease has run out."""
    now = timezone.now()
    return (
        Job.objects.filter(state=JobState.RUNNING).exists()
        or Job.objects.filter(state=JobState.QUEUED, due_at__lte=now).exists()
    )


def _stop(running: list[_Running]) -> None:
    """End the children, and let their jobs begin again elsewhere: the worker goes, nobody has cancelled anything."""
    for each in running:
        each.process.terminate()
    for each in running:
        _wait(each.process)
        try:
            job_give_back(each.job.pk, each.lease, at=timezone.now(), counted=False)
        except DatabaseError:
            _LOG.exception("job %s waits until its lease has run out", each.job.pk)


def _start(job: Job, lease: uuid.UUID) -> _Running:
    _LOG.info("job %s (%s), attempt %s", job.pk, job.kind, job.attempts)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "guanxi_crm.core.job_process", str(job.pk), str(lease), str(os.getpid())]
    )
    return _Running(job, lease, process, time.monotonic())


def _tend(running: _Running) -> bool:
    """Keep its lease; False when it has ended."""
    now = timezone.now()
    code = running.process.poll()
    if code is not None:
        _ended(running, code, now)
        return False
    if time.monotonic() - running.renewed > settings.JOB_LEASE_SECONDS / 6:
        running.renewed = time.monotonic()
        held = job_renew(running.job.pk, running.lease, at=now)
        if held is False:
            running.process.kill()
        elif held is None and running.asked_to_stop is None:
            running.asked_to_stop = time.monotonic()
            running.process.terminate()
    if running.asked_to_stop is not None and time.monotonic() - running.asked_to_stop > _GRACE_SECONDS:
        running.process.kill()
    return True


def _ended(running: _Running, code: int, now: dt.datetime) -> None:
    """The child has written how it ended, unless it was killed."""
    if running.asked_to_stop is not None:
        job_stop(running.job.pk, running.lease, at=now)
    elif code != 0:
        job_give_back(running.job.pk, running.lease, at=now)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
