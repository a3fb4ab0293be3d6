"""Work in the background, and when it is due."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

__all__ = ["Job", "JobState", "Schedule"]


class JobState(models.TextChoices):
    """Where a job is. A running job whose lease has run out is taken up again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(models.Model):
    """One piece of work, done once or more until it is whole: handlers are idempotent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    """On whose behalf: the handler acts with his permissions."""
    unique = models.CharField(max_length=120, null=True, unique=True)
    """While it is queued or running there is no second one of this; cleared when it ends."""
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    """Of the attempt that is running; whoever holds another may write nothing."""
    lease_until = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField(default=False)
    stage = models.CharField(max_length=80, default="")
    """A code of `guanxi.words`."""
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    result = models.JSONField(default=dict)
    problem = models.JSONField(default=dict)
    """Where it failed: ``code`` of `guanxi.words` and its parameters."""

    class Meta:
        indexes = (
            models.Index(fields=["state", "due_at"], name="jobs_due"),
            models.Index(fields=["kind", "-created_at"], name="jobs_of_kind"),
        )

    @property
    def share_done(self) -> float | None:
        """0 … 1 of the present stage, where its size is known."""
        return min(self.done / self.total, 1.0) if self.total else None

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Schedule(models.Model):
    """A job to be queued again and again, on the company's clock."""

    kind = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    every = models.CharField(max_length=10, choices=[("day", "day"), ("week", "week"), ("month", "month")])
    weekday = models.PositiveSmallIntegerField(default=0)
    """0 Monday … 6 Sunday, for ``week``."""
    day = models.PositiveSmallIntegerField(default=1)
    """1 … 28, for ``month``."""
    at = models.TimeField()
    next_at = models.DateTimeField(db_index=True)
    is_active = models.BooleanField(default=True)
