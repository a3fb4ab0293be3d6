"""Real files through the main job, each once for all tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from data import real_file
from guanxi import mine as job
from guanxi.mine import Mined

AT = dt.datetime(2026, 6, 30, 12)
RETAIL = "online_retail_ii_year1/online_retail_ii_2009_2010.parquet"


@dataclass(frozen=True)
class Run:
    mined: Mined
    en: Path
    zh: Path

    @property
    def customers(self) -> pa.Table:
        return pq.read_table(self.en / "customers.parquet")

    def lines(self, *columns: str) -> pa.Table:
        """Columns of the order lines in the warehouse."""
        return pq.read_table(self.mined.snapshot.files("order_lines"), columns=list(columns))


def _workbook(table: pa.Table, path: Path) -> None:
    """As a shop exports it: one sheet, numbers as numbers, dates as dates."""
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, table.column_names)
        at = 0
        for batch in table.to_batches(max_chunksize=10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                at += 1
                sheet.write_row(at, 0, row)


@pytest.fixture(scope="session")
def run_once(tmp_path_factory) -> Callable[[Path], Run]:
    @cache
    def run(path: Path) -> Run:
        folder = tmp_path_factory.mktemp("real")
        mined = job.mine([path], at=AT, warehouse_path=folder / "warehouse")
        for language in ("en", "zh"):
            job.write_outputs(mined, folder / language, language=language)
        return Run(mined, folder / "en", folder / "zh")

    return run


@pytest.fixture(scope="session")
def retail_file(tmp_path_factory) -> Callable[[str], Path]:
    """The real shop's file as Parquet (as it is published), CSV or workbook."""

    @cache
    def made(kind: str) -> Path:
        published = real_file(RETAIL)
        if kind == "parquet":
            return published
        table = pq.read_table(published)
        path = tmp_path_factory.mktemp("retail") / f"online_retail.{kind}"
        _workbook(table, path) if kind == "xlsx" else pcsv.write_csv(table, path)
        return path

    return made
