"""Delimited text (CSV and its kin): an orderly file goes to DuckDB as it is, any other is sifted first.

A first look at every block proves that the file is orderly; then DuckDB reads the delivered file itself. Otherwise the
readable records are copied to a temporary UTF-8 file, every line that is none is noted, and DuckDB reads the copy.
Either way DuckDB must find as many records as were counted before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import duckdb
import numpy as np
import numpy.typing as npt

from guanxi.errors import FileError
from guanxi.intake.encoding import (
    ENCODING_NAMES,
    TRIED,
    Block,
    guess_encoding,
    guess_from_lines,
    sample_lines,
    text_blocks,
)
from guanxi.intake.parse import identifier
from guanxi.intake.readers.delivery import Delivery
from guanxi.intake.readers.dialect import Dialect, sniff
from guanxi.intake.readers.records import LONGEST_RECORD_CHARACTERS, Record, Splitter, inspect
from guanxi.intake.staged import LineIndex, Staged, Unread
from guanxi.warehouse.duckdb import literal
from guanxi.words import Message

__all__ = ["stage_delimited"]

_NO_DELIMITER = "\x1f"
"""Stands for the delimiter of a single column: a control character that no text holds."""
_LONGEST_RECORD_BYTES = 4 << 20
_KEPT_CHARACTERS = 10_000
"""Of a record too long to be one."""
_SPECIAL = re.compile(r'[",;|\t\r\n]')


@dataclass
class _Found:
    """What reading the records of a file came to."""

    rows: int
    unread: list[Unread] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)


def stage_delimited(delivery: Delivery, target: Path, con: duckdb.DuckDBPyConnection) -> Staged:
    """Stage delimited text as ``target``.

    Raises
    ------
    FileError : only a header; an unknown encoding; most lines cannot be decoded or split.
    """
    guess = guess_encoding(delivery.path)
    if guess.codec is None:
        raise FileError("intake.unknown_encoding", path=delivery.name, tried=list(TRIED))
    dialect = sniff(delivery, guess)
    found = None
    if dialect.orderly:
        records, undecodable_at = _survey(delivery, dialect, target)
        if records is not None:
            found = _read_as_it_is(delivery, dialect, target, con, records)
        elif undecodable_at is not None:
            again = guess_from_lines(sample_lines(delivery.path, around=undecodable_at))
            if again.codec not in (None, guess.codec):
                dialect = sniff(delivery, again)
    if found is None:
        found = _read_sifted(delivery, dialect, target, con)
    notes = [*delivery.notes, *dialect.layout.notes, *found.notes]
    if dialect.guess.codec != "utf-8":
        notes.insert(0, Message("intake.decoded_as", {"encoding": ENCODING_NAMES[str(dialect.guess.codec)]}))
    return Staged(
        path=target,
        file=delivery.name,
        sha256=delivery.sha256(),
        format="csv",
        encoding=dialect.guess.codec,
        delimiter=dialect.delimiter,
        columns=dialect.layout.columns,
        rows=found.rows,
        preamble_lines=dialect.preamble_lines,
        unread=tuple(found.unread),
        notes=tuple(notes),
    )


def _survey(delivery: Delivery, dialect: Dialect, target: Path) -> tuple[int | None, int | None]:
    """How many records an orderly file has, and its line index; None if it is not orderly.

    Second, where the first bytes stand that are not UTF-8, if there are any.
    """
    index = LineIndex(target, first_line=dialect.preamble_lines + 1)
    offset = dialect.guess.bom
    rest = b""
    line = dialect.preamble_lines + 1
    for block in _records_only(text_blocks(delivery.path, dialect.guess), dialect):
        if block.undecodable:
            return None, offset
        # The other half of the work is DuckDB's.
        delivery.advance(len(block.data) // 2)
        offset += len(block.data)
        data = rest + block.data
        look = inspect(data, delimiter=dialect.delimiter, width=dialect.width, crlf=dialect.crlf)
        if not look.plain:
            return None, None
        _enter(index, look.line_offsets, look.records, line)
        line += look.newlines
        rest = data[look.end :]
    if rest:
        return None, None
    index.close()
    return index.records, None


def _records_only(blocks: Iterator[Block], dialect: Dialect) -> Iterator[Block]:
    """The blocks without the lines above the first record."""
    for block in blocks:
        above = dialect.preamble_lines + 1 - block.first_line
        if above <= 0:
            yield block
        elif above < block.data.count(b"\n"):
            start = 0
            for _ in range(above):
                start = block.data.index(b"\n", start) + 1
            yield Block(block.data[start:], block.first_line + above, block.undecodable)


def _enter(index: LineIndex, offsets: npt.NDArray[np.int64] | None, records: int, first_line: int) -> None:
    if offsets is None:
        index.add_run(first_line, records)
    else:
        index.add(offsets + first_line)


def _read_as_it_is(
    delivery: Delivery, dialect: Dialect, target: Path, con: duckdb.DuckDBPyConnection, records: int
) -> _Found | None:
    """Let DuckDB read the delivered file; None if it finds other records than were counted."""
    try:
        rows = _copy(con, delivery.path, dialect, target, skip=dialect.preamble_lines)
    except (duckdb.InvalidInputException, duckdb.NotImplementedException):
        return None
    return _Found(rows) if rows == records else None


def _read_sifted(delivery: Delivery, dialect: Dialect, target: Path, con: duckdb.DuckDBPyConnection) -> _Found:
    """Copy what can be read to a temporary file, and let DuckDB read that."""
    sifted = target.with_suffix(".sifted")
    try:
        with sifted.open("wb") as file:
            sieve = _Sieve(dialect, LineIndex(target, first_line=dialect.preamble_lines + 1), file)
            for block in _records_only(text_blocks(delivery.path, dialect.guess, old_mac=dialect.old_mac), dialect):
                delivery.advance(len(block.data) // 2)
                sieve.take(block)
            sieve.finish()
        _require_most(delivery, sieve)
        try:
            rows = _copy(con, sifted, dialect, target, skip=0)
        except duckdb.InvalidInputException as error:
            raise FileError("intake.cannot_split", path=delivery.name) from error
    finally:
        sifted.unlink(missing_ok=True)
    if rows != sieve.index.records:
        raise FileError("intake.cannot_split", path=delivery.name)
    return _Found(rows, sieve.unread, sieve.notes())


def _require_most(delivery: Delivery, sieve: _Sieve) -> None:
    """A file of which most cannot be read has been misunderstood; a few of its rows would mislead."""
    if sieve.index.records >= len(sieve.unread):
        return
    undecodable = sum(each.reason == "intake.undecodable" for each in sieve.unread)
    parameters: dict[str, object] = {"path": delivery.name, "total": len(sieve.unread) + sieve.index.records}
    if undecodable * 2 > len(sieve.unread):
        raise FileError("intake.mostly_undecodable", rows=undecodable, tried=list(TRIED), **parameters)
    first = sieve.unread[0]
    raise FileError(
        "intake.mostly_unreadable", rows=len(sieve.unread), line=first.line, reason=first.reason, **parameters
    )


def _copy(con: duckdb.DuckDBPyConnection, source: Path, dialect: Dialect, target: Path, *, skip: int) -> int:
    """Read delimited UTF-8 as text into Parquet; the number of records."""
    columns = dialect.layout.columns
    fields = ", ".join(f"{literal(f'c{at}')}: 'VARCHAR'" for at in range(dialect.width))
    names = ", ".join(
        f"{f'c{at}' if at < dialect.width else 'NULL::VARCHAR'} AS {identifier(name)}"
        for at, name in enumerate(columns)
    )
    done = con.execute(
        f"""COPY (
            SELECT {names}
            FROM read_csv({literal(source)}, auto_detect=false, columns={{{fields}}}, header=false,
                skip={skip}, delim={literal(dialect.delimiter or _NO_DELIMITER)}, quote='"', escape='"',
                comment='', nullstr='', strict_mode=true, null_padding=false, max_line_size={_LONGEST_RECORD_BYTES},
                compression='none', hive_partitioning=false)
        ) TO {literal(target)} (FORMAT parquet)"""
    ).fetchone()
    return int(done[0]) if done else 0


class _Sieve:
    """Passes readable records on to a file, and keeps what is none."""

    def __init__(self, dialect: Dialect, index: LineIndex, file: IO[bytes]) -> None:
        self.dialect = dialect
        self.index = index
        self.unread: list[Unread] = []
        self._file = file
        self._splitter = Splitter(dialect.delimiter, dialect.layout.widths)
        self._end = "\r\n" if dialect.crlf else "\n"
        self._rest = b""
        self._line = dialect.preamble_lines + 1
        self._undecodable: frozenset[int] = frozenset()
        self._padded = 0

    def take(self, block: Block) -> None:
        """Sift the next lines of the file."""
        self._sift(block.data, block.undecodable, last=False)

    def finish(self) -> None:
        """Sift what is left when the file has ended."""
        self._sift(b"", frozenset(), last=True)
        self.index.close()

    def notes(self) -> list[Message]:
        notes = []
        if self._splitter.nul_lines:
            notes.append(Message("intake.nul_removed", {"lines": self._splitter.nul_lines}))
        if self._padded:
            notes.append(Message("intake.padded", {"rows": self._padded}))
        return notes

    def _sift(self, octets: bytes, undecodable: frozenset[int], *, last: bool) -> None:
        data = self._rest + octets
        self._undecodable |= undecodable
        if not data:
            return
        dialect = self.dialect
        if not self._undecodable and len(dialect.layout.widths) == 1 and len(data) < _LONGEST_RECORD_BYTES:
            look = inspect(data, delimiter=dialect.delimiter, width=dialect.width, crlf=dialect.crlf, each_record=True)
            if look.plain:
                self._file.write(data[: look.end])
                _enter(self.index, look.line_offsets, look.records, self._line)
                self._line += look.newlines
                self._rest = data[look.end :]
                return
        self._split(data, last=last)

    def _split(self, data: bytes, *, last: bool) -> None:
        kept, lines = [], []
        for record in self._splitter.split(
            data.decode(), first_line=self._line, last=last, undecodable=self._undecodable
        ):
            if (text := self._written(record)) is not None:
                kept.append(text)
                lines.append(record.line)
        self._file.write("".join(kept).encode())
        self.index.add(np.array(lines, dtype=np.int64))
        self._rest = self._splitter.rest.encode()
        self._line += data.count(b"\n") - self._rest.count(b"\n")
        self._undecodable = frozenset(line for line in self._undecodable if line >= self._line)

    def _written(self, record: Record) -> str | None:
        """The record as orderly text; None if it is none, which is then noted."""
        fields, reason = record.fields, record.reason
        width = self.dialect.width
        if fields is not None:
            if len(fields) > width and not any(fields[width:]):
                fields = fields[:width]
            if len(fields) in self.dialect.layout.widths:
                text = (self.dialect.delimiter or "").join(map(_quoted, fields + [""] * (width - len(fields))))
                if len(text) <= LONGEST_RECORD_CHARACTERS:
                    self._padded += len(fields) < width
                    return text + self._end
                reason = "intake.record_too_long"
            else:
                reason = "intake.too_many_fields" if len(fields) > width else "intake.too_few_fields"
        whole = len(record.text) <= LONGEST_RECORD_CHARACTERS
        text = record.text if whole else record.text[:_KEPT_CHARACTERS] + "…"
        self.unread.append(Unread(record.line, None, None, str(reason), text))
        return None


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
