"""Who leaves, from a file that says who has: read, judged, and written out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.errors import SchemaError
from guanxi.mine.models import read_table, write_model
from guanxi.mine.sheets import write_all, write_csv
from guanxi.progress import Progress
from guanxi.report.page import render
from guanxi.studies.churn import Contract, contract
from guanxi.studies.churn.bands import band_of
from guanxi.studies.churn.contract_report import document_of, reasons_in_words
from guanxi.studies.churn.suspects import KnownAt

__all__ = ["contract_file", "write_contract"]


def contract_file(
    path: Path,
    *,
    label: str,
    key: str | None = None,
    positive: str | None = None,
    known_at: Mapping[str, KnownAt],
    without: Collection[str] = (),
    progress: Progress | None = None,
) -> Contract:
    """`guanxi.studies.churn.contract` of a delivered file, without some of its columns.

    Raises
    ------
    FileError, SchemaError, DataError, SettingError : as `guanxi.mine.models.read_table` and the study; a column to be
        left out is missing.
    """
    progress = progress or Progress()
    with progress.stage("cli.stage_read"):
        table = read_table(path, texts=filter(None, [key]), progress=progress)
    for name in without:
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table=path.name, column=name, columns=table.column_names)
    with progress.stage("cli.stage_study_churn"):
        return contract(table.drop_columns(list(without)), label=label, key=key, positive=positive, known_at=known_at)


def write_contract(found: Contract, out: Path, *, file: str, language: str) -> list[Path]:
    """Write scores.csv, scores.parquet, report.html and the folder ``model`` into a directory; returns their paths.

    Parameters
    ----------
    found : what the table told
    out : directory, made if it is not there
    file : the table's name
    language : of the report, and of the reasons in the CSV file

    Raises
    ------
    OSError : the directory cannot be written, or the disk is full; nothing in it has changed then.
    """
    return write_all(out, partial(_write, found, file, language))


def _write(found: Contract, file: str, language: str, folder: Path) -> None:
    said = found.scores["probability"].to_numpy()
    scores = pa.table(
        {
            "customer_id": found.scores["customer_id"],
            "left": found.scores["left"],
            "churn_probability": said,
            "churn_band": pa.array(band_of(said), pa.string()),
            "reasons": found.scores["reasons"],
        }
    )
    pq.write_table(scores, folder / "scores.parquet", compression="zstd")
    texts = [
        reasons_in_words(reasons, customer).say(language)
        for reasons, customer in zip(scores["reasons"].to_pylist(), found.customers.to_pylist(), strict=True)
    ]
    place = scores.column_names.index("reasons")
    write_csv(scores.set_column(place, "reasons", pa.array(texts, pa.string())), folder / "scores.csv")
    write_model(found.kept, folder / "model")
    (folder / "report.html").write_text(render(document_of(found, file=file), language), encoding="utf-8")
