"""A warehouse that an older Guanxi wrote is read as it is, and upgraded whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3

import pyarrow.parquet as pq
import pytest

from guanxi import schema
from guanxi.errors import WarehouseError
from guanxi.intake.load import undo
from guanxi.mine import import_files
from guanxi.warehouse import DuckDB, Warehouse, publication
from guanxi.warehouse.upgrade import upgrade
from guanxi.warehouse.verify import verify
from warehouse.filled import learn, version_1
from warehouse.rows import AT

LATER = dt.datetime(2024, 6, 20)


@pytest.fixture
def old(tmp_path):
    with version_1(tmp_path) as warehouse:
        yield warehouse


def rows(warehouse, table, snapshot=None):
    found = warehouse.snapshot(snapshot)
    read = (row for file in found.files(table) for row in pq.read_table(file).to_pylist())
    return sorted(map(str, read))


def bytes_of(warehouse):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in warehouse.path.rglob("*") if path.suffix in {".sqlite", ".parquet"}
    }  # fmt: skip


def test_an_older_warehouse_is_read_as_it_is(old):
    before = bytes_of(old)
    snapshot = old.snapshot()
    assert (snapshot.settings.schema_version, snapshot.data_id, len(snapshot.deliveries)) == (1, 3, 3)
    with DuckDB(threads=1).bind(snapshot):
        assert verify(old, deep=True) == []
    assert bytes_of(old) == before


def test_an_older_warehouse_is_not_written_before_it_is_upgraded(old):
    with pytest.raises(WarehouseError) as raised, publication(old, reason="import", at=AT):
        pytest.fail("written to an older warehouse")
    assert raised.value.code == "errors.older_warehouse"
    assert str(old.path) in str(raised.value)


def test_an_upgrade_keeps_every_row_and_all_snapshots(old):
    before = {table: rows(old, table) for table in ("customers", "orders", "products", "scores", "segment_members")}
    lines = rows(old, "order_lines")
    assert upgrade(old, at=LATER) == 1
    assert old.settings.schema_version == schema.VERSION
    assert {table: rows(old, table) for table in before} == before
    assert rows(old, "order_lines") == [line.removesuffix("}") + ", 'given_line_no': None}" for line in lines]
    assert rows(old, "order_lines", 4) == lines
    assert old.snapshot().data_id == 3, "what was learned from the data still holds"
    assert verify(old, deep=True) == []
    assert upgrade(old, at=LATER) == schema.VERSION
    assert old.snapshot().id == 5, "upgrading again does nothing"


def test_work_goes_on_after_an_upgrade(old, tmp_path):
    upgrade(old, at=LATER)
    file = tmp_path / "orders-3.csv"
    header = "order,customer,customer name,sku,name,date,qty,price\n"
    file.write_text(header + "1004,9,张三,C3,茶壶,2024-04-01 09:15,2,45.00\n", encoding="utf-8")
    before = {table: rows(old, table) for table in ("customers", "orders", "order_lines")}
    imported = import_files([file], old.path, at=LATER)
    assert (imported.files[0].account.loaded, imported.files[0].account.superseded) == (1, 1)
    learn(old.path, LATER)
    assert verify(old) == []
    undo(old, 4, at=LATER)
    assert {table: rows(old, table) for table in before} == before
    with pytest.raises(WarehouseError) as raised:
        undo(old, 2, at=LATER)
    assert raised.value.code == "warehouse.not_undoable"
    assert raised.value.message.parameters == {"delivery": 2, "first": 4}


def test_an_upgrade_that_fails_leaves_the_warehouse_as_it_was(old):
    before = {table: rows(old, table) for table in schema.TABLES}
    [part] = [part for part in old.parts() if part.table == "customers" and part.added_in == 3]
    whole = part.path.read_bytes()
    part.path.write_bytes(b"x" * len(whole))
    with pytest.raises(Exception, match=r"Parquet|magic"):
        upgrade(old, at=LATER)
    part.path.write_bytes(whole)
    with Warehouse.open(old.path) as again:
        assert (again.settings.schema_version, again.snapshot().id) == (1, 4)
        assert {table: rows(again, table) for table in schema.TABLES} == before
        assert verify(again, deep=True) == []
        upgrade(again, at=LATER)
        assert verify(again, deep=True) == []


def test_a_warehouse_before_the_first_version_is_refused(old):
    with sqlite3.connect(old.path / "catalogue.sqlite") as catalogue:
        catalogue.execute("UPDATE settings SET value = '0' WHERE name = 'schema_version'")
    catalogue.close()
    with pytest.raises(WarehouseError) as raised:
        upgrade(old, at=LATER)
    assert raised.value.code == "warehouse.cannot_upgrade"
