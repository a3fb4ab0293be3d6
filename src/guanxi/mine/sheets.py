"""Writing several files into a directory all at once, tables for people among them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

__all__ = ["inert", "major", "write_all", "write_csv", "write_json"]

_BOM = "\ufeff"
_DANGEROUS = r"^'*\s*[=+\-@＝＋－＠\t\r]"


def write_all(out: Path, write: Callable[[Path], None]) -> list[Path]:
    """Let ``write`` make files and folders in a directory beside, and move them into ``out`` when all are whole.

    What stood there under the same names is replaced; what was interrupted has changed nothing.

    Returns
    -------
    list of the paths, sorted by name
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".guanxi-", dir=out) as directory:
        scratch = Path(directory)
        write(scratch)
        return [_moved(made, out / made.name, scratch) for made in sorted(scratch.iterdir())]


def write_csv(table: pa.Table | Iterable[pa.Table], path: Path) -> None:
    """UTF-8 with a byte order mark, which Excel needs to read Chinese; no text that a spreadsheet would run.

    Parameters
    ----------
    table : the rows; or parts of them, one at least, of which one at a time is in memory
    path : of the file
    """
    parts = iter([table] if isinstance(table, pa.Table) else table)
    first = next(parts)
    with path.open("wb") as file:
        file.write(_BOM.encode())
        with pcsv.CSVWriter(file, first.schema, write_options=pcsv.WriteOptions(quoting_style="needed")) as writer:
            writer.write_table(_inert(first))
            for part in parts:
                writer.write_table(_inert(part))


def _inert(table: pa.Table) -> pa.Table:
    for field in table.schema:
        if pa.types.is_string(field.type):
            table = table.set_column(table.column_names.index(field.name), field.name, inert(table[field.name]))
    return table


def write_json(data: object, path: Path) -> None:
    """Indented, in UTF-8, with a line's end."""
    path.write_text(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def inert(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts that a spreadsheet would run as a formula, made text by an apostrophe, which our own readers take off.

    Examples
    --------
    >>> inert(pa.chunked_array([["=1+1", "'=1+1", "Wang", None]])).to_pylist()
    ["'=1+1", "''=1+1", 'Wang', None]
    """
    return pc.if_else(
        pc.fill_null(pc.match_substring_regex(texts, _DANGEROUS), False),
        pc.binary_join_element_wise("'", texts, ""),
        texts,
    )


def major(minor: pa.Array | pa.ChunkedArray, digits: int) -> pa.Array:
    """Minor units as exact decimals of whole units: the same integers, read with a decimal point.

    >>> [value and str(value) for value in major(pa.array([123450, None, -5]), 2).to_pylist()]
    ['1234.50', None, '-0.05']
    """
    units = pc.round(minor).cast(pa.int64()).cast(pa.decimal128(19, 0))
    units = units.combine_chunks() if isinstance(units, pa.ChunkedArray) else units
    return pa.Array.from_buffers(pa.decimal128(19, digits), len(units), units.buffers(), units.null_count, units.offset)


def _moved(made: Path, where: Path, scratch: Path) -> Path:
    """A folder cannot replace one that holds something: the old one goes with the scratch directory."""
    if made.is_dir() and where.exists():
        where.replace(scratch / f".old-{made.name}")
    return made.replace(where)
