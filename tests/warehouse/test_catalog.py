"""A warehouse is a directory with a catalogue; what cannot be used is said, with what to do."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from guanxi import schema
from guanxi.errors import SnapshotNotFound, WarehouseDamaged, WarehouseError
from guanxi.schema import TABLES
from guanxi.warehouse import DuckDB, Settings, Warehouse, publication
from warehouse.rows import AT, order_lines


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{"order_id": "1"}, {"order_id": "2"}]))
    return warehouse


def test_a_new_warehouse_has_an_empty_snapshot_0(warehouse):
    first = warehouse.snapshot()
    assert (first.id, first.parent_id, first.reason, first.created_at) == (0, None, "created", dt.datetime(2026, 1, 1))
    assert first.settings == Settings("EUR", "UTC", schema.VERSION)
    assert {table: first.rows(table) for table in TABLES} == dict.fromkeys(TABLES, 0)


def test_creating_a_warehouse_that_is_there_opens_it_with_its_own_settings(filled):
    with Warehouse.create(filled.path, Settings("CNY", "Asia/Shanghai"), at=AT) as again:
        assert again.settings == Settings("EUR", "UTC", schema.VERSION)
        assert [moment.id for moment in again.history()] == [0, 1]


def test_a_directory_with_other_things_is_not_made_a_warehouse(tmp_path):
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(WarehouseError) as raised:
        Warehouse.create(tmp_path, Settings("EUR", "UTC"), at=AT)
    assert raised.value.code == "errors.not_a_warehouse"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_not_made_a_warehouse(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(WarehouseError) as raised:
        Warehouse.create(path, Settings("EUR", "UTC"), at=AT)
    assert raised.value.code == "errors.not_a_warehouse"


def test_opening_where_there_is_none_says_so_and_makes_nothing(tmp_path):
    with pytest.raises(WarehouseError) as raised:
        Warehouse.open(tmp_path / "nowhere")
    assert raised.value.code == "errors.no_warehouse"
    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_of_a_newer_guanxi_is_not_opened(filled):
    catalogue = sqlite3.connect(filled.path / "catalogue.sqlite")
    with catalogue:
        catalogue.execute("UPDATE settings SET value = ? WHERE name = 'schema_version'", [str(schema.VERSION + 1)])
    catalogue.close()
    with pytest.raises(WarehouseError) as raised:
        Warehouse.open(filled.path)
    assert raised.value.code == "errors.newer_warehouse"
    assert raised.value.message.parameters["found"] == schema.VERSION + 1


def test_an_unknown_snapshot_is_answered_with_the_latest(filled):
    with pytest.raises(SnapshotNotFound) as raised:
        filled.snapshot(7)
    assert raised.value.message.parameters == {"snapshot": 7, "latest": 1}


def test_a_missing_part_is_named(filled):
    snapshot = filled.snapshot()
    part = Path(snapshot.files("order_lines")[0])
    part.unlink()
    with pytest.raises(WarehouseDamaged) as raised, DuckDB(threads=1).bind(snapshot):
        pytest.fail("read without its file")
    assert raised.value.code == "errors.part_missing"
    assert raised.value.message.parameters == {"path": str(part), "snapshot": 1, "table": "order_lines"}


def test_a_part_cut_short_is_named(filled):
    snapshot = filled.snapshot()
    part = Path(snapshot.files("order_lines")[0])
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(WarehouseDamaged) as raised:
        snapshot.files("order_lines")
    assert raised.value.code == "errors.part_damaged"


def test_an_older_snapshot_is_not_touched_by_a_part_that_came_later(filled):
    with publication(filled, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{"order_id": "3"}]))
    newest = Path(filled.snapshot().files("order_lines")[-1])
    newest.unlink()
    assert len(filled.snapshot(1).files("order_lines")) == 1


def test_the_catalogue_may_be_a_database_elsewhere(tmp_path):
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    with Warehouse.create(tmp_path / "w", Settings("EUR", "UTC"), at=AT, catalogue_url=url) as made:
        assert made.snapshot().id == 0
    assert not (tmp_path / "w" / "catalogue.sqlite").exists()
    with Warehouse.open(tmp_path / "w", catalogue_url=url) as again:
        assert again.settings.currency == "EUR"


def test_a_warehouse_may_be_moved_to_another_directory(filled, tmp_path):
    filled.close()
    moved = tmp_path / "a place with spaces and a ' quote"
    filled.path.rename(moved)
    with Warehouse.open(moved) as warehouse, DuckDB(threads=1).bind(warehouse.snapshot()) as session:
        assert session.snapshot.rows("order_lines") == 2
