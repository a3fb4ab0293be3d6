"""The files at the edges of the gallery: a clear outcome for each, in bounded memory, and never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from guanxi.errors import FileError
from guanxi.intake.readers import stage
from guanxi.progress import Progress, Stage
from intake import gallery, outcomes
from intake.gallery import HEADER, ROWS
from intake.outcomes import Outcome
from intake.test_readers import codes, lines, read, rows_of, unread

pytestmark = pytest.mark.xdist_group("gallery")

# name of the gallery's file -> code of the error
REFUSED = {
    "ebcdic": "intake.unknown_encoding",
    "ten_million_columns": "intake.no_lines",
    "hundred_thousand_columns": "intake.too_many_columns",
    "hundred_megabyte_line": "intake.no_lines",
    "only_quotes": "intake.mostly_unreadable",
    "only_delimiters": "intake.empty_file",
    "ragged_throughout": "intake.mostly_unreadable",
    "json_deep": "intake.json_damaged",
    "json_deep_list": "intake.json_damaged",
    "json_many_keys": "intake.too_many_columns",
    "workbook_of_empty_sheets": "intake.workbook_without_table",
    "open_document_bomb": "intake.workbook_damaged",
    "workbook_bomb": "intake.bomb",
    "workbook_to_the_last_corner": "intake.sheet_too_wide",
    "parquet_without_rows": "intake.only_header",
    "gzip_bomb": "intake.bomb",
    "zstandard_bomb": "intake.bomb",
    "gzip_of_nothing": "intake.empty_file",
    "gzip_with_rubbish_behind": "intake.archive_damaged",
    "zstandard_with_a_long_window": "intake.window_too_large",
    "link_to_itself": "intake.cannot_open",
    "link_to_nothing": "errors.no_such_file",
    "pipe": "intake.not_a_file",
    "endless_zeros": "intake.not_a_file",
    "not_permitted": "intake.not_permitted",
}


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The outcome of every file, found by processes of their own."""
    path = tmp_path_factory.mktemp("gallery") / "outcomes"
    return outcomes.in_another_process(path)


def test_no_file_ends_in_a_crash_or_hangs(found: dict[str, Outcome]) -> None:
    assert {name: outcome.crash for name, outcome in found.items() if outcome.crash} == {}


def test_no_file_takes_much_memory(found: dict[str, Outcome]) -> None:
    assert {n: o.peak_mib for n, o in found.items() if o.peak_mib > outcomes.MOST_MEMORY_MIB} == {}


def test_nothing_but_staged_files_stays_behind(found: dict[str, Outcome]) -> None:
    assert {name: outcome.left for name, outcome in found.items() if outcome.left} == {}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_table_is_refused_with_an_advice(name: str, found: dict[str, Outcome]) -> None:
    assert found[name].code == REFUSED[name]
    assert len(found[name].sentence) < 400


def test_the_documentation_says_what_happens(found: dict[str, Outcome]) -> None:
    assert outcomes.PAGE.read_text(encoding="utf-8") == outcomes.page(found), (
        "run: PYTHONPATH=tests python -m intake.outcomes"
    )


def test_there_are_fifty_files_at_least() -> None:
    assert len(gallery.FILES) > 100


# What is read, exactly


def test_lines_of_other_encodings_are_set_aside_each_by_itself(tmp_path: Path) -> None:
    staged, rows = read("three_encodings", tmp_path)
    assert unread(staged) == [(8, "intake.undecodable"), (9, "intake.undecodable")]
    assert rows == [*ROWS, *ROWS]


def test_a_repeated_header_is_a_record_that_fits_no_column(tmp_path: Path) -> None:
    staged, rows = read("mark_in_the_middle", tmp_path)
    assert rows == [*ROWS, ("\ufeff" + HEADER[0], *HEADER[1:]), *ROWS]
    assert staged.unread == ()


def test_what_lay_on_the_disk_behind_a_table_is_set_aside(tmp_path: Path) -> None:
    staged, rows = read("binary_tail", tmp_path)
    assert rows == [*ROWS] * 51
    assert {reason for _, reason in unread(staged)} == {"intake.undecodable"}
    assert min(line or 0 for line, _ in unread(staged)) == 155


def test_a_value_of_a_hundred_megabytes_costs_its_own_line_only(tmp_path: Path) -> None:
    staged, rows = read("hundred_megabyte_value", tmp_path)
    assert rows == [("1", "a"), ("3", "b"), ("4", "c")]
    assert (unread(staged), lines(staged)) == ([(3, "intake.record_too_long")], [2, 4, 5])
    assert len(str(staged.unread[0].record)) == 10_001


