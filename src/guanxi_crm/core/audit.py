"""The one way into the audit trail, and the one way to read it."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.core.records import RecordType, record_types

__all__ = [
    "changes_between",
    "entries_for",
    "entries_of",
    "log",
    "log_many",
    "readable_changes",
    "readable_name",
    "readable_note",
]


def log(
    *,
    user: Actor,
    kind: str,
    record: Model | None,
    action: str,
    name: str = "",
    changes: Mapping[str, tuple[object, object]] | None = None,
    note: Mapping[str, object] | None = None,
    at: dt.datetime | None = None,
) -> AuditEntry:
    """Write one entry, inside the transaction of the change that it tells of.

    Parameters
    ----------
    user : who, through which door
    kind : name of the record type
    record : the record, or None where the entry is of many; then ``note`` says how many and which
    action : ``create``, ``change``, ``delete``, ``export`` or the record type's own
    name : what people call the record, kept as it is now
    changes : field → (before, after); fields of the record type
    note : what else belongs to it
    """
    return AuditEntry.objects.create(
        at=at or timezone.now(),
        user_id=user.user_id,
        user_name=user.name[:200],
        door=user.door,
        kind=kind,
        record_id="" if record is None else str(record.pk),
        record_name=name[:200],
        action=action,
        changes={field: [_plain(before), _plain(after)] for field, (before, after) in (changes or {}).items()},
        note={key: _plain(value) for key, value in (note or {}).items()},
    )


def log_many(
    *,
    user: Actor,
    kind: str,
    action: str,
    records: Iterable[tuple[int, str, Mapping[str, tuple[object, object]]]],
    note: Mapping[str, object] | None = None,
    at: dt.datetime | None = None,
) -> int:
    """Write one entry for each of many records that one action has changed; returns how many.

    ``records`` are key, name and changes, as in `log`.
    """
    moment = at or timezone.now()
    entries = [
        AuditEntry(
            at=moment, user_id=user.user_id, user_name=user.name[:200], door=user.door, kind=kind, record_id=str(key),
            record_name=name[:200], action=action,
            changes={field: [_plain(before), _plain(after)] for field, (before, after) in changes.items()},
            note={name: _plain(value) for name, value in (note or {}).items()},
        )
        for key, name, changes in records
    ]  # fmt: skip
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
    return len(entries)


def changes_between(record: Model, values: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """field → (before, after) of the values that differ from the record's."""
    return {name: (getattr(record, name), value) for name, value in values.items() if getattr(record, name) != value}


def entries_of(*, user: Actor, kind: str, record: Model) -> QuerySet[AuditEntry]:
    """The trail of one record, newest first, for who may see the record."""
    user.require(kind, "view", record)
    return AuditEntry.objects.filter(kind=kind, record_id=str(record.pk)).order_by("-at", "-id")


def entries_for(*, user: Actor) -> QuerySet[AuditEntry]:
    """The trail of all records that this user may see, newest first; whoever calls has asked whether he may read it.

    Of record types of which he sees only some records (his own, his team's), he reads what he did himself.
    """
    entries = AuditEntry.objects.order_by("-at", "-id")
    if user.everything:
        return entries
    whole = [kind.name for kind in record_types() if user.scope(kind.name, "view") is Scope.ALL]
    return entries.filter(Q(kind__in=whole) | Q(user_id=user.user_id, user__isnull=False))


def readable_changes(entry: AuditEntry, *, user: Actor) -> dict[str, list[Any]]:
    """The changes of an entry without the fields that are hidden from this user."""
    kind = _kind_of(entry)
    if kind is None:
        return dict(entry.changes) if user.everything else {}
    return {field: change for field, change in entry.changes.items() if user.may_read(kind.name, field)}


def readable_name(entry: AuditEntry, *, user: Actor) -> str:
    """What people call the record, unless the field that says so is hidden from this user: then nothing."""
    kind = _kind_of(entry)
    if kind is None:
        return entry.record_name if user.everything else ""
    return entry.record_name if kind.called_by is None or user.may_read(kind.name, kind.called_by) else ""


def readable_note(entry: AuditEntry, *, user: Actor) -> dict[str, Any]:
    """What else belongs to an entry, without what is named as a field that is hidden from this user.

    The conditions of a filter may quote hidden fields anywhere: whoever has one sees none.
    """
    kind = _kind_of(entry)
    if kind is None:
        return dict(entry.note) if user.everything else {}
    sees_all = len(user.readable(kind.name)) == len(kind.names)
    return {
        key: value
        for key, value in entry.note.items()
        if (key not in kind.by_name or user.may_read(kind.name, key)) and (sees_all or not _is_tree(value))
    }


def _is_tree(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(_is_tree(each) for each in value))


def _kind_of(entry: AuditEntry) -> RecordType | None:
    """None where the record type is of an older Guanxi."""
    return next((kind for kind in record_types() if kind.name == entry.kind), None)


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.time | decimal.Decimal):
        return str(value)
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
