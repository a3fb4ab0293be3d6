"""Texts as people and programs write amounts, times, numbers and names, and what is read of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.intake.mapping import ColumnMapping
from guanxi.intake.parse import (
    MISSING,
    date_sql,
    decimal_sql,
    has_time_sql,
    id_sql,
    instant_sql,
    missing_sql,
    text_sql,
    unreadable_sql,
)

X = ColumnMapping(column="x")


def read(sql: str, *texts: str | None) -> list[object]:
    with duckdb.connect() as connection:
        query = f"SELECT {sql} FROM (SELECT unnest(?::VARCHAR[]) AS x)"
        return [row[0] for row in connection.execute(query, [list(texts)]).fetchall()]


def amount(text: str, **how: str) -> object:
    return read(decimal_sql(ColumnMapping(column="x", **how), precision=18, scale=6), text)[0]


def instant(text: str, how: str | None = None, zone: str = "UTC") -> object:
    return read(instant_sql(ColumnMapping(column="x", format=how), zone=zone), text)[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"), ("0.001", "0.001"), ("1e-3", "0.001"), ("1.5E3", "1500"), ("+4", "4"), (".5", "0.5"), ("5.", "5"),
        (" 1,234.50 ", "1234.5"), ("1,23,456", "123456"), ("1 234.5", "1234.5"), ("1'234.5", "1234.5"),
        ("￥1,234.50", "1234.5"), ("¥ 99", "99"), ("$5", "5"), ("US$20", "20"), ("HK$12", "12"), ("€12", "12"),
        ("12 €", "12"), ("£3", "3"), ("RMB 100", "100"), ("100 CNY", "100"), ("100元", "100"), ("人民币12元", "12"),
        ("１２３．５", "123.5"), ("￥１，２３４", "1234"), ("－３", "-3"), ("−3", "-3"), ("-￥5", "-5"), ("￥-5", "-5"),
        ("(1,234.50)", "-1234.5"), ("(￥3)", "-3"), ("（3）", "-3"), ("12.50-", "-12.5"), ("12%", "0.12"), ("12.5 %", "0.125"),
        ("1.2万", "12000"), ("1.2万元", "12000"), ("3亿", "300000000"), ("999999999999.999999", "999999999999.999999"),
    ],
)  # fmt: skip
def test_amounts_are_read_exactly(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1,5",
        "1,2345",
        "12,34",
        "--5",
        "-(5)",
        "(5",
        "5)",
        "1.2.3",
        "",
        ".",
        "$",
        "e5",
        "1e5万",
        "1e20",
        "nan",
        "inf",
        "5 x",
    ],
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,50", "1234.5"),
        ("1.234", "1234"),
        ("12,5", "12.5"),
        ("1 234,5", "1234.5"),
        ("€ 1.234,50-", "-1234.5"),
        ("12.5", None),
    ],
)
def test_a_decimal_comma_is_read_where_the_mapping_says_so(text: str, value: str | None) -> None:
    assert amount(text, decimal=",") == (None if value is None else Decimal(value))


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6, allow_nan=False))
@settings(max_examples=60, deadline=None)
def test_any_amount_comes_back_however_it_is_dressed(value: Decimal) -> None:
    dressed = [f"{value}", f"￥{value:,}", f"{value:,} 元", f"{value:E}", f"({abs(value):,})", f"{abs(value)}-"]
    sql = decimal_sql(X, precision=18, scale=6)
    assert read(sql, *dressed) == [value, value, value, value, -abs(value), -abs(value)]


AFTERNOON = dt.datetime(2024, 3, 5, 14, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-05", dt.datetime(2024, 3, 5)), ("2024-03-05 14:05:00", AFTERNOON), ("2024-03-05T14:05", AFTERNOON),
        ("2024-03-05T14:05:00.250", AFTERNOON.replace(microsecond=250_000)), ("2024年3月5日 14时05分", AFTERNOON),
        ("2024年3月5日14:05", AFTERNOON), ("2024年3月5日", dt.datetime(2024, 3, 5)), ("2024年3月5日 星期二 下午2:05", AFTERNOON),
        ("2024年03月05日 14时05分00秒", AFTERNOON), ("2024/3/5", dt.datetime(2024, 3, 5)), ("2024/3/5 14:05", AFTERNOON),
        ("2024/3/5 2:05:00 PM", AFTERNOON), ("2024.3.5", dt.datetime(2024, 3, 5)), ("20240305", dt.datetime(2024, 3, 5)),
        ("20240305140500", AFTERNOON), ("5 Mar 2024", dt.datetime(2024, 3, 5)), ("5-Mar-24", dt.datetime(2024, 3, 5)),
        ("March 5, 2024 2:05 pm", AFTERNOON), ("２０２４－０３－０５　１４：０５", AFTERNOON), ("2024-03-05 12:00:00 AM", dt.datetime(2024, 3, 5)),
        ("2024-03-05 10:00:00 PM", dt.datetime(2024, 3, 5, 22)), ("2024/03/05 上午 12:05", dt.datetime(2024, 3, 5, 0, 5)),
        ("2024/03/05 下午 12:05", dt.datetime(2024, 3, 5, 12, 5)), ("45356.5", dt.datetime(2024, 3, 5, 12)),
        ("45356.5868055556", AFTERNOON), ("45356", dt.datetime(2024, 3, 5)),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, expected: dt.datetime) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    ["hello", "2024-02-30", "2024-13-01", "2024-03-05 25:00:00", "3/5/2024", "05.03.2024", "1709600000", "infinity", "epoch", "2024", "12"],
)  # fmt: skip
def test_what_is_no_time_or_could_be_two_is_not_guessed(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize(
    ("how", "text", "expected"),
    [
        ("day_first", "3/5/2024", dt.datetime(2024, 5, 3)), ("month_first", "3/5/2024", dt.datetime(2024, 3, 5)),
        ("day_first", "05.03.2024 14:05", AFTERNOON), ("month_first", "3/5/24 2:05 PM", AFTERNOON),
        ("day_first", "31-12-69", dt.datetime(1969, 12, 31)), ("day_first", "31-12-68", dt.datetime(2068, 12, 31)),
        ("year_first", "24/3/5", dt.datetime(2024, 3, 5)), ("day_first", "2024-03-05", dt.datetime(2024, 3, 5)),
        ("month_first", "25/12/2024", None), ("unix", "1709647500", AFTERNOON), ("unix", "1709647500000", AFTERNOON),
        ("unix", "1709647500000000", AFTERNOON), ("excel_serial", "366.25", dt.datetime(1900, 12, 31, 6)),
        ("%d|%m|%Y", "5|3|2024", dt.datetime(2024, 3, 5)), ("%Y%m%d %H%M%z", "20240305 1605+0200", AFTERNOON),
    ],
)  # fmt: skip
def test_times_are_read_in_the_way_that_the_mapping_names(how: str, text: str, expected: dt.datetime | None) -> None:
    assert instant(text, how) == expected


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-05 14:05:00", dt.datetime(2024, 3, 5, 6, 5)), ("2024年3月5日 14:05", dt.datetime(2024, 3, 5, 6, 5)),
        ("2024-03-05", dt.datetime(2024, 3, 4, 16)), ("2024-03-05T14:05:00Z", AFTERNOON), ("2024-03-05 14:05 UTC", AFTERNOON),
        ("2024-03-05T16:05:00+02:00", AFTERNOON), ("2024-03-05 22:05:00 +0800", AFTERNOON), ("2024-03-05T09:05:00-05", AFTERNOON),
        ("20240305T140500Z", AFTERNOON), ("45356.5", dt.datetime(2024, 3, 5, 4)),
    ],
)  # fmt: skip
def test_times_without_an_offset_are_the_companys_and_others_are_exact(text: str, utc: dt.datetime) -> None:
    assert instant(text, zone="Asia/Shanghai") == utc


def test_summer_time_is_kept_apart_from_winter_time() -> None:
    assert instant("2024-01-05 12:00:00", zone="Europe/Berlin") == dt.datetime(2024, 1, 5, 11)
    assert instant("2024-07-05 12:00:00", zone="Europe/Berlin") == dt.datetime(2024, 7, 5, 10)


def test_a_time_of_day_in_its_own_column_is_added_to_the_date() -> None:
    sql = instant_sql(ColumnMapping(column="d"), zone="Asia/Shanghai", time=ColumnMapping(column="t"))
    times = ["14:05", "下午2:05", "2:05 PM", "140500", "0.586805555556", "14时05分", None, "?"]
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {sql} FROM (SELECT '2024-03-05 00:00:00' AS d, unnest(?::VARCHAR[]) AS t)", [times]
        ).fetchall()
    assert [row[0] for row in found] == [dt.datetime(2024, 3, 5, 6, 5)] * 6 + [dt.datetime(2024, 3, 4, 16)] * 2


def test_a_date_stays_the_date_that_was_written() -> None:
    assert read(date_sql(X), "2024-03-05T23:30:00Z", "1980年1月2日", "nie") == [
        dt.date(2024, 3, 5), dt.date(1980, 1, 2), None,
    ]  # fmt: skip


def test_midnights_of_the_company_have_no_time_of_day() -> None:
    midnights = instant_sql(X, zone="Asia/Shanghai")
    assert read(has_time_sql(midnights, zone="Asia/Shanghai"), "2024-03-05", "2024-03-06") == [False]
    assert read(has_time_sql(midnights, zone="Asia/Shanghai"), "2024-03-05", "2024-03-06 08:00") == [True]
    assert read(has_time_sql(midnights, zone="UTC"), None) == [False]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00123", "00123"), (" 13085.0", "13085"), ('="00123"', "00123"), ("'00123", "00123"), ("\t123\t", "123"),
        ("ＡＢ－１２　３", "AB-12 3"), ("a  b", "a b"), ("12.05", "12.05"), ("O'Neil", "O'Neil"), ("小王", "小王"), ("n/a", None),
        ("未知", None), ("", None),
    ],
)  # fmt: skip
def test_an_identifier_is_the_same_in_every_file(text: str, value: str | None) -> None:
    assert read(id_sql(X), text) == [value]


def test_the_apostrophe_that_makes_a_formula_text_is_taken_off_and_no_other() -> None:
    assert read(text_sql(X), "'=1+1", "''=1", "' +86 10", "'s-Gravenhage", "'＠home") == [
        "=1+1",
        "'=1",
        " +86 10",
        "'s-Gravenhage",
        "＠home",
    ]


def test_words_are_tidied_but_keep_their_chinese_marks() -> None:
    assert read(text_sql(X), "  red \n mug ", "（新款）　连衣裙", " 无 ", "mug") == [
        "red mug",
        "（新款） 连衣裙",
        None,
        "mug",
    ]


@pytest.mark.parametrize("marker", [*MISSING, " null ", "Nan", "N/a", "－"])
def test_markers_of_missing_values_are_missing_for_every_role(marker: str) -> None:
    assert read(missing_sql(X), marker, None, "0") == [True, True, False]
    assert read(id_sql(X), marker)[0] is None or marker == "－"


def test_unreadable_is_told_from_missing() -> None:
    sql = unreadable_sql(X, decimal_sql(X, precision=18, scale=4))
    assert read(sql, "12", "-", None, "", "twelve") == [False, False, False, False, True]


@pytest.mark.parametrize("name", ['a"b', "a'b", "单价 (元)", "x; DROP TABLE t", '"'])
def test_names_of_columns_are_only_ever_names(name: str) -> None:
    with duckdb.connect() as connection:
        quoted = name.replace('"', '""')
        sql = decimal_sql(ColumnMapping(column=name), precision=18, scale=2)
        row = connection.execute(f"SELECT {sql} FROM (SELECT '￥7' AS \"{quoted}\")").fetchone()
    assert row == (Decimal("7.00"),)


def test_a_pattern_is_only_ever_a_pattern() -> None:
    assert instant("5'3'2024", "%d'%m'%Y") == dt.datetime(2024, 3, 5)
