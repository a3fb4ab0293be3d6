"""How changes of many customers are taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from guanxi_crm.core.jobs.queue import job_cancel
from guanxi_crm.core.models import Job, Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import takes_back
from guanxi_crm.customers.services.bulk import JOB_KIND
from guanxi_crm.customers.services.bulk_actions import BulkAction

__all__: list[str] = []


@takes_back("customers.tag")
@takes_back("customers.untag")
@takes_back("customers.assign")
def _take_back(user: Actor, before: Mapping[str, Any]) -> int:
    action = BulkAction.from_data(before["action"])
    action.require_back(user)
    return action.take_back(user, before["was"])


@takes_back(JOB_KIND)
def _take_back_job(user: Actor, before: Mapping[str, Any]) -> int:
    """What the job has done so far; and it does no more."""
    job = Job.objects.filter(pk=uuid.UUID(before["job"])).first()
    if job is not None:
        job_cancel(job=job)
    taken = 0
    parts = Undo.objects.filter(user_id=user.user_id, before__job=before["job"], undone_at=None).exclude(kind=JOB_KIND)
    for part in parts.order_by("-at"):
        taken += _take_back(user, part.before)
        part.undone_at = timezone.now()
        part.save(update_fields=["undone_at"])
    return taken
