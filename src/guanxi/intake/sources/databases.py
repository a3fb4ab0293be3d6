"""A connection to somebody else's database that can only read, and never tells its password.

Every kind of database has its own way to forbid writing, and its own habits in handing out values. All that is known
about them stands here; what is read and how it becomes text is the same for all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from guanxi.errors import FileError, InputError, MissingExtra, SettingError

__all__ = ["Undecodable", "cause_of", "holds_password", "parse_url", "reading", "shown"]

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The drivers that Guanxi's extras bring, for URLs that do not name one."""
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
_AS_TEXT = ("date", "timestamp", "timestamptz", "time", "timetz", "json", "jsonb")
"""Types that PostgreSQL writes as we do, also the values that Python has not (``infinity``, the year 10000)."""
_READ_ONLY = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET TIME ZONE 'UTC'",
        "SET DATESTYLE TO ISO",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
}
_CONNECT_SECONDS = 15


class Undecodable(str):
    """A text of the database that is not in its encoding; its bytes stand in it as ``\\xe9``."""

    __slots__ = ()


def parse_url(url: str) -> sa.URL:
    """The parts of a database's URL, with the driver that Guanxi's extras bring where it names none.

    Raises
    ------
    SettingError : not a URL. The message does not repeat it, because there may be a password in it.

    Examples
    --------
    >>> parse_url("postgresql://reader:secret@db.shop.example/shop").drivername
    'postgresql+psycopg'
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise SettingError("sources.bad_url") from None
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def holds_password(url: str) -> bool:
    """Whether a password stands in the URL of a database, before the host or among the options.

    >>> holds_password("postgresql://me:secret@db.shop.example/shop"), holds_password("postgresql://me@db/shop")
    (True, False)
    """
    parsed = parse_url(url)
    return bool(parsed.password) or any("pass" in key.lower() for key in parsed.query)


def shown(url: sa.URL) -> str:
    """The database as it may be told: without password and without options, which may hold one.

    >>> shown(parse_url("postgresql://reader:secret@db.shop.example:5433/shop?sslpassword=other"))
    'postgresql://reader@db.shop.example:5433/shop'
    """
    backend = url.get_backend_name()
    bare = sa.URL.create(backend, username=url.username, host=url.host, port=url.port, database=url.database)
    return bare.render_as_string(hide_password=True)


@contextmanager
def reading(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection that cannot write and hands out rows as they come.

    PostgreSQL, MySQL and MariaDB get a session whose transactions are read-only, an SQLite file is opened for reading;
    elsewhere the transaction is rolled back in the end, and an account without the right to write is the protection.

    Raises
    ------
    SettingError : no such kind of database.
    MissingExtra : its driver is not installed.
    FileError : there is no such SQLite file.
    InputError : the database does not answer, or refuses.
    """
    engine = _engine(url)
    try:
        try:
            connection = engine.connect()
        # A driver's own error may repeat what it was given: it is told without secrets, and not chained.
        except (sa.exc.DBAPIError, OSError) as error:
            raise InputError("sources.cannot_connect", database=shown(url), cause=cause_of(error, url)) from None
        with connection:
            yield connection.execution_options(stream_results=True, no_parameters=True)
    finally:
        engine.dispose()


def cause_of(error: BaseException, url: sa.URL) -> str:
    """What a driver says, on one line and without the password."""
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    secrets = [str(url.password or ""), *(str(value) for key, value in url.query.items() if "pass" in key.lower())]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def _engine(url: sa.URL) -> sa.Engine:
    backend = url.get_backend_name()
    options: dict[str, Any] = {"poolclass": sa.pool.NullPool}
    if backend == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise FileError("errors.no_such_file", path=str(path))
        return sa.create_engine("sqlite://", creator=lambda: _open_sqlite(path), **options)
    try:
        driver = url.get_dialect().import_dbapi()
    except sa.exc.NoSuchModuleError:
        raise SettingError("sources.unknown_database", name=url.drivername) from None
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(str(error.name))
        if extra is None:
            raise MissingExtra("sources.missing_other_driver", name=url.drivername, module=error.name) from None
        raise MissingExtra("sources.missing_driver", database=backend, extra=extra) from None
    if url.get_driver_name() in ("psycopg", "pymysql"):
        options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
    if url.get_driver_name() == "pymysql":
        # Without decoders the text that MySQL sends is kept: every digit, and days such as 0000-00-00.
        encoders = {kind: how for kind, how in driver.converters.conversions.items() if not isinstance(kind, int)}
        options["connect_args"]["conv"] = encoders
    engine = sa.create_engine(url, **options)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        if url.get_driver_name() == "psycopg":
            for kind in _AS_TEXT:
                connection.adapters.register_loader(kind, driver.types.string.TextLoader)
        with connection.cursor() as cursor:
            for statement in _READ_ONLY.get(backend, ()):
                cursor.execute(statement)
        connection.commit()

    return engine


def _open_sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.text_factory = _sqlite_text
    return connection


def _sqlite_text(octets: bytes) -> str:
    """SQLite does not check what is written into it."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return Undecodable(octets.decode(errors="backslashreplace"))
