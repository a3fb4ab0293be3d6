"""What staff write down about a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotAllowed, NotFound, Problem, RuleBroken
from guanxi_crm.core.models import Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import takes_back, undo_keep
from guanxi_crm.customers.models import Customer, Note
from guanxi_crm.customers.selectors.record import customer_get

__all__ = ["NOTE_LENGTH", "note_add", "note_change", "note_delete"]

NOTE_LENGTH = 10_000
"""Characters; what is longer is a file."""


@transaction.atomic
def note_add(*, user: Actor, customer_id: int, text: str, at: dt.datetime | None = None) -> Note:
    """Write a note about a customer.

    Permission: customer.change, field notes. Audit: change of notes. Raises: NotFound, NotAllowed, RuleBroken (empty,
    too long).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["notes"])
    text = _cleaned(text)
    note = Note.objects.create(customer=customer, author_id=user.user_id, text=text, at=at or timezone.now())
    _tell(user, customer, None, text, note.at)
    return note


@transaction.atomic
def note_change(*, user: Actor, customer_id: int, note_id: int, text: str, at: dt.datetime | None = None) -> Note:
    """Correct one's own note.

    Permission: customer.change, field notes, the author only. Audit: change of notes. Raises: NotFound, NotAllowed,
    RuleBroken.
    """
    note, customer = _own(user, customer_id, note_id)
    before, text = note.text, _cleaned(text)
    if before != text:
        note.text, note.changed_at = text, at or timezone.now()
        note.save(update_fields=["text", "changed_at"])
        _tell(user, customer, before, text, note.changed_at)
    return note


@transaction.atomic
def note_delete(*, user: Actor, customer_id: int, note_id: int) -> Undo:
    """Delete one's own note; for a day it can be had back.

    Permission: customer.change, field notes, the author (or an administrator). Audit: change of notes. Raises:
    NotFound, NotAllowed.
    """
    note, customer = _own(user, customer_id, note_id)
    kept = {
        "customer_id": customer.pk, "author_id": note.author_id, "text": note.text, "at": note.at.isoformat(),
        "changed_at": note.changed_at.isoformat() if note.changed_at else None,
    }  # fmt: skip
    _tell(user, customer, note.text, None, timezone.now())
    note.delete()
    return undo_keep(user=user, kind="customers.note_delete", before=kept)


@takes_back("customers.note_delete")
def _restore(user: Actor, before: Mapping[str, object]) -> int:
    try:
        customer = customer_get(user=user, customer_id=int(str(before["customer_id"])), action="change")
        user.require_writable("customer", ["notes"])
    except Problem:
        return 0
    note = Note.objects.create(
        customer=customer, author_id=before["author_id"], text=before["text"], at=parse_datetime(str(before["at"])),
        changed_at=parse_datetime(str(before["changed_at"])) if before["changed_at"] else None,
    )  # fmt: skip
    _tell(user, customer, None, note.text, timezone.now())
    return 1


def _own(user: Actor, customer_id: int, note_id: int) -> tuple[Note, Customer]:
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    note = customer.notes.filter(pk=note_id).first()
    if note is None or not user.may_read("customer", "notes"):
        raise NotFound
    user.require_writable("customer", ["notes"])
    if note.author_id != user.user_id and not user.everything:
        raise NotAllowed("crm_customers.not_your_note")
    return note, customer


def _cleaned(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise RuleBroken("crm_customers.note_empty", field="text")
    if len(text) > NOTE_LENGTH:
        raise RuleBroken("crm_customers.too_long", field="text", most=NOTE_LENGTH)
    return text


def _tell(user: Actor, customer: Customer, before: str | None, after: str | None, at: dt.datetime) -> None:
    log(
        user=user, kind="customer", record=customer, action="change", name=str(customer),
        changes={"notes": (before, after)}, at=at,
    )  # fmt: skip
