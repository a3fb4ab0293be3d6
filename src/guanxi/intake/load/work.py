"""What the steps of one load share: the file, its mapping, and a private database to work in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from guanxi.intake.mapping import FileMapping
from guanxi.intake.parse import literal
from guanxi.intake.staged import Staged
from guanxi.warehouse import Delivery, Publication, Settings

__all__ = ["Loaded", "Work", "parsed_path"]


@dataclass(frozen=True)
class Loaded:
    """What became of the records of a file that could be read."""

    loaded: int
    set_aside: int
    known: int = 0
    superseded: int = 0
    """Lines of earlier deliveries in whose place those of this one are now."""


@dataclass(frozen=True)
class Work:
    """One delivery being loaded."""

    publication: Publication
    connection: duckdb.DuckDBPyConnection
    staged: Staged
    mapping: FileMapping
    delivery: Delivery
    received_on: dt.date

    @property
    def settings(self) -> Settings:
        return self.publication.base.settings

    def scratch(self, name: str) -> Path:
        """Where a step keeps what it makes."""
        return self.publication.scratch / f"{name}-{self.delivery.id}.parquet"

    def write(self, query: str, path: Path) -> Path:
        """The result of a query as a Parquet file."""
        self.connection.execute(
            f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        return path

    def one(self, query: str) -> object:
        """The single value of a query."""
        rows = self.connection.execute(query).fetchall()
        return rows[0][0] if rows else None


def parsed_path(publication: Publication, delivery: Delivery) -> Path | None:
    """What the records of an order file say, as `load` left it for whoever judges the file; None for other files."""
    path = publication.scratch / f"parsed-{delivery.id}.parquet"
    return path if path.exists() else None
