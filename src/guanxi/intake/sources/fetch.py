"""Reading what a description speaks of: all of it the first time, afterwards what is new."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from guanxi.errors import FileError, InputError
from guanxi.intake.sources.api import stage_api
from guanxi.intake.sources.description import ApiDescription, SqlDescription
from guanxi.intake.sources.paging import with_parameters
from guanxi.intake.sources.sql import Key, newest_key, stage_sql
from guanxi.intake.staged import Staged
from guanxi.progress import Progress

__all__ = ["Fetched", "Position", "fetch"]

_NOTHING = ("intake.only_header", "sources.no_records")


@dataclass(frozen=True)
class Position:
    """How far one delivery has read a source that grows."""

    source: str
    after: Key | None
    """Where the delivery before had ended; None for one that read everything."""
    upto: Key
    """The greatest value that was there; the next delivery begins with it."""


@dataclass(frozen=True)
class Fetched:
    """What a source gave."""

    staged: Staged | None
    """None where nothing is new."""
    position: Position | None = None
    """None for a source that does not say by what it grows."""


def fetch(
    description: SqlDescription | ApiDescription,
    into: Path,
    *,
    after: Key | None = None,
    environment: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress | None = None,
) -> Fetched:
    """Stage what a database or an API holds, or what is new in it, under the folder ``into``.

    Parameters
    ----------
    description : of the source
    into : a folder for the staged file, removed by the caller when done
    after : the `Position.upto` that was reached before; None to read everything
    environment : where secrets are that the description names
    sleep : waits so many seconds, where a server asks for patience
    progress : told of rows (a database) or bytes (an API); the stage is the caller's

    Raises
    ------
    SettingError, MissingExtra, InputError, FileError : as `stage_sql` and `stage_api`; a secret that is not there.

    Notes
    -----
    What is new begins *with* the greatest value so far, because more of it may have come in the same moment. What was
    read before is recognised when it is loaded, and adds nothing. Where only rows without a value are new, they wait
    for the next row that has one.
    """
    read = _fetch_sql if isinstance(description, SqlDescription) else _fetch_api
    try:
        return read(description, into, after, environment, sleep, progress)  # type: ignore[arg-type]
    except FileError as error:
        if after is not None and error.code in _NOTHING:
            return Fetched(None)
        raise


def _fetch_sql(
    description: SqlDescription,
    into: Path,
    after: Key | None,
    environment: Mapping[str, str],
    _sleep: Callable[[float], None],
    progress: Progress | None,
) -> Fetched:
    url = description.address(environment)
    what = {"table": description.table, "query": description.query}
    column = description.new_since
    upto = newest_key(url, column, **what) if column is not None else None
    if column is not None and after is not None and upto in (after, None):
        return Fetched(None)
    staged = stage_sql(url, into, **what, grows_by=column, after=after, progress=progress)
    return Fetched(staged, Position(description.name, after, upto) if upto is not None else None)


def _fetch_api(
    description: ApiDescription,
    into: Path,
    after: Key | None,
    environment: Mapping[str, str],
    sleep: Callable[[float], None],
    progress: Progress | None,
) -> Fetched:
    url, new_since = description.address(environment), description.new_since
    if new_since is not None and after is not None:
        url = with_parameters(url, {new_since.parameter: after})
    staged = stage_api(
        url, into, sleep=sleep, records=description.records, paging=description.paging,
        headers=description.all_headers(environment), other_hosts=description.other_hosts, progress=progress,
    )  # fmt: skip
    if new_since is None:
        return Fetched(staged)
    upto = _greatest(staged, new_since.column)
    if upto is None:
        return Fetched(staged)
    return Fetched(staged, Position(description.name, after, upto))


def _greatest(staged: Staged, column: str) -> Key | None:
    """The greatest value of a staged column: by number where all are whole numbers, else as text."""
    if column not in staged.columns:
        raise InputError("sources.no_such_key", column=column, columns=list(staged.columns))
    values = [value for value in pq.read_table(staged.path, columns=[column])[column].to_pylist() if value is not None]
    if values and all(value.lstrip("-").isdecimal() for value in values):
        return max(map(int, values))
    return max(values, default=None)
