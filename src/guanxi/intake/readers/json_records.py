"""JSON lines and JSON arrays: every key a column, every value the text that stands in the file.

Numbers keep their digits (``1.10`` stays ``1.10``), null is null, true and false are words, and a value that is itself
a list or an object becomes JSON text. Records may have different keys: the columns are all of them, in the order in
which they first appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.errors import FileError
from guanxi.intake.encoding import ENCODING_NAMES, TRIED, Block, guess_encoding, text_blocks, text_pieces
from guanxi.intake.parse import identifier
from guanxi.intake.readers.delivery import Delivery
from guanxi.intake.readers.layout import MOST_COLUMNS, unique_names
from guanxi.intake.readers.records import LONGEST_RECORD_CHARACTERS
from guanxi.intake.staged import LineIndex, Staged, Unread
from guanxi.warehouse.duckdb import literal
from guanxi.words import Message

__all__ = ["looks_like_json", "stage_json"]

_BATCH_RECORDS = 20_000
_LONGEST = 16 << 20
"""Characters of one element of an array; what is longer is no record."""
_KEPT_CHARACTERS = 10_000
"""Of a record too long to be one."""
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_PLAIN = frozenset({str, type(None)})
_OBJECT = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _RepeatedKey(ValueError):
    """The same name twice in one object: one of the two values would be lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _RepeatedKey
    return values


def _constant(name: str) -> str | None:
    """What Python writes for floats that JSON does not have: the one that is no number is no value."""
    return None if name == "NaN" else name


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=_constant)
_scan = _DECODER.scan_once  # type: ignore[attr-defined]
"""Half as long as the decoder's own methods, which look for blanks round the value."""


@dataclass(frozen=True)
class _Item:
    """One record, or a line that is none."""

    line: int
    values: dict[str, str | None] | None
    reason: str | None = None
    text: str | None = None
    lists: tuple[str, ...] = ()
    """Keys with lists of objects: what one finds where an object is wrapped round the records."""


def looks_like_json(delivery: Delivery) -> bool:
    """Whether a text file starts like JSON records: an object, or a list of objects."""
    guess = guess_encoding(delivery.path)
    if guess.codec is None:
        return False
    text = next(text_pieces(delivery.path, guess)).data.decode().lstrip(" \t\r\n\0\ufeff")
    if text.startswith("["):
        # A list of something else is no table, but it is JSON where its name says so.
        return text[1:].lstrip().startswith(("{", "]")) or delivery.is_named("jsonl")
    # A damaged first line does not make a table of it: the next ones are asked.
    return text.startswith("{") and (bool(_OBJECT.match(text)) or any(map(_is_object, islice(text.split("\n"), 20))))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def stage_json(
    delivery: Delivery, target: Path, con: duckdb.DuckDBPyConnection, *, one_record_is_enough: bool = False
) -> Staged:
    """Stage JSON records as ``target``. A line that is no record is set aside; an array must be whole.

    ``one_record_is_enough``: a single object with a list in it is a record, and not something wrapped round records.

    Raises
    ------
    FileError : damaged array; an object around the records; most lines are no records; no record at all.
    """
    guess = guess_encoding(delivery.path)
    in_lines = _in_lines(next(text_pieces(delivery.path, guess)).data.decode())
    blocks = _telling((text_blocks if in_lines else text_pieces)(delivery.path, guess), delivery.advance)
    items = _lines(blocks) if in_lines else _values(blocks, delivery.name)
    writer = _Parts(delivery, target)
    try:
        while batch := list(islice(items, _BATCH_RECORDS)):
            writer.add(batch)
        writer.close()
        columns, notes = _require_table(delivery, writer, one_record_is_enough=one_record_is_enough)
        texts = ", ".join(f"c{at} AS {identifier(name)}" for at, name in enumerate(columns))
        parts = ", ".join(literal(part) for part in writer.parts)
        con.execute(
            f"COPY (SELECT {texts} FROM read_parquet([{parts}], union_by_name=true))"
            f" TO {literal(target)} (FORMAT parquet)"
        )
    finally:
        writer.discard()
    if guess.codec not in (None, "utf-8"):
        notes.insert(0, Message("intake.decoded_as", {"encoding": ENCODING_NAMES[str(guess.codec)]}))
    return Staged(
        path=target,
        file=delivery.name,
        sha256=delivery.sha256(),
        format="jsonl",
        encoding=guess.codec,
        delimiter=None,
        columns=columns,
        rows=writer.rows,
        preamble_lines=writer.first_line - 1,
        unread=tuple(writer.unread),
        notes=(*delivery.notes, *notes),
    )


