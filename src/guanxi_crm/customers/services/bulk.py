"""One change of many customers: a tag put on or taken off, another owner or team.

Up to `AT_ONCE` customers are changed in one transaction. More are a job's, batch by batch, each with its own part of
the undo; the job may be killed and tried again, since whoever is already as wanted is passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.jobs.context import JobContext
from guanxi_crm.core.jobs.queue import job_enqueue
from guanxi_crm.core.models import Job, Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import undo_keep
from guanxi_crm.customers.models import Customer, Tag
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.lists import customers_matching
from guanxi_crm.customers.services.bulk_actions import BulkAction, PutTag
from guanxi_crm.customers.services.tags import tag_ensure

__all__ = [
    "AT_ONCE", "JOB_KIND", "MOST", "MOST_IDS", "Bulk", "customers_bulk", "customers_bulk_job", "customers_bulk_tag",
]  # fmt: skip

AT_ONCE = 10_000
MOST = 200_000
"""More at one click is a mistake; a narrower filter does it in parts."""
MOST_IDS = 1000
JOB_KIND = "customers.bulk"
_BATCH = 500


@dataclass(frozen=True)
class Bulk:
    """What came of it.

    Parameters
    ----------
    customers : how many were changed, or are to be
    left_out : of the customers that were named, how many the user may not change
    undo : takes all of it back; None where nothing was changed
    job : where it is done in the background
    """

    customers: int
    left_out: int
    undo: Undo | None
    job: Job | None = None


@transaction.atomic
def customers_bulk(
    *, user: Actor, action: BulkAction, ids: Sequence[int] | None = None, query: ListQuery | None = None,
    at: dt.datetime | None = None,
) -> Bulk:  # fmt: skip
    """Change the customers named by their keys, or all that match a query.

    Permission: customer.change and field tags, or customer.assign and the fields owner and team. Audit: an entry for
    each customer, with the number of all. Customers that the user sees but may not change are left out and counted.
    Raises: NotAllowed (also where he may change none of those named), NotFound (none of them is there for him),
    RuleBroken (more than `MOST`, or more than `MOST_IDS` keys; no such tag, colleague or team).
    """
    action.require(user)
    now = at or timezone.now()
    if ids is not None:
        if len(ids) > MOST_IDS:
            raise RuleBroken("crm_customers.too_many_ids", most=MOST_IDS)
        keys, left_out = _named(user, action, ids)
    else:
        left_out = 0
        matching = customers_matching(user=user, query=query or ListQuery(), action=action.permission)
        keys = list(matching.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        raise RuleBroken("crm_customers.too_many_at_once", most=MOST)
    if len(keys) > AT_ONCE:
        return _later(user, action, query or ListQuery(), len(keys))
    note = {"customers": len(keys), **({} if query is None else {"filter": query.as_data()})}
    before = [action.apply(user, keys[start : start + _BATCH], note, now) for start in range(0, len(keys), _BATCH)]
    changed = sum(len(each) for each in before)
    if not changed:
        return Bulk(0, left_out, None)
    kept = undo_keep(
        user=user,
        kind=action.undo_kind,
        before={"action": action.as_data(), "was": [row for part in before for row in part]},
    )
    return Bulk(changed, left_out, kept)


@transaction.atomic
def customers_bulk_tag(
    *, user: Actor, name: str, ids: Sequence[int] | None = None, query: ListQuery | None = None
) -> Bulk:
    """Put a tag on customers by its name; a word that is new becomes a tag, unless nobody can be given it.

    Permission, Audit, Raises: as `customers_bulk`; RuleBroken (no word, too long).
    """
    user.require("customer", PutTag.permission)
    user.require_writable("customer", ["tags"])
    newest = Tag.objects.aggregate(pk=Max("pk"))["pk"] or 0
    tag = tag_ensure(name=name)
    done = customers_bulk(user=user, action=PutTag(tag.pk), ids=ids, query=query)
    if tag.pk > newest and done.job is None and not done.customers:
        tag.delete()
    return done


def customers_bulk_job(context: JobContext) -> Mapping[str, object]:
    """The same for more than `AT_ONCE`; permissions are asked again, as they are now."""
    action = BulkAction.from_data(context.parameters["action"])
    query = ListQuery.from_data(cast("dict[str, Any]", context.parameters["query"]))
    action.require(context.user)
    matching = customers_matching(user=context.user, query=query, action=action.permission).order_by("pk")
    context.stage("crm_customers.stage_bulk", total=int(str(context.parameters["customers"])))
    note = {"job": str(context.job.pk), "filter": query.as_data()}
    changed, after = 0, 0
    while keys := list(matching.filter(pk__gt=after).values_list("pk", flat=True)[:_BATCH]):
        with context.transaction():
            was = action.apply(context.user, keys, note, timezone.now())
            if was:
                undo_keep(
                    user=context.user, kind=action.undo_kind,
                    before={"action": action.as_data(), "was": was, "job": str(context.job.pk)},
                )  # fmt: skip
        changed, after = changed + len(was), keys[-1]
        context.advance(len(keys))
    return {"customers": changed}


def _named(user: Actor, action: BulkAction, ids: Sequence[int]) -> tuple[list[int], int]:
    wanted = Customer.objects.filter(pk__in=set(ids))
    seen = user.narrow("customer", wanted).count()
    keys = list(user.narrow("customer", wanted, action.permission).order_by("pk").values_list("pk", flat=True))
    if not seen:
        raise NotFound
    if not keys:
        raise NotAllowed
    return keys, seen - len(keys)


def _later(user: Actor, action: BulkAction, query: ListQuery, customers: int) -> Bulk:
    parameters: dict[str, Any] = {"action": action.as_data(), "query": query.as_data(), "customers": customers}
    job = job_enqueue(user=user, kind=JOB_KIND, parameters=parameters)
    kept = undo_keep(user=user, kind=JOB_KIND, before={"job": str(job.pk)})
    return Bulk(customers, 0, kept, job)
