"""The process that runs jobs: claims one, runs it in a child process, keeps its lease, ends it."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from guanxi_crm.core.jobs.queue import job_claim, job_fail, job_renew, job_stop, jobs_reap
from guanxi_crm.core.jobs.registry import handlers
from guanxi_crm.core.jobs.schedule import schedules_queue
from guanxi_crm.core.models import Job

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
    """Run jobs until told to stop (SIGTERM, SIGINT), or until nothing is due.

    Parameters
    ----------
    at_once : how many jobs run beside each other
    until_idle : return when nothing is queued or running: for scripts and tests
    """
    running: list[_Running] = []
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopping.append(got))
    checked = 0.0
    try:
        while not stopping:
            try:
                if time.monotonic() - checked > settings.JOB_LEASE_SECONDS / 3:
                    checked = time.monotonic()
                    jobs_reap(at=timezone.now())
                    schedules_queue(at=timezone.now())
                while len(running) < at_once and (claimed := job_claim(list(handlers()), at=timezone.now())):
                    running.append(_start(*claimed))
                running = [each for each in running if _tend(each)]
            except OperationalError:
                # The database is away or very busy: what runs goes on, and leases outlast a short while.
                _LOG.exception("the database does not answer")
                close_old_connections()
            if (
                until_idle
                and not running
                and not Job.objects.filter(state="queued", due_at__lte=timezone.now()).exists()
            ):
                return
            time.sleep(_POLL_SECONDS if not until_idle else 0.05)
    finally:
        for each in running:
            each.process.terminate()
        for each in running:
            _wait(each.process)


def _start(job: Job, lease: uuid.UUID) -> _Running:
    _LOG.info("job %s (%s), attempt %s", job.pk, job.kind, job.attempts)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "guanxi_crm.core.jobs.child", str(job.pk), str(lease), str(os.getpid())]
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
    elif code != 0 and running.job.attempts >= settings.JOB_ATTEMPTS:
        job_fail(running.job.pk, running.lease, {"code": "crm_core.job_died"}, at=now)
    elif code != 0:
        Job.objects.filter(pk=running.job.pk, lease=running.lease, state="running").update(
            state="queued", lease=None, lease_until=None
        )


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
