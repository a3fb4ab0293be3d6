"""What staff of the simulated company have done with its customers, so that pages are not empty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Consent, Customer, CustomerTag, Note, Tag, Task

__all__ = ["demo_customers_remove", "demo_life"]

_TAGS = (("礼品客户 Gifts", "pink"), ("企业采购 Corporate", "azure"), ("咖啡爱好者 Coffee", "orange"))
_NOTES = (
    "电话回访：对最近一次配送很满意，想了解新品咖啡豆。",
    "Asked for an invoice with the company's tax number; prefers to be written to by e-mail.",
    "客户希望周末送货，节前会有一批礼品采购。",
)
_TASKS = ("回访：为什么最近没有下单", "Send the new catalogue", "确认节前礼品数量")
_WORKED_WITH = 60
"""So many of the best customers have notes, tasks and tags."""


@transaction.atomic
def demo_life(*, user: Actor, owners: Sequence[tuple[int, int]]) -> None:
    """Give the simulated company's customers owners, and the best of them notes, tasks, tags and consents.

    Permission: none is asked; the server's owner does this on its console. Audit: one entry for all.

    Parameters
    ----------
    owners : (user, team) each, who share the customers; from abroad all go to the last
    """
    demo = Customer.objects.filter(origin="demo")
    *inland, abroad = owners
    for place, (owner, team) in enumerate(inland):
        keys = demo.filter(country="CN").order_by("pk").values_list("pk", flat=True)
        demo.filter(pk__in=list(keys)[place :: len(inland)]).update(owner_id=owner, team_id=team)
    demo.filter(owner=None).update(owner_id=abroad[0], team_id=abroad[1])
    tags = [Tag.objects.get_or_create(name=name, defaults={"colour": colour})[0] for name, colour in _TAGS]
    now = timezone.now()
    best = demo.filter(scores__scored__is_current=True).order_by("-scores__amount", "pk")[:_WORKED_WITH]
    for place, customer in enumerate(best):
        at = now - dt.timedelta(days=3 + place % 40, hours=place % 9)
        which = place % len(_NOTES)
        Note.objects.create(customer=customer, author_id=customer.owner_id, text=_NOTES[which], at=at)
        CustomerTag.objects.create(customer=customer, tag=tags[which])
        Consent.objects.create(
            customer=customer, purpose="marketing", channel="email", is_given=place % 4 != 0, at=at,
            by_id=customer.owner_id,
        )  # fmt: skip
        if place % 3 == 0:
            Task.objects.create(
                customer=customer, title=_TASKS[which], assignee_id=customer.owner_id, created_by_id=customer.owner_id,
                due_on=(now + dt.timedelta(days=place % 15 - 4)).date(), created_at=at,
            )  # fmt: skip
    log(user=user, kind="customer", record=None, action="assign", note={"origin": "demo", "customers": demo.count()})


def demo_customers_remove() -> int:
    """Take the simulated company's customers out with everything about them but orders, which must be gone before;
    returns how many.

    Permission: as `demo_life`. Audit: by whoever calls.
    """
    removed = 0
    while keys := list(Customer.objects.filter(origin="demo").values_list("pk", flat=True)[:500]):
        with transaction.atomic():
            Customer.objects.filter(pk__in=keys).delete()
        removed += len(keys)
    Tag.objects.filter(name__in=[name for name, _ in _TAGS], tagged=None).delete()
    return removed
