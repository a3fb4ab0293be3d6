"""Words that staff put on customers."""

from __future__ import annotations

from django.db import transaction

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.models import Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import undo_keep
from guanxi_crm.customers.models import Customer, CustomerTag, Tag
from guanxi_crm.customers.selectors.directory import directory_forget
from guanxi_crm.customers.selectors.record import customer_get
from guanxi_crm.customers.selectors.tags import COLOURS
from guanxi_crm.customers.services.bulk_actions import TakeTag

__all__ = ["customer_tag", "customer_untag", "tag_ensure"]


@transaction.atomic
def customer_tag(*, user: Actor, customer_id: int, name: str, colour: str = "") -> Tag:
    """Put a tag on a customer; a word that is new becomes a tag, in the colour that is given.

    Permission: customer.change, field tags. Audit: change of tags, where he did not have it. Raises: NotFound,
    NotAllowed, RuleBroken (no word, too long, no such colour).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    user.require_writable("customer", ["tags"])
    tag = tag_ensure(name=name, colour=colour)
    before = _names(customer)
    _, is_new = CustomerTag.objects.get_or_create(customer=customer, tag=tag)
    if is_new:
        _tell(user, customer, before)
    return tag


@transaction.atomic
def customer_untag(*, user: Actor, customer_id: int, tag_id: int) -> Undo:
    """Take a tag from a customer; returns what puts it back.

    Permission: customer.change, field tags. Audit: change of tags. Raises: NotFound (also where he has not this tag),
    NotAllowed.
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change", lock=True)
    user.require_writable("customer", ["tags"])
    before = _names(customer)
    if not CustomerTag.objects.filter(customer=customer, tag_id=tag_id).delete()[0]:
        raise NotFound
    _tell(user, customer, before)
    action = TakeTag(tag_id)
    return undo_keep(user=user, kind=action.undo_kind, before={"action": action.as_data(), "was": [customer.pk]})


def tag_ensure(*, name: str, colour: str = "") -> Tag:
    """The tag of this name, made where there is none; whoever calls has asked the policy.

    Raises
    ------
    RuleBroken : no word, too long, no such colour.
    """
    name = " ".join(name.replace("\0", " ").split())
    if not name:
        raise RuleBroken("crm_customers.tag_empty", field="name")
    if len(name) > (most := Tag._meta.get_field("name").max_length):
        raise RuleBroken("crm_customers.too_long", field="name", most=most)
    if colour and colour not in COLOURS:
        raise RuleBroken("crm_customers.not_a_choice", field="colour", value=colour)
    known = Tag.objects.filter(name__iexact=name).order_by("pk").first()
    if known is None:
        known = Tag.objects.create(name=name, colour=colour or COLOURS[0])
        transaction.on_commit(directory_forget)
    return known


def _names(customer: Customer) -> list[str]:
    return list(Tag.objects.filter(tagged__customer=customer).order_by("name").values_list("name", flat=True))


def _tell(user: Actor, customer: Customer, before: list[str]) -> None:
    log(
        user=user, kind="customer", record=customer, action="change", name=str(customer),
        changes={"tags": (before, _names(customer))},
    )  # fmt: skip
