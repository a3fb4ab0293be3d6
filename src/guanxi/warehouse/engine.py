"""What an engine can do: read one snapshot, run named queries over it, return Arrow.

An engine is bound to a snapshot and gives a `Session`. In it, every canonical table is there under its name (an empty
one where nothing was loaded), and so is every step that was materialised. Engines differ in size and place, never in
answers: the same query gives the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from guanxi.warehouse.catalog import Snapshot
from guanxi.warehouse.sql import Query

__all__ = ["Engine", "Session"]

Parameters = Mapping[str, object]


class Session(Protocol):
    """An engine at work on one snapshot."""

    snapshot: Snapshot

    def run(self, query: Query, parameters: Parameters | None = None) -> pa.Table:
        """The query's result, in the query's declared columns; a large one lies on this machine's disk (`paged`)."""
        ...

    def materialise(self, query: Query, parameters: Parameters | None = None) -> int:
        """Keep the query's result under the query's name for later queries of this session; returns its rows."""
        ...

    def write(self, query: Query, path: Path, parameters: Parameters | None = None) -> int:
        """The query's result as one Parquet file; returns its rows. For results of any size."""
        ...

    def map_batches(
        self, function: Callable[[pa.RecordBatch], pa.RecordBatch], query: Query, parameters: Parameters | None = None
    ) -> pa.Table:
        """Apply a pure function to the query's result batch by batch, wherever the engine keeps it."""
        ...

    def register(self, name: str, table: pa.Table) -> None:
        """Give a small table of the caller's to later queries of this session."""
        ...


class Engine(Protocol):
    """Where queries run."""

    name: str

    def bind(self, snapshot: Snapshot) -> AbstractContextManager[Session]:
        """A session over exactly the files of ``snapshot``."""
        ...
