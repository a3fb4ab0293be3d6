"""The audit trail as people read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.keyset import Order, Page, page_of
from guanxi_crm.core.language import told
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.labels import action_label, field_label, kind_label, note_label

__all__ = ["Line", "audit_page"]


@dataclass(frozen=True)
class Line:
    """One entry, as its reader may see it."""

    entry: AuditEntry
    kind: str
    action: str
    record: str
    """Empty where the record's name is hidden from the reader."""
    changes: list[tuple[str, str, str]]
    """What, before, after."""
    note: list[tuple[str, str]]
    """What, how much or which."""

    @property
    def door(self) -> str:
        """By which way: a code of `guanxi.words`."""
        return f"crm_users.door_{self.entry.door}"


def audit_page(
    *,
    user: Actor,
    who: int | None = None,
    kind: str = "",
    record_id: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    cursor: str | None = None,
    size: int = 50,
) -> Page:
    """One page of the trail, newest first, its records as `Line`.

    ``since`` and ``until`` are days on the company's clock, both included. Two queries at most.

    Raises: NotAllowed (who may not read the trail), RuleBroken (the cursor).
    """
    user.require("audit", "view")
    entries = audit.entries_for(user=user)
    if who is not None:
        entries = entries.filter(user_id=who)
    if kind:
        entries = entries.filter(kind=kind)
    if kind and record_id:
        entries = entries.filter(record_id=record_id)
    if since:
        entries = entries.filter(at__gte=_midnight(since))
    if until:
        entries = entries.filter(at__lt=_midnight(until + dt.timedelta(days=1)))
    page = page_of(entries, Order("at", descending=True), size=size, cursor=cursor)
    return Page([_line(entry, user) for entry in page.records], page.next, page.previous)


def _line(entry: AuditEntry, user: Actor) -> Line:
    return Line(
        entry,
        kind_label(entry.kind),
        action_label(entry.kind, entry.action),
        audit.readable_name(entry, user=user),
        [
            (f"{field_label(entry.kind, field)}{' ' if inner else ''}{inner}", _shown(before), _shown(after))
            for field, change in audit.readable_changes(entry, user=user).items()
            for inner, before, after in _differences(*change)
        ],
        [(note_label(key), _shown(value)) for key, value in audit.readable_note(entry, user=user).items()],
    )


def _differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Of two trees of values (a role's grants) the leaves that differ; of anything else, itself."""
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        yield path, before, after
        return
    before, after = (each if isinstance(each, Mapping) else {} for each in (before, after))
    for name in (*before, *(each for each in after if each not in before)):
        if before.get(name) != after.get(name):
            yield from _differences(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return told("crm_users.yes" if value else "crm_users.no")
    if isinstance(value, Mapping):
        return " ".join(_shown(each) for each in value.values() if each not in (None, "", [], {}))
    if isinstance(value, list):
        return told("crm_users.several", several=[_shown(each) for each in value])
    return str(value)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
