"""A table of a database, or what a SELECT gives, as a staged table: in batches, read-only, every value as text.

The values become text by `guanxi.intake.sources.values`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
import sqlglot

from guanxi.errors import FileError, InputError, SettingError
from guanxi.intake.readers.layout import unique_names
from guanxi.intake.sources.databases import Undecodable, cause_of, parse_url, reading, shown
from guanxi.intake.sources.values import texts, value_text
from guanxi.intake.staged import Staged, Unread
from guanxi.progress import Progress
from guanxi.words import Message

__all__ = ["Key", "list_tables", "newest_key", "stage_sql"]

Key = int | float | str
"""A value by which a source grows: a number, or a text such as a time."""

_FETCH_ROWS = 2000
_GROUP_ROWS = 50_000
_GROUP_BYTES = 64 << 20
_MANY_TABLES = 20


def list_tables(url: str) -> list[str]:
    """The tables and views of a database, with their schema where it is not the usual one, in alphabetical order.

    Parameters
    ----------
    url : as SQLAlchemy writes it: ``postgresql://user:password@host/database``, ``mysql://…``, ``sqlite:///file.db``

    Raises
    ------
    SettingError, MissingExtra, FileError, InputError : as in `stage_sql`
    """
    parsed = parse_url(url)
    with reading(parsed) as connection:
        return sorted(_tables(connection, parsed))


def stage_sql(
    url: str,
    into: Path,
    *,
    table: str | None = None,
    query: str | None = None,
    grows_by: str | None = None,
    after: Key | None = None,
    progress: Progress | None = None,
) -> Staged:
    """Stage one table of a database, or the rows of one SELECT, under the folder ``into``.

    Parameters
    ----------
    url : of the database, as in `list_tables`; its password is told in no message
    into : a folder for the staged file; made if need be, removed by the caller when done
    table : its name, with the schema in front where it is not the usual one; may be left out where there is one only
    query : instead of a table a SELECT of the operator's; it runs in a read-only transaction; without ``after`` it
        is not rewritten
    grows_by, after : only rows whose column ``grows_by`` is ``after`` or more, or empty; so that what came at the very
        same moment is not missed. `newest_key` says up to where a database goes now.
    progress : told of rows; the stage is the caller's

    Returns
    -------
    Staged : file ``database [table]``; record numbers count the rows in the order in which the database gave them, so
        that a query should have an ORDER BY. ``sha256`` is of the columns and rows.

    Raises
    ------
    SettingError : not a URL, an unknown kind of database, a query that is not one SELECT.
    MissingExtra : the driver is not installed.
    FileError : no such SQLite file, no rows.
    InputError : no connection, no such table, a query that the database refuses, a connection lost on the way.

    Notes
    -----
    O(rows), some thousand at a time: the database keeps the result, or streams it.

    Examples
    --------
    >>> import sqlite3, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with sqlite3.connect(folder / "shop.db") as shop:
    ...     _ = shop.execute("CREATE TABLE orders (id INTEGER, amount REAL)")
    ...     _ = shop.execute("INSERT INTO orders VALUES (1, 9.5), (2, 12.0)")
    >>> shop.close()
    >>> staged = stage_sql(f"sqlite:///{folder}/shop.db", folder / "staged")
    >>> staged.file, staged.columns, staged.rows
    ('shop [orders]', ('id', 'amount'), 2)
    """
    parsed = parse_url(url)
    _require_readable(parsed, table, query)
    into.mkdir(parents=True, exist_ok=True)
    with reading(parsed) as connection, _refusals_told(parsed):
        table, statement = _select(connection, parsed, table) if query is None else (table, _bare(query))
        if grows_by is not None and after is not None:
            column = _column(connection, statement, grows_by)
            value = str(sa.literal(after).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
            newer = f"{column} >= {value.replace('%%', '%')} OR {column} IS NULL"
            statement = f"SELECT * FROM ({statement}) AS source_rows WHERE {newer}"
        name = f"{_database(parsed)} [{table or 'SELECT'}]"
        target = _free_path(into, Path(parsed.database or "").stem or "database")
        try:
            return _staged(connection.exec_driver_sql(statement), name, target, progress or Progress())
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def newest_key(url: str, column: str, *, table: str | None = None, query: str | None = None) -> Key | None:
    """The greatest value of the column by which a table or query grows, as the database orders its values.

    Asked before the rows are read: those that come in between have a greater one, and are read the next time.

    Parameters
    ----------
    url, table, query : as in `stage_sql`
    column : its name

    Returns
    -------
    None where there are no rows, or only empty values

    Raises
    ------
    InputError : no such column; otherwise as `stage_sql`
    """
    parsed = parse_url(url)
    _require_readable(parsed, table, query)
    with reading(parsed) as connection, _refusals_told(parsed):
        statement = _select(connection, parsed, table)[1] if query is None else _bare(query)
        quoted = _column(connection, statement, column)
        with closing(connection.exec_driver_sql(f"SELECT max({quoted}) FROM ({statement}) AS source_rows")) as result:
            value = result.scalar()
    if value is None or (isinstance(value, int | float | str) and not isinstance(value, bool)):
        return value
    return value_text(value)


def _require_readable(url: sa.URL, table: str | None, query: str | None) -> None:
    if table is not None and query is not None:
        raise SettingError("sources.table_or_query")
    if query is not None:
        _require_select(query, url)


def _bare(query: str) -> str:
    return query.strip().rstrip(";")


@contextmanager
def _refusals_told(url: sa.URL) -> Iterator[None]:
    """What a database refuses, and a connection that is lost, in one sentence each, without secrets."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        code = "sources.connection_lost" if error.connection_invalidated else "sources.query_failed"
        raise InputError(code, database=shown(url), cause=cause_of(error, url)) from None


