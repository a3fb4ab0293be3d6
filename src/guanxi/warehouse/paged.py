"""Tables of this process that lie on the disk, and are read where they lie.

One row per customer is gigabytes where there are millions of customers, and a run holds such tables from the study that
made them until the results are written. A paged table is an ordinary `pyarrow.Table` over a mapped file: it costs
memory only while it is read, and the file, which has no name, ends with the table.
"""

from __future__ import annotations

import mmap
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

__all__ = ["PAGED_FROM_BYTES", "by_part", "let_go", "paged", "paged_batches", "slices"]

PAGED_FROM_BYTES = 1 << 25
"""Smaller tables stay in memory."""
_ROWS = 1 << 18
"""In a batch; many enough that nothing is paid for the number of batches."""
_MAPS: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
"""What is mapped: memory belongs to the process, not to whoever asked for it."""


def slices(table: pa.Table, rows: int = _ROWS) -> Iterator[pa.Table]:
    """A table in parts of so many rows, in order, nothing copied; one part at least, that its columns be known.

    >>> [part.num_rows for part in slices(pa.table({"a": [1, 2, 3]}), 2)]
    [2, 1]
    """
    for first in range(0, max(table.num_rows, 1), rows):
        yield table.slice(first, rows)


def paged(table: pa.Table) -> pa.Table:
    """The same table on the disk; as it is where it is small.

    Use it for what has a row per customer and is kept for longer than it is worked on. Values, types and order are the
    same; chunks are not.

    >>> paged(pa.table({"a": [1, 2]})).equals(pa.table({"a": [1, 2]}))
    True
    """
    return table if table.nbytes < PAGED_FROM_BYTES else paged_batches(slices(table))


def paged_batches(parts: Iterable[pa.Table]) -> pa.Table:
    """A table on the disk from parts that are made one after the other, so that never more than one is in memory.

    Parameters
    ----------
    parts : tables of one schema, one at least

    Notes
    -----
    Written uncompressed in Arrow's own format, because only that can be read where it lies. Columns of one chunk a
    part. O(bytes), and as much disk in the temporary directory.
    """
    remaining = iter(parts)
    first = next(remaining)
    # Without a name: nobody need remove it, not even after a crash.
    with tempfile.TemporaryFile() as file:
        with pa.ipc.new_file(file, first.schema) as writer:
            _write(writer, first)
            for part in remaining:
                _write(writer, part)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    _MAPS.add(mapped)
    return pa.ipc.open_file(pa.py_buffer(mapped)).read_all()


def by_part(table: pa.Table, made: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """What a function makes of a table, worked out part by part; on the disk where it has more parts than one.

    Parameters
    ----------
    table : the rows
    made : of some rows, in order, what is made of them; no row may depend on others

    Examples
    --------
    >>> by_part(pa.table({"a": [1, 2]}), lambda rows: rows.append_column("b", [["x"] * len(rows)])).to_pylist()
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
    """
    return made(table) if table.num_rows <= _ROWS else paged_batches(made(part) for part in slices(table))


def let_go() -> None:
    """Give back memory that is held but not needed: pages of paged tables that were read, and what Arrow keeps spare.

    Nothing is lost; what is read again comes from the disk again. For the end of a stage.
    """
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for mapped in list(_MAPS):
            mapped.madvise(mmap.MADV_DONTNEED)
    pa.default_memory_pool().release_unused()


def _write(writer: pa.RecordBatchFileWriter, part: pa.Table) -> None:
    for batch in part.combine_chunks().to_batches():
        writer.write_batch(batch)
