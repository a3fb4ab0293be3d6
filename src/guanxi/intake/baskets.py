"""Baskets from a file as people have it: one line an item, one line a basket, or one column an item.

For mining alone, without a warehouse. Formats and encodings are those of `guanxi.intake.readers`; here a record that
cannot be read is an error with its place, not set aside: one basket less would change every count.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guanxi.errors import DataError, FileError, MappingError
from guanxi.intake.encoding import TRIED, Guess, guess_encoding, text_blocks
from guanxi.intake.headers import name_scores
from guanxi.intake.readers import stage
from guanxi.intake.readers.delivery import Delivery, name_of, recognise, require_file, unpack
from guanxi.intake.staged import Staged
from guanxi.words import Message

__all__ = ["FORMATS", "BasketFile", "Form", "read_baskets", "read_purchases", "read_taxonomy"]

Form = Literal["long", "basket", "wide"]
FORMATS: tuple[Form, ...] = ("long", "basket", "wide")

_YES = frozenset({"1", "1.0", "t", "true", "y", "yes", "x", "✓", "√", "是", "有", "真"})
_NO = frozenset({"0", "0.0", "f", "false", "n", "no", "-", "否", "无", "没有", "假"})
_MOSTLY = 0.9
"""A column of which so much is yes or no holds an item, and what is neither is a mistake."""
_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_LINES = 1000
_MOST_CLASSES = 12
"""A trait with more different values is cut in four if it is a number, else it says nothing of many."""
_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class BasketFile:
    """What was read: the table, and what was decided on the way."""

    table: pa.Table
    notes: tuple[Message, ...]


def read_baskets(
    path: Path,
    *,
    into: Path,
    form: Form = "long",
    transaction: Sequence[str] = (),
    items: Sequence[str] = (),
    separator: str | None = None,
    traits: bool = False,
) -> BasketFile:
    """Read a file as baskets for `guanxi.mining.association.frequent_itemsets`.

    Parameters
    ----------
    path : the file; CSV and its kin, workbooks, JSON and Parquet, the form "basket" as text only
    into : a folder for temporary files, removed by the caller
    form : "long", one line an item of a basket; "basket", one line a basket, its items side by side; "wide", one line a
        basket, one column an item, with 1/0, T/F, yes/no, 是/否
    transaction : of the long form the columns that together name a basket; guessed by their names
    items : of the long form the column of the item; of the wide form those of the items, by default all that hold
        nothing but yes and no
    separator : of the form "basket", between items; guessed, white space where there is no other
    traits : of the wide form, make items of the other columns too: ``sex=M``, ``age=30–45`` (quarters)

    Returns
    -------
    BasketFile : of table transaction (string or int64), item (string, null for a basket that holds nothing)

    Raises
    ------
    FileError : the file cannot be read.
    MappingError : which column is meant is unclear, or there is no such column.
    DataError : a record cannot be read, a transaction is empty, or a value is neither yes nor no; with its place.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "baskets.txt").write_text("茶,杯子\\n茶\\n", encoding="gb18030")
    >>> read_baskets(folder / "baskets.txt", into=folder, form="basket").table.to_pylist()
    [{'transaction': 1, 'item': '茶'}, {'transaction': 1, 'item': '杯子'}, {'transaction': 2, 'item': '茶'}]
    """
    if form == "basket":
        return _read_lines(path, into, separator)
    staged = _stage(path, into)
    if form == "wide":
        return _read_wide(staged, items, traits)
    chosen = list(transaction) or [_guess(staged, "order_id", "--transaction", 0)]
    item = next(iter(items), None) or _guess(staged, "product_id", "--item", 1)
    table = _columns(staged, [*chosen, item])
    for name in chosen:
        _require_filled(staged, table, name)
    key = table[chosen[0]] if len(chosen) == 1 else _joined(table, chosen)
    return BasketFile(pa.table({"transaction": key, "item": table[item]}), staged.notes)


def read_purchases(
    path: Path, *, into: Path, customer: str | None = None, date: str | None = None, item: str | None = None
) -> BasketFile:
    """Read a file of purchases, one line an item, for `guanxi.mining.association.frequent_sequences`.

    Parameters
    ----------
    path, into : as in `read_baskets`
    customer, date, item : the columns; guessed by their names

    Returns
    -------
    BasketFile : of table customer (string), at (date), item (string)

    Raises
    ------
    FileError, MappingError : as in `read_baskets`
    DataError : a customer is empty, or a date is not written as 2026-11-21, with or without a time; with its place.
    """
    staged = _stage(path, into)
    names = [
        customer or _guess(staged, "customer_id", "--customer", None),
        date or _guess(staged, "ordered_at", "--date", None),
        item or _guess(staged, "product_id", "--item", None),
    ]
    table = _columns(staged, names)
    for name in names[:2]:
        _require_filled(staged, table, name)
    days = pc.utf8_slice_codeunits(pc.replace_substring(table[names[1]], "/", "-"), 0, 10)
    for place, text in enumerate(days.to_pylist()):
        if not _is_date(text):
            value = table[names[1]][place].as_py()
            where = {"path": staged.file, "line": staged.lines([place + 1])[0], "column": names[1]}
            raise DataError("baskets.no_date", **where, value=value)
    columns = {"customer": table[names[0]], "at": days.cast(pa.date32()), "item": table[names[2]]}
    return BasketFile(pa.table(columns), staged.notes)


def read_taxonomy(path: Path, *, into: Path) -> BasketFile:
    """Read a file of items and their groups, for ``taxonomy`` of `guanxi.mining.association.frequent_itemsets`.

    Parameters
    ----------
    path : the file: in each row an item, then its group, the group of that, and so on, as many columns as there are
        levels; a level may be empty
    into : as in `read_baskets`

    Returns
    -------
    BasketFile : of table item, parent (string), each pair once

    Raises
    ------
    FileError, DataError : as in `read_baskets`
    MappingError : there is only one column.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "groups.csv").write_text("product,kind,range\\ncup,ware,home\\nmug,ware,home\\nink,,office\\n")
    >>> [tuple(row.values()) for row in read_taxonomy(folder / "groups.csv", into=folder).table.to_pylist()]
    [('cup', 'ware'), ('mug', 'ware'), ('ink', 'office'), ('ware', 'home')]
    """
    staged = _stage(path, into)
    if len(staged.columns) == 1:
        raise MappingError("baskets.one_column", path=staged.file, columns=list(staged.columns))
    levels = _columns(staged, list(staged.columns)).columns
    pairs = pa.concat_tables(
        pa.table({"item": level, "parent": pc.coalesce(*levels[number:])})
        for number, level in enumerate(levels[:-1], start=1)
    ).drop_null()
    return BasketFile(pairs.group_by(["item", "parent"], use_threads=False).aggregate([]), staged.notes)


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-21")


def _stage(path: Path, into: Path) -> Staged:
    """One table of text; a record that could not be read is an error."""
    staged, *others = stage(path, into)
    if others:
        sheets = [each.file for each in (staged, *others)]
        raise MappingError("baskets.several_sheets", path=path.name, sheets=sheets)
    if staged.unread:
        first = staged.unread[0]
        raise DataError(
            "baskets.unread", path=staged.file, line=first.line or 0, reason=first.reason, record=first.record or ""
        )
    return staged


def _columns(staged: Staged, names: Sequence[str]) -> pa.Table:
    for name in names:
        if name not in staged.columns:
            raise MappingError("baskets.no_such_column", path=staged.file, column=name, columns=list(staged.columns))
    return pq.read_table(staged.path, columns=list(dict.fromkeys(names)))


def _guess(staged: Staged, role: str, option: str, place: int | None) -> str:
    """The column whose name fits a role best; of a file with two columns the one at its place."""
    fit = {name: name_scores(name, "orders").get(role, 0.0) for name in staged.columns}
    best = max(fit, key=lambda name: fit[name])
    if fit[best] > 0.0 and list(fit.values()).count(fit[best]) == 1:
        return best
    if place is not None and len(staged.columns) == 2:
        return staged.columns[place]
    raise MappingError("baskets.which_column", path=staged.file, option=option, columns=list(staged.columns))


def _require_filled(staged: Staged, table: pa.Table, name: str) -> None:
    if table[name].null_count:
        place = pc.index(pc.is_null(table[name]), True).as_py()
        line = staged.lines([place + 1])[0]
        raise DataError("baskets.empty_key", path=staged.file, line=line, column=name, rows=table[name].null_count)


def _joined(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """A number for each combination of values."""
    number = np.zeros(table.num_rows, np.int64)
    for name in names:
        encoded = table[name].combine_chunks().dictionary_encode()
        number = number * len(encoded.dictionary) + encoded.indices.to_numpy()
        number = np.unique(number, return_inverse=True)[1].astype(np.int64)
    return pa.array(number)


def _read_lines(path: Path, into: Path, separator: str | None) -> BasketFile:
    """One line a basket."""
    require_file(path)
    into.mkdir(parents=True, exist_ok=True)
    delivery = recognise(unpack(Delivery(path, name_of(path), lambda: "", lambda _: None), into))
    if delivery.format != "text":
        raise FileError("baskets.not_text", path=delivery.name)
    guess = guess_encoding(delivery.path)
    if guess.codec is None:
        raise FileError("intake.unknown_encoding", path=delivery.name, tried=list(TRIED))
    separator = separator or _separator(islice(_lines(delivery, guess), _SAMPLE_LINES))
    transactions: list[int] = []
    found: list[str] = []
    blank = 0
    for number, line in enumerate(_lines(delivery, guess), start=1):
        cells = [cell for each in _cells(line, separator) if (cell := each.strip())]
        blank += not cells
        transactions += [number] * len(cells)
        found += cells
    shown = {" ": Message("baskets.white_space"), "\t": Message("baskets.tab")}.get(separator, separator)
    notes = [Message("baskets.separator", {"separator": shown})]
    if blank:
        notes.append(Message("baskets.blank_lines", {"lines": blank}))
    columns = {"transaction": pa.array(transactions, pa.int64()), "item": pa.array(found, pa.string())}
    return BasketFile(pa.table(columns), tuple(notes))


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return (
        next(csv.reader([line], delimiter=separator, skipinitialspace=True)) if '"' in line else line.split(separator)
    )


def _lines(delivery: Delivery, guess: Guess) -> Iterator[str]:
    for block in text_blocks(delivery.path, guess):
        if block.undecodable:
            raise DataError("baskets.undecodable", path=delivery.name, line=min(block.undecodable))
        for line in io.StringIO(block.data.decode()):
            yield line.rstrip("\r\n")


def _separator(lines: Iterator[str]) -> str:
    """What stands in most lines; white space where none of the usual ones does."""
    there = Counter(each for line in lines for each in _SEPARATORS if each in line)
    return max(_SEPARATORS, key=lambda each: there[each]) if there else " "


def _read_wide(staged: Staged, items: Sequence[str], traits: bool) -> BasketFile:
    """One line a basket, one column an item."""
    table = _columns(staged, list(items) if items and not traits else list(staged.columns))
    parts: list[tuple[pa.Array, pa.Array]] = []
    left_out = []
    for name in table.column_names:
        flags = _flags(staged, name, table[name], named=name in items)
        if flags is not None and (not items or name in items):
            rows = np.flatnonzero(flags)
            parts.append((pa.array(rows), pa.repeat(pa.scalar(name), len(rows))))
        elif traits and (values := _trait(name, table[name])) is not None:
            rows = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
            parts.append((pa.array(rows), values.drop_null()))
        else:
            left_out.append(name)
    if not parts:
        raise MappingError("baskets.no_flags", path=staged.file, columns=list(staged.columns))
    # Whoever holds nothing is a basket nevertheless.
    empty = np.setdiff1d(np.arange(table.num_rows), np.concatenate([rows.to_numpy() for rows, _ in parts]))
    parts.append((pa.array(empty), pa.nulls(len(empty), pa.string())))
    notes = [*staged.notes, *([Message("baskets.left_out", {"columns": left_out})] if left_out else [])]
    rows, names = (pa.chunked_array([part[side] for part in parts]) for side in (0, 1))
    return BasketFile(pa.table({"transaction": pc.add(rows, 1), "item": names}), tuple(notes))


def _flags(staged: Staged, name: str, values: pa.ChunkedArray, *, named: bool) -> np.ndarray | None:
    """Where a column says yes; None where it holds something else."""
    encoded = values.combine_chunks().dictionary_encode()
    said = [value.strip().casefold() for value in encoded.dictionary.to_pylist()]
    known = np.array([each in _YES or each in _NO for each in said] + [True])
    codes = pc.fill_null(encoded.indices, len(said)).to_numpy()
    strange = np.flatnonzero(~known[codes])
    if not len(values) - values.null_count and not named:
        return None
    if len(strange) and (named or len(strange) <= (1 - _MOSTLY) * len(codes)):
        place = int(strange[0])
        raise DataError(
            "baskets.not_a_flag",
            path=staged.file, line=staged.lines([place + 1])[0], column=name, value=values[place].as_py(),
        )  # fmt: skip
    return None if len(strange) else np.array([each in _YES for each in said] + [False])[codes]


def _trait(name: str, values: pa.ChunkedArray) -> pa.Array | None:
    """A column as items ``name=value``; None where it hardly tells two records alike."""
    there = values.drop_null()
    classes = len(pc.unique(there))
    text = values.combine_chunks()
    if classes > _MOST_CLASSES:
        try:
            numbers = there.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            return None
        if classes == len(there) and (numbers == np.round(numbers)).all():
            # A number of its own for each record is a name.
            return None
        cuts = np.unique(np.quantile(numbers, _QUARTERS, method="inverted_cdf"))
        words = [f"≤{cuts[0]:g}", *(f"{a:g}–{b:g}" for a, b in pairwise(cuts)), f">{cuts[-1]:g}"]
        all_numbers = pc.fill_null(text.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
        text = pa.array(words).take(pa.array(np.searchsorted(cuts, all_numbers, side="left")))
        text = pc.if_else(values.combine_chunks().is_valid(), text, None)
    return pc.binary_join_element_wise(pa.scalar(name), text, "=")
