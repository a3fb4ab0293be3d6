"""Looking after a warehouse: what is damaged is found, small parts are put together, old snapshots give back their space."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3

import pyarrow.parquet as pq
import pytest

from guanxi.errors import SnapshotNotFound
from guanxi.schema import TABLES
from guanxi.warehouse import DuckDB, Warehouse, load_query
from guanxi.warehouse.compact import compact
from guanxi.warehouse.sweep import sweep
from guanxi.warehouse.verify import verify
from warehouse.filled import FILES, bring_in, day, learn

SPAN = load_query("guanxi.studies", "event_span")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Four imports and a kept run: snapshots 1 to 5."""
    folder = tmp_path_factory.mktemp("template")
    bring_in(folder, folder / "warehouse", *list(FILES)[:3])
    learn(folder / "warehouse", day(4))
    bring_in(folder, folder / "warehouse", "orders-3.csv")
    return folder / "warehouse"


@pytest.fixture
def filled(template, tmp_path):
    shutil.copytree(template, tmp_path / "warehouse")
    with Warehouse.open(tmp_path / "warehouse") as warehouse:
        yield warehouse


def rows(warehouse, table, snapshot=None):
    read = (row for file in warehouse.snapshot(snapshot).files(table) for row in pq.read_table(file).to_pylist())
    return sorted(map(str, read))


def all_rows(warehouse, snapshot=None):
    return {table: rows(warehouse, table, snapshot) for table in TABLES}


def codes(findings):
    return [finding.message.code for finding in findings]


# Verify


def test_a_whole_warehouse_has_no_findings(filled):
    assert verify(filled, deep=True) == []


def test_a_missing_part_names_its_file_the_snapshots_it_hurts_and_what_to_do(filled):
    [part] = [
        part
        for part in filled.parts()
        if part.table == "customers" and part.removed_in is not None and part.added_in == 1
    ]
    part.path.unlink()
    [finding] = verify(filled)
    assert finding.message.code == "warehouse.part_missing"
    assert (finding.table, finding.path, finding.snapshots) == ("customers", part.path, (1,))
    assert part.path.name in finding.message.say("en")
    assert "backup" in finding.advice.say("en")
    assert "snapshot 5 is the newest that is whole" in finding.advice.say("en")
    assert "5" in finding.advice.say("zh")


@pytest.mark.parametrize(
    ("damage", "deep", "code"),
    [
        (lambda data: data[:-10], False, "part_size"),
        (lambda data: b"\0" * len(data), False, "part_unreadable"),
        (lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:], True, "part_changed"),
    ],
)
def test_a_damaged_part_is_found(filled, damage, deep, code):
    part = next(part for part in filled.parts() if part.table == "orders" and part.removed_in is None)
    part.path.write_bytes(damage(part.path.read_bytes()))
    assert codes(verify(filled, deep=deep)) == [f"warehouse.{code}"]


def test_a_part_in_the_place_of_another_is_found(filled):
    latest = {part.table: part for part in filled.parts() if part.removed_in is None}
    small, large = sorted((latest["orders"], latest["customers"]), key=lambda part: part.bytes)
    data = small.path.read_bytes()
    large.path.write_bytes(data + bytes(large.bytes - len(data)))
    assert codes(verify(filled)) == ["warehouse.part_unreadable"]
    with sqlite3.connect(filled.path / "catalogue.sqlite") as catalogue:
        catalogue.execute("UPDATE parts SET bytes = ? WHERE id = ?", [len(data), large.id])
    catalogue.close()
    large.path.write_bytes(data)
    assert codes(verify(filled)) == ["warehouse.part_other"]


def test_rows_that_make_no_sense_together_are_found(filled):
    with sqlite3.connect(filled.path / "catalogue.sqlite") as catalogue:
        # The latest part of lines counts twice; that of orders not at all.
        catalogue.execute(
            """INSERT INTO parts (table_name, path, rows, bytes, sha256, added_in)
            SELECT table_name, path, rows, bytes, sha256, added_in FROM parts
            WHERE table_name = 'order_lines' AND removed_in IS NULL LIMIT 1"""
        )
    catalogue.close()
    found = verify(filled)
    assert set(codes(found)) == {"warehouse.key_twice", "warehouse.account", "warehouse.orders_differ"}
    assert {finding.snapshots for finding in found} == {(5,)}