def test_a_quote_at_the_very_start_costs_the_first_line_only(tmp_path: Path) -> None:
    staged, rows = read("quote_open_from_the_start", tmp_path)
    assert unread(staged) == [(1, "intake.open_quote")]
    assert rows == [*ROWS] * 501
    assert codes(staged) == ["intake.no_header"]


def test_dates_and_formulas_are_text_as_they_are_written(tmp_path: Path) -> None:
    _, rows = read("three_orders_of_dates", tmp_path)
    assert [row[1] for row in rows] == ["2024-03-25", "25/03/2024", "03/25/2024"]
    _, rows = read("formulas", tmp_path)
    assert rows == [
        ("1", "=1+1", '=HYPERLINK("http://x","y")'),
        ("2", "@SUM(A1)", "+1"),
        ("3", "=cmd|' /C calc'!A0", "-1"),
    ]


def test_json_at_its_edges_costs_single_records(tmp_path: Path) -> None:
    staged, rows = read("json_deep_record", tmp_path)
    assert (rows, unread(staged)) == ([("1", "[]"), ("3", "[]")], [(2, "intake.broken_json")])
    staged, rows = read("json_half_characters", tmp_path)
    assert (rows, unread(staged)) == ([("2", "😀"), ("3", "x")], [(1, "intake.undecodable")])
    staged, rows = read("json_not_numbers", tmp_path)
    assert (rows, staged.unread) == ([("1", None), ("2", "Infinity"), ("3", "-Infinity")], ())


def test_a_json_array_on_one_long_line_is_read_in_pieces(tmp_path: Path) -> None:
    # Longer than any line of a table may be, with characters of several bytes at every place.
    path = tmp_path / "one_line.json"
    record = '{"order": 1, "name": "张三李四王五"}'
    path.write_text(f"[{', '.join([record] * 250_000)}]", encoding="utf-8")
    [staged] = stage(path, tmp_path / "staged")
    assert (staged.rows, staged.unread) == (250_000, ())
    assert set(rows_of(staged)) == {("1", "张三李四王五")}


def test_workbooks_give_what_excel_last_saw(tmp_path: Path) -> None:
    _, rows = read("workbook_with_formulas", tmp_path)
    assert rows == [("1", "2", "20"), ("2", "0", None)]
    _, rows = read("workbook_with_merged_cells", tmp_path)
    assert rows == [("张三", "1001", "9.5"), (None, "1002", "7"), ("李四", "1003", "5")]
    staged, rows = read("workbook_with_a_stray_cell", tmp_path)
    assert rows == [("2", "20"), ("3", "30"), ("4", "40"), (None, "7")]
    assert lines(staged) == [2, 3, 4, 60000]


def test_nested_parquet_becomes_json(tmp_path: Path) -> None:
    _, rows = read("parquet_nested", tmp_path)
    assert rows == [
        ("1", '[{"sku":"A","qty":2}]', '{"k":"v"}', "1.10", "2024-03-05 08:26:00+00", "abc"),
        ("2", "[]", None, "20.00", None, None),
    ]


def test_a_name_that_is_no_text_is_told_as_its_bytes(tmp_path: Path) -> None:
    staged, _ = read("name_in_another_encoding", tmp_path)
    assert staged.file == r"\xb6\xa9\xb5\xa5.csv"
    with pytest.raises(FileError, match=r"There is no file .*gone\\xe9\.csv"):
        stage(tmp_path / os.fsdecode(b"gone\xe9.csv"), tmp_path / "staged")


class _Meddler(Progress):
    """Does something when the reading has begun."""

    def __init__(self, path: Path, content: bytes) -> None:
        super().__init__()
        self.path = path
        self.content = content

    def moved(self, _: Stage) -> None:
        with self.path.open("ab") as file:
            file.write(self.content)


@pytest.mark.parametrize("content", [b"9,late,1\n", b'"open', b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", ["late_gbk", "json_lines", "plain"])
def test_a_file_that_is_written_to_meanwhile_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    path = gallery.FILES[name](tmp_path)
    progress = _Meddler(path, content)
    with progress.stage("cli.stage_read"), pytest.raises(FileError) as caught:
        stage(path, tmp_path / "staged", progress=progress)
    assert caught.value.code == "intake.changed_while_read"
    assert list((tmp_path / "staged").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is only on Linux")
def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    path = gallery.gzipped(tmp_path)
    into = tmp_path / "staged"
    into.mkdir()
    (into / "unpacked.1").symlink_to("/dev/full")
    with pytest.raises(FileError, match="not enough space"):
        stage(path, into)
