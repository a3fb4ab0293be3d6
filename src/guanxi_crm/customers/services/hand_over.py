"""A customer passing from one member of staff to another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.models import Undo
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.undo import undo_keep
from guanxi_crm.customers.models import HandOver
from guanxi_crm.customers.selectors.owners import may_own
from guanxi_crm.customers.selectors.record import customer_get
from guanxi_crm.customers.services.bulk_actions import Assign
from guanxi_crm.users.models import Team, User

__all__ = ["Handed", "customer_hand_over"]


@dataclass(frozen=True)
class Handed:
    """A hand-over, and what takes it back."""

    record: HandOver
    undo: Undo


@transaction.atomic
def customer_hand_over(
    *, user: Actor, customer_id: int, owner_id: int | None, team_id: int | None, note: str = "",
    at: dt.datetime | None = None,
) -> Handed | None:  # fmt: skip
    """Give a customer to another owner, another team or both; the receiver finds him among what came to him.

    Returns None where nothing changes. Who gave him away may take that back, though he may not see him any more.

    Permission: customer.assign, fields owner and team where they change. Audit: hand_over, with both. Raises: NotFound,
    NotAllowed, RuleBroken (nobody of that key works here and may look after customers; a note that is too long).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="assign", lock=True)
    changes = {
        name: (before, after)
        for name, before, after in (
            ("owner", customer.owner_id, owner_id), ("team", customer.team_id, team_id),
        )
        if before != after
    }  # fmt: skip
    user.require_writable("customer", changes)
    if not changes:
        return None
    owners = User.objects.in_bulk(key for key in (customer.owner_id, owner_id) if key)
    teams = Team.objects.in_bulk(key for key in (customer.team_id, team_id) if key)
    if "owner" in changes and owner_id is not None and owner_id not in may_own(user=user):
        raise RuleBroken("crm_customers.no_such_colleague", field="owner")
    if "team" in changes and team_id is not None and team_id not in teams:
        raise RuleBroken("crm_customers.no_such_team", field="team")
    note = note.strip()
    if len(note) > (most := HandOver._meta.get_field("note").max_length):
        raise RuleBroken("crm_customers.too_long", field="note", most=most)
    now = at or timezone.now()
    was = [customer.pk, customer.owner_id, customer.team_id]
    record = HandOver.objects.create(
        customer=customer, from_owner_id=customer.owner_id, to_owner_id=owner_id, from_team_id=customer.team_id,
        to_team_id=team_id, note=note, by_id=user.user_id, at=now,
    )  # fmt: skip
    customer.owner_id, customer.team_id = owner_id, team_id
    customer.edited = sorted({*customer.edited, *changes})
    customer.version += 1
    customer.updated_at = now
    customer.save(update_fields=["owner", "team", "edited", "version", "updated_at"])
    names: dict[str, Mapping[int, Model]] = {"owner": owners, "team": teams}
    log(
        user=user, kind="customer", record=customer, action="hand_over", name=str(customer), at=now,
        changes={
            field: (_name(names[field], before), _name(names[field], after))
            for field, (before, after) in changes.items()
        },
    )  # fmt: skip
    action = Assign({field: after for field, (_, after) in changes.items()})
    before = {"action": action.as_data(), "was": [was]}
    return Handed(record, undo_keep(user=user, kind=action.undo_kind, before=before))


def _name(known: Mapping[int, Model], key: int | None) -> str | None:
    return str(known[key]) if key is not None and key in known else None
