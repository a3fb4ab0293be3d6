"""Reads of `sources`: imports, where each stands, and what is missing of a table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.keyset import Order, Page, page_of
from guanxi_crm.core.models import Job, JobState
from guanxi_crm.core.policy import Actor
from guanxi_crm.sources.models import Import, WarehouseSync

__all__ = [
    "brought_before",
    "import_get",
    "import_page",
    "is_half_way",
    "missing_roles",
    "stands",
]

_SIZE = 25
_NEWEST = Order("created_at", descending=True)


def import_page(*, user: Actor, cursor: str | None = None) -> Page:
    """Imports, newest first, each with its files and its job."""
    found: QuerySet[Import] = user.narrow("import", Import.objects.all())
    return page_of(found.select_related("job", "user").prefetch_related("files"), _NEWEST, size=_SIZE, cursor=cursor)


def import_get(*, user: Actor, import_id: uuid.UUID, lock: bool = False) -> Import:
    """One import; `NotFound` where there is none that this user may know of."""
    found = user.narrow("import", Import.objects.all()).select_related("job", "user").prefetch_related("files")
    if lock:
        found = found.select_for_update(of=("self",))
    delivered = found.filter(pk=import_id).first()
    if delivered is None:
        raise NotFound
    return delivered


def stands(delivered: Import) -> str:
    """Where an import stands, its job taken into account.

    ``looking``, ``ready``, ``trying``, ``importing``, ``undoing``, ``done``, ``undone``; ``stopped`` where a look or an
    import has died or was cancelled; ``failed`` where the import said why it cannot be.
    """
    job = delivered.job
    if job is not None and not job.is_over:
        return {
            "sources.look": "looking",
            "sources.try": "trying",
            "sources.import": "importing",
            "sources.undo": "undoing",
        }[job.kind]
    if delivered.state == Import.State.LOOKING:
        return "stopped"
    if delivered.state == Import.State.IMPORTING:
        has_failed = job is not None and job.state == JobState.FAILED and "tables" not in delivered.result
        return "failed" if has_failed and delivered.profile else "stopped"
    return str(delivered.state)


def missing_roles(table: Mapping[str, Any], profile: Mapping[str, Any]) -> list[list[list[str]]]:
    """What a table lacks to be used: per gap the alternatives, each some roles; empty where nothing is missing."""
    given = {column["role"] for column in table["columns"]} | set(table["also"])
    return [
        group
        for group in profile["required"][table["kind"]]
        if not any(given.issuperset(alternative) for alternative in group)
    ]


def brought_before(delivered: Import) -> dict[str, Import]:
    """File name → the earlier import that has brought in the same bytes."""
    sums = {file.sha256: file.name for file in delivered.files.all()}
    earlier = (
        Import.objects.filter(state=Import.State.DONE, files__sha256__in=list(sums))
        .exclude(pk=delivered.pk)
        .order_by("created_at")
        .annotate(same=F("files__sha256"))
    )
    return {sums[each.same]: each for each in earlier}


def is_half_way() -> bool:
    """Whether customers and orders have stopped on their way to the warehouse's latest state."""
    at_it = Job.objects.filter(kind__startswith="sources.", state__in=(JobState.QUEUED, JobState.RUNNING))
    return WarehouseSync.objects.filter(target_id__isnull=False).exists() and not at_it.exists()
