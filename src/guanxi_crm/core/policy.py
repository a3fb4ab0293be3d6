"""Who may do what: the one place where it is decided, for pages, API, export, search, jobs and agents alike.

An `Actor` is a user (or a token, or a job on a user's behalf) with what his roles grant him, and the door by which he
came. Every service and selector takes one as ``user``. Selectors start from `Actor.narrow`; services ask
`Actor.require` for the record and `Actor.require_writable` for the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.records import record_type, record_types

__all__ = ["Actor", "Door", "Grant", "Mode", "Scope"]


class Scope(IntEnum):
    """Of which records."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


class Mode(IntEnum):
    """What may be done with a field."""

    HIDDEN = 0
    READ = 1
    WRITE = 2


class Door(StrEnum):
    """By which way somebody came in."""

    PAGE = "page"
    API = "api"
    IMPORT = "import"
    JOB = "job"
    CONSOLE = "console"


@dataclass(frozen=True)
class Grant:
    """What is granted on one record type: scopes by action, modes by field (a field not named may be written)."""

    scopes: Mapping[str, Scope] = field(default_factory=dict)
    fields: Mapping[str, Mode] = field(default_factory=dict)

    def scope(self, action: str) -> Scope:
        return self.scopes.get(action, Scope.NONE)

    def mode(self, name: str) -> Mode:
        return self.fields.get(name, Mode.WRITE)

    def joined(self, other: Grant) -> Grant:
        """With two roles: whatever either allows.

        Modes of fields are joined over the whole record type: who sees his own customers whole by one role, and all
        customers without names by another, sees names of all. Only a role that shows records shows their fields.
        """
        scopes = {name: max(self.scope(name), other.scope(name)) for name in {*self.scopes, *other.scopes}}
        if bool(self.scope("view")) != bool(other.scope("view")):
            return Grant(scopes, (self if self.scope("view") else other).fields)
        # A field that one of them does not name may be written.
        named = set(self.fields) & set(other.fields)
        return Grant(scopes, {name: max(self.fields[name], other.fields[name]) for name in named})

    def narrowed(self, actions: Iterable[str]) -> Grant:
        """With only some of the actions: what is left for a token."""
        return Grant({name: scope for name, scope in self.scopes.items() if name in set(actions)}, self.fields)


@dataclass(frozen=True)
class Actor:
    """Somebody who does something: who, what he may, and through which door.

    Parameters
    ----------
    user_id : of `guanxi_crm.users`; None for Guanxi itself (a migration, the first start)
    name : as the audit trail shows it
    grants : by record type
    team_ids : teams he belongs to
    door : by which he came
    everything : an administrator, whom no grant limits
    """

    user_id: int | None
    name: str
    grants: Mapping[str, Grant] = field(default_factory=dict)
    team_ids: frozenset[int] = frozenset()
    door: Door = Door.PAGE
    everything: bool = False

    def through(self, door: Door) -> Actor:
        """The same, by another door."""
        return replace(self, door=door)

    @cached_property
    def told_apart(self) -> str:
        """The same for two actors only if they are the same user who may the same: to keep things for him under."""
        return repr((self.user_id, sorted(self.team_ids), self.everything, self.door, self.grants))

    def scope(self, kind: str, action: str) -> Scope:
        """Of which records of this type he may do this."""
        if self.everything:
            return Scope.ALL
        scope = self.grants.get(kind, Grant()).scope(action)
        declared = record_type(kind)
        # Records without an owner have no "own": the narrowest scope that means anything is all.
        return Scope.ALL if scope and declared.owner is None and declared.team is None else scope

    def mode(self, kind: str, name: str) -> Mode:
        """What he may do with a field, on records that he sees or makes; nothing with one that there is not."""
        declared = record_type(kind).by_name.get(name)
        if declared is None or not (self.scope(kind, "view") or self.scope(kind, "create")):
            return Mode.HIDDEN
        mode = Mode.WRITE if self.everything else self.grants.get(kind, Grant()).mode(name)
        return mode if declared.writable else min(mode, Mode.READ)

    def may(self, kind: str, action: str, record: Model | None = None) -> bool:
        """Whether he may do this at all, or to this record."""
        scope = self.scope(kind, action)
        if record is None or scope in {Scope.NONE, Scope.ALL}:
            return scope is not Scope.NONE
        declared = record_type(kind)
        # A record that nobody looks after is not the own one of somebody without an account.
        own = None not in {declared.owner, self.user_id} and _follow(record, declared.owner) == self.user_id
        if scope is Scope.OWN:
            return own
        return own or (declared.team is not None and _follow(record, declared.team) in self.team_ids)

    def require(self, kind: str, action: str, record: Model | None = None) -> None:
        """Raise unless he may.

        Raises
        ------
        NotFound : he may not even know of the record.
        NotAllowed : he may see it, but not do this.
        """
        if self.may(kind, action, record):
            return
        if record is not None and not self.may(kind, "view", record):
            raise NotFound
        raise NotAllowed

    def narrow(self, kind: str, records: QuerySet[Any], action: str = "view") -> QuerySet[Any]:
        """Those of the records to which he may do this; none where he may nothing."""
        if self.scope(kind, action) is Scope.NONE:
            return records.none()
        limits = self.limits(kind, action)
        return records.filter(limits) if limits else records

    def limits(self, kind: str, action: str = "view", *, path: str = "") -> Q:
        """The same as a condition, empty where he may do this to all: for who has to write a query in another way.

        ``path`` leads to such a record from those that are asked (``order__``).
        """
        scope = self.scope(kind, action)
        if scope is Scope.ALL:
            return Q()
        nobodys = Q(**{f"{path}pk__in": ()})
        if scope is Scope.NONE:
            return nobodys
        declared = record_type(kind)
        own = Q(**{f"{path}{declared.owner}": self.user_id}) if declared.owner and self.user_id else nobodys
        if scope is Scope.TEAM and declared.team and self.team_ids:
            return own | Q(**{f"{path}{declared.team}__in": sorted(self.team_ids)})
        return own

    def readable(self, kind: str) -> tuple[str, ...]:
        """Names of the fields that he may see, in the order of the record type."""
        return tuple(name for name in record_type(kind).names if self.mode(kind, name) >= Mode.READ)

    def may_read(self, kind: str, name: str) -> bool:
        return self.mode(kind, name) >= Mode.READ

    def may_write(self, kind: str, name: str) -> bool:
        return self.mode(kind, name) is Mode.WRITE

    def require_readable(self, kind: str, names: Iterable[str]) -> None:
        """Raise unless he may see all of these fields: before a filter, a sort, a search, an export by them.

        Raises
        ------
        NotAllowed : one is hidden, or there is no such field; the same answer for both, so that nothing is told.
        """
        readable = set(self.readable(kind))
        for name in names:
            if name not in readable:
                raise NotAllowed("crm_core.no_such_field", field_name=name)

    def require_writable(self, kind: str, names: Iterable[str]) -> None:
        """Raise `NotAllowed` unless he may write all of these fields."""
        self.require_readable(kind, names := list(names))
        for name in names:
            if not self.may_write(kind, name):
                raise NotAllowed("crm_core.field_not_writable", field_name=record_type(kind).field_label(name))

    def sees(self) -> tuple[str, ...]:
        """The record types of which he may see some."""
        return tuple(kind.name for kind in record_types() if self.may(kind.name, "view"))


def _follow(record: Model, path: str | None) -> Any:
    """The value at a lookup path such as ``owner_id`` or ``customer__owner_id``."""
    value: Any = record
    for name in (path or "").split("__"):
        value = getattr(value, name, None)
    return value
