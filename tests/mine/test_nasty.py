"""The same three orders in many a dress, from the file to the customers; and files that are no orders at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import xlsxwriter
import zstandard

from guanxi.errors import DataError
from guanxi.mine import Mined
from mine.shop import run

HEADER = ("订单号", "下单时间", "客户", "商品", "数量", "金额")
ROWS = (
    ("1001", "2024-03-05", "张三", "红色连衣裙", "2", "1299.00"),
    ("1002", "2024-03-06", "李四", "保温杯", "1", "59.90"),
    ("1003", "2024-03-17", "张三", "运动鞋", "3", "897.00"),
)
FILES: dict[str, Callable[[Path], Path]] = {}


def _file(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    FILES[make.__name__] = make
    return make


def text(rows: Sequence[Sequence[str]] = ROWS, delimiter: str = ",", header: Sequence[str] = HEADER) -> str:
    return "".join(delimiter.join(row) + "\n" for row in (header, *rows))


def write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def with_column(place: int, *cells: str) -> list[tuple[str, ...]]:
    return [(*row[:place], cell, *row[place + 1 :]) for row, cell in zip(ROWS, cells, strict=True)]


@_file
def plain(folder: Path) -> Path:
    return write(folder / "orders.csv", text())


@_file
def semicolons_and_decimal_commas(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(5, "1299,00", "59,90", "897,00"), ";"))


@_file
def quoted_line_breaks(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(3, '"红色\n连衣裙"', "保温杯", '"运动鞋\n\n白"')))


@_file
def thousands_separators(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(5, '"1,299.00"', "59.90", "897.00")))


@_file
def yen_signs_and_full_width_digits(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(5, "￥１２９９．００", "￥59.90", "￥897")))


@_file
def chinese_dates(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(1, "2024年3月5日", "2024年3月6日", "2024年3月17日")))


@_file
def excel_serial_dates(folder: Path) -> Path:
    return write(folder / "orders.csv", text(with_column(1, "45356", "45357", "45368")))


@_file
def gbk(folder: Path) -> Path:
    return write(folder / "orders.csv", text(), "gbk")


@_file
def gb18030(folder: Path) -> Path:
    return write(folder / "orders.csv", text(), "gb18030")


@_file
def utf16_with_tabs(folder: Path) -> Path:
    return write(folder / "orders.txt", text(delimiter="\t"), "utf-16")


@_file
def a_total_row(folder: Path) -> Path:
    return write(folder / "orders.csv", text([*ROWS, ("合计", "", "", "", "6", "2255.90")]))


@_file
def two_header_rows(folder: Path) -> Path:
    lower = ("编号", "时间", "姓名", "名称", "件", "元")
    return write(folder / "orders.csv", text([lower, *ROWS], header=("订单", "下单", "客户", "商品", "数量", "金额")))


@_file
def a_title_above(folder: Path) -> Path:
    return write(folder / "orders.csv", "三月订单明细,,,,,\n\n" + text())


@_file
def gzip_of_gbk(folder: Path) -> Path:
    path = folder / "orders.csv.gz"
    path.write_bytes(gzip.compress(text().encode("gbk")))
    return path


@_file
def zstandard_of_utf8(folder: Path) -> Path:
    path = folder / "orders.csv.zst"
    path.write_bytes(zstandard.compress(text().encode()))
    return path


@_file
def json_lines(folder: Path) -> Path:
    lines = ["{" + ", ".join(f'"{n}": "{v}"' for n, v in zip(HEADER, row, strict=True)) + "}\n" for row in ROWS]
    return write(folder / "orders.jsonl", "".join(lines))


@_file
def a_workbook(folder: Path) -> Path:
    path = folder / "orders.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate((HEADER, *ROWS)):
            sheet.write_row(at, 0, row)
    return path


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_the_dress_does_not_change_the_customers(make, tmp_path):
    mined: Mined = run([make(tmp_path)], tmp_path / "out", language="zh", currency="CNY")
    account = mined.intake.files[0].account
    assert (account.loaded, account.set_aside) == (3, account.records - 3)
    found = pq.read_table(tmp_path / "out/customers.parquet").to_pylist()
    assert [(row["customer_id"], row["orders"], row["amount"], row["days_since_last_order"]) for row in found] == [
        ("张三", 2, Decimal("2196.00"), 1),
        ("李四", 1, Decimal("59.90"), 12),
    ]


def test_without_any_order_it_is_said_what_the_files_were_taken_for(tmp_path):
    people = write(tmp_path / "people.csv", "Customer ID,Customer Name,City\nC1,Zhang San,Beijing\nC2,Li Si,Xi'an\n")
    with pytest.raises(DataError) as caught:
        run([people], tmp_path / "out")
    assert "people.csv (taken for customers)" in caught.value.say("en")
    assert "people.csv（识别为客户）" in caught.value.say("zh")
