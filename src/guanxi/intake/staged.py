"""What a delivered file becomes before anybody interprets it: its own columns as text, one row a record.

`Staged` is the contract between the readers, which know formats and encodings, and all that follows (mapping, quality,
cleaning), which knows neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from guanxi.words import Message

__all__ = ["LineIndex", "Staged", "Unread", "line_index_path"]


@dataclass(frozen=True)
class Unread:
    """A record that could not even be split into columns, or not be decoded. It is set aside, never repaired."""

    line: int | None
    """Physical line in the delivered file (xlsx: row of the sheet), from 1."""
    column: str | None
    value: str | None
    reason: str
    """A code of `guanxi.words`."""
    record: str | None
    """The record as it stands in the file; bytes that could not be decoded are written ``\\xe9``."""


@dataclass(frozen=True)
class Staged:
    """One table of a delivered file as Parquet, every column text, nothing interpreted.

    Empty cells are null; all other text is untouched. The records in the file are the rows of the Parquet file plus
    ``unread``: nothing is lost between them.
    """

    path: Path
    """Parquet; row i, counted from 0, is record i + 1."""
    file: str
    """The name people know: ``orders.csv`` or ``book.xlsx [Sheet1]``."""
    sha256: str
    """Of the bytes as delivered."""
    format: str
    """``csv``, ``jsonl``, ``xlsx`` (for all workbooks), ``parquet`` or ``sql``."""
    encoding: str | None
    delimiter: str | None
    columns: tuple[str, ...]
    """In file order, unique without regard to case, never empty."""
    rows: int
    preamble_lines: int
    """Lines before the first record: titles, headers, blank lines."""
    unread: tuple[Unread, ...]
    notes: tuple[Message, ...]
    """What was decided on the way that a person should know."""

    def lines(self, records: Sequence[int]) -> list[int]:
        """Where records stand in the delivered file.

        Parameters
        ----------
        records : record numbers, from 1

        Returns
        -------
        list of int, as many as ``records``: the physical line on which each begins (xlsx: row of the sheet; Parquet:
        number of the record). Exact also after blank lines, line breaks inside quotes and records set aside.

        Raises
        ------
        ValueError : a number below 1 or above ``rows``; a mistake of the caller.

        Notes
        -----
        O(records × log(irregular places in the file)); reads only the small index beside ``path``.
        """
        wanted = np.asarray(records, dtype=np.int64)
        if wanted.size and not (wanted.min() >= 1 and wanted.max() <= self.rows):
            raise ValueError(f"record numbers are 1 to {self.rows}")
        index = line_index_path(self.path)
        if not index.exists():
            return [int(line) for line in wanted + self.preamble_lines]
        runs = np.fromfile(index, dtype=np.int64).reshape(-1, 2)
        run = np.searchsorted(runs[:, 0], wanted, side="right") - 1
        return [int(line) for line in runs[run, 1] + wanted - runs[run, 0]]


def line_index_path(staged: Path) -> Path:
    """Where the line index of a staged file is kept, if it needs one."""
    return staged.with_suffix(".lines")


class LineIndex:
    """Writes on which line each record begins, as runs of (first record, its line), with bounded memory.

    Inside a run records follow each other line by line, so that an orderly file is one run and needs no index.

    Examples
    --------
    >>> import tempfile
    >>> staged = Path(tempfile.mkdtemp()) / "t.parquet"
    >>> index = LineIndex(staged, first_line=2)
    >>> index.add(np.array([2, 3, 5]))
    >>> index.records
    3
    >>> index.close()
    >>> np.fromfile(line_index_path(staged), dtype=np.int64).tolist()
    [1, 2, 3, 5]
    """

    def __init__(self, staged: Path, *, first_line: int) -> None:
        self.records = 0
        self._path = line_index_path(staged)
        self._path.unlink(missing_ok=True)
        self._first_line = first_line
        self._next_line = first_line
        self._runs: list[npt.NDArray[np.int64]] = []
        self._held = 0

    def add(self, lines: npt.NDArray[np.int64]) -> None:
        """The lines on which the next records begin, in order."""
        if not lines.size:
            return
        follows = np.empty(lines.size, dtype=bool)
        follows[0] = self.records > 0 and lines[0] == self._next_line
        np.equal(lines[1:], lines[:-1] + 1, out=follows[1:])
        starts = np.flatnonzero(~follows)
        if starts.size:
            self._runs.append(np.column_stack((starts + self.records + 1, lines[starts])).astype(np.int64))
            self._held += starts.size
        self.records += lines.size
        self._next_line = int(lines[-1]) + 1
        if self._held > 100_000:
            self._flush()

    def add_run(self, first_line: int, count: int) -> None:
        """``count`` records on as many consecutive lines."""
        if count:
            if self.records == 0 or first_line != self._next_line:
                self._runs.append(np.array([[self.records + 1, first_line]], dtype=np.int64))
                self._held += 1
            self.records += count
            self._next_line = first_line + count

    def close(self) -> None:
        """Write what is left; a file whose records simply follow each other gets no index."""
        orderly = not self._path.exists() and self._held <= 1 and self._next_line == self._first_line + self.records
        if not orderly:
            self._flush()

    def _flush(self) -> None:
        with self._path.open("ab") as file:
            for run in self._runs:
                run.tofile(file)
        self._runs, self._held = [], 0
