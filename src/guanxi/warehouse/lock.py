"""One writer at a time: a lock that ends with the process that holds it, however that process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import sqlalchemy as sa

from guanxi.errors import WarehouseBusy

__all__ = ["writer_lock"]

_ADVISORY_KEY = 0x6775616E7869  # "guanxi"


@contextmanager
def writer_lock(path: Path, catalogue: sa.Engine, *, wait_seconds: float) -> Iterator[None]:
    """Be the only writer of a warehouse.

    Where the catalogue is a PostgreSQL database, its writers may be on several machines, and an advisory lock of that
    database keeps them apart; otherwise a lock on a file in the warehouse's directory.

    Raises
    ------
    WarehouseBusy : another process is still writing after ``wait_seconds``.
    """
    lock = _advisory_lock if catalogue.dialect.name == "postgresql" else _file_lock
    with lock(path, catalogue, wait_seconds):
        yield


@contextmanager
def _file_lock(path: Path, _catalogue: sa.Engine, wait_seconds: float) -> Iterator[None]:
    lock = filelock.FileLock(path / "writer.lock", timeout=wait_seconds)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _busy(path, wait_seconds) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _advisory_lock(path: Path, catalogue: sa.Engine, wait_seconds: float) -> Iterator[None]:
    # A session's lock: the connection stays checked out while it is held, and its end, even by kill -9, gives it back.
    with catalogue.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # A timeout of 0 would mean to wait for ever.
        connection.execute(sa.text(f"SET lock_timeout = {max(1, round(wait_seconds * 1000))}"))
        try:
            connection.execute(sa.text(f"SELECT pg_advisory_lock({_ADVISORY_KEY})"))
        except sa.exc.OperationalError:
            raise _busy(path, wait_seconds) from None
        try:
            yield
        finally:
            connection.execute(sa.text(f"SELECT pg_advisory_unlock({_ADVISORY_KEY})"))
            connection.execute(sa.text("SET lock_timeout = DEFAULT"))


def _busy(path: Path, wait_seconds: float) -> WarehouseBusy:
    return WarehouseBusy("errors.warehouse_busy", path=str(path), seconds=round(wait_seconds))