def _telling(blocks: Iterator[Block], advance: Callable[[int], None]) -> Iterator[Block]:
    for block in blocks:
        advance(len(block.data))
        yield block


def _in_lines(text: str) -> bool:
    """Whether every record has a line of its own."""
    lines = [line for line in text.split("\n") if line.strip()][:20]
    return any(_is_object(line) for line in lines) and not text.lstrip().startswith("[")


def _require_table(
    delivery: Delivery, writer: _Parts, *, one_record_is_enough: bool
) -> tuple[tuple[str, ...], list[Message]]:
    rows, unread = writer.rows, writer.unread
    if rows < len(unread):
        parameters: dict[str, Any] = {"path": delivery.name, "rows": len(unread), "total": len(unread) + rows}
        if sum(each.reason == "intake.undecodable" for each in unread) * 2 > len(unread):
            raise FileError("intake.mostly_undecodable", tried=list(TRIED), **parameters)
        raise FileError("intake.mostly_unreadable", line=unread[0].line, reason=unread[0].reason, **parameters)
    if not rows or not writer.keys:
        raise FileError("intake.empty_file", path=delivery.name)
    if rows == 1 and writer.lists and not one_record_is_enough:
        raise FileError("intake.json_nested", path=delivery.name, names=writer.lists)
    notes: list[Message] = []
    return unique_names([" ".join(key.split()) for key in writer.keys], notes), notes


def _lines(blocks: Iterator[Block]) -> Iterator[_Item]:
    """One record a line."""
    for block in blocks:
        for at, line in enumerate(block.data.decode().split("\n"), block.first_line):
            text = line.strip(" \t\r\0\ufeff")
            if not text:
                continue
            if len(text) > LONGEST_RECORD_CHARACTERS:
                yield _Item(at, None, "intake.record_too_long", text[:_KEPT_CHARACTERS] + "…")
                continue
            if at in block.undecodable:
                yield _Item(at, None, "intake.undecodable", text)
                continue
            try:
                value, end = _scan(text, 0)
            except _RepeatedKey:
                yield _Item(at, None, "intake.repeated_key", text)
            except (ValueError, StopIteration, RecursionError):
                yield _Item(at, None, "intake.broken_json", text)
            else:
                yield _item(at, value, text) if end == len(text) else _Item(at, None, "intake.broken_json", text)


def _values(blocks: Iterator[Block], name: str) -> Iterator[_Item]:
    """The elements of an array, or objects one after the other over several lines."""
    text, at, line = "", 0, 1
    in_array: bool | None = None
    while True:
        start = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        line += text.count("\n", at, start)
        at = start
        if in_array is None and at < len(text):
            in_array = text[at] == "["
            at += in_array
            continue
        if in_array and text.startswith("]", at):
            if text[at + 1 :].strip() or any(block.data.strip() or block.undecodable for block in blocks):
                raise FileError("intake.json_damaged", path=name, line=line)
            return
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            block = next(blocks, None)
            if block is None and not in_array and at == len(text):
                return
            if block is None or block.undecodable or isinstance(error, _RepeatedKey) or len(text) - at > _LONGEST:
                raise FileError("intake.json_damaged", path=name, line=line) from error
            text, at = text[at:] + block.data.decode(), 0
            continue
        yield _item(line, value, text[at:end])
        line += text.count("\n", at, end)
        at = end


