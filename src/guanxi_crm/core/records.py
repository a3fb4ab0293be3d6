"""Which kinds of records there are, and their fields: declared by the apps, read by policy, roles, audit and export.

An app registers its record types in ``records.py``, imported by its ``apps.py`` when Django is ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

__all__ = ["ACTIONS", "Field", "RecordType", "record_type", "record_types", "register"]

Kind = Literal["text", "phone", "email", "date", "time", "number", "share", "money", "flag", "choice", "list"]

ACTIONS = ("view", "create", "change", "delete", "export")
"""What may be done to records; a record type may add its own (``run``, ``assign`` …)."""


@dataclass(frozen=True)
class Field:
    """One field of a record type, the unit of field permissions."""

    name: str
    kind: Kind = "text"
    personal: bool = False
    """Identifies a person: hidden by default from roles that do not need it."""
    writable: bool = True
    """False for what only imports and studies write."""


@dataclass(frozen=True)
class RecordType:
    """One kind of record with its fields; its name in words is ``AREA.record_NAME``, of fields ``AREA.field_NAME``."""

    name: str
    area: str
    fields: tuple[Field, ...]
    actions: tuple[str, ...] = ACTIONS
    owner: str | None = None
    """Path of the lookup to the user who looks after a record; None where records have no owner: then who may see
    any may see all."""
    team: str | None = None
    """Path of the lookup to his team."""

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.name} has a field twice")

    @property
    def label(self) -> str:
        return f"{self.area}.record_{self.name}"

    def field(self, name: str) -> Field:
        return self.by_name[name]

    def field_label(self, name: str) -> str:
        return f"{self.area}.field_{name}"

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({field.name: field for field in self.fields})

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    @property
    def called_by(self) -> str | None:
        """The field by which people call a record: what hides it hides the record's name in the audit trail."""
        return "name" if "name" in self.by_name else next(iter(self.by_name), None)


_TYPES: dict[str, RecordType] = {}


def register(kind: RecordType) -> RecordType:
    """Make a record type known; twice the same is once."""
    if _TYPES.setdefault(kind.name, kind) != kind:
        raise ValueError(f"two record types are named {kind.name}")
    return kind


def record_type(name: str) -> RecordType:
    """The record type of a name. Raises KeyError: there is none, which is a mistake in Guanxi."""
    return _TYPES[name]


def record_types() -> Iterator[RecordType]:
    """All, in the order of the apps."""
    yield from _TYPES.values()