def _column(connection: sa.Connection, statement: str, name: str) -> str:
    """A column of a statement's result, quoted as the database writes names."""
    # Asked of the result: SQLite takes a quoted name that it does not know for a text.
    with closing(connection.exec_driver_sql(f"SELECT * FROM ({statement}) AS source_rows WHERE 1 = 0")) as result:
        there = [str(key) for key in result.keys()]  # noqa: SIM118 (no mapping)
    found = [each for each in there if each == name] or [each for each in there if each.lower() == name.lower()]
    if not found:
        raise InputError("sources.no_such_key", column=name, columns=there)
    return str(connection.dialect.identifier_preparer.quote_identifier(found[0])).replace("%%", "%")


def _database(url: sa.URL) -> str:
    return Path(url.database or "").stem or str(url.host)


def _free_path(into: Path, name: str) -> Path:
    return next(path for number in count(1) if not (path := into / f"{name}.{number}.parquet").exists())


def _tables(connection: sa.Connection, url: sa.URL) -> dict[str, tuple[str | None, str]]:
    """What tables are called → schema and name."""
    try:
        looker = sa.inspect(connection)
        usual = looker.default_schema_name
        found: dict[str, tuple[str | None, str]] = {}
        schemas = looker.get_schema_names() if url.get_backend_name() == "postgresql" else [usual]
        for schema in schemas:
            if schema == "information_schema":
                continue
            for name in (*looker.get_table_names(schema), *looker.get_view_names(schema)):
                found[name if schema == usual else f"{schema}.{name}"] = (schema, name)
    except sa.exc.DBAPIError as error:
        raise InputError("sources.query_failed", database=shown(url), cause=cause_of(error, url)) from None
    return found


def _select(connection: sa.Connection, url: sa.URL, table: str | None) -> tuple[str, str]:
    """The table that is meant, and the statement that reads it."""
    tables = _tables(connection, url)
    if table is None:
        if len(tables) != 1:
            code = "sources.name_a_table" if tables else "sources.no_tables"
            raise InputError(code, database=shown(url), count=len(tables), tables=sorted(tables)[:_MANY_TABLES])
        table = next(iter(tables))
    if table not in tables:
        near = difflib.get_close_matches(table, tables, n=3, cutoff=0.5)
        known = [*near, *(each for each in sorted(tables) if each not in near)][:_MANY_TABLES]
        raise InputError("sources.no_such_table", database=shown(url), table=table, tables=known)
    schema, name = tables[table]
    chosen = sa.select(sa.text("*")).select_from(sa.table(name, schema=schema))
    return table, str(chosen.compile(dialect=connection.dialect)).replace("%%", "%")


