"""The catalogue: which files each snapshot of the warehouse is made of.

A warehouse is a directory::

    DIR/catalogue.sqlite     snapshots, parts, deliveries, settings (or a database of your own, by URL)
    DIR/parts/TABLE/*.parquet
    DIR/scratch/             what is being made; may be deleted whenever nobody writes

A *snapshot* is when data was loaded. It is a list of parts per canonical table; parts are never changed. A reader takes
a snapshot and reads exactly its files, so it never sees half of a delivery.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from guanxi import schema
from guanxi.errors import SnapshotNotFound, WarehouseDamaged, WarehouseError
from guanxi.warehouse.lock import writer_lock
from guanxi.warehouse.records import COMPACTED, LEARNED, UPGRADED, Changes, Delivery, Moment, Part, Redaction, Settings
from guanxi.warehouse.tables import (
    catalogue_engine,
    deliveries_table,
    doomed_table,
    forgotten_table,
    metadata,
    parts_table,
    redactions_table,
    settings_table,
    snapshots_table,
    undone_table,
)

__all__ = ["Snapshot", "Warehouse"]

_SAME_DATA = (LEARNED, COMPACTED, UPGRADED)
_CATALOGUE = "catalogue.sqlite"
_CREATE_SECONDS = 20
_OURS = re.compile(rf"parts|scratch|writer\.lock|{re.escape(_CATALOGUE)}.*|\.guanxi-.*")


@dataclass(frozen=True)
class Snapshot:
    """The warehouse as it was after one publication."""

    id: int
    parent_id: int | None
    created_at: dt.datetime
    reason: str
    note: Mapping[str, object]
    settings: Settings
    parts: Mapping[str, tuple[Part, ...]]
    deliveries: tuple[Delivery, ...] = ()
    """What was brought in up to here, oldest first."""
    data_id: int = 0
    """The newest snapshot up to here that changed data; later ones added what was learned from it, or tidied up."""
    redactions: tuple[Redaction, ...] = ()
    """Persons taken out of this snapshot since it was made."""
    warehouse: Warehouse | None = field(default=None, repr=False, compare=False)
    """Where it was read from; asked why a file is gone."""

    def files(self, table: str) -> list[str]:
        """Exactly the files that hold ``table``.

        Raises
        ------
        WarehouseDamaged : a file is gone, or of another size; names it.
        WarehouseError : the snapshot was swept or redacted since it was read.
        """
        for part in self.parts.get(table, ()):
            if not part.path.is_file():
                if self.warehouse is not None:
                    self.warehouse.require_current(self)
                raise WarehouseDamaged("errors.part_missing", path=str(part.path), snapshot=self.id, table=table)
            if part.path.stat().st_size != part.bytes:
                raise WarehouseDamaged("errors.part_damaged", path=str(part.path), snapshot=self.id, table=table)
        return [str(part.path) for part in self.parts.get(table, ())]

    def rows(self, table: str) -> int:
        return sum(part.rows for part in self.parts.get(table, ()))


class Warehouse:
    """A directory of dated tables. `open` one that is there, or `create` it.

    Parameters
    ----------
    path : Path
        The directory.
    catalogue_url : str, optional
        SQLAlchemy URL of the catalogue; by default a SQLite file in the directory.

    Examples
    --------
    >>> import datetime as dt, tempfile
    >>> directory = tempfile.TemporaryDirectory()
    >>> warehouse = Warehouse.create(Path(directory.name) / "w", Settings("EUR", "UTC"), at=dt.datetime(2026, 1, 5))
    >>> warehouse.snapshot().id, warehouse.snapshot().rows("order_lines")
    (0, 0)
    >>> warehouse.close(); directory.cleanup()
    """

    def __init__(self, path: Path, *, catalogue_url: str | None = None) -> None:
        self.path = Path(path).resolve()
        self.parts_path = self.path / "parts"
        self.scratch_path = self.path / "scratch"
        self.catalogue = catalogue_engine(catalogue_url or f"sqlite:///{self.path / _CATALOGUE}")

    @classmethod
    def create(cls, path: Path, settings: Settings, *, at: dt.datetime, catalogue_url: str | None = None) -> Self:
        """Make an empty warehouse with snapshot 0, or open the one that is there already."""
        path = Path(path)
        if not cls.exists(path, catalogue_url=catalogue_url):
            if path.exists() and not (path.is_dir() and _is_ours(path)):
                raise WarehouseError("errors.not_a_warehouse", path=str(path))
            path.mkdir(parents=True, exist_ok=True)
            with (
                cls(path, catalogue_url=catalogue_url) as empty,
                writer_lock(path, empty.catalogue, wait_seconds=_CREATE_SECONDS),
            ):
                # Somebody else may have made it meanwhile.
                if not cls.exists(path, catalogue_url=catalogue_url):
                    empty._begin(settings, at)
        return cls.open(path, catalogue_url=catalogue_url)

    def _begin(self, settings: Settings, at: dt.datetime) -> None:
        self.parts_path.mkdir(exist_ok=True)
        self.scratch_path.mkdir(exist_ok=True)
        values = {
            "currency": settings.currency,
            "timezone": settings.timezone,
            "schema_version": str(settings.schema_version),
        }
        metadata.create_all(self.catalogue)
        with self.catalogue.begin() as connection:
            connection.execute(
                sa.insert(snapshots_table).values(id=0, parent_id=None, created_at=at, reason="created", note={})
            )
            connection.execute(sa.insert(settings_table), [{"name": n, "value": v} for n, v in values.items()])

    @classmethod
    def open(cls, path: Path, *, catalogue_url: str | None = None) -> Self:
        """Open a warehouse; `WarehouseError` where there is none, or where a newer Guanxi wrote it.

        One that an older Guanxi wrote is read as it is; before it is written, `guanxi.warehouse.upgrade` it.
        """
        if not cls.exists(path, catalogue_url=catalogue_url):
            raise WarehouseError("errors.no_warehouse", path=str(path))
        warehouse = cls(path, catalogue_url=catalogue_url)
        version = warehouse.settings.schema_version
        if version > schema.VERSION:
            raise WarehouseError("errors.newer_warehouse", path=str(path), found=version, known=schema.VERSION)
        return warehouse

    @classmethod
    def exists(cls, path: Path, *, catalogue_url: str | None = None) -> bool:
        """Whether a directory is a warehouse, or the database of that URL holds a catalogue that was begun whole."""
        if catalogue_url is None and not (Path(path) / _CATALOGUE).is_file():
            return False
        with cls(path, catalogue_url=catalogue_url) as warehouse, warehouse.catalogue.connect() as connection:
            return sa.inspect(connection).has_table(settings_table.name) and bool(_settings(connection))

    def close(self) -> None:
        self.catalogue.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        with self.catalogue.connect() as connection:
            values = _settings(connection)
        return Settings(values["currency"], values["timezone"], int(values["schema_version"]))

    @property
    def undoable_from(self) -> int:
        """The first delivery that can be undone: a Guanxi that kept too little for that loaded those before it."""
        with self.catalogue.connect() as connection:
            values = _settings(connection)
        if int(values["schema_version"]) < 2:
            return self.next_delivery_id()
        return int(values.get("undoable_from", 1))

    def snapshot(self, snapshot_id: int | None = None) -> Snapshot:
        """One snapshot, by default the latest; `SnapshotNotFound` where there is none, or where it was swept."""
        with self.catalogue.connect() as connection:
            latest = _latest_id(connection)
            wanted = latest if snapshot_id is None else snapshot_id
            row = connection.execute(sa.select(snapshots_table).where(snapshots_table.c.id == wanted)).one_or_none()
            if row is None:
                raise SnapshotNotFound("errors.no_such_snapshot", snapshot=snapshot_id, latest=latest)
            if row.id in _forgotten(connection):
                raise SnapshotNotFound("errors.snapshot_swept", snapshot=row.id, latest=latest)
            parts: dict[str, list[Part]] = {}
            for part in self._parts(connection, in_snapshot=row.id):
                parts.setdefault(part.table, []).append(part)
            values = _settings(connection)
            return Snapshot(
                row.id,
                row.parent_id,
                row.created_at,
                row.reason,
                row.note,
                Settings(values["currency"], values["timezone"], int(values["schema_version"])),
                {table: tuple(found) for table, found in parts.items()},
                tuple(_deliveries(connection, up_to=row.id)),
                max(each.id for each in _history(connection, up_to=row.id) if each.reason not in _SAME_DATA),
                tuple(_redactions(connection, of=row.id)),
                self,
            )

    def require_current(self, snapshot: Snapshot) -> None:
        """Raise what explains that a snapshot read earlier has lost files: it was swept, or persons were taken out."""
        now = self.snapshot(snapshot.id)
        if now.redactions != snapshot.redactions:
            raise WarehouseError("errors.snapshot_redacted", snapshot=snapshot.id, at=now.redactions[-1].at)

    def history(self, *, up_to: int | None = None) -> list[Moment]:
        """All snapshots without their parts, oldest first, those swept included; ``up_to`` one of them."""
        with self.catalogue.connect() as connection:
            return _history(connection, up_to=up_to)

    def forgotten(self) -> set[int]:
        """The snapshots that were swept."""
        with self.catalogue.connect() as connection:
            return _forgotten(connection)

    def parts(self) -> list[Part]:
        """All parts of all snapshots, in the order in which they were written."""
        with self.catalogue.connect() as connection:
            return self._parts(connection)

    def deliveries(self, *, up_to: int | None = None) -> list[Delivery]:
        """What was brought in and not undone, oldest first; ``up_to`` a snapshot."""
        with self.catalogue.connect() as connection:
            return _deliveries(connection, up_to=up_to)

    def latest_id(self) -> int:
        """The number of the latest snapshot."""
        with self.catalogue.connect() as connection:
            return _latest_id(connection)

    def next_delivery_id(self) -> int:
        """The number of the next delivery; one that was undone keeps its own."""
        with self.catalogue.connect() as connection:
            return 1 + (connection.execute(sa.select(sa.func.max(deliveries_table.c.id))).scalar() or 0)

    def commit(
        self, *, base: Snapshot, reason: str, note: Mapping[str, object], at: dt.datetime, changes: Changes
    ) -> int:
        """Record the next snapshot in one transaction; only `publish` calls this, holding the writer's lock."""
        snapshot_id = base.id + 1
        with self.catalogue.begin() as connection:
            connection.execute(
                sa.insert(snapshots_table).values(
                    id=snapshot_id, parent_id=base.id, created_at=at, reason=reason, note=json.loads(json.dumps(note))
                )
            )
            self.insert_parts(connection, changes.added)
            if changes.removed:
                connection.execute(
                    sa.update(parts_table)
                    .where(parts_table.c.id.in_([part.id for part in changes.removed]))
                    .values(removed_in=snapshot_id)
                )
            for delivery in changes.deliveries:
                connection.execute(sa.insert(deliveries_table).values(**vars(delivery)))
            for delivery in changes.undone:
                connection.execute(sa.insert(undone_table).values(delivery_id=delivery.id, snapshot_id=snapshot_id))
            for name, value in changes.settings.items():
                connection.execute(sa.delete(settings_table).where(settings_table.c.name == name))
                connection.execute(sa.insert(settings_table).values(name=name, value=value))
        return snapshot_id

    def insert_parts(self, connection: sa.Connection, parts: Sequence[Part]) -> None:
        """Record parts in a transaction of the caller's."""
        for part in parts:
            connection.execute(
                sa.insert(parts_table).values(
                    table_name=part.table,
                    path=part.path.relative_to(self.path).as_posix(),
                    rows=part.rows,
                    bytes=part.bytes,
                    sha256=part.sha256,
                    added_in=part.added_in,
                    removed_in=part.removed_in,
                )
            )

    def doom_parts(self, connection: sa.Connection, parts: Sequence[Part]) -> None:
        """Strike parts out, in a transaction of the caller's; `delete_doomed` deletes their files after it."""
        for part in parts:
            connection.execute(sa.delete(parts_table).where(parts_table.c.id == part.id))
            connection.execute(sa.insert(doomed_table).values(path=part.path.relative_to(self.path).as_posix()))

    def delete_doomed(self) -> int:
        """Delete the files that no snapshot names any more; returns how many. Only while holding the writer's lock."""
        if self.settings.schema_version < 2:
            return 0
        with self.catalogue.begin() as connection:
            paths = connection.execute(sa.select(doomed_table.c.path)).scalars().all()
            for path in paths:
                (self.path / path).unlink(missing_ok=True)
            if paths:
                connection.execute(sa.delete(doomed_table))
        return len(paths)

    def _parts(self, connection: sa.Connection, *, in_snapshot: int | None = None) -> list[Part]:
        query = sa.select(parts_table).order_by(parts_table.c.id)
        if in_snapshot is not None:
            later = sa.or_(parts_table.c.removed_in.is_(None), parts_table.c.removed_in > in_snapshot)
            query = query.where(parts_table.c.added_in <= in_snapshot, later)
        return [
            Part(
                row.id, row.table_name, self.path / row.path, row.rows, row.bytes, row.sha256, row.added_in,
                row.removed_in,
            )
            for row in connection.execute(query)
        ]  # fmt: skip


