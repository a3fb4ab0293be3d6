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

import pyarrow as pa
import pyarrow.parquet as pq

from guanxi import schema
from guanxi.errors import SchemaError, WarehouseError
from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Snapshot, Warehouse
from guanxi.warehouse.disk import disk_full_explained
from guanxi.warehouse.lock import writer_lock
from guanxi.warehouse.records import Changes, Delivery, Part

__all__ = ["Publication", "keep_part", "publication", "publication_while_writing", "writing"]

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
        self._changes = Changes()
        self._written = 0
        self._abandoned = False
        self._next_delivery = warehouse.next_delivery_id()

    @property
    def snapshot_id(self) -> int:
        """The number that the snapshot will have."""
        return self.base.id + 1

    def write(self, table: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """Add rows to a canonical table; returns how many. Columns may be in any order, missing ones are empty."""
        path = self.fresh_path(table)
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
        _require_filled(table, path)
        rows = pq.read_metadata(path).num_rows
        if rows == 0:
            path.unlink()
            return 0
        self._changes.added.append(
            keep_part(self.warehouse, table, path, added_in=self.snapshot_id, number=self._written)
        )
        self._written += 1
        return rows

    def fresh_path(self, table: str) -> Path:
        """Where an engine may write the next part of a table, to be given to `adopt`."""
        return self.scratch / f"part-{table}-{self._written}.parquet"

    def parts(self, table: str) -> list[Part]:
        """The parts that would hold ``table`` if the snapshot were made now."""
        removed = {part.path for part in self._changes.removed}
        kept = [part for part in self.base.parts.get(table, ()) if part.path not in removed]
        return [*kept, *(part for part in self._changes.added if part.table == table)]

    def files(self, table: str) -> list[str]:
        """The files that would hold ``table`` if the snapshot were made now."""
        return [str(part.path) for part in self.parts(table)]

    def remove(self, part: Part) -> None:
        """Leave one part out of the next snapshot; older snapshots keep it."""
        if part in self._changes.added:
            self._changes.added.remove(part)
            part.path.unlink()
        else:
            self._changes.removed.append(part)

    def clear(self, table: str) -> None:
        """Leave all rows of ``table`` out of the next snapshot, so that others can take their place."""
        for part in self.parts(table):
            self.remove(part)

    def take_back(self, delivery: Delivery) -> None:
        """Say that a delivery does not belong to the next snapshot; its rows are the caller's to remove."""
        self._changes.undone.append(delivery)

    def set(self, name: str, value: str) -> None:
        """Change a setting of the warehouse together with the snapshot."""
        self._changes.settings[name] = value

    def deliver(self, *, source: str, kind: str, file: str, sha256: str, mapping: Mapping[str, object]) -> Delivery:
        """Announce a file; the delivery's id goes into its rows. Account and quality follow by `describe`."""
        delivery = Delivery(self._next_delivery, self.snapshot_id, source, kind, file, sha256, mapping, {}, {})
        self._next_delivery += 1
        self._changes.deliveries.append(delivery)
        return delivery

    def describe(self, delivery: Delivery, *, account: Mapping[str, int], quality: Mapping[str, object]) -> Delivery:
        """Say what became of a delivery's rows."""
        described = replace(delivery, account=dict(account), quality=dict(quality))
        mine = next(place for place, each in enumerate(self._changes.deliveries) if each.id == delivery.id)
        self._changes.deliveries[mine] = described
        return described

    def preview(self) -> Snapshot:
        """The snapshot that would be made now; its files are gone if the publication is not committed."""
        tables = {*self.base.parts, *(part.table for part in self._changes.added)}
        parts = {table: tuple(self.parts(table)) for table in sorted(tables)}
        return replace(
            self.base,
            id=self.snapshot_id,
            parent_id=self.base.id,
            parts={table: found for table, found in parts.items() if found},
            deliveries=(*self.base.deliveries, *self._changes.deliveries),
            data_id=self.snapshot_id,
        )

    def abandon(self) -> None:
        """Commit nothing, whatever was written; for a dry run."""
        self._abandoned = True

    def commit(self, *, reason: str, at: dt.datetime) -> None:
        """Called at the end of the ``with`` block."""
        if self._abandoned or not self._changes:
            return
        number = self.warehouse.commit(base=self.base, reason=reason, note=self.note, at=at, changes=self._changes)
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
    WarehouseError : the disk is full, and nothing was changed; or an older Guanxi wrote the warehouse.
    """
    with (
        writing(warehouse, wait_seconds=wait_seconds),
        publication_while_writing(warehouse, reason=reason, at=at) as pending,
    ):
        yield pending


@contextmanager
def writing(warehouse: Warehouse, *, wait_seconds: float = 60, older: bool = False) -> Iterator[None]:
    """Be the only writer, on a tidy disk: what writers that died left behind is removed, before and after.

    ``older`` allows the warehouse to be of an older version. Raises as `publication` does.
    """
    with (
        disk_full_explained(warehouse.path),
        writer_lock(warehouse.path, warehouse.catalogue, wait_seconds=wait_seconds),
    ):
        version = warehouse.settings.schema_version
        if version < schema.VERSION and not older:
            raise WarehouseError(
                "errors.older_warehouse", path=str(warehouse.path), found=version, known=schema.VERSION
            )
        shutil.rmtree(warehouse.scratch_path, ignore_errors=True)
        warehouse.scratch_path.mkdir(parents=True, exist_ok=True)
        try:
            _tidy(warehouse)
            yield
        finally:
            # What an error left behind, and what was made and cleared again.
            _tidy(warehouse)


@contextmanager
def publication_while_writing(warehouse: Warehouse, *, reason: str, at: dt.datetime) -> Iterator[Publication]:
    """A `publication` of a caller who is the only writer already."""
    with tempfile.TemporaryDirectory(dir=warehouse.scratch_path) as scratch:
        pending = Publication(warehouse, warehouse.snapshot(), Path(scratch))
        yield pending
        pending.commit(reason=reason, at=at)


def keep_part(
    warehouse: Warehouse, table: str, path: Path, *, added_in: int, number: int, removed_in: int | None = None
) -> Part:
    """Make a finished Parquet file durable among the parts; the catalogue does not know of it yet."""
    rows = pq.read_metadata(path).num_rows
    digest = _sync_and_hash(path)
    directory = warehouse.parts_path / table
    directory.mkdir(parents=True, exist_ok=True)
    final = directory / f"{added_in:06d}-{number:03d}-{digest[:16]}.parquet"
    path.replace(final)
    _sync_directory(directory)
    return Part(-1, table, final, rows, final.stat().st_size, digest, added_in, removed_in)


def _tidy(warehouse: Warehouse) -> None:
    """Remove the files that the catalogue has struck out, and those written for a snapshot that it does not know of.

    No reader can have the latter. Files of other snapshots are left alone.
    """
    warehouse.delete_doomed()
    known = {part.path for part in warehouse.parts()}
    for path in warehouse.parts_path.glob(f"*/{warehouse.latest_id() + 1:06d}-*.parquet"):
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


def _require_filled(table: str, path: Path) -> None:
    """Raise `SchemaError` where a column that has to be filled is not; by the file's statistics, where it has them."""
    found = pq.read_metadata(path)
    places = {found.schema.column(place).name: place for place in range(found.num_columns)}
    for field in TABLES[table].arrow:
        if field.nullable:
            continue
        groups = [found.row_group(group).column(places[field.name]) for group in range(found.num_row_groups)]
        if all(each.is_stats_set and each.statistics.has_null_count for each in groups):
            empty = sum(each.statistics.null_count for each in groups)
        else:
            empty = pq.read_table(path, columns=[field.name])[field.name].null_count
        if empty:
            raise SchemaError("errors.empty_values", table=table, column=field.name, rows=empty)


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
