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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from guanxi import schema
from guanxi.errors import SnapshotNotFound, WarehouseDamaged, WarehouseError

__all__ = ["LEARNED", "Delivery", "Moment", "Part", "Settings", "Snapshot", "Warehouse"]

LEARNED = "scores"
"""Reason of a snapshot that only adds what was learned from the data."""

_CATALOGUE = "catalogue.sqlite"
_metadata = sa.MetaData()

settings_table = sa.Table(
    "settings",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
snapshots_table = sa.Table(
    "snapshots",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("snapshots.id")),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("note", sa.JSON, nullable=False),
)
parts_table = sa.Table(
    "parts",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("table_name", sa.String, nullable=False),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("added_in", sa.Integer, sa.ForeignKey("snapshots.id"), nullable=False, index=True),
    sa.Column("removed_in", sa.Integer, sa.ForeignKey("snapshots.id"), index=True),
)
deliveries_table = sa.Table(
    "deliveries",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("snapshot_id", sa.Integer, sa.ForeignKey("snapshots.id"), nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("file", sa.String, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("mapping", sa.JSON, nullable=False),
    sa.Column("account", sa.JSON, nullable=False),
    sa.Column("quality", sa.JSON, nullable=False),
)


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
    """``created``, ``import`` or `LEARNED`."""
    note: Mapping[str, object]


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
    """The newest snapshot up to here that changed data; later ones only added what was learned from it."""

    def files(self, table: str) -> list[str]:
        """Exactly the files that hold ``table``; `WarehouseDamaged` names one that is gone or of another size."""
        for part in self.parts.get(table, ()):
            if not part.path.is_file():
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
        self._engine = _catalogue_engine(catalogue_url or f"sqlite:///{self.path / _CATALOGUE}")

    @classmethod
    def create(cls, path: Path, settings: Settings, *, at: dt.datetime, catalogue_url: str | None = None) -> Self:
        """Make an empty warehouse with snapshot 0, or open the one that is there already."""
        if cls.exists(path):
            return cls.open(path, catalogue_url=catalogue_url)
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise WarehouseError("errors.not_a_warehouse", path=str(path))
        (path / "parts").mkdir(parents=True, exist_ok=True)
        warehouse = cls(path, catalogue_url=catalogue_url)
        warehouse.scratch_path.mkdir(exist_ok=True)
        _metadata.create_all(warehouse._engine)
        with warehouse._engine.begin() as connection:
            values = {
                "currency": settings.currency,
                "timezone": settings.timezone,
                "schema_version": str(settings.schema_version),
            }
            connection.execute(sa.insert(settings_table), [{"name": n, "value": v} for n, v in values.items()])
            connection.execute(
                sa.insert(snapshots_table).values(id=0, parent_id=None, created_at=at, reason="created", note={})
            )
        return warehouse

    @classmethod
    def open(cls, path: Path, *, catalogue_url: str | None = None) -> Self:
        """Open a warehouse; `WarehouseError` where there is none, or where a newer Guanxi wrote it."""
        if not catalogue_url and not cls.exists(path):
            raise WarehouseError("errors.no_warehouse", path=str(path))
        warehouse = cls(path, catalogue_url=catalogue_url)
        version = warehouse.settings.schema_version
        if version > schema.VERSION:
            raise WarehouseError("errors.newer_warehouse", path=str(path), found=version, known=schema.VERSION)
        return warehouse

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether a directory is a warehouse."""
        return (Path(path) / _CATALOGUE).is_file()

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        with self._engine.connect() as connection:
            values = {row.name: row.value for row in connection.execute(sa.select(settings_table))}
        return Settings(values["currency"], values["timezone"], int(values["schema_version"]))

    def snapshot(self, snapshot_id: int | None = None) -> Snapshot:
        """One snapshot, by default the latest."""
        with self._engine.connect() as connection:
            query = sa.select(snapshots_table).order_by(snapshots_table.c.id.desc()).limit(1)
            if snapshot_id is not None:
                query = sa.select(snapshots_table).where(snapshots_table.c.id == snapshot_id)
            row = connection.execute(query).one_or_none()
            if row is None:
                known = connection.execute(sa.select(sa.func.max(snapshots_table.c.id))).scalar()
                raise SnapshotNotFound("errors.no_such_snapshot", snapshot=snapshot_id, latest=known)
            in_snapshot = sa.and_(
                parts_table.c.added_in <= row.id,
                sa.or_(parts_table.c.removed_in.is_(None), parts_table.c.removed_in > row.id),
            )
            parts: dict[str, list[Part]] = {}
            for part in connection.execute(sa.select(parts_table).where(in_snapshot).order_by(parts_table.c.id)):
                path = self.path / part.path
                parts.setdefault(part.table_name, []).append(
                    Part(part.id, part.table_name, path, part.rows, part.bytes, part.sha256, part.added_in)
                )
        return Snapshot(
            row.id,
            row.parent_id,
            row.created_at,
            row.reason,
            row.note,
            self.settings,
            {table: tuple(found) for table, found in parts.items()},
            tuple(self.deliveries(up_to=row.id)),
            max(each.id for each in self.history(up_to=row.id) if each.reason != LEARNED),
        )

    def history(self, *, up_to: int | None = None) -> list[Moment]:
        """All snapshots without their parts, oldest first; ``up_to`` one of them."""
        query = sa.select(snapshots_table).order_by(snapshots_table.c.id)
        if up_to is not None:
            query = query.where(snapshots_table.c.id <= up_to)
        with self._engine.connect() as connection:
            return [Moment(**row._mapping) for row in connection.execute(query)]

    def files_added_in(self, snapshot_id: int) -> set[Path]:
        """The files of the parts that came with one snapshot; none where there is no such snapshot."""
        query = sa.select(parts_table.c.path).where(parts_table.c.added_in == snapshot_id)
        with self._engine.connect() as connection:
            return {self.path / path for path in connection.execute(query).scalars()}

    def deliveries(self, *, up_to: int | None = None) -> list[Delivery]:
        """What was brought in, oldest first; ``up_to`` a snapshot."""
        query = sa.select(deliveries_table).order_by(deliveries_table.c.id)
        if up_to is not None:
            query = query.where(deliveries_table.c.snapshot_id <= up_to)
        with self._engine.connect() as connection:
            return [Delivery(**row._mapping) for row in connection.execute(query)]

    def commit(
        self,
        *,
        base: Snapshot,
        reason: str,
        note: Mapping[str, object],
        at: dt.datetime,
        added: Sequence[Part],
        removed: Sequence[Part],
        deliveries: Sequence[Delivery],
    ) -> int:
        """Record the next snapshot in one transaction; only `publish` calls this, holding the writer's lock."""
        snapshot_id = base.id + 1
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(snapshots_table).values(
                    id=snapshot_id, parent_id=base.id, created_at=at, reason=reason, note=json.loads(json.dumps(note))
                )
            )
            for part in added:
                connection.execute(
                    sa.insert(parts_table).values(
                        table_name=part.table,
                        path=part.path.relative_to(self.path).as_posix(),
                        rows=part.rows,
                        bytes=part.bytes,
                        sha256=part.sha256,
                        added_in=snapshot_id,
                    )
                )
            if removed:
                connection.execute(
                    sa.update(parts_table)
                    .where(parts_table.c.id.in_([part.id for part in removed]))
                    .values(removed_in=snapshot_id)
                )
            for delivery in deliveries:
                connection.execute(sa.insert(deliveries_table).values(**vars(delivery)))
        return snapshot_id


def _catalogue_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _durable(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA busy_timeout = 20000")
            # The commit of a snapshot is what makes it real: it must survive a power cut.
            connection.execute("PRAGMA synchronous = FULL")

    return engine
