"""What the catalogue keeps, as plain records: parts, deliveries, moments, settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guanxi import schema

__all__ = ["COMPACTED", "LEARNED", "UPGRADED", "Changes", "Delivery", "Moment", "Part", "Redaction", "Settings"]

LEARNED = "scores"
"""Reason of a snapshot that only adds what was learned from the data."""

COMPACTED = "compact"
"""Reason of a snapshot that only keeps the same rows in fewer parts."""
UPGRADED = "upgrade"
"""Reason of a snapshot that only brings the same rows to a newer version of the schema."""


@dataclass(frozen=True)
class Settings:
    """What holds for the whole warehouse: the company's currency and time zone, and the version of the schema."""

    currency: str
    timezone: str
    schema_version: int = schema.VERSION


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file of one canonical table."""

    id: int
    table: str
    path: Path
    rows: int
    bytes: int
    sha256: str
    added_in: int
    """The snapshot that brought it."""
    removed_in: int | None = None
    """The first snapshot without it; None while it is in the latest."""


@dataclass(frozen=True)
class Delivery:
    """One file that was brought in: from where, read how, and what became of its rows."""

    id: int
    snapshot_id: int
    source: str
    kind: str
    file: str
    sha256: str
    mapping: Mapping[str, object]
    account: Mapping[str, int]
    quality: Mapping[str, object]


@dataclass(frozen=True)
class Moment:
    """One line of the warehouse's history."""

    id: int
    parent_id: int | None
    created_at: dt.datetime
    reason: str
    """``created``, ``import``, ``undo``, `LEARNED`, `COMPACTED` or `UPGRADED`."""
    note: Mapping[str, object]


@dataclass(frozen=True)
class Redaction:
    """Persons were taken out of the warehouse: when, and how many rows of each table were about them."""

    at: dt.datetime
    rows: Mapping[str, int]


@dataclass
class Changes:
    """What one publication changes beside adding rows; all of it is committed at once."""

    added: list[Part] = field(default_factory=list)
    removed: list[Part] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    undone: list[Delivery] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.deliveries or self.undone or self.settings)
