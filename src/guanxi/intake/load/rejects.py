"""Keeping what was set aside: file, line, column, value, reason and the whole record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from guanxi import schema
from guanxi.intake.load.work import Work
from guanxi.intake.parse import identifier
from guanxi.warehouse.duckdb import parquet

__all__ = ["write_rejects", "write_unread"]

_BATCH_ROWS = 10_000
_Row = tuple[int, str, int | None, str | None, str | None, str, str | None]


def write_rejects(work: Work, problems: str, column_of: Callable[[str], str | None]) -> int:
    """Write the records that a rule set aside.

    Parameters
    ----------
    work : the load
    problems : a query with the columns ``source_row`` and ``problem``
    column_of : the file's column that a problem is about

    Returns
    -------
    int : how many
    """
    fields = ", ".join(f"{identifier(name)} := s.{identifier(name)}" for name in work.staged.columns)
    cursor = work.connection.execute(
        f"""SELECT p.source_row, p.problem, to_json(struct_pack({fields}))
        FROM ({problems}) AS p JOIN {parquet([work.staged.path], row_numbers=True)} AS s
            ON s.file_row_number + 1 = p.source_row
        ORDER BY p.source_row"""
    )

    def batches() -> Iterator[pa.RecordBatch]:
        while found := cursor.fetchmany(_BATCH_ROWS):
            lines = work.staged.lines([row for row, _, _ in found])
            rows: list[_Row] = []
            for line, (_, problem, record) in zip(lines, found, strict=True):
                column = column_of(problem)
                value = json.loads(record).get(column) if column else None
                rows.append((work.delivery.id, work.staged.file, line, column, value, f"clean.{problem}", record))
            yield _batch(rows)

    return work.publication.write("rejects", pa.RecordBatchReader.from_batches(schema.REJECTS.arrow, batches()))


def write_unread(work: Work) -> int:
    """Write the records that could not even be read; returns how many."""
    if not work.staged.unread:
        return 0
    rows: list[_Row] = [
        (work.delivery.id, work.staged.file, each.line, each.column, each.value, each.reason, each.record)
        for each in work.staged.unread
    ]
    return work.publication.write("rejects", pa.Table.from_batches([_batch(rows)]))


def _batch(rows: Sequence[_Row]) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), schema.REJECTS.arrow, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in columns], schema=schema.REJECTS.arrow
    )
