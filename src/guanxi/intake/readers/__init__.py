"""Readers: any delivered file becomes `Staged`, its own columns as text, nothing interpreted and nothing lost.

What a file is is decided by its content, then by its extension. Delimited text in any usual encoding, JSON lines and
JSON arrays, workbooks (xlsx, xls, xlsb, ods) and Parquet are read, each also packed as ``.gz`` or ``.zst``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import duckdb

from guanxi.errors import FileError
from guanxi.intake.readers.columnar import stage_parquet
from guanxi.intake.readers.delimited import stage_delimited
from guanxi.intake.readers.delivery import Delivery, digest, name_of, recognise, require_file, unpack
from guanxi.intake.readers.json_records import looks_like_json, stage_json
from guanxi.intake.readers.workbook import stage_workbook
from guanxi.intake.staged import Staged, line_index_path
from guanxi.progress import Progress
from guanxi.warehouse.duckdb import connect

__all__ = ["stage"]

_MEMORY_LIMIT_MIB = 1000


def stage(path: Path, into: Path, *, progress: Progress | None = None, threads: int = 2) -> list[Staged]:
    """Stage one delivered file as text in Parquet, under the folder ``into``.

    For a folder of files call it once a file: a folder is an error here, so that nobody loads what he did not mean to.

    Parameters
    ----------
    path : the file as it was delivered
    into : a folder for the staged files and for temporary ones; made if need be, removed by the caller when done
    progress : told the bytes of the file as they are gone through, all of them in the end; the stage is the caller's
    threads : of DuckDB

    Returns
    -------
    list of `Staged` : of a workbook one for each sheet with a table, in the workbook's order; otherwise one.

    Raises
    ------
    FileError : there is nothing that can be read; the message says what the file is and what to do.

    Notes
    -----
    O(bytes), in blocks: memory does not grow with the file, except for workbooks, whose sheets are unpacked whole.
    An orderly UTF-8 file is read where it is; any other needs its own size of disk under ``into``.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text("customer;amount\\n张三;1,5\\n李四;2\\n", encoding="gbk")
    >>> [staged] = stage(folder / "orders.csv", folder / "staged")
    >>> staged.columns, staged.rows, staged.encoding, staged.delimiter
    (('customer', 'amount'), 2, 'gb18030', ';')
    >>> staged.lines([2])
    [3]
    """
    require_file(path)
    into.mkdir(parents=True, exist_ok=True)
    before = path.stat()
    told = _Told(progress, before.st_size)
    with (
        ThreadPoolExecutor(max_workers=1) as beside,
        connect(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=threads, temporary=into) as con,
        _under_a_plain_name(path, into) as plain,
    ):
        con.execute("SET enable_progress_bar = false")
        # Taken while the file is read: hashing leaves the interpreter to others.
        sha256 = beside.submit(digest, path)
        delivery = unpack(Delivery(plain, name_of(path), sha256.result, told.advance), into)
        tables: list[Staged] = []
        try:
            tables += _stage(recognise(delivery), into, con)
        finally:
            if delivery.path != plain:
                delivery.path.unlink()
            # What went wrong is then of no interest: half of it was another file.
            _require_unchanged(path, before, tables)
    told.advance(before.st_size)
    return tables


def _require_unchanged(path: Path, before: os.stat_result, tables: list[Staged]) -> None:
    """A file that is written to while it is read is neither its old nor its new self."""
    with suppress(OSError):
        now = path.stat()
        if (now.st_size, now.st_mtime_ns, now.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino):
            return
    for table in tables:
        table.path.unlink(missing_ok=True)
        line_index_path(table.path).unlink(missing_ok=True)
    raise FileError("intake.changed_while_read", path=name_of(path))


@contextmanager
def _under_a_plain_name(path: Path, into: Path) -> Iterator[Path]:
    """The file under a name that is text: DuckDB knows no other."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = into / "delivered"
        link.symlink_to(path.absolute())
        try:
            yield link
        finally:
            link.unlink()
    else:
        yield path


class _Told:
    """Tells of each byte of a file once, however often and in whatever form it is gone through."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._left = total

    def advance(self, amount: int) -> None:
        new = min(amount, self._left)
        self._left -= new
        if self._progress is not None and new:
            self._progress.advance(new)


def _stage(delivery: Delivery, into: Path, con: duckdb.DuckDBPyConnection) -> list[Staged]:
    def target() -> Path:
        return _free_path(into, delivery.name)

    match delivery.format:
        case "workbook":
            return stage_workbook(delivery, target)
        case "parquet":
            return [stage_parquet(delivery, target(), con)]
    if looks_like_json(delivery):
        return [stage_json(delivery.noting_format("jsonl"), target(), con)]
    return [stage_delimited(delivery.noting_format("csv"), target(), con)]


def _free_path(into: Path, name: str) -> Path:
    """A path that no staged file has yet: two folders may each hold an ``orders.csv``. Long names are cut, because a
    file system may allow no more than 255 bytes."""
    stem = name.encode()[:200].decode(errors="ignore")
    return next(path for number in count(1) if not (path := into / f"{stem}.{number}.parquet").exists())
