"""A person is taken out of every byte of the warehouse; what is counted and added up stays."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest

from guanxi.errors import WarehouseError
from guanxi.intake.load import undo
from guanxi.schema import TABLES
from guanxi.warehouse import Warehouse
from guanxi.warehouse.redact import redact
from guanxi.warehouse.verify import verify
from intake.staging import Shop, mapping, staged
from warehouse.filled import FILES, bring_in, day, learn

AT = dt.datetime(2024, 7, 1)
WORDS = ("c-ada", "ada lovelace", "ada king", "555-0107")


@pytest.fixture
def filled(tmp_path):
    bring_in(tmp_path, tmp_path / "warehouse", *FILES)
    learn(tmp_path / "warehouse", day(5))
    with Warehouse.open(tmp_path / "warehouse") as warehouse:
        yield warehouse


def everything(warehouse):
    """All that can be read in the directory: each file's bytes, and the rows of each Parquet file."""
    for path in sorted(warehouse.path.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes().decode("utf-8", "replace").lower()
            if path.suffix == ".parquet":
                yield path.name, str(pq.read_table(path).to_pylist()).lower()


def found(warehouse):
    return {(name, word) for name, text in everything(warehouse) for word in WORDS if word in text}


def table(warehouse, name, columns, snapshot=None):
    files = warehouse.snapshot(snapshot).files(name)
    return [tuple(row.values()) for file in files for row in pq.read_table(file, columns=columns).to_pylist()]


def test_a_person_is_in_no_byte_of_the_warehouse_any_more(filled):
    assert {word for _, word in found(filled)} == set(WORDS)
    redact(filled, ["c-ada"], at=AT)
    assert found(filled) == set()
    assert verify(filled, deep=True) == []


def test_sums_and_numbers_of_customers_stay_in_every_snapshot(filled):
    def measured():
        return [
            (
                sorted(table(filled, "orders", ["order_id", "ordered_on", "amount", "items"], each.id)),
                len(set(table(filled, "order_lines", ["customer_id"], each.id))),
                {name: filled.snapshot(each.id).rows(name) for name in TABLES},
            )
            for each in filled.history()
        ]

    before = measured()
    redact(filled, ["c-ada"], at=AT)
    assert measured() == before
    assert [moment.id for moment in filled.history()] == [0, 1, 2, 3, 4, 5]


def test_the_person_has_one_new_number_everywhere_which_says_nothing(filled):
    redact(filled, ["c-ada"], at=AT)
    numbers = {
        value
        for name in ("customers", "order_lines", "orders", "hidden_lines", "identifiers", "scores", "segment_members")
        for (value,) in table(filled, name, ["customer_id"])
        if value.startswith("redacted-")
    }
    [alias] = numbers
    assert len(alias) == len("redacted-") + 24
    [(name, city)] = [row[1:] for row in table(filled, "customers", ["customer_id", "name", "city"]) if row[0] == alias]
    assert (name, city) == (None, "London"), "a town is nobody"


def test_others_stay_as_they_were(filled):
    def others():
        return {
            name: sorted(
                str(row)
                for row in table(filled, name, TABLES[name].names)
                if not any(w in str(row).lower() for w in ("ada", "redacted"))
            )
            for name in ("customers", "order_lines", "identifiers", "scores")
        }

    before = others()
    redact(filled, ["c-ada"], at=AT)
    assert others() == before


def test_a_record_that_was_set_aside_loses_its_text_and_still_counts(filled):
    redact(filled, ["c-ada"], at=AT)
    assert table(filled, "rejects", ["line", "reason", "value", "record"]) == [(5, "clean.time_unreadable", None, None)]


def test_snapshots_say_that_they_were_redacted_but_not_who(filled):
    redaction = redact(filled, ["c-ada"], at=AT)
    assert redaction.at == AT
    assert redaction.rows["order_lines"] > 0
    assert [filled.snapshot(number).redactions for number in (1, 5)] == [(redaction,)] * 2
    bring_in(filled.path.parent, filled.path, "orders-1.csv")
    assert "c-ada" not in str(redaction)


def test_a_reader_from_before_is_told_to_read_again(filled):
    pinned = filled.snapshot(1)
    redact(filled, ["c-ada"], at=AT)
    with pytest.raises(WarehouseError) as raised:
        pinned.files("order_lines")
    assert raised.value.code == "errors.snapshot_redacted"
    filled.snapshot(1).files("order_lines")


def test_who_is_not_there_is_said_and_nothing_changes(filled):
    before = sorted(filled.parts_path.rglob("*.parquet"))
    with pytest.raises(WarehouseError) as raised:
        redact(filled, ["c-ada", "c-nobody"], at=AT)
    assert raised.value.message.parameters == {"customers": ["c-nobody"]}
    assert sorted(filled.parts_path.rglob("*.parquet")) == before


def test_deliveries_can_be_undone_after_a_redaction(filled):
    redact(filled, ["c-ada"], at=AT)
    undo(filled, 3, at=AT)
    assert verify(filled, deep=True) == []
    assert found(filled) == set()


def test_orders_named_after_the_customer_are_renamed_with_him(tmp_path):
    shop = Shop(tmp_path)
    rows = [("c-ada", "2024-03-05", "3"), ("c-ada", "2024-03-06", "-3"), ("c-adam", "2024-03-05", "3")]
    how = mapping(customer_id="who", ordered_at="day", amount="price")
    shop.deliver(staged(tmp_path, "who day price", rows), how)
    redact(shop.warehouse, ["c-ada"], at=AT)
    text = "".join(text for _, text in everything(shop.warehouse)).replace("c-adam", "")
    assert "c-ada" not in text
    orders = sorted(order for (order,) in table(shop.warehouse, "orders", ["order_id"]))
    assert orders[0] == "c-adam @ 2024-03-05"
    assert [order.partition(" ")[2] for order in orders[1:]] == ["@ 2024-03-05", "@ 2024-03-06"]
