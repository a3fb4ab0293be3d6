"""Split delimited text into records, and say about every line that fits no record why.

Two ways that agree: `inspect` looks at a whole block of bytes at once and says whether it is plain, that is, whether
any CSV reader will find the same records in it; `Splitter` goes line by line through a block that is not.

A quote that is opened and never closed would swallow all that follows. `Splitter` sets aside the one line on which it
was opened, and goes on with the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["LONGEST_RECORD_CHARACTERS", "Inspection", "Record", "Splitter", "inspect", "split_fields"]

LONGEST_RECORD_LINES = 1000
"""A quoted text with more lines than this is taken for a quote that nobody closed."""
LONGEST_RECORD_CHARACTERS = 1 << 20
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class Inspection:
    """What a block of delimited text looks like."""

    plain: bool
    end: int = 0
    """Bytes up to the end of the last whole record."""
    line_offsets: npt.NDArray[np.int64] | None = None
    """Lines from the block's first to the one on which each record begins; None: each record is one line."""
    records: int = 0
    newlines: int = 0
    """Physical lines in the whole records."""


_NOT_PLAIN = Inspection(plain=False)
_NO_PLACES: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)


def inspect(data: bytes, *, delimiter: str | None, width: int, crlf: bool, each_record: bool = False) -> Inspection:
    """Whether a block that starts with a record is plain: quotes at the edges of fields, one kind of line end, no blank
    line, no NUL, and ``width`` fields a record; on average, or with ``each_record`` in every single one.

    The average suffices where a strict reader follows: it cannot hide a long record without a short one elsewhere,
    which that reader refuses.
    """
    if b"\0" in data:
        return _NOT_PLAIN
    octets = np.frombuffer(data, dtype=np.uint8)
    newline = octets == _NEWLINE
    ends, inside, quotes = newline, None, _NO_PLACES
    if b'"' in data:
        quote = octets == _QUOTE
        inside = _odd_from(quote)
        ends = newline > inside
        quotes = np.flatnonzero(quote)
    places = np.flatnonzero(ends)
    if not places.size or not _ends_fit(octets, places, inside, crlf=crlf, returns=b"\r" in data):
        return _NOT_PLAIN
    records, end = places.size, int(places[-1]) + 1
    octets, newline, ends, quotes = octets[:end], newline[:end], ends[:end], quotes[: np.searchsorted(quotes, end)]
    inside = inside[:end] if inside is not None else None
    if not (
        _widths_fit(octets, ends, inside, delimiter, width=width, each_record=each_record)
        and _quotes_at_edges(octets, quotes, ord(delimiter) if delimiter else _NEWLINE)
    ):
        return _NOT_PLAIN
    newlines = int(np.count_nonzero(newline)) if inside is not None else records
    if newlines == records:
        return Inspection(True, end, None, records, records)
    breaks = np.flatnonzero(newline)
    if _swallows(data, quotes, breaks, delimiter, width):
        return _NOT_PLAIN
    offsets = np.zeros(records, dtype=np.int64)
    offsets[1:] = np.flatnonzero(ends[breaks])[:-1] + 1
    return Inspection(True, end, offsets, records, newlines)


