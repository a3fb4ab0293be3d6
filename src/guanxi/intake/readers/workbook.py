"""Workbooks (xlsx, xlsm, xlsb, xls, ods): every sheet with a table, cells as the text a person would write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from guanxi.errors import FileError
from guanxi.intake.readers.delivery import Delivery
from guanxi.intake.readers.layout import Layout, find_layout
from guanxi.intake.staged import LineIndex, Staged, line_index_path
from guanxi.words import Message

__all__ = ["cell_text", "stage_workbook"]

_SAMPLE_ROWS = 1000
_BATCH_ROWS = 20_000
_LARGEST_WRITTEN_OUT = 1e21
"""Whole numbers up to here are written without an exponent."""

Cell = str | float | int | bool | dt.date | dt.time | dt.timedelta


def stage_workbook(delivery: Delivery, target: Callable[[], Path]) -> list[Staged]:
    """Stage every sheet of a workbook that holds a table.

    A sheet of one column counts as a table only where no sheet has more: it is usually an explanation.

    Parameters
    ----------
    target : gives a free path for each staged file

    Raises
    ------
    FileError : locked, damaged, or without any table that has rows.
    """
    try:
        with CalamineWorkbook.from_path(str(delivery.path)) as workbook:
            return _stage_sheets(delivery, workbook, target)
    except PasswordError as error:
        raise FileError("intake.workbook_locked", path=delivery.name) from error
    except CalamineError as error:
        raise FileError("intake.workbook_damaged", path=delivery.name, cause=str(error)) from error


def _stage_sheets(delivery: Delivery, workbook: CalamineWorkbook, target: Callable[[], Path]) -> list[Staged]:
    staged = []
    left_out = []
    only_header: Layout | None = None
    for described in workbook.sheets_metadata:
        if described.typ is not SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(described.name)
        head = [row for _, row in islice(_text_rows(sheet), _SAMPLE_ROWS)]
        layout = find_layout(head) if head else None
        if layout is None or layout.first_record >= len(head):
            only_header = only_header or layout
            left_out.append(described.name)
            continue
        notes = list(layout.notes)
        if described.visible is not SheetVisibleEnum.Visible:
            notes.append(Message("intake.hidden_sheet", {"sheet": described.name}))
        staged.append(_stage_sheet(delivery, sheet, layout, target(), notes))
    if not staged and only_header is not None and len(left_out) == 1:
        raise FileError("intake.only_header", path=delivery.name, columns=list(only_header.columns))
    if not staged:
        raise FileError("intake.workbook_without_table", path=delivery.name, sheets=left_out)
    if max(len(table.columns) for table in staged) > 1:
        for table in [each for each in staged if len(each.columns) == 1]:
            table.path.unlink()
            line_index_path(table.path).unlink(missing_ok=True)
            staged.remove(table)
            left_out.append(table.file.removeprefix(f"{delivery.name} [").removesuffix("]"))
    if left_out:
        note = Message("intake.sheets_without_table", {"sheets": left_out})
        staged[0] = replace(staged[0], notes=(*staged[0].notes, note))
    return staged


def _stage_sheet(
    delivery: Delivery, sheet: CalamineSheet, layout: Layout, target: Path, notes: Sequence[Message]
) -> Staged:
    columns = layout.columns
    rows = islice(_text_rows(sheet), layout.first_record, None)
    first_line, _ = first = next(rows)
    index = LineIndex(target, first_line=first_line)
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(target, schema) as writer:
        records = chain([first], rows)
        while batch := list(islice(records, _BATCH_ROWS)):
            index.add(np.array([number for number, _ in batch], dtype=np.int64))
            cells = zip(*(row for _, row in batch), strict=True)
            arrays = [pa.array([cell or None for cell in column], pa.string()) for column in cells]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    index.close()
    return Staged(
        path=target,
        file=f"{delivery.name} [{sheet.name}]",
        sha256=delivery.sha256(),
        format="xlsx",
        encoding=None,
        delimiter=None,
        columns=columns,
        rows=index.records,
        preamble_lines=first_line - 1,
        unread=(),
        notes=(*delivery.notes, *notes),
    )


def _text_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their number in the sheet."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        if row.count("") < len(row):
            yield number, [cell if cell.__class__ is str else _cell_text(cell) for cell in row]


def cell_text(cell: Cell) -> str:
    """A cell as text: whole numbers without ``.0``, dates and times in ISO 8601, a length of time as hours.

    A number that Excel shows as a date only by our own guess stays a number. Times are kept in a workbook as fractions
    of a day; what is less than a millisecond off a whole second is taken for it.

    Examples
    --------
    >>> cell_text(13085.0), cell_text(0.1), cell_text(True)
    ('13085', '0.1', 'true')
    >>> cell_text(dt.datetime(2009, 12, 1, 7, 44, 59, 999_000)), cell_text(dt.date(2024, 3, 5))
    ('2009-12-01 07:45:00', '2024-03-05')
    >>> cell_text(dt.timedelta(hours=30))
    '30:00:00'
    """
    match cell:
        case bool():
            text = "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < _LARGEST_WRITTEN_OUT:
            text = f"{Decimal(repr(cell)):f}".removesuffix(".0")
        case dt.datetime():
            text = _whole_second(cell).isoformat(" ")
        case dt.timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            text = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case dt.date() | dt.time():
            text = cell.isoformat()
        case _:
            text = str(cell)
    return text


_cell_text = lru_cache(maxsize=1 << 16, typed=True)(cell_text)
"""Dates, prices and customers come again and again in a sheet."""


def _whole_second(moment: dt.datetime) -> dt.datetime:
    if moment.microsecond >= 999_000:
        return moment.replace(microsecond=0) + dt.timedelta(seconds=1)
    return moment.replace(microsecond=0) if moment.microsecond <= 1000 else moment
