"""Making the next snapshot: write parts aside, make them durable, then commit one row in the catalogue.

Whatever happens before that commit (an error, Ctrl-C, kill -9, a full disk), the last snapshot stays what it was; what
was written by then lies unreferenced and is swept away by the next publication.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import filelock
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.errors import SchemaError, WarehouseBusy
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Delivery, Part, Snapshot, Warehouse

__all__ = ["Publication", "publication"]

_ROW_GROUP_ROWS = 1 << 20


class Publication:
    """What one publication adds and removes; becomes a snapshot when the ``with`` block ends well.

    Attributes
    ----------
    base : Snapshot
        What is there before.
    scratch : Path
        A directory of its own on the warehouse's disk, removed afterwards.
    """

    def __init__(self, warehouse: Warehouse, base: Snapshot, scratch: Path) -> None:
        self.warehouse = warehouse
        self.base = base
        self.scratch = scratch
        self.note: dict[str, object] = {}
        self.snapshot: Snapshot | None = None
        """The snapshot that was made; None where nothing was to be done."""
        self._added: list[Part] = []
        self._removed: list[Part] = []
        self._written = 0
        self._abandoned = False
        self._deliveries: list[Delivery] = []
        self._next_delivery = 1 + max((each.id for each in warehouse.deliveries()), default=0)

    @property
    def snapshot_id(self) -> int:
        """The number that the snapshot will have."""
        return self.base.id + 1

    def write(self, table: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """Add rows to a canonical table; returns how many. Columns may be in any order, missing ones are empty."""
        path = self.scratch / f"{table}-{self._written}.parquet"
        arrow = TABLES[table].arrow
        reader = data.to_reader(_ROW_GROUP_ROWS) if isinstance(data, pa.Table) else data
        with pq.ParquetWriter(path, arrow, compression="zstd", compression_level=1) as writer:
            for batch in reader:
                if batch.num_rows:
                    writer.write_batch(_conform(table, batch, arrow), row_group_size=_ROW_GROUP_ROWS)
        return self.adopt(table, path)

    def adopt(self, table: str, path: Path) -> int:
        """Add a Parquet file that an engine made in `scratch` already; returns its rows."""
        found = pq.read_schema(path)
        for field in TABLES[table].arrow:
            if field.name not in found.names:
                raise SchemaError("errors.no_such_column", table=table, column=field.name, columns=found.names)
            if found.field(field.name).type != field.type:
                raise SchemaError(
                    "errors.wrong_type", table=table, column=field.name, expected=str(field.type),
                    found=str(found.field(field.name).type),
                )  # fmt: skip
        rows = pq.read_metadata(path).num_rows
        if rows == 0:
            path.unlink()
            return 0
        digest = _sync_and_hash(path)
        directory = self.warehouse.parts_path / table
        directory.mkdir(parents=True, exist_ok=True)
        final = directory / f"{self.snapshot_id:06d}-{self._written:03d}-{digest[:16]}.parquet"
        path.replace(final)
        _sync_directory(directory)
        self._written += 1
        self._added.append(Part(-1, table, final, rows, final.stat().st_size, digest, self.snapshot_id))
        return rows

    def files(self, table: str) -> list[str]:
        """The files that would hold ``table`` if the snapshot were made now."""
        removed = {part.id for part in self._removed}
        kept = [part for part in self.base.parts.get(table, ()) if part.id not in removed]
        return [str(part.path) for part in [*kept, *(part for part in self._added if part.table == table)]]

    def remove(self, part: Part) -> None:
        """Leave one part of the base out of the next snapshot; older snapshots keep it."""
        self._removed.append(part)

    def clear(self, table: str) -> None:
        """Leave all rows of ``table`` out of the next snapshot, so that others can take their place."""
        removed = {part.id for part in self._removed}
        self._removed += [part for part in self.base.parts.get(table, ()) if part.id not in removed]
        for part in self._added:
            if part.table == table:
                part.path.unlink()
        self._added = [part for part in self._added if part.table != table]

    def deliver(self, *, source: str, kind: str, file: str, sha256: str, mapping: Mapping[str, object]) -> Delivery:
        """Announce a file; the delivery's id goes into its rows. Account and quality follow by `describe`."""
        delivery = Delivery(self._next_delivery, self.snapshot_id, source, kind, file, sha256, mapping, {}, {})
        self._next_delivery += 1
        self._deliveries.append(delivery)
        return delivery

    def describe(self, delivery: Delivery, *, account: Mapping[str, int], quality: Mapping[str, object]) -> Delivery:
        """Say what became of a delivery's rows."""
        described = replace(delivery, account=dict(account), quality=dict(quality))
        self._deliveries[self._deliveries.index(delivery)] = described
        return described

    def preview(self) -> Snapshot:
        """The snapshot that would be made now; its files are gone if the publication is not committed."""
        removed = {part.id for part in self._removed}
        parts: dict[str, list[Part]] = {}
        for part in [*(part for each in self.base.parts.values() for part in each), *self._added]:
            if part.id not in removed:
                parts.setdefault(part.table, []).append(part)
        return replace(
            self.base,
            id=self.snapshot_id,
            parent_id=self.base.id,
            parts={table: tuple(found) for table, found in parts.items()},
            deliveries=(*self.base.deliveries, *self._deliveries),
            data_id=self.snapshot_id,
        )

    def abandon(self) -> None:
        """Commit nothing, whatever was written; for a dry run."""
        self._abandoned = True

    def commit(self, *, reason: str, at: dt.datetime) -> None:
        """Called at the end of the ``with`` block."""
        if self._abandoned or not (self._added or self._removed or self._deliveries):
            return
        number = self.warehouse.commit(
            base=self.base, reason=reason, note=self.note, at=at, added=self._added, removed=self._removed,
            deliveries=self._deliveries,
        )  # fmt: skip
        self.snapshot = self.warehouse.snapshot(number)