def _odd_from(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """True from each odd mark up to, not including, the next one: the running XOR, 64 places at a time.

    Examples
    --------
    >>> _odd_from(np.array([0, 1, 0, 0, 1, 0, 1], dtype=bool)).astype(int).tolist()
    [0, 1, 1, 1, 0, 0, 1]
    """
    packed = np.packbits(marks, bitorder="little")
    words = np.zeros(-(-marks.size // 64), dtype="<u8")
    words.view(np.uint8)[: packed.size] = packed
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - odd[:-1]
    return np.unpackbits(words.view(np.uint8), count=marks.size, bitorder="little").view(np.bool_)


def _ends_fit(
    octets: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_] | None,
    *,
    crlf: bool,
    returns: bool,
) -> bool:
    """All records end alike, none is blank, and no carriage return stands anywhere else outside quotes."""
    shortest = 2 if crlf else 1
    if places[0] < shortest or (places.size > 1 and np.diff(places).min() <= shortest):
        return False
    if not returns:
        return not crlf
    found = octets == _RETURN
    if inside is not None:
        found = found > inside
    outside = np.count_nonzero(found[: places[-1] + 1])
    return bool(outside == places.size and found[places - 1].all()) if crlf else not outside


def _widths_fit(
    octets: npt.NDArray[np.uint8],
    ends: npt.NDArray[np.bool_],
    inside: npt.NDArray[np.bool_] | None,
    delimiter: str | None,
    *,
    width: int,
    each_record: bool,
) -> bool:
    """Records have ``width`` fields."""
    if delimiter is None:
        return True
    delimiters = octets == ord(delimiter)
    if inside is not None:
        delimiters = delimiters > inside
    if np.count_nonzero(delimiters) != np.count_nonzero(ends) * (width - 1):
        return False
    return not each_record or bool(ends[np.flatnonzero(delimiters | ends)][width - 1 :: width].all())


def _quotes_at_edges(octets: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], delimiter: int) -> bool:
    """Opening quotes follow a delimiter, a line end or a quote; closing ones precede one."""
    if not quotes.size:
        return True
    edges = np.zeros(256, dtype=bool)
    edges[[delimiter, _NEWLINE, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    if opening[0] == 0:
        opening = opening[1:]
    if not edges[octets[opening - 1]].all():
        return False
    edges[_RETURN] = True
    return bool(edges[octets[closing + 1]].all())


def _swallows(
    data: bytes,
    quotes: npt.NDArray[np.int64],
    newlines: npt.NDArray[np.int64],
    delimiter: str | None,
    width: int,
) -> bool:
    """Whether a quoted text holds what look like whole records."""
    opening, closing = quotes[0::2], quotes[1::2]
    lines = np.searchsorted(newlines, closing) - np.searchsorted(newlines, opening)
    if lines.max(initial=0) >= LONGEST_RECORD_LINES:
        return True
    if delimiter is None:
        return False
    return any(
        _looks_swallowed(data[opening[at] : closing[at]].decode().split("\n")[1:-1], delimiter, width)
        for at in np.flatnonzero(lines > 1)
    )


def _looks_swallowed(inner: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether the lines within a quoted text are records themselves: too many delimiters, all in the right number, to
    stand there by chance."""
    lines = [line for line in inner if line.strip()]
    return len(lines) * (width - 1) >= 4 and all(line.count(delimiter) == width - 1 for line in lines)


@dataclass(frozen=True)
class Record:
    """One record, or one line that is none."""

    line: int
    text: str
    fields: list[str] | None
    """None: the line cannot be read, ``reason`` says why."""
    reason: str | None = None


class Splitter:
    """Go line by line through text that is not plain.

    Parameters
    ----------
    delimiter : None for a single column
    widths : how many fields a record may have, where that is known; a record over several lines that has not, or that
        holds what look like whole records, is one with an open quote

    Examples
    --------
    >>> text = 'a,"one\\ntwo",c\\n1,"never closed,3\\n4,5,6\\n'
    >>> for record in Splitter(",", {3}).split(text, first_line=1, last=True):
    ...     print(record.line, record.fields, record.reason)
    1 ['a', 'one\\ntwo', 'c'] None
    3 None intake.open_quote
    4 ['4', '5', '6'] None
    """

    def __init__(self, delimiter: str | None, widths: Set[int] = frozenset()) -> None:
        self.delimiter = delimiter
        self.widths = widths
        self.width = max(widths, default=0)
        self.rest = ""
        """What followed the last whole record of the text last split."""
        self.nul_lines = 0
        """Lines from which NUL characters were taken."""

    def split(self, text: str, *, first_line: int, last: bool, undecodable: Set[int] = frozenset()) -> Iterator[Record]:
        """The records of ``text`` in order; what is unfinished is in `rest`, unless this is the ``last`` text.

        ``undecodable`` holds the numbers of lines with bytes that could not be decoded.
        """
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        empty = self._drop_nul(lines) if "\0" in text else frozenset()
        at = 0
        self.rest = ""
        while at < len(lines):
            line = lines[at].removesuffix("\r")
            count = 1
            fields: list[str] | None = None
            reason = None
            if at in empty:
                reason = "intake.only_nul"
            elif len(line) > LONGEST_RECORD_CHARACTERS:
                reason = "intake.record_too_long"
            elif '"' in line:
                count, fields = self._quoted(lines, at)
                if count == 0 and not last:
                    self.rest = "\n".join(lines[at:]) + "\n"
                    return
                count = max(count, 1)
                line = "\n".join(lines[at : at + count]).removesuffix("\r")
                reason = "intake.open_quote" if fields is None else None
            elif line and (self.width == 1 or not line.isspace()):
                fields = line.split(self.delimiter) if self.delimiter else [line]
            if any(first_line + each in undecodable for each in range(at, at + count)):
                fields, reason = None, reason or "intake.undecodable"
            if fields is not None or reason is not None:
                yield Record(first_line + at, line, fields, reason)
            at += count

    def _drop_nul(self, lines: list[str]) -> Set[int]:
        """Take NUL characters out; the numbers of lines that hold nothing else."""
        empty = set()
        for at, line in enumerate(lines):
            if "\0" in line:
                self.nul_lines += 1
                lines[at] = line.replace("\0", "")
                if not lines[at].strip():
                    empty.add(at)
        return empty

    def _quoted(self, lines: list[str], at: int) -> tuple[int, list[str] | None]:
        """The record that begins at ``lines[at]``: how many lines it has and its fields; (0, None) if it does not end
        within the lines, (1, None) if it can have no end."""
        text = lines[at]
        for count in range(1, min(LONGEST_RECORD_LINES, len(lines) - at) + 1):
            if count > 1:
                text += "\n" + lines[at + count - 1]
                if len(text) > LONGEST_RECORD_CHARACTERS:
                    return 1, None
                if '"' not in lines[at + count - 1]:
                    continue
            fields = split_fields(text.removesuffix("\r"), self.delimiter)
            if fields is None:
                return 1, None
            if fields:
                whole = count == 1 or self._fits(fields, lines[at + 1 : at + count - 1])
                return (count, fields) if whole else (1, None)
        return (1, None) if len(lines) - at >= LONGEST_RECORD_LINES else (0, None)

    def _fits(self, fields: list[str], inner: list[str]) -> bool:
        """Whether this is a record with line breaks in it, and not several that an open quote has joined."""
        if not self.widths:
            return True
        if len(fields) not in self.widths and (len(fields) < self.width or any(fields[self.width :])):
            return False
        return self.delimiter is None or not _looks_swallowed(inner, self.delimiter, self.width)


def split_fields(text: str, delimiter: str | None) -> list[str] | None:
    """The fields of one record; an empty list if a quote is still open at its end, None if it is malformed.

    A quote inside an unquoted field is an ordinary character (``12" nails``); blanks round a quoted one do not count.

    Examples
    --------
    >>> split_fields('1,"a ""b"", c",12" nails', ",")
    ['1', 'a "b", c', '12" nails']
    >>> split_fields('1,"open', ",")
    []
    >>> split_fields('1,"closed" too early,3', ",") is None
    True
    """
    if '"' not in text:
        return text.split(delimiter) if delimiter else [text]
    field, open_field = _patterns(delimiter)
    fields = []
    at = 0
    while found := field.match(text, at):
        quoted, bare, delimited = found.groups()
        fields.append(bare if quoted is None else quoted.replace('""', '"'))
        if not delimited:
            return fields
        at = found.end()
    return [] if open_field.match(text, at) else None


@cache
def _patterns(delimiter: str | None) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A field with the delimiter after it, and a quoted field without an end."""
    mark = re.escape(delimiter) if delimiter else "(?!)"
    bare = f"[^{mark}]*" if delimiter else ".*"
    quoted = r'[^"]*(?:""[^"]*)*'
    return (
        re.compile(rf'(?: *"({quoted})" *|((?! *"){bare}))({mark}|\Z)', re.DOTALL),
        re.compile(rf' *"{quoted}\Z', re.DOTALL),
    )
