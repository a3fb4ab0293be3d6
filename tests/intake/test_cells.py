"""Columns of a small table, read as people write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from guanxi.intake.cells import other_currencies, read_dates, read_decimals, read_ids


def texts(*values: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([list(values)], pa.string())


def test_a_name_is_the_same_however_it_was_written():
    found = read_ids(texts("0012", " ００12 ", '="0012"', "'0012", "7.0", "N/A", None))
    assert found.to_pylist() == ["0012", "0012", "0012", "0012", "7", None, None]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1234.50", "0.1"], ["1234.50", "0.1"]),
        (["￥1,234.50", "12元"], ["1234.50", "12"]),
        (["1.234,50 €", "12,00 €"], ["1234.50", "12"]),
        (["(3.25)", "1.2万"], ["-3.25", "12000"]),
        ([None, "-"], [None, None]),
    ],
)
def test_an_amount_is_exact_in_whichever_way_it_was_written(written, read):
    found = read_decimals(texts(*written))
    assert found.values.to_pylist() == [Decimal(each) if each is not None else None for each in read]
    assert found.unreadable == []


def test_what_is_no_amount_and_no_date_is_given_back_in_its_order():
    assert read_decimals(texts("lots", "1", "many", None)).unreadable == ["lots", "many"]
    assert read_dates(texts("2024-01-02", "then", "2024-02-30")).unreadable == ["then", "2024-02-30"]


def test_dates_with_the_day_first_are_told_by_those_that_can_be_nothing_else():
    found = read_dates(texts("03/02/2024", "25/02/2024", None))
    assert found.values.to_pylist() == [dt.date(2024, 2, 3), dt.date(2024, 2, 25), None]


def test_the_order_of_many_rows_stays():
    found = read_decimals(texts(*map(str, range(5000))))
    assert found.values.to_pylist() == [Decimal(each) for each in range(5000)]


def test_a_column_without_rows_is_read():
    empty = pa.chunked_array([], pa.string())
    assert (len(read_ids(empty)), len(read_decimals(empty).values), len(read_dates(empty).values)) == (0, 0, 0)


def test_day_or_month_is_told_by_a_single_row_among_very_many():
    many = [
        f"{day:02}/{month:02}/{year}" for year in range(1900, 2024) for month in range(1, 13) for day in range(1, 11)
    ]
    many[len(many) // 3] = "25/02/2024"
    found = read_dates(texts(*many))
    assert (found.order, found.values[1].as_py()) == ("day_first", dt.date(1900, 1, 2))
    assert found.note.code == "mapping.day_first_seen"


def test_dates_that_can_be_read_in_one_way_only_need_no_word():
    assert (read_dates(texts("2024-03-05")).order, read_dates(texts("2024-03-05")).note) == (None, None)


def test_a_sign_that_currencies_share_is_that_of_each_and_any_other_is_given_back():
    said = texts("1", None, "$2", "US$3", "hk$4", "usd 5", "ＵＳＤ６", "￥7", "8 元", "RMB9", "1e5", "2万")
    assert other_currencies(said, "USD") == ["hk$4", "￥7", "8 元", "RMB9"]
    assert other_currencies(said, "CNY") == ["$2", "US$3", "hk$4", "usd 5", "ＵＳＤ６"]
