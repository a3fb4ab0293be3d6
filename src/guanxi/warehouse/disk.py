"""What the disk does to a writer: it is full, or a writer that died left its working files on it."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import filelock
import sqlalchemy as sa

from guanxi.errors import WarehouseError

__all__ = ["disk_full_explained", "working_directory"]

_PREFIX = ".guanxi-"
_LOCK = "alive.lock"
_FULL = ("no space left on device", "disk is full", "disk quota exceeded", "could not extend file")


@contextmanager
def disk_full_explained(path: Path) -> Iterator[None]:
    """Say in one sentence that the disk under ``path`` is full, whichever library noticed it.

    Raises
    ------
    WarehouseError : ``errors.disk_full``, with what is free and what to do; other errors pass unchanged.
    """
    try:
        yield
    except (OSError, duckdb.Error, sa.exc.DBAPIError) as error:
        if not _is_full(error):
            raise
        raise WarehouseError("errors.disk_full", path=str(path), free_mib=_free_mib(path)) from error


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    text = str(error).lower()
    return any(words in text for words in _FULL)


def _free_mib(path: Path) -> int:
    there = next(each for each in (path, *path.parents) if each.exists())
    return shutil.disk_usage(there).free >> 20


@contextmanager
def working_directory(parent: Path) -> Iterator[Path]:
    """A directory for files on their way, removed at the end; those of processes that were killed are removed as well.

    The process holds a lock in its directory while it lives, by which others tell it from the dead.
    """
    for left in parent.glob(f"{_PREFIX}*"):
        # One without its lock is being made at this moment.
        if (left / _LOCK).exists():
            with suppress(filelock.Timeout, OSError), filelock.FileLock(left / _LOCK, timeout=0):
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent) as name, filelock.FileLock(Path(name) / _LOCK):
        yield Path(name)
