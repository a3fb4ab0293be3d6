"""Every file of the gallery of nasty files, and what exactly comes of it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.errors import FileError
from guanxi.intake.readers import stage
from guanxi.intake.readers.records import Splitter, inspect
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from guanxi.words import has
from intake import gallery
from intake.gallery import HEADER, ROWS

Rows = list[tuple[str | None, ...]]


def rows_of(staged: Staged) -> Rows:
    table = pq.read_table(staged.path)
    assert tuple(table.column_names) == staged.columns
    assert set(table.schema.types) == {pa.string()}
    assert table.num_rows == staged.rows
    return [tuple(row.values()) for row in table.to_pylist()]


def read(name: str, folder: Path) -> tuple[Staged, Rows]:
    [staged] = stage(gallery.FILES[name](folder), folder / "staged")
    return staged, rows_of(staged)


def codes(staged: Staged) -> list[str]:
    return [note.code for note in staged.notes]


def unread(staged: Staged) -> list[tuple[int | None, str]]:
    return [(each.line, each.reason) for each in staged.unread]


def lines(staged: Staged) -> list[int]:
    return staged.lines(range(1, staged.rows + 1))


# name of the gallery's file -> delimiter, encoding, notes, lines on which the three orders stand
WITH_THE_THREE_ORDERS = {
    "plain": (",", "utf-8", [], [2, 3, 4]),
    "tabs": ("\t", "utf-8", [], [2, 3, 4]),
    "pipes": ("|", "utf-8", [], [2, 3, 4]),
    "separator_line": (";", "utf-8", [], [3, 4, 5]),
    "windows_line_ends": (",", "utf-8", [], [2, 3, 4]),
    "old_mac_line_ends": (",", "utf-8", [], [2, 3, 4]),
    "mixed_line_ends": (",", "utf-8", [], [2, 3, 4]),
    "no_last_line_end": (",", "utf-8", [], [2, 3, 4]),
    "blank_lines": (",", "utf-8", [], [5, 7, 8]),
    "title_above_header": (",", "utf-8", ["intake.title_lines"], [5, 6, 7]),
    "ragged_title": (",", "utf-8", ["intake.title_lines"], [3, 4, 5]),
    "utf8_bom": (",", "utf-8", [], [2, 3, 4]),
    "utf16": ("\t", "utf-16-le", ["intake.decoded_as"], [2, 3, 4]),
    "utf16_big_endian": (",", "utf-16-be", ["intake.decoded_as"], [2, 3, 4]),
    "utf16_without_mark": (",", "utf-16-le", ["intake.decoded_as"], [2, 3, 4]),
    "gbk": (",", "gb18030", ["intake.decoded_as"], [2, 3, 4]),
    "gzipped": (",", "gb18030", ["intake.decoded_as"], [2, 3, 4]),
    "zstandard_packed": (",", "utf-8", [], [2, 3, 4]),
    "csv_named_workbook": (",", "utf-8", ["intake.other_format"], [2, 3, 4]),
    "workbook_named_csv": (None, None, ["intake.other_format"], [2, 3, 4]),
    "csv_named_gz": (",", "utf-8", [], [2, 3, 4]),
    "workbook_gzipped": (None, None, [], [2, 3, 4]),
    "json_array": (None, "utf-8", [], [2, 9, 16]),
    "utf7": (",", "utf-7", ["intake.decoded_as"], [2, 3, 4]),
    "workbook_with_macros": (None, None, [], [2, 3, 4]),
    "open_document": (None, None, [], [2, 3, 4]),
    "gzip_in_members": (",", "utf-8", [], [2, 3, 4]),
    "gzip_in_gzip": (",", "utf-8", [], [2, 3, 4]),
    "very_long_name": (",", "utf-8", [], [2, 3, 4]),
    "name_with_a_line_break": (",", "utf-8", [], [2, 3, 4]),
    "name_in_another_encoding": (",", "utf-8", [], [2, 3, 4]),
}


@pytest.mark.parametrize("name", WITH_THE_THREE_ORDERS)
def test_the_same_orders_come_out_however_they_are_written(name: str, tmp_path: Path) -> None:
    delimiter, encoding, notes, expected_lines = WITH_THE_THREE_ORDERS[name]
    staged, rows = read(name, tmp_path)
    assert staged.columns == HEADER
    assert rows == list(ROWS)
    assert staged.unread == ()
    assert (staged.delimiter, staged.encoding, codes(staged), lines(staged)) == (
        delimiter,
        encoding,
        notes,
        expected_lines,
    )


# name of the gallery's file -> code of the error
THAT_HOLD_NO_TABLE = {
    "missing": "errors.no_such_file",
    "empty": "intake.empty_file",
    "only_blank_lines": "intake.empty_file",
    "header_only": "intake.only_header",
    "workbook_without_rows": "intake.only_header",
    "folder_with_files": "intake.is_folder",
    "folder_without_files": "intake.is_folder_without_tables",
    "picture_named_csv": "intake.is_image",
    "pdf_named_csv": "intake.is_pdf",
    "program_named_csv": "intake.is_program",
    "zip_named_csv": "intake.is_zip",
    "locked_workbook": "intake.workbook_locked",
    "web_page_named_xls": "intake.is_html",
    "gzip_cut_off": "intake.archive_damaged",
    "zstandard_cut_off": "intake.archive_damaged",
    "parquet_cut_off": "intake.parquet_damaged",
    "json_array_cut_off": "intake.json_damaged",
    "json_object_around_records": "intake.json_nested",
    "undecodable": "intake.unknown_encoding",
}


@pytest.mark.parametrize("name", THAT_HOLD_NO_TABLE)
def test_a_file_without_a_table_is_an_error_that_names_it_and_says_what_to_do(name: str, tmp_path: Path) -> None:
    path = gallery.FILES[name](tmp_path)
    with pytest.raises(FileError) as caught:
        stage(path, tmp_path / "staged")
    assert caught.value.code == THAT_HOLD_NO_TABLE[name]
    for language in ("en", "zh"):
        assert path.name in caught.value.say(language)
    assert not (tmp_path / "staged").exists() or list((tmp_path / "staged").iterdir()) == []


def test_every_file_of_the_gallery_has_a_test(request: pytest.FixtureRequest) -> None:
    tests = "".join(Path(__file__).with_name(f"test_{each}.py").read_text("utf-8") for each in ("readers", "gallery"))
    named = WITH_THE_THREE_ORDERS.keys() | THAT_HOLD_NO_TABLE.keys()
    left = [name for name in gallery.FILES if name not in named and not re.search(rf'read\(?\s*"{name}"', tests)]
    assert [name for name in left if f'    "{name}":' not in tests] == ["workbook"]


def test_a_folder_is_an_error_that_lists_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"has 2 files that could be read: a\.csv\.gz and b\.xlsx"):
        stage(gallery.folder_with_files(tmp_path), tmp_path / "staged")


def test_a_staged_file_names_its_origin(tmp_path: Path) -> None:
    path = gallery.gzipped(tmp_path)
    [staged] = stage(path, tmp_path / "staged")
    assert staged.file == "orders.csv.gz"
    assert staged.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (staged.format, staged.preamble_lines) == ("csv", 1)


def test_two_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    path = gallery.plain(tmp_path)
    [first], [second] = stage(path, tmp_path / "staged"), stage(path, tmp_path / "staged")
    assert first.path != second.path
    assert rows_of(first) == rows_of(second)


@pytest.mark.parametrize("name", ["orders[1].csv", "o*.csv", "it's.csv", "{a,b}.csv", "订单?.csv"])
def test_no_sign_in_a_name_means_another_file(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    (folder / name).write_text(gallery.ORDERS, encoding="utf-8")
    (folder / "orders1.csv").write_text("other,file\n1,2\n", encoding="utf-8")
    [staged] = stage(folder / name, tmp_path / "staged")
    assert rows_of(staged) == list(ROWS)
    parquet = (folder / name).with_suffix(".parquet")
    pq.write_table(pa.table({"a": [1]}), parquet)
    [staged] = stage(parquet, tmp_path / "staged")
    assert (staged.columns, rows_of(staged)) == (("a",), [("1",)])


def test_only_staged_files_stay_behind(tmp_path: Path) -> None:
    for name in ("gbk", "gzipped", "json_lines", "ragged", "swallowing_quote"):
        stage(gallery.FILES[name](tmp_path), tmp_path / "staged")
    assert {path.suffix for path in (tmp_path / "staged").iterdir()} == {".parquet", ".lines"}


@pytest.mark.parametrize(
    "name", ["plain", "late_gbk", "mixed_encodings", "gzipped", "json_lines", "workbook", "parquet"]
)
def test_progress_is_told_every_byte_of_the_file_once(name: str, tmp_path: Path) -> None:
    path = gallery.FILES[name](tmp_path)
    progress = Progress()
    with progress.stage("cli.stage_read", total=path.stat().st_size):
        stage(path, tmp_path / "staged", progress=progress)
    assert progress.stages[0].done == path.stat().st_size


def test_line_numbers_are_asked_only_for_records_that_there_are(tmp_path: Path) -> None:
    staged, _ = read("plain", tmp_path)
    assert staged.lines([]) == []
    assert staged.lines([3, 1]) == [4, 2]
    for number in (0, 4):
        with pytest.raises(ValueError, match="1 to 3"):
            staged.lines([number])


# Delimiters and quotes


def test_decimal_commas_do_not_hide_semicolons(tmp_path: Path) -> None:
    staged, rows = read("semicolons", tmp_path)
    assert (staged.delimiter, staged.columns) == (";", HEADER)
    assert rows[0] == ("1001", "张三", "红色连衣裙", "2", "199,00")


def test_a_single_column_has_no_delimiter(tmp_path: Path) -> None:
    staged, rows = read("single_column", tmp_path)
    assert (staged.delimiter, staged.columns) == (None, ("customer",))
    assert rows == [("C1",), ("C2",), ("C1",)]


def test_line_breaks_in_quotes_belong_to_the_record_and_later_lines_are_still_known(tmp_path: Path) -> None:
    staged, rows = read("quoted_line_breaks", tmp_path)
    assert rows == [
        ("1", "one line", "5"),
        ("2", 'first\nsecond, with comma\n\nfourth "quoted"', "6"),
        ("3", None, "7"),
        ("4", "a\nb", "8"),
    ]
    assert lines(staged) == [2, 3, 7, 8]


def test_a_line_break_within_an_excel_cell_is_no_record_end(tmp_path: Path) -> None:
    staged, rows = read("excel_line_breaks", tmp_path)
    assert rows == [("1", "a\nb"), ("2", "c")]
    assert lines(staged) == [2, 4]


def test_inch_marks_are_ordinary_characters(tmp_path: Path) -> None:
    staged, rows = read("inch_marks", tmp_path)
    assert rows == [("1", '12" nails', "5"), ("2", '3" pipe 2" long', "1"), ("3", "plain", "2")]
    assert staged.unread == ()


def test_an_open_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    staged, rows = read("open_quote", tmp_path)
    assert unread(staged) == [(3, "intake.open_quote")]
    assert staged.unread[0].record == '2,"never closed,2.5'
    assert (staged.rows, rows[1], rows[-1]) == (1998, ("3", "name 3", "3.5"), ("1999", "name 1999", "1999.5"))
    assert staged.lines([1, 2, 1998]) == [2, 4, 2000]


def test_an_open_quote_near_the_end_swallows_nothing(tmp_path: Path) -> None:
    staged, rows = read("open_quote_at_the_end", tmp_path)
    assert unread(staged) == [(1501, "intake.open_quote")]
    assert (staged.rows, rows[-1]) == (1999, ("2000", "name 2000", "2000.5"))


def test_a_quote_that_closes_records_later_swallows_nothing(tmp_path: Path) -> None:
    staged, rows = read("swallowing_quote", tmp_path)
    assert unread(staged) == [(101, "intake.open_quote")]
    assert staged.rows == 299
    assert rows[198] == ("200", "200.5", 'name 200"')


def test_values_are_staged_as_they_are_written(tmp_path: Path) -> None:
    _, rows = read("written_amounts", tmp_path)
    assert rows == [
        ("1", "2024年3月5日", "1,299.00"),
        ("2", "2024年12月31日", "￥５９．９０"),
        ("3", "2025年1月1日", "¥12,000"),
    ]


def test_a_total_row_is_a_record_like_any_other(tmp_path: Path) -> None:
    staged, rows = read("total_row", tmp_path)
    assert rows == [*ROWS, ("合计", None, None, "6", "1155.90")]
    assert staged.unread == ()


# Records of another width


def test_ragged_records_are_set_aside_with_their_line(tmp_path: Path) -> None:
    staged, rows = read("ragged", tmp_path)
    assert unread(staged) == [
        (3, "intake.too_many_fields"),
        (5, "intake.too_few_fields"),
        (6, "intake.too_few_fields"),
    ]
    assert staged.unread[0].record == "2,b,with comma,2.5"
    assert rows == [("1", "a", "1.5"), ("3", "c", "3.5"), ("5", "e", "5.5"), ("6", "f", "6.5")]
    assert lines(staged) == [2, 4, 7, 8]


def test_columns_that_no_record_reaches_are_empty(tmp_path: Path) -> None:
    staged, rows = read("trailing_columns_missing", tmp_path)
    assert staged.columns == ("order", "amount", "note", "remark")
    assert rows == [("1", "5", None, None), ("2", "6", None, None), ("3", "7", None, None)]
    assert (codes(staged), staged.unread) == (["intake.short_records"], ())


def test_a_delimiter_after_every_record_makes_an_empty_column(tmp_path: Path) -> None:
    staged, rows = read("trailing_delimiter", tmp_path)
    assert staged.columns == ("order", "amount", "column_3")
    assert rows == [("1", "5", None), ("2", "6", None), ("3", "7", None)]


def test_records_shortened_by_excel_are_whole(tmp_path: Path) -> None:
    staged, rows = read("shortened_by_excel", tmp_path)
    assert (staged.rows, staged.unread) == (40, ())
    assert (rows[0], rows[39]) == (("1", "1.5", "x"), ("40", "40.5", None))
    assert [note.say("en") for note in staged.notes] == [
        "24 records end before the last columns, as many in this file do; what is lacking was taken as empty."
    ]


def test_an_unreadable_record_right_below_the_header_is_set_aside_and_not_taken_for_a_title(tmp_path: Path) -> None:
    staged, rows = read("unreadable_first_record", tmp_path)
    assert unread(staged) == [(2, "intake.open_quote")]
    assert (rows, staged.preamble_lines, lines(staged)) == ([("2", "b", "3"), ("3", "c", "4")], 1, [3, 4])


def test_a_record_may_be_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    _, rows = read("long_first_record", tmp_path)
    assert rows == [("1", "x" * 700_000), ("2", "y")]


def test_a_record_of_more_than_a_million_characters_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        f'id,note\n1,{"é" * 999_000}\n2,{"x" * 5_000_000}\n3,"{"y" * 5_000_000}"\n4,z\n5,z\n', encoding="utf-8"
    )
    [staged] = stage(path, tmp_path / "staged")
    assert unread(staged) == [(3, "intake.record_too_long"), (4, "intake.record_too_long")]
    assert [(row[0], len(row[1] or "")) for row in rows_of(staged)] == [("1", 999_000), ("4", 1), ("5", 1)]


def test_nul_bytes_are_taken_out_and_a_line_of_them_is_set_aside(tmp_path: Path) -> None:
    staged, rows = read("nul_bytes", tmp_path)
    assert rows == list(ROWS)
    assert (unread(staged), codes(staged), lines(staged)) == (
        [(4, "intake.only_nul")],
        ["intake.nul_removed"],
        [2, 3, 5],
    )


def test_a_file_of_which_most_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("order,name,amount\n1,a,2\n" + '2,"b"c,3\n' * 3, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        stage(path, tmp_path / "staged")
    assert caught.value.code == "intake.mostly_unreadable"
    assert str(caught.value).startswith("3 of 4 records of broken.csv cannot be read; the first is at line 3")


# Headers


def test_two_header_rows_are_joined_and_merged_cells_spread(tmp_path: Path) -> None:
    staged, rows = read("two_header_rows", tmp_path)
    assert staged.columns == ("订单 / 编号", "订单 / 日期", "客户 / 姓名", "金额 / 原价", "金额 / 实付")
    assert rows == [("1", "2024-03-05", "张三", "10.0", "9.5"), ("2", "2024-03-06", "李四", "20.0", "18.0")]
    assert (codes(staged), lines(staged)) == (["intake.two_header_rows"], [3, 4])


def test_units_below_the_names_are_joined_to_them(tmp_path: Path) -> None:
    staged, rows = read("units_below_header", tmp_path)
    assert staged.columns == ("订单号", "数量 / 件", "金额 / 元")
    assert rows == [("1", "2", "3.5"), ("2", "3", "4.5")]


def test_placeholders_below_the_names_are_a_record(tmp_path: Path) -> None:
    staged, rows = read("placeholders_below_header", tmp_path)
    assert staged.columns == ("order", "qty", "amount")
    assert rows[0] == ("A1", "N/A", "N/A")


def test_without_header_the_columns_are_numbered(tmp_path: Path) -> None:
    staged, rows = read("no_header", tmp_path)
    assert staged.columns == ("column_1", "column_2", "column_3", "column_4", "column_5")
    assert rows == list(ROWS)
    assert (codes(staged), staged.preamble_lines) == (["intake.no_header"], 0)


def test_duplicate_headers_are_told_apart_without_regard_to_case(tmp_path: Path) -> None:
    staged, _ = read("duplicate_headers", tmp_path)
    assert staged.columns == ("order", "amount", "Amount (2)", "amount (3)")
    assert codes(staged) == ["intake.duplicate_headers"]


def test_blank_headers_are_named_by_their_place(tmp_path: Path) -> None:
    staged, rows = read("blank_headers", tmp_path)
    assert staged.columns == ("order", "column_2", "amount", "column_4")
    assert rows == [("1", "a", "2.0", "x"), ("2", "b", "3.0", "y")]


# Encodings


def test_gb18030_characters_of_four_bytes_survive(tmp_path: Path) -> None:
    staged, rows = read("gb18030", tmp_path)
    assert (staged.encoding, rows[2][1]) == ("gb18030", "王㐂𠮷")


def test_big5_is_told_from_gbk(tmp_path: Path) -> None:
    staged, rows = read("big5", tmp_path)
    assert (staged.encoding, staged.columns) == ("big5", gallery.TRADITIONAL_HEADER)
    assert rows == list(gallery.TRADITIONAL_ROWS)


def test_western_text_is_told_from_chinese(tmp_path: Path) -> None:
    staged, rows = read("latin1", tmp_path)
    assert staged.encoding == "cp1252"
    assert rows == list(gallery.WESTERN_ROWS)


def test_chinese_that_no_sample_meets_is_still_decoded(tmp_path: Path) -> None:
    staged, rows = read("late_gbk", tmp_path)
    assert (staged.encoding, staged.rows, staged.unread) == ("gb18030", 40_000, ())
    assert rows[19_989] == ("019989", "张三", "89.50")


def test_records_in_another_encoding_are_set_aside_and_never_replaced(tmp_path: Path) -> None:
    staged, rows = read("mixed_encodings", tmp_path)
    assert (staged.encoding, unread(staged)) == ("utf-8", [(8, "intake.undecodable")])
    assert str(staged.unread[0].record).startswith(r"2001,\xd5\xd4\xc1\xf9,")
    assert rows == [*ROWS, *ROWS, ("2002", "plain", "kettle", "1", "99.00")]
    assert lines(staged) == [2, 3, 4, 5, 6, 7, 9]


# JSON, workbooks, Parquet


def test_json_lines_may_have_different_keys(tmp_path: Path) -> None:
    staged, rows = read("json_lines", tmp_path)
    assert (staged.format, staged.columns) == ("jsonl", ("order", "amount", "name", "vip", "items"))
    assert rows == [
        ("1", "1.10", "张三", None, None),
        ("2", None, None, "true", None),
        ("3", "12345678901234567890", None, None, '[{"sku":"A","qty":2.5}]'),
        ("9", None, "李四", None, None),
    ]
    assert unread(staged) == [
        (5, "intake.broken_json"),
        (6, "intake.not_an_object"),
        (7, "intake.repeated_key"),
    ]
    assert lines(staged) == [1, 2, 4, 8]


def test_keys_that_come_late_and_arrays_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    records = [f'{{"order": {at}, "note": "{"x" * 20}"}}' for at in range(45_000)]
    records[44_999] = '{"order": 44999, "Order": 1, "late": "yes"}'
    for name, text in (("a.json", "[" + ",\n".join(records) + "]"), ("a.jsonl", "\n".join(records))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        [staged] = stage(tmp_path / name, tmp_path / "staged")
        rows = rows_of(staged)
        assert staged.columns == ("order", "note", "Order (2)", "late")
        assert [row[0] for row in rows] == [str(at) for at in range(45_000)]
        assert rows[-1] == ("44999", None, "1", "yes")
        assert staged.lines([1, 45_000]) == [1, 45_000]


def test_a_workbook_gives_every_sheet_with_a_table(tmp_path: Path) -> None:
    orders, customers = stage(gallery.workbook(tmp_path), tmp_path / "staged")
    assert (orders.file, customers.file) == ("book.xlsx [订单]", "book.xlsx [客户]")
    assert orders.columns == ("订单号", "日期", "数量", "单价", "会员")
    assert rows_of(orders) == [
        ("1001", "2024-03-05 08:26:00", "2", "99.5", "true"),
        ("1002", "2024-03-06", "1", "0.1", "false"),
        ("A-1003", "45357.25", "3", "12", None),
    ]
    assert lines(orders) == [4, 6, 7]
    assert rows_of(customers) == [("张三", "北京"), ("李四", "上海")]
    assert [note.say("zh") for note in (*orders.notes, *customers.notes)] == [
        "跳过了表头上方的 1 行标题。",
        "以下工作表没有数据表，未读取：空和说明。",
        "工作表 客户 在工作簿中是隐藏的，已一并读取。",
    ]


def test_parquet_columns_of_any_type_become_text(tmp_path: Path) -> None:
    staged, rows = read("parquet", tmp_path)
    assert (staged.format, staged.preamble_lines, lines(staged)) == ("parquet", 0, [1, 2, 3])
    assert rows == [
        ("1", "13085", "0.1", "2024-03-05 08:26:00", "2024-03-05", '["a","b"]', "张三", "true"),
        ("2", None, "1e+22", None, None, "[]", None, "false"),
        ("3", None, "5", "2024-03-06 00:00:00", None, None, " x ", None),
    ]


def test_every_reason_has_words() -> None:
    reasons = ("undecodable", "open_quote", "too_many_fields", "too_few_fields", "only_nul", "broken_json")
    assert all(has(f"intake.{reason}") for reason in (*reasons, "not_an_object", "repeated_key"))


# What holds for any file

CELLS = st.text(alphabet='ab,;"\n\r\t 1张é', max_size=6)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=12))


@settings(max_examples=60)
@given(table=TABLES, delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_csv_writer_writes_is_read_back(
    table: list[list[str]], delimiter: str, end: str, tmp_path: Path
) -> None:
    width = len(table[0]) if table else 1
    # Names and numbers that leave no doubt where the table begins and how it is delimited.
    header = ["order", *(f"name {at}" for at in range(width))]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    expected = []
    expected_lines = []
    for at, cells in enumerate((*([["x"] * width] * 20), *table)):
        expected_lines.append(written.getvalue().count("\n") + 1)
        writer.writerow([at, *cells])
        expected.append((str(at), *(cell or None for cell in cells)))
    path = tmp_path / "written.csv"
    path.write_bytes(written.getvalue().encode())
    [staged] = stage(path, tmp_path / "staged")
    assert staged.columns == tuple(header)
    assert staged.unread == ()
    assert rows_of(staged) == expected
    assert lines(staged) == expected_lines


@settings(max_examples=300)
@given(text=st.text(alphabet='a,"\n\r', max_size=40), width=st.integers(1, 3), crlf=st.booleans())
def test_a_block_called_plain_holds_what_going_line_by_line_finds(text: str, width: int, crlf: bool) -> None:
    data = text.encode() + (b"\r\n" if crlf else b"\n")
    look = inspect(data, delimiter=",", width=width, crlf=crlf, each_record=True)
    if not look.plain:
        return
    splitter = Splitter(",", {width})
    records = list(splitter.split(data[: look.end].decode(), first_line=1, last=True))
    assert [len(record.fields or []) for record in records] == [width] * look.records
    offsets = range(look.records) if look.line_offsets is None else look.line_offsets
    assert [record.line for record in records] == [offset + 1 for offset in offsets]


@settings(max_examples=60)
@given(noise=st.lists(st.text(alphabet='a1,"\n\r\0é', max_size=12), max_size=8))
def test_no_line_is_lost_whatever_is_in_the_file(noise: list[str], tmp_path: Path) -> None:
    orders = [f"{at},name,{at}.5" for at in range(40)]
    body = "\n".join(line for pair in zip(orders, [*noise, *[""] * 40], strict=False) for line in pair)
    path = tmp_path / "noisy.csv"
    path.write_bytes(("order,name,amount\n" + body + "\n").encode())
    [staged] = stage(path, tmp_path / "staged")
    found = {*lines(staged)} | {each.line for each in staged.unread}
    kept = "".join(str(value) for row in rows_of(staged) for value in row)
    text = (kept + "".join(str(each.record) for each in staged.unread)).replace(",", "")
    assert [order for order in orders if order.replace(",", "") not in text] == []
    assert len(found) == staged.rows + len(staged.unread)
