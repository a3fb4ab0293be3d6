"""How long contracts last, from a file: read, and written out."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from guanxi.mine.models import read_table
from guanxi.mine.sheets import write_all, write_csv
from guanxi.progress import Progress
from guanxi.report.page import render
from guanxi.studies.retention import Retention, retention
from guanxi.studies.retention.contracts import Period
from guanxi.studies.retention.report import document_of

__all__ = ["retention_file", "write_retention"]


def retention_file(
    path: Path,
    *,
    began: str,
    ended: str,
    key: str | None = None,
    value: str | None = None,
    period: Period = "month",
    as_of: dt.date | None = None,
    horizon_periods: int | None = None,
    annual_discount_rate: float = 0.1,
    progress: Progress | None = None,
) -> Retention:
    """`guanxi.studies.retention.retention` of a delivered file.

    Parameters
    ----------
    path : file with one row a contract, in any format that `guanxi.mine.models.read_table` reads
    began, ended : columns of dates; an empty end: it goes on
    key : the column that names the contract, or the customer where each has one; by default rows are numbered
    value : the column of what is earned with it in a period; by default 1, so that values are in periods
    period : how often one renews
    as_of : the date of the table; by default the day after the last date in it
    horizon_periods : how far ahead, >= 1; by default three years
    annual_discount_rate : >= 0; a period's value that comes a year later counts 1 / (1 + rate)
    progress : told when reading begins

    Raises
    ------
    FileError, SettingError, SchemaError, DataError : as `guanxi.mine.models.read_table` and the study.
    """
    progress = progress or Progress()
    with progress.stage("cli.stage_read"):
        table = read_table(path, texts=[name for name in (key, began, ended) if name], progress=progress)
    return retention(
        table, began=began, ended=ended, key=key, value=value, period=period, as_of=as_of,
        horizon_periods=horizon_periods, annual_discount_rate=annual_discount_rate, file=path.name,
    )  # fmt: skip


def write_retention(found: Retention, out: Path, *, file: str, language: str) -> list[Path]:
    """Write retention.csv, cohorts.csv, contracts.csv, contracts.parquet and report.html; returns their paths.

    Parameters
    ----------
    found : what the table told
    out : directory, made if it is not there
    file : the table's name
    language : of the report

    Raises
    ------
    OSError : the directory cannot be written, or the disk is full; nothing in it has changed then.
    """
    return write_all(out, partial(_write, found, file, language))


def _write(found: Retention, file: str, language: str, folder: Path) -> None:
    write_csv(found.curve, folder / "retention.csv")
    write_csv(found.cohorts, folder / "cohorts.csv")
    write_csv(found.customers, folder / "contracts.csv")
    pq.write_table(found.customers, folder / "contracts.parquet", compression="zstd")
    (folder / "report.html").write_text(render(document_of(found, file=file), language), encoding="utf-8")