def _is_ours(path: Path) -> bool:
    """Whether a directory is empty, or holds only what a process left that died while it made a warehouse of it."""
    return all(_OURS.fullmatch(entry.name) for entry in path.iterdir()) and not any(path.glob("parts/*"))


def _latest_id(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(snapshots_table.c.id))).scalar_one())


def _settings(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(sa.select(settings_table))}


def _history(connection: sa.Connection, *, up_to: int | None = None) -> list[Moment]:
    query = sa.select(snapshots_table).order_by(snapshots_table.c.id)
    if up_to is not None:
        query = query.where(snapshots_table.c.id <= up_to)
    return [Moment(**row._mapping) for row in connection.execute(query)]


def _deliveries(connection: sa.Connection, *, up_to: int | None = None) -> list[Delivery]:
    query = sa.select(deliveries_table).order_by(deliveries_table.c.id)
    if up_to is not None:
        query = query.where(deliveries_table.c.snapshot_id <= up_to)
    if _is_since_version_2(connection):
        undone = sa.select(undone_table.c.delivery_id)
        if up_to is not None:
            undone = undone.where(undone_table.c.snapshot_id <= up_to)
        query = query.where(deliveries_table.c.id.not_in(undone))
    return [Delivery(**row._mapping) for row in connection.execute(query)]


def _forgotten(connection: sa.Connection) -> set[int]:
    if not _is_since_version_2(connection):
        return set()
    return set(connection.execute(sa.select(forgotten_table.c.snapshot_id)).scalars())


def _redactions(connection: sa.Connection, *, of: int) -> list[Redaction]:
    if not _is_since_version_2(connection):
        return []
    query = sa.select(redactions_table).where(redactions_table.c.up_to_snapshot >= of).order_by(redactions_table.c.id)
    return [Redaction(row.at, row.rows) for row in connection.execute(query)]


def _is_since_version_2(connection: sa.Connection) -> bool:
    return int(_settings(connection)["schema_version"]) >= 2