def _require_select(query: str, url: sa.URL) -> None:
    """One SELECT and nothing else. A read-only transaction refuses writes, but not its own end, nor writing to a file
    of the server: what could do that is refused here."""
    known = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
    try:
        tokens = sqlglot.tokenize(query.strip().rstrip(";"), read=known.get(url.get_backend_name()))
    except sqlglot.errors.TokenError:
        raise SettingError("sources.not_a_select") from None
    words = [token.text.upper() for token in tokens if token.token_type.name not in ("STRING", "IDENTIFIER")]
    begins = next((word for word in words if word != "("), "")
    # MySQL runs what stands in comments like these.
    hidden = "/*!" in query or "/*M!" in query
    if begins not in ("SELECT", "WITH", "VALUES") or {";", "INTO"} & set(words) or hidden:
        raise SettingError("sources.not_a_select")


@dataclass
class _Rows:
    """What has been read and not yet been written, and what became of the rest."""

    columns: tuple[str, ...]
    target: Path
    rows: int = 0
    unread: list[Unread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._schema = pa.schema([(name, pa.string()) for name in self.columns])
        self._writer = pq.ParquetWriter(self.target, self._schema)
        self._batches: list[pa.RecordBatch] = []
        self._held = (0, 0)
        self._digest = hashlib.sha256("\x1f".join(self.columns).encode())

    def add(self, rows: Sequence[Sequence[Any]], first: int) -> None:
        columns = list(zip(*rows, strict=True))
        if any(Undecodable in map(type, column) for column in columns):
            columns = list(zip(*self._decodable(rows, first), strict=True))
        if not columns:
            return
        arrays = [texts(column) for column in columns]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._digest.update(batch.serialize())
        self._batches.append(batch)
        self.rows += batch.num_rows
        self._held = (self._held[0] + batch.num_rows, self._held[1] + batch.nbytes)
        if self._held[0] >= _GROUP_ROWS or self._held[1] >= _GROUP_BYTES:
            self._write()

    def close(self) -> str:
        """Write what is left; the digest of all."""
        self._write()
        self._writer.close()
        return self._digest.hexdigest()

    def _write(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches, self._schema))
            self._batches, self._held = [], (0, 0)

    def _decodable(self, rows: Sequence[Sequence[Any]], first: int) -> Iterator[Sequence[Any]]:
        for at, row in enumerate(rows, first):
            wrong = next((place for place, value in enumerate(row) if isinstance(value, Undecodable)), None)
            if wrong is None:
                yield row
                continue
            record = json.dumps(list(row), ensure_ascii=False, default=str)
            self.unread.append(Unread(at, self.columns[wrong], str(row[wrong]), "intake.undecodable", record))
            self._digest.update(record.encode())


def _staged(result: sa.CursorResult[Any], name: str, target: Path, progress: Progress) -> Staged:
    notes: list[Message] = []
    columns = unique_names([" ".join(str(key).split()) for key in result.keys()], notes)  # noqa: SIM118 (no mapping)
    kept = _Rows(columns, target)
    at = 1
    for rows in result.partitions(_FETCH_ROWS):
        kept.add(rows, at)
        at += len(rows)
        progress.advance(len(rows))
    sha256 = kept.close()
    if not kept.rows:
        raise FileError("intake.only_header", path=name, columns=list(columns))
    return Staged(
        path=target,
        file=name,
        sha256=sha256,
        format="sql",
        encoding=None,
        delimiter=None,
        columns=columns,
        rows=kept.rows,
        preamble_lines=0,
        unread=tuple(kept.unread),
        notes=tuple(notes),
    )
