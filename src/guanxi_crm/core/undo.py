"""Taking an action back, by who did it, within a day."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.models import Undo
from guanxi_crm.core.policy import Actor

__all__ = ["takes_back", "undo", "undo_keep"]

_HOURS = 24
Taker = Callable[[Actor, Mapping[str, object]], int]
"""Gets who asks and what was before; returns how many records it has set back."""
_TAKERS: dict[str, Taker] = {}


def takes_back(kind: str) -> Callable[[Taker], Taker]:
    """Register how one kind of action is taken back: it asks the policy again, and leaves alone what has changed."""

    def register(taker: Taker) -> Taker:
        _TAKERS[kind] = taker
        return taker

    return register


def undo_keep(*, user: Actor, kind: str, before: Mapping[str, object]) -> Undo:
    """Keep what was before an action, in its transaction."""
    return Undo.objects.create(user_id=user.user_id, kind=kind, before=dict(before), at=timezone.now())


@transaction.atomic
def undo(*, user: Actor, undo_id: uuid.UUID) -> int:
    """Take an action back; returns how many records were set back.

    Raises
    ------
    NotFound : it is not this user's.
    RuleBroken : it was taken back already, or is too old.
    """
    kept = Undo.objects.select_for_update().filter(pk=undo_id, user_id=user.user_id).first()
    if kept is None:
        raise NotFound
    if kept.undone_at is not None or timezone.now() - kept.at > dt.timedelta(hours=_HOURS):
        raise RuleBroken("crm_core.too_late_to_undo")
    set_back = _TAKERS[kept.kind](user, kept.before)
    kept.undone_at = timezone.now()
    kept.save(update_fields=["undone_at"])
    return set_back
