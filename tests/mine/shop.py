"""A shop so small that every number can be counted by hand."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guanxi import mine as job
from guanxi.mine import Mined

AT = dt.datetime(2024, 6, 30, 12)
HEADER = ("Order No", "Order Time", "Customer ID", "Product Code", "Product Name", "Quantity", "Unit Price", "Country")
ROWS = (
    ("A1", "2024-01-05 10:00", "张三", "P1", "Green tea", "2", "10.00", "China"),
    ("A1", "2024-01-05 10:00", "张三", "P2", "Teacup", "1", "5.50", "China"),
    ("A2", "2024-02-10 11:30", "李四", "P1", "Green tea", "1", "10.00", "France"),
    ("A3", "2024-03-01 09:15", "张三", "P2", "Teacup", "4", "5.50", "China"),
    ("A4", "2024-03-02 12:00", "=1+1", "P1", "Green tea", "1", "10.00", "China"),
    ("R5", "2024-03-03 12:00", "张三", "P1", "Green tea", "-1", "10.00", "China"),
    ("A6", "2024-03-04 15:00", "", "P3", "=HYPERLINK(0)", "3", "2.00", "China"),
    ("A7", "2024-03-05 16:00", "王五", "P1", "Green tea", "1", "0.00", "China"),
    ("A8", "yesterday", "李四", "@P1", "Green tea", "1", "10.00", "France"),
)
LATER = (
    ("B1", "2024-05-02 10:00", "李四", "P1", "Green tea", "9", "10.00", "France"),
    ("B2", "2024-05-03 10:00", "赵六", "P3", "Kettle", "1", "80.00", "China"),
)
"""What the next month's file holds."""


def write_csv(path: Path, rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def run(
    files: Sequence[Path], out: Path, *, language: str = "en", currency: str | None = "EUR", **options: Any
) -> Mined:
    """The main job, and its outputs in ``out``."""
    mined = job.mine(files, at=AT, language=language, currency=currency, **options)
    job.write_outputs(mined, out, language=language)
    return mined


def read_csv(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


def read_result(out: Path) -> dict[str, Any]:
    """result.json without what no two runs share: seconds and memory."""
    data = json.loads((out / "result.json").read_text(encoding="utf-8"))
    del data["stages"]
    return data
