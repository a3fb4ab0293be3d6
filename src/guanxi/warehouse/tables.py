"""The tables of the catalogue, in whatever database it is kept.

Those of the first version are never altered; what came later stands in tables of its own, so that an older catalogue is
read as it is.
"""

from __future__ import annotations

import sqlalchemy as sa

from guanxi.errors import MissingExtra, SettingError, WarehouseError

__all__ = [
    "catalogue_engine",
    "deliveries_table",
    "doomed_table",
    "forgotten_table",
    "metadata",
    "parts_table",
    "redactions_table",
    "settings_table",
    "snapshots_table",
    "undone_table",
]

metadata = sa.MetaData()

settings_table = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
snapshots_table = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("snapshots.id")),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("note", sa.JSON, nullable=False),
)
parts_table = sa.Table(
    "parts",
    metadata,
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
    metadata,
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

# Since version 2.
undone_table = sa.Table(
    "undone",
    metadata,
    sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"), primary_key=True, autoincrement=False),
    sa.Column("snapshot_id", sa.Integer, sa.ForeignKey("snapshots.id"), nullable=False),
)
"""Deliveries taken back, and the first snapshot without them."""
forgotten_table = sa.Table(
    "forgotten",
    metadata,
    sa.Column("snapshot_id", sa.Integer, sa.ForeignKey("snapshots.id"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime, nullable=False),
)
"""Snapshots that were swept: their number and date stay, their files do not."""
redactions_table = sa.Table(
    "redactions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("up_to_snapshot", sa.Integer, sa.ForeignKey("snapshots.id"), nullable=False),
    sa.Column("rows", sa.JSON, nullable=False),
)
"""When persons were taken out, and how many rows of each table were about them; not who they were."""
doomed_table = sa.Table(
    "doomed",
    metadata,
    sa.Column("path", sa.String, primary_key=True),
)
"""Files that no snapshot names any more and that are still to be deleted."""


def catalogue_engine(url: str) -> sa.Engine:
    """A connection pool to the catalogue's database, set so that a commit survives a power cut.

    Raises
    ------
    SettingError : not a URL of a database that can hold a catalogue.
    MissingExtra : ``guanxi[postgres]`` is not installed.
    WarehouseError : when it is used and the database does not answer, or refuses; without the password.
    """
    try:
        where = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise SettingError("warehouse.bad_catalogue_url") from None
    if where.drivername in ("postgres", "postgresql"):
        where = where.set(drivername="postgresql+psycopg")
    if where.get_backend_name() not in ("postgresql", "sqlite"):
        raise SettingError("warehouse.bad_catalogue_url")
    try:
        engine = sa.create_engine(where)
    except ModuleNotFoundError:
        raise MissingExtra("warehouse.missing_driver") from None

    @sa.event.listens_for(engine, "handle_error")
    def _explain(context: sa.ExceptionContext) -> None:
        if context.connection is None and engine.dialect.name != "sqlite":
            shown = where.set(query={}).render_as_string(hide_password=True)
            cause = " ".join(str(context.original_exception).split())
            raise WarehouseError("warehouse.no_catalogue", database=shown, cause=cause) from None

    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _durable(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA busy_timeout = 20000")
            # The commit of a snapshot is what makes it real: it must survive a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            # What is deleted is overwritten, so that nothing of it can be read from the file.
            connection.execute("PRAGMA secure_delete = ON")

    return engine
