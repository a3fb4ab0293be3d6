"""A table of a database, or what a SELECT gives, as a staged table: in batches, read-only, every value as text.

The values become the text that the same values in a Parquet file become (`guanxi.intake.readers.columnar`).
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
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
from guanxi.intake.staged import Staged, Unread
from guanxi.progress import Progress
from guanxi.words import Message

__all__ = ["list_tables", "stage_sql", "value_text"]

_FETCH_ROWS = 2000
_GROUP_ROWS = 50_000
_GROUP_BYTES = 64 << 20
_LARGEST_EXACT = 2**53
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
    progress: Progress | None = None,
) -> Staged:
    """Stage one table of a database, or the rows of one SELECT, under the folder ``into``.

    Parameters
    ----------
    url : of the database, as in `list_tables`; its password is told in no message
    into : a folder for the staged file; made if need be, removed by the caller when done
    table : its name, with the schema in front where it is not the usual one; may be left out where there is one only
    query : instead of a table a SELECT of the operator's; it runs in a read-only transaction and is not rewritten
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
    if table is not None and query is not None:
        raise SettingError("sources.table_or_query")
    parsed = parse_url(url)
    if query is not None:
        _require_select(query, parsed)
    into.mkdir(parents=True, exist_ok=True)
    with reading(parsed) as connection:
        if query is None:
            table, statement = _select(connection, parsed, table)
        else:
            statement = query.strip().rstrip(";")
        name = f"{_database(parsed)} [{table or 'SELECT'}]"
        target = _free_path(into, Path(parsed.database or "").stem or "database")
        try:
            return _staged(connection.exec_driver_sql(statement), name, target, progress or Progress())
        except sa.exc.DBAPIError as error:
            target.unlink(missing_ok=True)
            code = "sources.connection_lost" if error.connection_invalidated else "sources.query_failed"
            raise InputError(code, database=shown(parsed), cause=cause_of(error, parsed)) from None
        except BaseException:
            target.unlink(missing_ok=True)
            raise


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
        arrays = [_texts(column) for column in columns]
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


def _texts(values: Sequence[Any]) -> pa.Array:
    """A column as text; the usual kinds without a call for each value."""
    kinds = {*map(type, values)} - {type(None)}
    if kinds == {str}:
        return pa.array([value or None for value in values], pa.string())
    if kinds == {int}:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array([None if value is None else _value_text(value) or None for value in values], pa.string())


def value_text(value: Any) -> str:
    """A value of a database as text; the empty text is no value.

    Floats with as few digits as tell them apart, whole ones without ``.0``; decimals with all their digits; days and
    times in ISO 8601, those with a zone in UTC; lists and objects as JSON; bytes as UTF-8 if they are, else as hex.

    Examples
    --------
    >>> [value_text(each) for each in (13085.0, 0.1, float("nan"), True, Decimal("1E+2"), b"caf\\xc3\\xa9", b"\\xff")]
    ['13085', '0.1', '', 'true', '100', 'café', '\\\\xFF']
    >>> value_text(dt.datetime(2024, 3, 5, 8, 26, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    '2024-03-05 00:26:00+00'
    >>> value_text(dt.timedelta(hours=30)), value_text(["a", Decimal("1.10")])
    ('30:00:00', '["a","1.10"]')
    """
    match value:
        case bool():
            text = "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _LARGEST_EXACT:
            text = str(int(value))
        case float():
            text = "" if math.isnan(value) else str(value)
        case Decimal():
            text = "" if value.is_nan() else f"{value:f}"
        case dt.datetime() | dt.time() | dt.timedelta():
            text = _time_text(value)
        case bytes() | bytearray() | memoryview():
            text = _octets_text(bytes(value))
        case list() | tuple() | dict() | set():
            plain = sorted(value, key=str) if isinstance(value, set) else value
            text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=value_text)
        case _:
            text = str(value)
    return text


def _time_text(value: dt.datetime | dt.time | dt.timedelta) -> str:
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    zone = ""
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value, zone = value.astimezone(dt.UTC).replace(tzinfo=None), "+00"
        text = value.isoformat(" ")
    else:
        text = value.isoformat()
    return (text.rstrip("0") if "." in text else text) + zone


@lru_cache(maxsize=1 << 16, typed=True)
def _remembered(value: Any) -> str:
    return value_text(value)


def _value_text(value: Any) -> str:
    """Days, prices and customers come again and again."""
    return _remembered(value) if value.__class__ in (float, Decimal, dt.datetime, dt.date) else value_text(value)


def _octets_text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if 32 <= octet < 127 and octet != 92 else f"\\x{octet:02X}" for octet in octets)