# Compact


def test_compacting_keeps_every_row_in_fewer_parts(filled):
    before, data_id = all_rows(filled), filled.snapshot().data_id
    parts = len(filled.snapshot().parts["order_lines"])
    snapshot = compact(filled, at=day(20))
    assert snapshot is not None
    assert (snapshot.id, snapshot.reason, snapshot.data_id) == (6, "compact", data_id)
    assert parts > 1
    assert {table: len(found) for table, found in snapshot.parts.items()}["order_lines"] == 1
    assert all_rows(filled) == before
    assert all_rows(filled, 5) == before
    assert verify(filled, deep=True) == []
    assert compact(filled, at=day(21)) is None


def test_large_parts_stay_as_they_are(filled):
    assert compact(filled, at=day(20), small_rows=1) is None


def test_compacted_lines_are_in_the_order_of_their_days(filled):
    snapshot = compact(filled, at=day(20))
    days = pq.read_table(snapshot.files("order_lines")[0], columns=["ordered_on"])["ordered_on"].to_pylist()
    assert days == sorted(days)


# Sweep


def test_a_sweep_forgets_what_is_old_and_not_named_by_a_run(filled):
    latest, named = all_rows(filled), all_rows(filled, 3)
    swept = sweep(filled, older_than=day(20), at=day(25))
    assert swept.snapshots == (0, 1, 2), "3 is named by the run of snapshot 4, and 5 is the latest"
    assert (all_rows(filled), all_rows(filled, 3)) == (latest, named)
    assert set(filled.parts_path.rglob("*.parquet")) == {part.path for part in filled.parts()}
    assert [moment.id for moment in filled.history()] == [0, 1, 2, 3, 4, 5]
    assert verify(filled, deep=True) == []
    with pytest.raises(SnapshotNotFound) as raised:
        filled.snapshot(2)
    assert raised.value.code == "errors.snapshot_swept"
    assert sweep(filled, older_than=day(20), at=day(25)).snapshots == ()


def test_a_sweep_keeps_what_is_young_or_asked_for(filled):
    assert sweep(filled, older_than=day(2), at=day(25), keep=[0]).snapshots == (1,)
    filled.snapshot(0)


def test_a_sweep_after_compacting_gives_back_the_space(filled):
    compact(filled, at=day(20))
    before = sum(path.stat().st_size for path in filled.parts_path.rglob("*.parquet"))
    swept = sweep(filled, older_than=day(30), at=day(30))
    assert swept.files > 0
    assert before - swept.bytes == sum(path.stat().st_size for path in filled.parts_path.rglob("*.parquet"))
    assert verify(filled, deep=True) == []


def test_a_reader_of_a_swept_snapshot_is_told_so(filled):
    pinned = filled.snapshot(1)
    sweep(filled, older_than=day(30), at=day(30))
    with pytest.raises(SnapshotNotFound) as raised:
        pinned.files("customers")
    assert raised.value.code == "errors.snapshot_swept"
    assert raised.value.message.parameters == {"snapshot": 1, "latest": 5}


def test_a_reader_whose_snapshot_is_swept_while_he_reads_is_told_so(filled):
    with DuckDB(threads=1).bind(filled.snapshot(1)) as session:
        session.run(SPAN)
        sweep(filled, older_than=day(30), at=day(30))
        gone = {part.path for part in session.snapshot.parts["order_lines"]} - {part.path for part in filled.parts()}
        if gone:
            with pytest.raises(SnapshotNotFound):
                session.run(SPAN)


def test_what_a_sweep_that_was_killed_left_is_deleted_by_the_next_writer(filled, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "delete_doomed", lambda _: 0)  # killed between catalogue and files
        assert sweep(filled, older_than=dt.datetime(2024, 6, 20), at=day(25)).snapshots == (0, 1, 2)
    known = {part.path for part in filled.parts()}
    assert set(filled.parts_path.rglob("*.parquet")) - known
    assert verify(filled, deep=True) == []
    sweep(filled, older_than=day(1), at=day(25))
    assert set(filled.parts_path.rglob("*.parquet")) == known