def _item(line: int, value: Any, text: str) -> _Item:
    """A record's values as text."""
    try:
        return _record(line, value, text)
    except RecursionError:
        return _Item(line, None, "intake.broken_json", text)


def _record(line: int, value: Any, text: str) -> _Item:
    if not isinstance(value, dict):
        return _Item(line, None, "intake.not_an_object", text)
    if "\\u" in text and _SURROGATE.search(text) and not _is_encodable(value):
        return _Item(line, None, "intake.undecodable", text)
    if _PLAIN.issuperset(map(type, value.values())):
        return _Item(line, value)
    values: dict[str, str | None] = {}
    plain = None
    lists = []
    for key, each in value.items():
        if isinstance(each, bool):
            values[key] = "true" if each else "false"
        elif isinstance(each, dict | list):
            plain = plain or json.loads(text)
            values[key] = json.dumps(plain[key], ensure_ascii=False, separators=(",", ":"))
            if isinstance(each, list) and each and isinstance(each[0], dict):
                lists.append(key)
        else:
            values[key] = each
    return _Item(line, values, lists=tuple(lists))


def _is_encodable(value: dict[str, Any]) -> bool:
    """Half a character (a lone surrogate) can be written as JSON, but not as text."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class _Parts:
    """Writes batches of records to Parquet parts; a batch that brings new keys begins a new part."""

    def __init__(self, delivery: Delivery, target: Path) -> None:
        self.keys: dict[str, None] = {}
        self.parts: list[Path] = []
        self.unread: list[Unread] = []
        self.lists: list[str] = []
        """Keys of the last record that hold lists of objects."""
        self.first_line = 1
        self._delivery = delivery
        self._target = target
        self._index: LineIndex | None = None
        self._writer: pq.ParquetWriter | None = None
        self._width = 0

    @property
    def rows(self) -> int:
        return self._index.records if self._index else 0

    def add(self, batch: Sequence[_Item]) -> None:
        records = [item.values for item in batch if item.values is not None]
        self.unread += [
            Unread(item.line, None, None, str(item.reason), item.text) for item in batch if item.values is None
        ]
        if not records:
            return
        lines = np.array([item.line for item in batch if item.values is not None], dtype=np.int64)
        if self._index is None:
            self.first_line = int(lines[0])
            self._index = LineIndex(self._target, first_line=self.first_line)
        self._index.add(lines)
        self.lists = list(batch[-1].lists)
        self._add_keys(records)
        arrays = [pa.array([record.get(key) or None for record in records], pa.string()) for key in self.keys]
        schema = pa.schema([(f"c{at}", pa.string()) for at in range(len(self.keys))])
        if self._writer is None or len(self.keys) > self._width:
            self._next_part(schema)
        assert self._writer is not None
        self._writer.write_batch(pa.record_batch(arrays, schema=schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._index is not None:
            self._index.close()

    def discard(self) -> None:
        """Remove the parts, also after an error."""
        if self._writer is not None:
            self._writer.close()
        for part in self.parts:
            part.unlink(missing_ok=True)

    def _add_keys(self, records: Sequence[dict[str, str | None]]) -> None:
        for record in records:
            if not record.keys() <= self.keys.keys():
                self.keys.update(dict.fromkeys(record))
        if len(self.keys) > MOST_COLUMNS:
            raise FileError("intake.too_many_columns", path=self._delivery.name, limit=MOST_COLUMNS)

    def _next_part(self, schema: pa.Schema) -> None:
        if self._writer is not None:
            self._writer.close()
        part = self._target.with_suffix(f".part{len(self.parts)}")
        self.parts.append(part)
        self._width = len(schema)
        self._writer = pq.ParquetWriter(part, schema)
