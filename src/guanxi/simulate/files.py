"""Writing files: complete or not there at all, with headers that people of a language read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from guanxi.words import say

__all__ = ["Format", "TableWriter", "table_writer", "write_json", "write_table"]

Format = Literal["csv", "parquet"]
_BOM = b"\xef\xbb\xbf"
_CSV = pyarrow.csv.WriteOptions(include_header=True, quoting_style="needed")


class TableWriter:
    """Writes batches to one file, with the headers that people of a language read."""

    def __init__(self, path: Path, schema: pa.Schema, format: Format, language: str | None) -> None:
        self.schema = schema
        if language:
            self.schema = pa.schema(
                [field.with_name(say(f"simulate.column_{field.name}", language)) for field in schema]
            )
        self._sink = pa.OSFile(str(path), "wb")
        if format == "csv":
            # Excel takes a file without this mark for the local code page and garbles Chinese.
            self._sink.write(_BOM)
            self._writer = pyarrow.csv.CSVWriter(self._sink, self.schema, write_options=_CSV)
        else:
            self._writer = pyarrow.parquet.ParquetWriter(self._sink, self.schema, compression="zstd")

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        self._writer.write(rows.rename_columns(self.schema.names))

    def close(self) -> None:
        self._writer.close()
        self._sink.close()


@contextmanager
def table_writer(path: Path, schema: pa.Schema, format: Format, language: str | None = None) -> Iterator[TableWriter]:
    """A writer whose file appears under its name only when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    writer = TableWriter(partial, schema, format, language)
    try:
        yield writer
        writer.close()
        partial.replace(path)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table, format: Format, language: str | None = None) -> None:
    """Write one table; the file appears when it is complete."""
    with table_writer(path, table.schema, format, language) as writer:
        writer.write(table)


def write_json(path: Path, data: object) -> None:
    """Write data as JSON; the file appears when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
    partial.replace(path)