@contextmanager
def publication(
    warehouse: Warehouse, *, reason: str, at: dt.datetime, wait_seconds: float = 60
) -> Iterator[Publication]:
    """Hold the writer's lock, gather parts, and commit them as the next snapshot.

    Parameters
    ----------
    warehouse : Warehouse
    reason : str
        ``import``, ``scores``, …; kept with the snapshot.
    at : datetime, UTC without zone
        Now, as the caller sees it.
    wait_seconds : float
        How long to wait for another writer.

    Raises
    ------
    WarehouseBusy : another process is still writing after ``wait_seconds``.
    """
    lock = filelock.FileLock(warehouse.path / "writer.lock", timeout=wait_seconds)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise WarehouseBusy("errors.warehouse_busy", path=str(warehouse.path), seconds=round(wait_seconds)) from None
    try:
        # Holding the lock, whatever lies in the scratch space belongs to a writer that died.
        shutil.rmtree(warehouse.scratch_path, ignore_errors=True)
        warehouse.scratch_path.mkdir(parents=True, exist_ok=True)
        base = warehouse.snapshot()
        try:
            with tempfile.TemporaryDirectory(dir=warehouse.scratch_path) as scratch:
                pending = Publication(warehouse, base, Path(scratch))
                yield pending
                pending.commit(reason=reason, at=at)
        finally:
            # What an error or a writer that died left behind, and what was made and cleared again.
            _sweep(warehouse, base.id + 1)
    finally:
        lock.release()


def _sweep(warehouse: Warehouse, snapshot_id: int) -> None:
    """Remove the parts written for a snapshot that the catalogue does not know of.

    No reader can have them. Files of other snapshots are left alone.
    """
    known = warehouse.files_added_in(snapshot_id)
    for path in warehouse.parts_path.glob(f"*/{snapshot_id:06d}-*.parquet"):
        if path not in known:
            path.unlink()


def _conform(table: str, batch: pa.RecordBatch, arrow: pa.Schema) -> pa.RecordBatch:
    unknown = [name for name in batch.schema.names if name not in arrow.names]
    if unknown:
        raise SchemaError("errors.no_such_column", table=table, column=unknown[0], columns=arrow.names)
    columns = []
    for field in arrow:
        if field.name in batch.schema.names:
            columns.append(_cast(table, field, batch.column(field.name)))
        elif field.nullable:
            columns.append(pa.nulls(batch.num_rows, field.type))
        else:
            raise SchemaError("errors.no_such_column", table=table, column=field.name, columns=batch.schema.names)
    return pa.RecordBatch.from_arrays(columns, schema=arrow)


def _cast(table: str, field: pa.Field, values: pa.Array) -> pa.Array:
    try:
        cast = values.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise SchemaError(
            "errors.wrong_type", table=table, column=field.name, expected=str(field.type), found=str(values.type)
        ) from None
    if cast.null_count and not field.nullable:
        raise SchemaError("errors.empty_values", table=table, column=field.name, rows=cast.null_count)
    return cast


def _sync_and_hash(path: Path) -> str:
    with path.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest


def _sync_directory(path: Path) -> None:
    if os.name == "nt":  # directories cannot be synced there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
