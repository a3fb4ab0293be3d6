"""What a handler is given: the job, on whose behalf, how to say how far it is, and how to write safely."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from guanxi_crm.core.models import Job, JobState
from guanxi_crm.core.policy import Actor

__all__ = ["Cancelled", "JobContext", "LeaseLost"]

_SECONDS_BETWEEN_WRITES = 0.5


class LeaseLost(Exception):
    """Another worker has this job now; whatever this one was about to write it must not."""


class Cancelled(BaseException):
    """Somebody has asked to stop, or the worker is going: nothing half done is kept.

    Not an `Exception`, for it may come at any line, also where a library catches all of those.
    """


class JobContext:
    """One attempt at a job.

    Parameters
    ----------
    job : as it was when the attempt began
    lease : of this attempt
    user : on whose behalf, with his permissions, through the door "job"
    """

    def __init__(self, job: Job, lease: uuid.UUID, user: Actor) -> None:
        self.job = job
        self.user = user
        self.parameters: dict[str, object] = dict(job.parameters)
        self._lease = lease
        self._stage, self._done = "", 0
        self._total: int | None = None
        self._written = 0.0

    def stage(self, code: str, total: int | None = None) -> None:
        """Begin a stage, named by a code of `guanxi.words`; ``total`` where its size is known.

        Raises
        ------
        Cancelled, LeaseLost : between stages and at each `advance` that is written.
        """
        self._stage, self._done, self._total = code, 0, total
        self._write()

    def advance(self, amount: int) -> None:
        """So much more of the stage is done; told every half second, and when all of it is."""
        self._done += amount
        is_whole = self._total is not None and self._done - amount < self._total <= self._done
        if is_whole or time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES:
            self._write()

    def check(self) -> None:
        """Raise if the job has been cancelled or is another's."""
        row = Job.objects.filter(pk=self.job.pk).values("lease", "state", "cancel_asked").first()
        if row is None or row["lease"] != self._lease or row["state"] != JobState.RUNNING:
            raise LeaseLost
        if row["cancel_asked"]:
            raise Cancelled

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and only while the lease is ours; keep it short, others wait."""
        with transaction.atomic():
            ours = Job.objects.filter(pk=self.job.pk, lease=self._lease, state=JobState.RUNNING)
            if ours.select_for_update().values_list("pk").first() is None:
                raise LeaseLost
            yield

    def _write(self) -> None:
        self._written = time.monotonic()
        ours = Job.objects.filter(pk=self.job.pk, lease=self._lease, state=JobState.RUNNING)
        ours.update(stage=self._stage, done=self._done, total=self._total)
        self.check()
