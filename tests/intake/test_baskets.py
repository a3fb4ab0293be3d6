"""Baskets from files as people have them, and errors that say where."""

from __future__ import annotations

import datetime as dt
import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi.errors import DataError, FileError, MappingError
from guanxi.intake.baskets import read_baskets, read_purchases


@pytest.fixture
def given(tmp_path):
    """A file with a text or octets, by its name."""

    def write(text, name="baskets.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.fixture
def read(tmp_path):
    def read(path, form="long", **options):
        return read_baskets(path, into=tmp_path / "scratch", form=form, **options)

    return read


def held(found):
    """Items by transaction."""
    table = {}
    for row in found.table.to_pylist():
        table.setdefault(row["transaction"], []).append(row["item"])
    return table


# One line an item


def test_columns_are_recognised_by_their_names(given, read):
    path = given("Order No,Date,Item\nA,2026-01-01,tea\nA,2026-01-01,cup\nB,2026-01-02,tea\n")
    assert held(read(path)) == {"A": ["tea", "cup"], "B": ["tea"]}


def test_chinese_names_in_a_chinese_encoding(given, read):
    path = given("订单号,商品编码\n甲,茶\n甲,杯子\n", encoding="gb18030")
    assert held(read(path)) == {"甲": ["茶", "杯子"]}


def test_two_columns_need_no_names(given, read):
    assert held(read(given("a,b\n1,tea\n1,cup\n2,tea\n"))) == {"1": ["tea", "cup"], "2": ["tea"]}


def test_columns_can_be_named(given, read):
    path = given("who,when,what\nx,1,tea\nx,1,cup\nx,2,tea\ny,1,ink\n")
    found = read(path, transaction=["who", "when"], items=["what"])
    assert sorted(held(found).values()) == [["ink"], ["tea"], ["tea", "cup"]]


def test_an_unclear_column_is_an_error_that_names_them_all(given, read):
    with pytest.raises(MappingError, match=r"which column of baskets.csv.*p, q, and r.*--transaction"):
        read(given("p,q,r\n1,2,3\n4,5,6\n"))


def test_a_column_that_is_not_there_is_named(given, read):
    with pytest.raises(MappingError, match=r"no column basket\. It has: a and b"):
        read(given("a,b\n1,2\n"), transaction=["basket"])


def test_an_empty_transaction_is_an_error_with_its_line(given, read):
    with pytest.raises(DataError, match=r"line 3: column order is empty.*\(2 such lines\)"):
        read(given("order,item\nA,tea\n,cup\n,ink\n"))


def test_an_empty_item_is_a_basket_that_holds_nothing(given, read):
    assert held(read(given("order,item\nA,tea\nB,\n"))) == {"A": ["tea"], "B": [None]}


def test_a_broken_record_is_an_error_with_its_line(given, read):
    text = "order,item\n" + "A,tea\n" * 30 + "B,cup,of,something\n"
    with pytest.raises(DataError, match="line 32: More columns than the header"):
        read(given(text))


def test_parquet_and_packed_files_are_read(tmp_path, given, read):
    pq.write_table(pa.table({"transaction": [1, 1], "item": ["tea", "cup"]}), tmp_path / "b.parquet")
    assert held(read(tmp_path / "b.parquet")) == {"1": ["tea", "cup"]}
    assert held(read(given(gzip.compress(b"order,item\nA,tea\n"), "b.csv.gz"))) == {"A": ["tea"]}


def test_a_file_that_is_not_there_is_named(tmp_path, read):
    for form in ("long", "basket", "wide"):
        with pytest.raises(FileError, match=r"nothing\.csv"):
            read(tmp_path / "nothing.csv", form)


# One line a basket


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("whole milk,tea\ntea,rice\n", ","),
        ("whole milk; tea\ntea;rice\n", ";"),
        ("whole milk\ttea\ntea\trice\n", "\t"),
        ("whole milk|tea|\r\ntea|rice\r\n", "|"),
    ],
)
def test_what_stands_between_items_is_found_out(given, read, text, separator):
    assert held(read(given(text), "basket")) == {1: ["whole milk", "tea"], 2: ["tea", "rice"]}
    assert held(read(given(text), "basket", separator=separator)) == {1: ["whole milk", "tea"], 2: ["tea", "rice"]}


def test_white_space_separates_where_nothing_else_does(given, read):
    found = read(given("1 3 9 \n1  5\n", "chess.dat"), "basket")
    assert held(found) == {1: ["1", "3", "9"], 2: ["1", "5"]}
    assert "white space" in found.notes[0].say("en")


def test_a_separator_in_quotes_is_part_of_the_item(given, read):
    assert held(read(given('"tea, green",cup\n"5"" pot",cup\n'), "basket")) == {
        1: ["tea, green", "cup"],
        2: ['5" pot', "cup"],
    }


