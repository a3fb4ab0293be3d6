"""Readers: any delivered file becomes `Staged`, its own columns as text, nothing interpreted and nothing lost.

What a file is is decided by its content, then by its extension. Delimited text in any usual encoding, JSON lines and
JSON arrays, workbooks (xlsx, xls, xlsb, ods) and Parquet are read, each also packed as ``.gz`` or ``.zst``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import duckdb

from guanxi.intake.readers.columnar import stage_parquet
from guanxi.intake.readers.delimited import stage_delimited
from guanxi.intake.readers.delivery import Delivery, digest, recognise, require_file, unpack
from guanxi.intake.readers.json_records import looks_like_json, stage_json
from guanxi.intake.readers.workbook import stage_workbook
from guanxi.intake.staged import Staged
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
    told = _Told(progress, path.stat().st_size)
    with (
        ThreadPoolExecutor(max_workers=1) as beside,
        connect(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=threads, temporary=into) as con,
    ):
        con.execute("SET enable_progress_bar = false")
        # Taken while the file is read: hashing leaves the interpreter to others.
        sha256 = beside.submit(digest, path)
        delivery = unpack(Delivery(path, path.name, sha256.result, told.advance), into)
        try:
            tables = _stage(recognise(delivery), into, con)
        finally:
            if delivery.path != path:
                delivery.path.unlink(missing_ok=True)
    told.advance(path.stat().st_size)
    return tables


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
    if looks_like_json(delivery.path):
        return [stage_json(delivery.noting_format("jsonl"), target(), con)]
    return [stage_delimited(delivery.noting_format("csv"), target(), con)]


def _free_path(into: Path, name: str) -> Path:
    """A path that no staged file has yet: two folders may each hold an ``orders.csv``."""
    return next(path for number in count(1) if not (path := into / f"{name}.{number}.parquet").exists())
