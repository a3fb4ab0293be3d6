"""Nasty files, made on the spot: one function each, given a folder, gives the path of the file it made.

All hold the same few orders, `ROWS` under `HEADER`, unless the point is another, so that a test can say exactly what
must come out. ``FILES`` names them all.
"""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import io
import json
import os
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import zstandard

HEADER = ("订单号", "客户", "商品", "数量", "金额")
ROWS = (
    ("1001", "张三", "红色连衣裙", "2", "199.00"),
    ("1002", "李四", "保温杯", "1", "59.90"),
    ("1003", "王小明", "运动鞋", "3", "897.00"),
)
TRADITIONAL_HEADER = ("訂單編號", "客戶", "商品", "數量", "金額")
TRADITIONAL_ROWS = (("1001", "張三", "紅色洋裝", "2", "1990"), ("1002", "陳小姐", "保溫杯", "1", "599"))
WESTERN_HEADER = ("Order", "Customer", "Price")
WESTERN_ROWS = (("1", "Café Müller", "£5.00"), ("2", "Señor Peña", "£7.50"), ("3", "François Noël", "£1.20"))

FILES: dict[str, Callable[[Path], Path]] = {}


def _file(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    FILES[make.__name__] = make
    return make


def delimited(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Rows as text without quotes."""
    return "".join(delimiter.join(row) + end for row in rows)


def _write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


ORDERS = delimited((HEADER, *ROWS))


# Delimiters, quotes, line ends


@_file
def plain(folder: Path) -> Path:
    return _write(folder / "plain.csv", ORDERS)


@_file
def semicolons(folder: Path) -> Path:
    """With decimal commas, as in much of Europe."""
    rows = [(*row[:4], row[4].replace(".", ",")) for row in ROWS]
    return _write(folder / "semicolons.csv", delimited((HEADER, *rows), ";"))


@_file
def tabs(folder: Path) -> Path:
    return _write(folder / "tabs.tsv", delimited((HEADER, *ROWS), "\t"))


@_file
def pipes(folder: Path) -> Path:
    return _write(folder / "pipes.txt", delimited((HEADER, *ROWS), "|"))


@_file
def separator_line(folder: Path) -> Path:
    """Excel's own hint in the first line."""
    return _write(folder / "separator_line.csv", "sep=;\n" + delimited((HEADER, *ROWS), ";"))


@_file
def single_column(folder: Path) -> Path:
    return _write(folder / "single_column.csv", "customer\nC1\nC2\nC1\n")


@_file
def quoted_line_breaks(folder: Path) -> Path:
    text = 'order,note,amount\n1,"one line",5\n2,"first\nsecond, with comma\n\nfourth ""quoted""",6\n3,,7\n4,"a\nb",8\n'
    return _write(folder / "quoted_line_breaks.csv", text)


@_file
def excel_line_breaks(folder: Path) -> Path:
    """Records end with CR LF, lines within a cell with LF."""
    return _write(folder / "excel_line_breaks.csv", 'order,note\r\n1,"a\nb"\r\n2,c\r\n')


@_file
def inch_marks(folder: Path) -> Path:
    """Quotes that are ordinary characters."""
    return _write(folder / "inch_marks.csv", 'order,product,qty\n1,12" nails,5\n2,3" pipe 2" long,1\n3,plain,2\n')


@_file
def open_quote(folder: Path) -> Path:
    """A quote near the top that nobody closes, with well quoted records below."""
    rows = "".join(f'{at},"name {at}",{at}.5\n' for at in range(3, 2000))
    return _write(folder / "open_quote.csv", f'order,name,amount\n1,"fine",1.5\n2,"never closed,2.5\n{rows}')


@_file
def open_quote_at_the_end(folder: Path) -> Path:
    """A quote that would swallow the last 500 records without anybody noticing."""
    rows = [f"{at},name {at},{at}.5\n" for at in range(1, 2001)]
    rows[1499] = '1500,"name 1500,1500.5\n'
    return _write(folder / "open_quote_at_the_end.csv", "order,name,amount\n" + "".join(rows))


@_file
def swallowing_quote(folder: Path) -> Path:
    """An open quote that another one closes 100 records later, as if all between were one text."""
    rows = [f"{at},{at}.5,name {at}\n" for at in range(1, 301)]
    rows[99] = '100,100.5,"name 100\n'
    rows[199] = '200,200.5,name 200"\n'
    return _write(folder / "swallowing_quote.csv", "order,amount,name\n" + "".join(rows))


@_file
def windows_line_ends(folder: Path) -> Path:
    return _write(folder / "windows_line_ends.csv", delimited((HEADER, *ROWS), end="\r\n"))


@_file
def old_mac_line_ends(folder: Path) -> Path:
    return _write(folder / "old_mac_line_ends.csv", delimited((HEADER, *ROWS), end="\r"))


@_file
def mixed_line_ends(folder: Path) -> Path:
    return _write(folder / "mixed_line_ends.csv", ORDERS.replace("\n", "\r\n", 2))


@_file
def no_last_line_end(folder: Path) -> Path:
    return _write(folder / "no_last_line_end.csv", ORDERS.removesuffix("\n"))


@_file
def blank_lines(folder: Path) -> Path:
    lines = ORDERS.splitlines(keepends=True)
    return _write(
        folder / "blank_lines.csv", "\n" + lines[0] + "\n\n" + lines[1] + "   \n" + lines[2] + lines[3] + "\n"
    )


@_file
def nul_bytes(folder: Path) -> Path:
    """One in a value, and a line of nothing else, as a broken transfer leaves."""
    lines = ORDERS.replace("保温杯", "保温\0杯").splitlines(keepends=True)
    return _write(folder / "nul_bytes.csv", "".join((*lines[:3], "\0\0\0\0\0\0\n", *lines[3:])))


@_file
def ragged(folder: Path) -> Path:
    """A comma too many, a record broken in two, and a harmless comma at the end."""
    text = "order,name,amount\n1,a,1.5\n2,b,with comma,2.5\n3,c,3.5\n4,brok\nen,4.5\n5,e,5.5,\n6,f,6.5\n"
    return _write(folder / "ragged.csv", text)


@_file
def trailing_columns_missing(folder: Path) -> Path:
    """The header promises two columns that no record has."""
    return _write(folder / "trailing_columns_missing.csv", "order,amount,note,remark\n1,5\n2,6\n3,7\n")


@_file
def trailing_delimiter(folder: Path) -> Path:
    """Every record has one field more than the header."""
    return _write(folder / "trailing_delimiter.csv", "order,amount\n1,5,\n2,6,\n3,7,\n")


@_file
def shortened_by_excel(folder: Path) -> Path:
    """After sixteen rows Excel stops writing the delimiters of an empty last column."""
    rows = [f"{at},{at}.5,x" if at < 2 else f"{at},{at}.5," if at < 17 else f"{at},{at}.5" for at in range(1, 41)]
    return _write(folder / "shortened_by_excel.csv", "\r\n".join(("order,amount,note", *rows, "")))


@_file
def unreadable_first_record(folder: Path) -> Path:
    """Right below the header, where it could be taken for a part of the preamble; quotes escaped as MySQL does."""
    return _write(folder / "unreadable_first_record.csv", 'id,name,qty\n1,"say \\"hi\\"",2\n2,"b",3\n3,c,4\n')


@_file
def long_first_record(folder: Path) -> Path:
    """Longer than what is read at once."""
    return _write(folder / "long_first_record.csv", f"id,note\n1,{'x' * 700_000}\n2,y\n")


# Values that are only staged here


@_file
def written_amounts(folder: Path) -> Path:
    """Thousands separators, full-width digits, currency signs, Chinese dates."""
    text = '订单号,日期,金额\n1,2024年3月5日,"1,299.00"\n2,2024年12月31日,￥５９．９０\n3,2025年1月1日,"¥12,000"\n'
    return _write(folder / "written_amounts.csv", text)


@_file
def total_row(folder: Path) -> Path:
    return _write(folder / "total_row.csv", ORDERS + "合计,,,6,1155.90\n")


# Headers


@_file
def two_header_rows(folder: Path) -> Path:
    text = "订单,,客户,金额,金额\n编号,日期,姓名,原价,实付\n1,2024-03-05,张三,10.0,9.5\n2,2024-03-06,李四,20.0,18.0\n"
    return _write(folder / "two_header_rows.csv", text)


@_file
def units_below_header(folder: Path) -> Path:
    return _write(folder / "units_below_header.csv", "订单号,数量,金额\n,件,元\n1,2,3.5\n2,3,4.5\n")


@_file
def placeholders_below_header(folder: Path) -> Path:
    """A first record without numbers that is no second header."""
    return _write(folder / "placeholders_below_header.csv", "order,qty,amount\nA1,N/A,N/A\nA2,2,3.5\nA3,3,4.5\n")


@_file
def title_above_header(folder: Path) -> Path:
    return _write(folder / "title_above_header.csv", "三月订单明细,,,,\n导出时间：2024年4月1日,,,,\n\n" + ORDERS)


@_file
def ragged_title(folder: Path) -> Path:
    return _write(folder / "ragged_title.csv", "三月订单明细\n" + ORDERS)


@_file
def no_header(folder: Path) -> Path:
    return _write(folder / "no_header.csv", delimited(ROWS))


@_file
def duplicate_headers(folder: Path) -> Path:
    return _write(folder / "duplicate_headers.csv", "order,amount,Amount,amount\n1,2.0,3.0,4.0\n2,5.0,6.0,7.0\n")


@_file
def blank_headers(folder: Path) -> Path:
    return _write(folder / "blank_headers.csv", "order,,amount,\n1,a,2.0,x\n2,b,3.0,y\n")


@_file
def header_only(folder: Path) -> Path:
    return _write(folder / "header_only.csv", delimited((HEADER,)))


# Encodings


@_file
def utf8_bom(folder: Path) -> Path:
    return _write(folder / "utf8_bom.csv", codecs.BOM_UTF8 + ORDERS.encode())


@_file
def utf16(folder: Path) -> Path:
    """Excel's "Unicode text": little endian, with mark, tabs."""
    text = delimited((HEADER, *ROWS), "\t", "\r\n")
    return _write(folder / "utf16.txt", codecs.BOM_UTF16_LE + text.encode("utf-16-le"))


@_file
def utf16_big_endian(folder: Path) -> Path:
    return _write(folder / "utf16_big_endian.csv", codecs.BOM_UTF16_BE + ORDERS.encode("utf-16-be"))


@_file
def utf16_without_mark(folder: Path) -> Path:
    return _write(folder / "utf16_without_mark.csv", ORDERS, "utf-16-le")


@_file
def gbk(folder: Path) -> Path:
    return _write(folder / "gbk.csv", ORDERS, "gbk")


@_file
def gb18030(folder: Path) -> Path:
    """With characters of four bytes."""
    return _write(folder / "gb18030.csv", ORDERS.replace("王小明", "王㐂𠮷"), "gb18030")


@_file
def big5(folder: Path) -> Path:
    return _write(folder / "big5.csv", delimited((TRADITIONAL_HEADER, *TRADITIONAL_ROWS)), "big5")


@_file
def latin1(folder: Path) -> Path:
    return _write(folder / "latin1.csv", delimited((WESTERN_HEADER, *WESTERN_ROWS)), "latin-1")


@_file
def late_gbk(folder: Path) -> Path:
    """Chinese only in one line in the middle of a large file, which no sample meets."""
    lines = ["order,name,amount\n", *(f"{at:06},plain name {at:06},{at % 100}.50\n" for at in range(40_000))]
    lines[19_990] = "019989,张三,89.50\n"
    return _write(folder / "late_gbk.csv", "".join(lines), "gbk")


@_file
def mixed_encodings(folder: Path) -> Path:
    """Two exports pasted together: six records in UTF-8, then two in GBK."""
    tail = delimited((("2001", "赵六", "电饭煲", "1", "299.00"), ("2002", "plain", "kettle", "1", "99.00")))
    return _write(folder / "mixed_encodings.csv", (ORDERS + delimited(ROWS)).encode() + tail.encode("gbk"))


@_file
def undecodable(folder: Path) -> Path:
    """Bytes that are text in no encoding."""
    noise = bytes(range(0x80, 0x100)) * 3
    return _write(folder / "undecodable.csv", b"order,name\n" + b"".join(b"%d,%s\n" % (at, noise) for at in range(20)))


# JSON


@_file
def json_lines(folder: Path) -> Path:
    """Differing keys, numbers as written, a nested value, a broken line."""
    text = (
        '{"order": 1, "amount": 1.10, "name": "张三"}\n'
        '{"order": 2, "name": null, "vip": true}\n'
        "\n"
        '{"order": 3, "amount": 12345678901234567890, "items": [{"sku": "A", "qty": 2.50}]}\n'
        '{"order": 4, "amount": \n'
        "[5, 6]\n"
        '{"order": 7, "order": 8}\n'
        '{"order": 9, "amount": "", "name": "李四"}\n'
    )
    return _write(folder / "orders.jsonl", text)


@_file
def json_array(folder: Path) -> Path:
    records = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    return _write(folder / "array.json", json.dumps(records, ensure_ascii=False, indent=2))


@_file
def json_array_cut_off(folder: Path) -> Path:
    return _write(folder / "cut.json", '[{"order": 1},\n {"order": 2},\n {"ord')


@_file
def json_object_around_records(folder: Path) -> Path:
    return _write(folder / "wrapped.json", '{"count": 2, "orders": [{"order": 1}, {"order": 2}]}')


# Workbooks


def _workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, [cell for cell in row])  # noqa: C416
            if name in hidden:
                sheet.hide()
    return path


@_file
def workbook(folder: Path) -> Path:
    """Two tables with a title and a blank row, notes, an empty sheet, a hidden table; dates, whole numbers, fractions."""
    orders = [
        ["三月订单"],
        [],
        ["订单号", "日期", "数量", "单价", "会员"],
        [1001, dt.datetime(2024, 3, 5, 8, 26), 2, 99.5, True],
        [],
        [1002, dt.datetime(2024, 3, 6), 1, 0.1, False],
        ["A-1003", 45357.25, 3, 12, None],
    ]
    return _workbook(
        folder / "book.xlsx",
        {
            "订单": orders,
            "说明": [["本表由系统导出"], ["请勿修改"]],
            "空": [],
            "客户": [["客户", "城市"], ["张三", "北京"], ["李四", "上海"]],
        },
        hidden=["客户"],
    )


@_file
def workbook_named_csv(folder: Path) -> Path:
    return _workbook(folder / "book.csv", {"Sheet1": [list(HEADER), *map(list, ROWS)]})


@_file
def csv_named_workbook(folder: Path) -> Path:
    return _write(folder / "orders.xlsx", ORDERS)


@_file
def workbook_without_rows(folder: Path) -> Path:
    return _workbook(folder / "header.xlsx", {"Sheet1": [["order", "amount"]]})


@_file
def locked_workbook(folder: Path) -> Path:
    """What Excel makes of a workbook with a password: an OLE container with an encrypted package."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    return _write(folder / "locked.xlsx", head + "EncryptedPackage".encode("utf-16-le") + bytes(480))


@_file
def web_page_named_xls(folder: Path) -> Path:
    rows = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in (HEADER, *ROWS))
    return _write(folder / "report.xls", f"<html><meta charset=utf-8><table>{rows}</table></html>")


# Parquet


@_file
def parquet(folder: Path) -> Path:
    table = pa.table(
        {
            "order": pa.array([1, 2, 3], pa.int64()),
            "customer": pa.array([13085.0, None, float("nan")]),
            "price": pa.array([0.1, 1e22, 5.0]),
            "at": pa.array([dt.datetime(2024, 3, 5, 8, 26), None, dt.datetime(2024, 3, 6)], pa.timestamp("us")),
            "on": pa.array([dt.date(2024, 3, 5), None, None]),
            "tags": pa.array([["a", "b"], [], None]),
            "name": pa.array(["张三", "", " x "]),
            "paid": pa.array([True, False, None]),
        }
    )
    path = folder / "orders.parquet"
    pq.write_table(table, path)
    return path


@_file
def parquet_cut_off(folder: Path) -> Path:
    path = parquet(folder)
    return _write(folder / "cut.parquet", path.read_bytes()[:-200])


# Packed


@_file
def gzipped(folder: Path) -> Path:
    return _write(folder / "orders.csv.gz", gzip.compress(ORDERS.encode("gbk"), mtime=0))


@_file
def zstandard_packed(folder: Path) -> Path:
    return _write(folder / "orders.csv.zst", zstandard.compress(ORDERS.encode()))


@_file
def gzip_cut_off(folder: Path) -> Path:
    whole = gzip.compress((ORDERS * 1000).encode(), mtime=0)
    return _write(folder / "cut.csv.gz", whole[: len(whole) // 2])


@_file
def zstandard_cut_off(folder: Path) -> Path:
    whole = zstandard.compress((ORDERS * 1000).encode())
    return _write(folder / "cut.csv.zst", whole[: len(whole) // 2])


@_file
def csv_named_gz(folder: Path) -> Path:
    return _write(folder / "plain.csv.gz", ORDERS)


@_file
def workbook_gzipped(folder: Path) -> Path:
    return _write(folder / "book.xlsx.gz", gzip.compress(workbook_named_csv(folder).read_bytes(), mtime=0))


@_file
def zip_named_csv(folder: Path) -> Path:
    path = folder / "zipped.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", ORDERS)
    return path


# No tables at all


@_file
def missing(folder: Path) -> Path:
    return folder / "nowhere.csv"


@_file
def empty(folder: Path) -> Path:
    return _write(folder / "empty.csv", b"")


@_file
def only_blank_lines(folder: Path) -> Path:
    return _write(folder / "only_blank_lines.csv", "\n\n  \n\r\n")


@_file
def folder_with_files(folder: Path) -> Path:
    inner = folder / "march"
    inner.mkdir()
    _write(inner / "notes.docx", b"x")
    _write(inner / "b.xlsx", b"x")
    _write(inner / "a.csv.gz", b"x")
    return inner


@_file
def folder_without_files(folder: Path) -> Path:
    inner = folder / "nothing"
    inner.mkdir()
    return inner


@_file
def picture_named_csv(folder: Path) -> Path:
    size = struct.pack(">II", 1, 1)
    return _write(folder / "picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + b"\x08\x02\0\0\0")


@_file
def pdf_named_csv(folder: Path) -> Path:
    return _write(folder / "invoice.csv", b"%PDF-1.7\n1 0 obj\n")


@_file
def program_named_csv(folder: Path) -> Path:
    return _write(folder / "setup.csv", b"MZ\x90\0\x03\0\0\0" + bytes(100))


# Encodings that nobody expects


@_file
def ebcdic(folder: Path) -> Path:
    """Text of an IBM mainframe: none of its bytes are what they seem."""
    rows = [(f"C{at:05}", "MUELLER", "199.00") for at in range(40)]
    return _write(folder / "ebcdic.csv", delimited((("ORDER", "NAME", "AMOUNT"), *rows)), "cp037")


@_file
def utf7(folder: Path) -> Path:
    """An encoding of old mail systems: it is plain ASCII, and says so nowhere."""
    return _write(folder / "utf7.csv", ORDERS, "utf-7")


@_file
def mark_in_the_middle(folder: Path) -> Path:
    """Two files with a byte order mark, joined: the second mark stands before a repeated header."""
    half = codecs.BOM_UTF8 + ORDERS.encode()
    return _write(folder / "joined.csv", half + half)


@_file
def three_encodings(folder: Path) -> Path:
    """A log that three programs wrote to: mostly UTF-8, a line of GBK, a line of Latin-1."""
    body = (ORDERS + delimited(ROWS)).encode()
    lines = (b"2001," + "赵六,电饭煲".encode("gbk") + b",1,299.00\n", "2002,Müller,Café,1,9.00\n".encode("latin-1"))
    return _write(folder / "three_encodings.csv", body + b"".join(lines))


@_file
def binary_tail(folder: Path) -> Path:
    """A whole table, and behind it what lay on the disk."""
    noise = bytes(at * 37 % 256 for at in range(4096))
    return _write(folder / "binary_tail.csv", (ORDERS + delimited(ROWS) * 50).encode() + noise)


# Text out of all proportion


@_file
def ten_million_columns(folder: Path) -> Path:
    """Two lines of ten million fields."""
    path = folder / "ten_million_columns.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in range(2):
            for start in range(0, 10_000_000, 1_000_000):
                file.write(",".join([f"c{line}"] * 1_000_000) + ("," if start < 9_000_000 else "\n"))
    return path


@_file
def hundred_thousand_columns(folder: Path) -> Path:
    row = ",".join(f"c{at}" for at in range(100_000))
    return _write(folder / "hundred_thousand_columns.csv", f"{row}\n{row}\n")


@_file
def hundred_megabyte_line(folder: Path) -> Path:
    """No line end in a hundred million signs."""
    path = folder / "one_line.csv"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"order 1; " * 111_111)
    return path


@_file
def hundred_megabyte_value(folder: Path) -> Path:
    """A small table in which one value is a hundred megabytes long."""
    path = folder / "one_value.csv"
    with path.open("wb") as file:
        file.write(b"order,note\n1,a\n2,")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + b"3,b\n4,c\n")
    return path


@_file
def quote_open_from_the_start(folder: Path) -> Path:
    """The first sign of the file is a quote that nobody closes."""
    return _write(folder / "quote_open_from_the_start.csv", '"' + ORDERS + delimited(ROWS) * 500)


@_file
def only_quotes(folder: Path) -> Path:
    return _write(folder / "only_quotes.csv", '"' * 10_001)


@_file
def only_delimiters(folder: Path) -> Path:
    return _write(folder / "only_delimiters.csv", ",,,,\n" * 1000)


@_file
def ragged_throughout(folder: Path) -> Path:
    """No two lines have the same number of fields."""
    text = "".join(",".join(f"v{at}" for at in range(width)) + "\n" for width in range(1, 60))
    return _write(folder / "ragged_throughout.csv", text)


# Values that are only staged here


@_file
def three_orders_of_dates(folder: Path) -> Path:
    """Year first, day first and month first in one column: that is for whoever maps it to judge."""
    return _write(folder / "three_orders.csv", "order,date\n1,2024-03-25\n2,25/03/2024\n3,03/25/2024\n")


@_file
def formulas(folder: Path) -> Path:
    """Values that a spreadsheet would run; to us they are text."""
    text = 'order,name,note\n1,=1+1,"=HYPERLINK(""http://x"",""y"")"\n2,@SUM(A1),+1\n3,"=cmd|\' /C calc\'!A0",-1\n'
    return _write(folder / "formulas.csv", text)


# JSON at its edges


@_file
def json_deep(folder: Path) -> Path:
    """An object in an object in an object, a hundred thousand times."""
    return _write(folder / "deep.json", '{"a":' * 100_000 + "1" + "}" * 100_000)


@_file
def json_deep_record(folder: Path) -> Path:
    """Two good records, and one between them that is a hundred thousand lists deep."""
    deep = '{"order": 2, "tags": ' + "[" * 100_000 + "]" * 100_000 + "}"
    return _write(folder / "deep.jsonl", f'{{"order": 1, "tags": []}}\n{deep}\n{{"order": 3, "tags": []}}\n')


@_file
def json_deep_list(folder: Path) -> Path:
    return _write(folder / "deep_list.json", "[" * 200_000)


@_file
def json_half_characters(folder: Path) -> Path:
    """A lone surrogate: half a character, which JSON can write and no text can hold."""
    text = '{"order": 1, "name": "\\ud83d"}\n{"order": 2, "name": "\\ud83d\\ude00"}\n{"order": 3, "name": "x"}\n'
    return _write(folder / "half_characters.jsonl", text)


@_file
def json_not_numbers(folder: Path) -> Path:
    """NaN and Infinity, which JSON does not have and Python writes."""
    text = '{"order": 1, "amount": NaN}\n{"order": 2, "amount": Infinity}\n{"order": 3, "amount": -Infinity}\n'
    return _write(folder / "not_numbers.jsonl", text)


@_file
def json_many_keys(folder: Path) -> Path:
    """Every record has other keys: the values have become names."""
    text = "".join(f'{{"order {at}": {at}}}\n' for at in range(5000))
    return _write(folder / "many_keys.jsonl", text)


# Workbooks at their edges


@_file
def workbook_with_formulas(folder: Path) -> Path:
    """A formula gives the value that Excel last saw, an error such as #DIV/0! none."""
    path = folder / "formulas.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["order", "qty", "amount"])
        sheet.write_row(1, 0, [1, 2])
        sheet.write_formula(1, 2, "=B2*10", None, 20)
        sheet.write_row(2, 0, [2, 0])
        sheet.write_formula(2, 2, "=1/B3", None, "#DIV/0!")
    return path


@_file
def workbook_with_merged_cells(folder: Path) -> Path:
    """Merged cells hold their value once; the others under them are empty."""
    path = folder / "merged.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "三月订单")
        sheet.write_row(1, 0, ["客户", "订单号", "金额"])
        sheet.merge_range(2, 0, 3, 0, "张三")
        sheet.write_row(2, 1, [1001, 9.5])
        sheet.write_row(3, 1, [1002, 7])
        sheet.write_row(4, 0, ["李四", 1003, 5])
    return path


@_file
def workbook_of_empty_sheets(folder: Path) -> Path:
    return _workbook(folder / "empty.xlsx", {"一": [], "二": [], "三": []})


@_file
def workbook_with_macros(folder: Path) -> Path:
    """An xlsm; its program is never looked at."""
    path = _workbook(folder / "plain.xlsx", {"Sheet1": [list(HEADER), *map(list, ROWS)]})
    macros = folder / "macros.xlsm"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(macros, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
        target.writestr("xl/vbaProject.bin", b"Attribute VB_Name" * 100)
    path.unlink()
    return macros


@_file
def open_document(folder: Path) -> Path:
    """A sheet of LibreOffice."""

    def cell(value: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in (HEADER, *ROWS))
    return _open_document(folder / "orders.ods", rows)


@_file
def open_document_bomb(folder: Path) -> Path:
    """An ods of a kilobyte that says: repeat this cell a million times, and this row a million times."""
    cell = '<table:table-cell table:number-columns-repeated="1000000" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
    return _open_document(folder / "bomb.ods", row)


def _open_document(path: Path, rows: str) -> Path:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = f'<office:body><office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table></office:spreadsheet></office:body>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    manifest = f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entry}</manifest:manifest>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml", f'<?xml version="1.0"?><office:document-content {spaces}>{body}</office:document-content>'
        )
    return path


def _with_sheet(folder: Path, name: str, sheet_data: str, repeat: bytes = b"", times: int = 0) -> Path:
    """A workbook in which the sheet's cells are replaced by ``sheet_data`` with ``repeat`` so many times within."""
    plain_book = _workbook(folder / "plain.xlsx", {"Sheet1": [["order", "amount"], [1, 2]]})
    path = folder / name
    with zipfile.ZipFile(plain_book) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            content = source.read(entry)
            if not entry.endswith("sheet1.xml"):
                target.writestr(entry, content)
                continue
            before, after = re.split(rb"<sheetData>.*</sheetData>", content, flags=re.DOTALL)
            opening, closing = sheet_data.encode().split(b"|") if "|" in sheet_data else (sheet_data.encode(), b"")
            with target.open(entry, "w", force_zip64=True) as file:
                file.write(before + opening)
                for _ in range(times):
                    file.write(repeat)
                file.write(closing + after)
    plain_book.unlink()
    return path


@_file
def workbook_bomb(folder: Path) -> Path:
    """A workbook of 300 kilobytes that unpacks to a quarter of a gigabyte."""
    blank = b" " * (16 << 20)
    return _with_sheet(
        folder, "bomb.xlsx", '<sheetData><row r="1"><c r="A1"><v>1</v></c></row>|</sheetData>', blank, 32
    )


@_file
def workbook_to_the_last_corner(folder: Path) -> Path:
    """A cell in the first and one in the last of the seventeen thousand million places of a sheet."""
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    return _with_sheet(folder, "corners.xlsx", f"<sheetData>{cells}</sheetData>")


@_file
def workbook_with_a_stray_cell(folder: Path) -> Path:
    """Three orders, and somebody's note far below: it is a row of the table like any other."""
    rows = "".join(
        f'<row r="{at}"><c r="A{at}"><v>{at}</v></c><c r="B{at}"><v>{at * 10}</v></c></row>' for at in range(2, 5)
    )
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>order</t></is></c><c r="B1" t="inlineStr"><is><t>amount</t></is></c></row>'
    stray = '<row r="60000"><c r="B60000"><v>7</v></c></row>'
    return _with_sheet(folder, "stray.xlsx", f"<sheetData>{head}{rows}{stray}</sheetData>")


# Parquet at its edges


@_file
def parquet_nested(folder: Path) -> Path:
    """Lists of structs, maps, a decimal, an instant with a zone, bytes."""
    table = pa.table(
        {
            "order": pa.array([1, 2], pa.int64()),
            "lines": pa.array(
                [[{"sku": "A", "qty": 2}], []], pa.list_(pa.struct([("sku", pa.string()), ("qty", pa.int32())]))
            ),
            "extra": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
            "amount": pa.array(["1.10", "20.00"]).cast(pa.decimal128(10, 2)),
            "at": pa.array([dt.datetime(2024, 3, 5, 8, 26), None], pa.timestamp("us", "Asia/Shanghai")),
            "raw": pa.array([b"abc", None], pa.binary()),
        }
    )
    path = folder / "nested.parquet"
    pq.write_table(table, path)
    return path


@_file
def parquet_without_rows(folder: Path) -> Path:
    path = folder / "nothing.parquet"
    pq.write_table(pa.table({"order": pa.array([], pa.int64())}), path)
    return path


# Packed at its edges


@_file
def gzip_bomb(folder: Path) -> Path:
    """Two megabytes that unpack to two gigabytes."""
    member = gzip.compress(b"\n" * (64 << 20), 9, mtime=0)
    head = gzip.compress(ORDERS.encode(), mtime=0)
    path = folder / "bomb.csv.gz"
    with path.open("wb") as file:
        file.write(head)
        for _ in range(30):
            file.write(member)
    return path


@_file
def zstandard_bomb(folder: Path) -> Path:
    """Ten kilobytes a frame, two gigabytes in all."""
    frame = zstandard.compress(b"\n" * (64 << 20))
    return _write(folder / "bomb.csv.zst", zstandard.compress(ORDERS.encode()) + frame * 32)


@_file
def gzip_of_nothing(folder: Path) -> Path:
    return _write(folder / "nothing.csv.gz", gzip.compress(b"", mtime=0))


@_file
def gzip_in_members(folder: Path) -> Path:
    """Daily files packed one by one and joined, with zeros behind as tape drives leave them."""
    lines = ORDERS.splitlines(keepends=True)
    members = b"".join(gzip.compress(line.encode(), mtime=0) for line in lines)
    return _write(folder / "members.csv.gz", members + bytes(512))


@_file
def gzip_with_rubbish_behind(folder: Path) -> Path:
    return _write(folder / "rubbish.csv.gz", gzip.compress(ORDERS.encode(), mtime=0) + b"rubbish behind it")


@_file
def gzip_in_gzip(folder: Path) -> Path:
    """Packed twice, as some web servers do."""
    return _write(folder / "twice.csv.gz", gzip.compress(gzip.compress(ORDERS.encode(), mtime=0), mtime=0))


@_file
def zstandard_with_a_long_window(folder: Path) -> Path:
    """Packed with ``--long=31``: to unpack it takes two gigabytes of memory."""
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=False, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    target = io.BytesIO()
    with packer.stream_writer(target, closefd=False) as file:
        file.write(ORDERS.encode())
    return _write(folder / "long.csv.zst", target.getvalue())


# Files that are no files


@_file
def link_to_itself(folder: Path) -> Path:
    path = folder / "loop.csv"
    path.symlink_to(path)
    return path


@_file
def link_to_nothing(folder: Path) -> Path:
    path = folder / "gone.csv"
    path.symlink_to(folder / "nowhere.csv")
    return path


@_file
def pipe(folder: Path) -> Path:
    """A named pipe into which nobody writes: whoever opens it waits for ever."""
    path = folder / "pipe.csv"
    os.mkfifo(path)
    return path


@_file
def endless_zeros(folder: Path) -> Path:
    """A device that never ends, under the name of a file."""
    path = folder / "zeros.csv"
    path.symlink_to("/dev/zero")
    return path


@_file
def not_permitted(folder: Path) -> Path:
    path = _write(folder / "secret.csv", ORDERS)
    path.chmod(0)
    return path


# Names of files


@_file
def very_long_name(folder: Path) -> Path:
    """As long as a file system allows, so that nothing may be added to it."""
    return _write(folder / ("订" * 83 + "ab.csv"), ORDERS)


@_file
def name_with_a_line_break(folder: Path) -> Path:
    return _write(folder / "三月\n订单 🧧 'x'; --.csv", ORDERS)


@_file
def name_in_another_encoding(folder: Path) -> Path:
    """A name in GBK, which is no text here, as archives from Windows leave it."""
    path = folder / os.fsdecode("订单.csv".encode("gbk"))
    return _write(path, ORDERS)