def test_blank_lines_are_no_baskets_and_are_counted(given, read):
    found = read(given("tea,cup\n\n,,\nink\n"), "basket")
    assert held(found) == {1: ["tea", "cup"], 4: ["ink"]}
    assert found.notes[-1].parameters == {"lines": 2}


def test_lines_in_a_chinese_encoding(given, read):
    text = "绿茶，杯子\n".replace("，", ",") * 20
    assert held(read(given(text, encoding="gbk"), "basket"))[20] == ["绿茶", "杯子"]


def test_bytes_that_fit_no_encoding_are_an_error_with_their_line(given, read):
    octets = "茶,杯子\n".encode() * 50 + b"tea,\xff\xfe\xff\n" + "茶,杯子\n".encode() * 50
    with pytest.raises(DataError, match="line 51: characters that do not fit"):
        read(given(octets), "basket")


def test_a_table_file_is_not_one_line_a_basket(tmp_path, read):
    pq.write_table(pa.table({"transaction": [1], "item": ["tea"]}), tmp_path / "b.parquet")
    with pytest.raises(FileError, match="no text file"):
        read(tmp_path / "b.parquet", "basket")


def test_a_packed_file_of_lines_is_read(given, read):
    assert held(read(given(gzip.compress(b"tea,cup\n"), "b.txt.gz"), "basket")) == {1: ["tea", "cup"]}


# One column an item


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("T", "F"), ("yes", "No"), ("是", "否"), ("x", ""), ("TRUE", "FALSE")]
)
def test_yes_and_no_are_read_as_they_are_usually_written(given, read, yes, no):
    path = given(f"id,tea,cup\n7,{yes},{no}\n8,{no},{no}\n9,{yes},{yes}\n")
    assert held(read(path, "wide")) == {1: ["tea"], 3: ["tea", "cup"], 2: [None]}


def test_other_columns_are_left_out_and_named(given, read):
    found = read(given("id,sex,tea\n7,M,T\n8,F,F\n9,M,T\n"), "wide")
    assert found.notes[-1].parameters["columns"] == ["id", "sex"]


def test_the_columns_of_the_items_can_be_named(given, read):
    path = given("owner,tea,cup\nyes,1,0\nno,1,1\n")
    assert held(read(path, "wide", items=["tea", "cup"])) == {1: ["tea"], 2: ["tea", "cup"]}


def test_a_strange_value_among_yes_and_no_is_an_error_with_its_place(given, read):
    path = given("id,tea\n" + "a,T\nb,F\n" * 10 + "c,maybe\n")
    with pytest.raises(DataError, match=r"line 22, column tea: “maybe” is neither yes nor no"):
        read(path, "wide")


def test_a_strange_value_in_a_named_column_is_an_error(given, read):
    with pytest.raises(DataError, match=r"line 3, column tea: “2”"):
        read(given("id,tea\na,1\nb,2\n"), "wide", items=["tea"])


def test_a_file_without_yes_and_no_is_an_error(given, read):
    with pytest.raises(MappingError, match=r"No column of baskets\.csv holds yes and no"):
        read(given("order,item\nA,tea\nB,cup\n"), "wide")


def test_traits_become_items_beside_products(given, read):
    lines = "".join(f"{1000 + n},{'MF'[n % 2]},{20 + n},{'TF'[n % 3 > 0]}\n" for n in range(40))
    found = held(read(given("card,sex,age,tea\n" + lines), "wide", traits=True))
    assert found[1] == ["sex=M", "tea"]
    ages = held(read(given("sex,age,tea\n" + "".join(f"M,{20 + n // 2},T\n" for n in range(40))), "wide", traits=True))
    assert {item for items in ages.values() for item in items if item.startswith("age")} == {
        "age=≤24", "age=24–29", "age=29–34", "age=>34",
    }  # fmt: skip


# Purchases


def purchases(path, tmp_path, **options):
    return read_purchases(path, into=tmp_path / "scratch", **options).table.to_pylist()


def test_purchases_are_read_with_their_days(given, tmp_path):
    path = given("Customer ID,Order Date,Item\n张三,2026-01-05 13:20,tea\n张三,2026/01/09,cup\n")
    assert purchases(path, tmp_path) == [
        {"customer": "张三", "at": dt.date(2026, 1, 5), "item": "tea"},
        {"customer": "张三", "at": dt.date(2026, 1, 9), "item": "cup"},
    ]


def test_a_date_that_is_none_is_an_error_with_its_place(given, tmp_path):
    with pytest.raises(DataError, match=r"line 3, column day: “soon” is no date"):
        purchases(
            given("who,day,what\na,2026-01-05,tea\nb,soon,cup\n"), tmp_path, customer="who", date="day", item="what"
        )


def test_a_customer_who_is_empty_is_an_error(given, tmp_path):
    with pytest.raises(DataError, match="line 2: column who is empty"):
        purchases(
            given("who,day,what\n,2026-01-05,tea\nb,2026-01-05,cup\n"),
            tmp_path,
            customer="who",
            date="day",
            item="what",
        )
