"""Where a table begins: titles above it, one or two header rows or none, and what its columns are called.

Works on the first rows of any format as lists of text, so that CSV and spreadsheets are judged alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guanxi.words import Message

__all__ = ["MOST_COLUMNS", "MOST_NAMED", "Layout", "find_layout", "unique_names"]

MOST_COLUMNS = 2000
"""What has more is no table of customers or orders, but something else, or one that was misunderstood."""
MOST_NAMED = 20
"""So many columns are named in an error."""
LAST_HEADER_ROW = 20
"""A header is looked for in so many rows."""

_VALUE = re.compile(
    r"""\s*(?:
        # a number or an amount
        [¥￥$€£]?\s*[-+(]?\s*[¥￥$€£]?\s*[\d０-９][\d０-９,，.．\s]*(?:[eE][-+]?\d+)?\s*[)%％元]?
        # a date or an instant
      | \d{1,4}[-/.年]\d{1,2}(?:[-/.月]\d{1,4}日?)?(?:[T\s]*\d{1,2}[:：时]\d{1,2}.*)?
        # a time
      | \d{1,2}[:：]\d{2}(?:[:：]\d{2})?
    )\s*""",
    re.VERBOSE,
)

_NOTHING = frozenset({"n/a", "#n/a", "na", "null", "none", "nan", "-", "--", "无", "空", "待定", "tbd"})
"""What people write into a cell that should hold a number: a row with them is no row of names."""


@dataclass(frozen=True)
class Layout:
    """Where the records begin and what the columns are called."""

    first_record: int
    """Index of the first row that is a record, among the rows given."""
    columns: tuple[str, ...]
    widths: frozenset[int]
    """How many fields a record may have; the fields that a shorter one lacks are empty."""
    notes: tuple[Message, ...]


def find_layout(rows: Sequence[Sequence[str]]) -> Layout:
    """Judge the first rows of a file, blank ones left out.

    Examples
    --------
    >>> layout = find_layout([["Sales of March"], ["order", "amount", ""], ["A1", "9.5", "x"], ["A2", "7", "y"]])
    >>> layout.first_record, layout.columns
    (2, ('order', 'amount', 'column_3'))
    """
    full = Counter(len(row) for row in rows).most_common()
    width = max(full, key=lambda each: (each[1], each[0]))[0]
    top = _first_full_row(rows, width)
    below = rows[top + 1 :]
    typed = _value_columns(below, width)
    notes: list[Message] = []
    if top:
        notes.append(Message("intake.title_lines", {"rows": top}))
    if not _is_header(rows[top], below, typed):
        names = [""] * width
        first = top
        notes.append(Message("intake.no_header"))
    elif below and _is_second_header(rows[top], below[0], _value_columns(below[1:], width)):
        names = _join(rows[top], below[0])
        first = top + 2
        notes.append(Message("intake.two_header_rows"))
    else:
        names = [_clean(name) for name in rows[top]]
        first = top + 1
    widths = _widths(rows[first:], len(names), width)
    names += [""] * (max(widths) - len(names))
    if not any(names) and first == top:
        return Layout(first, tuple(f"column_{at}" for at in range(1, len(names) + 1)), widths, tuple(notes))
    columns = unique_names(names, notes)
    if max(widths) < len(columns):
        notes.append(Message("intake.short_records", {"columns": list(columns[max(widths) :])}))
    return Layout(first, columns, widths, tuple(notes))


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _first_full_row(rows: Sequence[Sequence[str]], width: int) -> int:
    """The first row that is no title: as wide as the table, and at least half as full."""
    usual = sorted(_filled(row) for row in rows)[len(rows) // 2]
    for at, row in enumerate(rows[:LAST_HEADER_ROW]):
        enough = _filled(row) * 2 >= min(usual, width) if width > 2 else _filled(row) >= min(width, usual)
        if enough and len(row) * 2 > width:
            return at
    return 0


def _is_value(cell: str) -> bool:
    return _VALUE.fullmatch(cell) is not None


def _value_columns(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Columns that hold numbers, amounts or dates in four of five filled cells."""
    found = []
    for at in range(width):
        cells = [row[at] for row in rows if len(row) > at and row[at].strip()]
        if cells and sum(map(_is_value, cells)) >= 0.8 * len(cells):
            found.append(at)
    return found


def _is_header(row: Sequence[str], below: Sequence[Sequence[str]], typed: Sequence[int]) -> bool:
    """Names are no values, and do not come again in their own column."""
    if any(_is_value(cell) for cell in row):
        return False
    if any(at < len(row) and row[at].strip() for at in typed):
        return True
    return not any(
        cell.strip() and any(len(other) > at and other[at] == cell for other in below) for at, cell in enumerate(row)
    )


def _is_second_header(first: Sequence[str], second: Sequence[str], typed: Sequence[int]) -> bool:
    """A row of names or units where all rows below hold values, at least in two columns, or under merged cells."""
    if any(_is_value(cell) or cell.strip().casefold() in _NOTHING for cell in second):
        return False
    named = [at for at in typed if at < len(second) and second[at].strip()]
    merged = any(not above.strip() and below.strip() for above, below in zip(first, second, strict=False))
    return len(named) > 1 or (merged and len(named) == 1)


def _join(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """One name from two rows; a merged cell of the first row stands over all columns to its right that it covers."""
    names = []
    above = ""
    for at in range(max(len(first), len(second))):
        upper = _clean(first[at]) if at < len(first) else ""
        lower = _clean(second[at]) if at < len(second) else ""
        above = upper or (above if lower else "")
        names.append(" / ".join(dict.fromkeys(part for part in (above, lower) if part)))
    return names


def _clean(name: str) -> str:
    return " ".join(name.split())


def _widths(records: Sequence[Sequence[str]], header: int, usual: int) -> frozenset[int]:
    """How many fields a record has: as many as the header, unless a fifth of the records say otherwise.

    Fewer are allowed beside that where they are a habit of the file, not accidents: where ten records and a fifth of
    all have them, and the same columns hold values in them. (Excel stops writing the delimiters of an empty last
    column after sixteen rows; a record broken in two looks different.)
    """
    if not records:
        return frozenset({max(header, usual)})
    counts = Counter(map(len, records))
    common = {width for width, count in counts.items() if count * 5 >= len(records)}
    full = header if header in counts else max(common, default=usual)
    if header not in common and max(common, default=0) > header:
        full = max(common)
    typed = _value_columns([row for row in records if len(row) == full], full)
    habits = {
        width
        for width in common
        if width < full
        and counts[width] >= 10
        and (expected := [at for at in typed if at < width])
        and set(expected) <= set(_value_columns([row for row in records if len(row) == width], width))
    }
    return frozenset({full} | habits)


def unique_names(names: Sequence[str], notes: list[Message]) -> tuple[str, ...]:
    """Name the nameless and tell alike names apart, without regard to case."""
    blank = [f"column_{at}" for at, name in enumerate(names, 1) if not name]
    if blank:
        notes.append(Message("intake.blank_headers", {"columns": blank}))
    unique: list[str] = []
    taken: set[str] = set()
    renamed = []
    for at, name in enumerate(names, 1):
        base = candidate = name or f"column_{at}"
        count = 1
        while candidate.casefold() in taken:
            count += 1
            candidate = f"{base} ({count})"
        if count > 1:
            renamed.append(candidate)
        taken.add(candidate.casefold())
        unique.append(candidate)
    if renamed:
        notes.append(Message("intake.duplicate_headers", {"columns": renamed}))
    return tuple(unique)
