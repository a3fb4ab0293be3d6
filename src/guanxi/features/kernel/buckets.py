"""Records by bucket, in memory while they fit and on disk beyond that."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

__all__ = ["Buckets"]


class Buckets:
    """Records of a fixed size, put in batch by batch in the order of buckets and taken out bucket by bucket.

    Parameters
    ----------
    kind : dtype of a record
    count : int, number of buckets
    memory_bytes : int
        What may be kept in memory; when it is passed, all that is there goes to ``file``.
    file : Path
        Made when it is first needed; it ends with the context.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as directory, Buckets("i8", 2, 0, Path(directory, "records")) as buckets:
    ...     buckets.put(np.array([2, 4, 1]), np.array([0, 2, 3]))
    ...     buckets.put(np.array([3]), np.array([0, 0, 1]))
    ...     buckets.take(1)
    array([1, 3])
    """

    def __init__(self, kind: npt.DTypeLike, count: int, memory_bytes: int, file: Path) -> None:
        self.count = count
        self._kind = np.dtype(kind)
        self._memory_bytes = memory_bytes
        self._file = file
        self._held: list[npt.NDArray[Any]] = []
        self._held_bytes = 0
        self._bounds: list[npt.NDArray[np.int64]] = []
        self._written: list[int] = []
        self._size = 0
        self._open: BinaryIO | None = None
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Buckets:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.clear()
        if self._open is not None:
            self._open.close()
            self._file.unlink()

    def put(self, records: npt.NDArray[Any], bounds: npt.NDArray[np.int64]) -> None:
        """Keep one batch; the records of bucket *b* stand from ``bounds[b]`` to ``bounds[b + 1]``."""
        self._held.append(records)
        self._held_bytes += records.nbytes
        self._bounds.append(bounds)
        if self._held_bytes > self._memory_bytes:
            self._write()

    def take(self, bucket: int) -> npt.NDArray[Any]:
        """All records of one bucket, in the order in which they were put in; threads may take at the same time."""
        starts = np.array([bounds[bucket] for bounds in self._bounds], np.int64)
        ends = np.array([bounds[bucket + 1] for bounds in self._bounds], np.int64)
        found = np.empty(int((ends - starts).sum()), self._kind)
        place = 0
        for batch, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            into = found[place : place + end - start]
            place += end - start
            if batch >= len(self._written):
                into[:] = self._held[batch - len(self._written)][start:end]
            elif start < end:
                self._read(into, self._written[batch] + start * self._kind.itemsize)
        return found

    def _write(self) -> None:
        if self._open is None:
            self._open = self._file.open("x+b")
        for records in self._held:
            self._written.append(self._size)
            self._open.write(records.view(np.uint8).data)
            self._size += records.nbytes
        self._open.flush()
        self._held.clear()
        self._held_bytes = 0

    def _read(self, into: npt.NDArray[Any], start: int) -> None:
        assert self._open is not None
        with self._one_at_a_time:
            self._open.seek(start)
            self._open.readinto(into.view(np.uint8))  # type: ignore[attr-defined]
