"""Tables of this process that lie on the disk, and are read where they lie.

One row per customer is gigabytes where there are millions of customers, and a run holds such tables from the study that
made them until the results are written. A paged table is an ordinary `pyarrow.Table` over a mapped file: it costs
memory only while it is read, and the file, which has no name, ends with the table. What an engine answers is paged
where it is large.
"""

from __future__ import annotations

import mmap
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "PAGED_FROM_BYTES",
    "PART_ROWS",
    "by_part",
    "let_go",
    "near",
    "paged",
    "paged_batches",
    "paged_reader",
    "slices",
]

PAGED_FROM_BYTES = 1 << 25
"""Smaller tables stay in memory."""
PART_ROWS = 1 << 18
"""In a part; many enough that nothing is paid for the number of parts."""
_MAPS: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
"""What is mapped: memory belongs to the process, not to whoever asked for it."""


def slices(table: pa.Table, rows: int | None = None) -> Iterator[pa.Table]:
    """A table in parts of so many rows, in order, nothing copied; one part at least, that its columns be known.

    Without a number of rows the parts are of `PART_ROWS`. Of a large table nothing stays in memory that has been read
    (`let_go`).

    >>> [part.num_rows for part in slices(pa.table({"a": [1, 2, 3]}), 2)]
    [2, 1]
    """
    rows = rows or PART_ROWS
    for first in range(0, max(table.num_rows, 1), rows):
        yield table.slice(first, rows)
        if table.num_rows > PART_ROWS:
            let_go()


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


def paged_reader(reader: pa.RecordBatchReader) -> pa.Table:
    """All batches of a reader as a table; on the disk where they are large, of which one is in memory at a time then.

    >>> paged_reader(pa.table({"a": [1, 2]}).to_reader()).to_pylist()
    [{'a': 1}, {'a': 2}]
    """
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        held.append(batch)
        size += batch.nbytes
        if size >= PAGED_FROM_BYTES:
            return paged_batches(_parts(held, reader))
    return pa.Table.from_batches(held) if held else reader.schema.empty_table()


def near(table: pa.Table, places: pa.ChunkedArray | pa.Array) -> tuple[pa.Table, pa.ChunkedArray | pa.Array]:
    """The least piece of a table that has all these rows, and the places in it: to take some rows that lie together.

    Taking any row of a column in parts would copy all of it. Empty places stay empty.

    >>> piece, places = near(pa.table({"a": [1, 2, 3, 4]}), pa.array([2, None, 1]))
    >>> piece["a"].to_pylist(), places.to_pylist()
    ([2, 3], [1, None, 0])
    """
    ends = pc.min_max(places).as_py()
    if ends["min"] is None:
        return table.slice(0, 0), places
    return table.slice(ends["min"], ends["max"] - ends["min"] + 1), pc.subtract(places, ends["min"])


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
    return made(table) if table.num_rows <= PART_ROWS else paged_batches(made(part) for part in slices(table))


def let_go() -> None:
    """Give back memory that is held but not needed: pages of paged tables that were read, and what Arrow keeps spare.

    Nothing is lost; what is read again comes from the disk again, or from what the system keeps of it. For the end of a
    stage, and of a part of a large table.
    """
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        for mapped in list(_MAPS):
            mapped.madvise(mmap.MADV_DONTNEED)
    pa.default_memory_pool().release_unused()


def _parts(held: list[pa.RecordBatch], reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """What has been read of a reader, which is forgotten here, and what is still to come."""
    yield pa.Table.from_batches(held)
    held.clear()
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _write(writer: pa.RecordBatchFileWriter, part: pa.Table) -> None:
    for batch in part.combine_chunks().to_batches():
        writer.write_batch(batch)
