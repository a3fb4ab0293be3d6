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
from guanxi_crm.users.labels import action_label, field_kind, field_label, grant_label, kind_label, note_label

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
            told_change
            for field, (before, after) in audit.readable_changes(entry, user=user).items()
            for told_change in _changes(entry.kind, field, before, after)
        ],
        [(note_label(key), _shown(value)) for key, value in audit.readable_note(entry, user=user).items()],
    )


def _changes(kind: str, field: str, before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    if (kind, field) == ("role", "grants"):
        yield from _changes_of_grants(before, after)
    elif field_kind(kind, field) == "time":
        yield field_label(kind, field), _moment(before), _moment(after)
    else:
        yield field_label(kind, field), _shown(before), _shown(after)


def _changes_of_grants(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Of a role's permissions those that differ, one by one."""
    old, new = (dict(_leaves(grants)) for grants in (before, after))
    for kind, part, name in {**old, **new}:
        was, became = (each.get((kind, part, name)) for each in (old, new))
        if was != became:
            what = action_label(kind, name) if part == "actions" else field_label(kind, name)
            otherwise = "none" if part == "actions" else "write"
            label = told("crm_users.field_of_grants", kind=kind_label(kind), what=what)
            yield label, grant_label(part, was or otherwise), grant_label(part, became or otherwise)


def _leaves(grants: Any) -> Iterator[tuple[tuple[str, str, str], str]]:
    for kind, grant in grants.items():
        for part in ("actions", "fields"):
            for name, word in grant.get(part, {}).items():
                yield (kind, part, name), word


def _moment(value: Any) -> str:
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return _shown(value)
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if timezone.is_aware(moment) else str(value)


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return told("crm_users.yes" if value else "crm_users.no")
    if isinstance(value, Mapping):
        said = {key: _shown(each) for key, each in value.items() if each not in (None, "", [], {}, 0)}
        # A condition reads by itself: field, operator, values.
        if "operator" in value:
            return " ".join(said.values())
        return " · ".join(f"{note_label(key)} {each}" for key, each in said.items()) or "–"
    if isinstance(value, list):
        return told("crm_users.several", several=[_shown(each) for each in value])
    return str(value)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
