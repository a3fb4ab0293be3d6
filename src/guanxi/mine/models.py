"""Models as files: kept beside the results, and asked about a table that somebody delivers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guanxi.errors import DataError, SettingError
from guanxi.intake.readers import stage
from guanxi.mine.sheets import write_csv
from guanxi.progress import Progress
from guanxi.studies import Result
from guanxi.studies.kept import KeptModel

__all__ = ["predict_file", "read_table", "read_texts", "require_ending", "write_model", "write_models"]

_ENDINGS = (".csv", ".parquet")
_LEADING_ZERO = r"^\s*[+-]?0[0-9]"


def write_models(results: Sequence[Result], folder: Path) -> None:
    """Keep the model of each study that publishes one, in a folder of the study's name."""
    for result in results:
        if result.model is not None:
            write_model(result.model, folder / result.study)


def write_model(model: KeptModel, folder: Path) -> None:
    """Keep a model, and beside it ``example.csv``: a table that it can be asked about."""
    model.save(folder)
    write_csv(model.example, folder / "example.csv")


def predict_file(model: Path, table: Path, out: Path, *, progress: Progress | None = None) -> tuple[KeptModel, int]:
    """Ask a kept model about the customers of a file.

    Parameters
    ----------
    model : its folder
    table : a file of one table, one row a customer; anything that `guanxi.intake.readers` reads
    out : file to be written, .csv or .parquet: customer_id, and what the model says
    progress : told of each stage

    Returns
    -------
    the model, and how many customers it was asked about

    Raises
    ------
    SettingError : ``out`` has another ending.
    FileError : a file is not there or cannot be read, or the folder holds no model.
    SchemaError, DataError : as `KeptModel.predict`.
    """
    require_ending(out)
    kept = KeptModel.load(model)
    said = kept.predict(read_table(table, texts=filter(None, [kept.key]), progress=progress))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".guanxi-", dir=out.parent) as directory:
        made = Path(directory) / out.name
        if out.suffix == ".csv":
            write_csv(said, made)
        else:
            pq.write_table(said, made, compression="zstd")
        made.replace(out)
    return kept, said.num_rows


def require_ending(out: Path) -> None:
    """`SettingError` unless a file's ending says how to write it."""
    if out.suffix not in _ENDINGS:
        raise SettingError("predict.which_ending", path=str(out))


def read_table(path: Path, *, texts: Iterable[str] = (), progress: Progress | None = None) -> pa.Table:
    """A delivered file of one table, with its numbers as numbers.

    Parquet has types of its own. In a file of text, a column is one of numbers if all its values are, blanks aside, and
    none begins with a zero before another digit, as codes do.

    Parameters
    ----------
    path : the file
    texts : columns that are names, whatever they look like
    progress : told the bytes

    Raises
    ------
    FileError : the file is not there or cannot be read.
    DataError : a workbook with several tables, or a line that has no place in the table.
    """
    names = set(texts)
    table = read_texts(path, progress=progress)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    return table.from_arrays(
        [column if name in names else _typed(column) for name, column in zip(table.column_names, table, strict=True)],
        names=table.column_names,
    )


def read_texts(path: Path, *, row: str = "predict.row_customer", progress: Progress | None = None) -> pa.Table:
    """A delivered file of one table as it was written: every column text, empty cells null.

    Parameters
    ----------
    path : the file
    row : words for what a row of it is, for errors
    progress : told the bytes

    Raises
    ------
    FileError, DataError : as `read_table`.
    """
    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        staged = stage(path, Path(directory), progress=progress)
        if len(staged) != 1:
            raise DataError("predict.not_one_table", path=path.name, tables=len(staged), row=row)
        (one,) = staged
        table = pq.read_table(one.path)
    if one.unread:
        raise DataError("predict.unread", path=path.name, rows=len(one.unread), line=one.unread[0].line or 0)
    return table.select(list(one.columns))


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    if texts.null_count == len(texts) or pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py():
        return texts
    for kind in (pa.int64(), pa.float64()):
        try:
            return texts.cast(kind)
        except pa.ArrowInvalid:
            continue
    return texts
