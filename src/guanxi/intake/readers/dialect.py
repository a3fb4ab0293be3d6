"""How a delimited file is written: its delimiter, line ends, and where its table begins."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn

from guanxi.errors import FileError
from guanxi.intake.encoding import Guess, text_blocks
from guanxi.intake.readers.delivery import Delivery
from guanxi.intake.readers.layout import MOST_COLUMNS, MOST_NAMED, Layout, find_layout
from guanxi.intake.readers.records import LONGEST_RECORD_CHARACTERS, Record, Splitter

__all__ = ["Dialect", "sniff"]

_DELIMITERS = (",", ";", "\t", "|")
_NO_TEXT = "".join(_DELIMITERS) + " \t\r\n\0\ufeff"
_SAMPLE_RECORDS = 1000
_SAMPLE_CHARACTERS = 1 << 20
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?')


@dataclass(frozen=True)
class Dialect:
    """How one delimited file is written."""

    guess: Guess
    delimiter: str | None
    """None: a single column."""
    layout: Layout
    preamble_lines: int
    crlf: bool
    """Lines end with ``\\r\\n``."""
    old_mac: bool
    """Lines end with a lone ``\\r``."""
    orderly: bool
    """Nothing in the head speaks against reading the file as it is."""

    @property
    def width(self) -> int:
        """Fields of a full record."""
        return max(self.layout.widths)


def sniff(delivery: Delivery, guess: Guess) -> Dialect:
    """Judge the first thousand records of a file.

    Raises
    ------
    FileError : nothing but blank lines, or only a header.
    """
    with delivery.path.open("rb") as file:
        head = file.read(1 << 20).decode(guess.codec or "utf-8", "replace")
    old_mac = "\r" in head and "\n" not in head
    text = ""
    for block in text_blocks(delivery.path, guess, old_mac=old_mac):
        text += block.data.decode()
        if len(text) >= _SAMPLE_CHARACTERS:
            break
    separator = _SEPARATOR_LINE.fullmatch(text.split("\n", 1)[0].rstrip("\r"))
    delimiter = separator[1] if separator else _delimiter(text)
    records = _sample(text, delimiter)[1 if separator else 0 :]
    rows = [record.fields for record in records if record.fields is not None]
    if not text.strip(_NO_TEXT):
        raise FileError("intake.empty_file", path=delivery.name)
    if not rows:
        _raise_for_unreadable(delivery, records)
    layout = find_layout(rows)
    if len(layout.columns) > MOST_COLUMNS:
        raise FileError("intake.too_many_columns", path=delivery.name, limit=MOST_COLUMNS)
    if layout.first_record >= len(rows):
        raise FileError("intake.only_header", path=delivery.name, columns=list(layout.columns[:MOST_NAMED]))
    first_line, clean = _first_line(records, layout.first_record)
    return Dialect(
        guess=guess,
        delimiter=delimiter,
        layout=layout,
        preamble_lines=first_line - 1,
        crlf=text.split("\n", 1)[0].endswith("\r"),
        old_mac=old_mac,
        orderly=guess.codec == "utf-8" and not old_mac and layout.widths == {len(layout.columns)} and clean,
    )


def _raise_for_unreadable(delivery: Delivery, records: list[Record]) -> NoReturn:
    """No record of the sample can be read."""
    if all(record.reason == "intake.record_too_long" for record in records):
        if len(records) > 1:
            raise FileError("intake.too_many_columns", path=delivery.name, limit=MOST_COLUMNS)
        raise FileError("intake.no_lines", path=delivery.name, limit=LONGEST_RECORD_CHARACTERS)
    first, total = records[0], len(records)
    raise FileError(
        "intake.mostly_unreadable", path=delivery.name, rows=total, total=total, line=first.line, reason=first.reason
    )


def _first_line(records: list[Record], first_record: int) -> tuple[int, bool]:
    """The line below the header, and whether all lines above it are single and readable.

    What cannot be read directly below the header is no part of it, but a record to be set aside.
    """
    readable = [at for at, record in enumerate(records) if record.fields is not None]
    below = readable[first_record - 1] + 1 if first_record else 0
    clean = not any(record.fields is None or "\n" in record.text for record in records[:below])
    return records[below].line, clean


def _sample(text: str, delimiter: str | None) -> list[Record]:
    return list(islice(Splitter(delimiter).split(text, first_line=1, last=True), _SAMPLE_RECORDS))


def _delimiter(text: str) -> str | None:
    """The one that gives the most records the same number of fields, and the more fields where that is equal."""
    best = (0.0, 1, "")
    for delimiter in _DELIMITERS:
        records = _sample(text, delimiter)
        widths = Counter(len(record.fields) for record in records if record.fields is not None and any(record.fields))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda each: (each[1], each[0]))
        if width > 1:
            best = max(best, (count / len(records), width, delimiter))
    return best[2] or None
