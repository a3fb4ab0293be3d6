"""The one way into the audit trail, and the one way to read it."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type, record_types

__all__ = ["changes_between", "entries_of", "log", "readable_changes"]


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


def changes_between(record: Model, values: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """field → (before, after) of the values that differ from the record's."""
    return {name: (getattr(record, name), value) for name, value in values.items() if getattr(record, name) != value}


def entries_of(*, user: Actor, kind: str, record: Model) -> QuerySet[AuditEntry]:
    """The trail of one record, newest first, for who may see the record."""
    user.require(kind, "view", record)
    return AuditEntry.objects.filter(kind=kind, record_id=str(record.pk)).order_by("-at", "-id")


def readable_changes(entry: AuditEntry, *, user: Actor) -> dict[str, list[Any]]:
    """The changes of an entry without the fields that are hidden from this user."""
    if entry.kind not in {each.name for each in record_types()}:
        return dict(entry.changes) if user.everything else {}
    names = record_type(entry.kind).names
    return {
        field: change for field, change in entry.changes.items() if field in names and user.may_read(entry.kind, field)
    }


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.time | decimal.Decimal):
        return str(value)
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool | dict) else str(value)
