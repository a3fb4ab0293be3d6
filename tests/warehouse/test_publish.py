"""A publication becomes a snapshot whole, or leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi.errors import SchemaError, WarehouseBusy
from guanxi.schema import ORDER_LINES
from guanxi.warehouse import DuckDB, Warehouse, publication
from guanxi.warehouse.sql import parse_query
from warehouse.rows import AT, order_lines

COUNT = parse_query(
    "lines",
    """-- Lines and their amount.
-- grain: one
-- key: lines
-- tables: order_lines
-- parameters: -
-- columns: lines int64, amount int64
SELECT COUNT(*) AS lines, CAST(SUM(amount) AS BIGINT) AS amount FROM order_lines""",
)

WRITER = """
import datetime as dt, sys
from pathlib import Path
from guanxi.warehouse import Warehouse, publication
from warehouse.rows import AT, order_lines
with Warehouse.open(Path(sys.argv[1])) as warehouse, publication(warehouse, reason="import", at=AT) as pending:
    pending.write("order_lines", order_lines([{"order_id": "of the other writer"}]))
    (pending.scratch / "half.parquet").write_bytes(b"half of a file")
    print("writing", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_writer(warehouse: Warehouse) -> Iterator[subprocess.Popen[str]]:
    """A second process in the middle of a publication: its part is written, nothing is committed."""
    tests = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {tests!r}); {WRITER.strip()}"
    code = code.replace("; import", "\nimport", 1)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(warehouse.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "writing\n"
            yield process
        finally:
            process.kill()


def publish(warehouse: Warehouse, *order_ids: str) -> int:
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines({"order_id": order_id} for order_id in order_ids))
    return warehouse.snapshot().id


def count(warehouse: Warehouse, snapshot_id: int | None = None) -> int:
    with DuckDB(threads=1).bind(warehouse.snapshot(snapshot_id)) as session:
        return session.run(COUNT)["lines"][0].as_py()


def parts(warehouse: Warehouse) -> set[Path]:
    return set(warehouse.parts_path.rglob("*.parquet"))


def test_a_publication_adds_its_rows_as_one_snapshot(warehouse):
    assert publish(warehouse, "1", "2") == 1
    assert publish(warehouse, "3") == 2
    latest = warehouse.snapshot()
    assert (latest.parent_id, latest.reason, latest.created_at, latest.rows("order_lines")) == (1, "import", AT, 3)
    assert count(warehouse) == 3


def test_columns_may_come_in_any_order_and_missing_ones_are_empty(warehouse):
    whole = order_lines([{}])
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", whole.select(list(reversed(whole.column_names))).drop_columns(["description"]))
    assert pq.read_table(warehouse.snapshot().files("order_lines")[0]) == whole


def test_a_publication_without_rows_makes_no_snapshot(warehouse):
    with publication(warehouse, reason="import", at=AT) as pending:
        assert pending.write("order_lines", order_lines([])) == 0
    assert pending.snapshot is None
    assert [moment.id for moment in warehouse.history()] == [0]


def test_an_error_inside_leaves_snapshot_parts_and_scratch_as_they_were(warehouse):
    publish(warehouse, "1")
    before = parts(warehouse)
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(warehouse)
    assert [moment.id for moment in warehouse.history()] == [0, 1]
    assert parts(warehouse) == before
    assert list(warehouse.scratch_path.iterdir()) == []
    assert count(warehouse) == 1


def _write_and_fail(warehouse: Warehouse) -> None:
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{"order_id": "2"}]))
        pending.clear("order_lines")
        pending.write("order_lines", order_lines([{"order_id": "3"}]))
        (pending.scratch / "half.parquet").write_bytes(b"half of a file")
        raise ZeroDivisionError


def test_what_was_written_for_a_dry_run_can_be_looked_at_and_is_gone(warehouse):
    publish(warehouse, "1")
    before = parts(warehouse)
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{"order_id": "2"}]))
        preview = pending.preview()
        with DuckDB(threads=1).bind(preview) as session:
            assert session.run(COUNT)["lines"].to_pylist() == [2]
        pending.abandon()
    assert (preview.id, preview.parent_id, preview.rows("order_lines")) == (2, 1, 2)
    assert [moment.id for moment in warehouse.history()] == [0, 1]
    assert parts(warehouse) == before


def test_a_reader_keeps_its_snapshot_while_others_are_published(warehouse):
    publish(warehouse, "1")
    with DuckDB(threads=1).bind(warehouse.snapshot()) as session:
        publish(warehouse, "2", "3")
        assert session.run(COUNT)["lines"].to_pylist() == [1]
    assert count(warehouse) == 3
    assert count(warehouse, 1) == 1


def test_clearing_a_table_keeps_the_old_snapshot_readable(warehouse):
    publish(warehouse, "1", "2")
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.clear("order_lines")
        pending.write("order_lines", order_lines([{"order_id": "3"}]))
    assert (count(warehouse, 1), count(warehouse, 2)) == (2, 1)


def test_what_was_written_and_cleared_in_one_publication_is_not_kept(warehouse):
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{"order_id": "1"}]))
        pending.clear("order_lines")
        pending.write("order_lines", order_lines([{"order_id": "2"}, {"order_id": "3"}]))
        assert len(pending.files("order_lines")) == 1
    assert count(warehouse) == 2
    assert [str(path) for path in parts(warehouse)] == warehouse.snapshot().files("order_lines")


def test_a_table_can_be_left_empty(warehouse):
    publish(warehouse, "1")
    with publication(warehouse, reason="erase", at=AT) as pending:
        pending.clear("order_lines")
    assert (count(warehouse, 1), count(warehouse, 2)) == (1, 0)


def test_a_delivery_is_kept_with_what_became_of_its_rows(warehouse):
    with publication(warehouse, reason="import", at=AT) as pending:
        first = pending.deliver(
            source="shop", kind="orders", file="a.csv", sha256="0" * 64, mapping={"quantity": "数量"}
        )
        second = pending.deliver(source="shop", kind="orders", file="b.csv", sha256="1" * 64, mapping={})
        pending.describe(first, account={"used": 2}, quality={"completeness": 0.5})
    one, two = warehouse.snapshot().deliveries
    assert (one.id, one.snapshot_id, one.mapping, one.account) == (1, 1, {"quantity": "数量"}, {"used": 2})
    assert (two.id, two.file, two.quality) == (second.id, "b.csv", {})
    assert warehouse.snapshot(0).deliveries == ()


def test_a_second_writer_is_told_that_the_warehouse_is_busy(warehouse):
    with another_writer(warehouse):
        with (
            pytest.raises(WarehouseBusy) as raised,
            publication(warehouse, reason="import", at=AT, wait_seconds=0),
        ):
            pytest.fail("two writers at once")
        assert raised.value.message.parameters == {"path": str(warehouse.path), "seconds": 0}
        assert count(warehouse) == 0, "readers do not wait for writers"


def test_a_killed_writer_leaves_the_last_snapshot_whole_and_the_next_publication_works(warehouse):
    publish(warehouse, "1", "2")
    with another_writer(warehouse) as process:
        assert len(parts(warehouse)) == 2, "the other's part lies there, in no snapshot"
        process.kill()
        assert process.wait() < 0
    assert [moment.id for moment in warehouse.history()] == [0, 1]
    assert count(warehouse) == 2
    assert publish(warehouse, "3") == 2
    assert count(warehouse) == 3
    assert {str(path) for path in parts(warehouse)} == set(warehouse.snapshot().files("order_lines"))
    assert list(warehouse.scratch_path.iterdir()) == []


def test_an_unknown_column_is_refused(warehouse):
    table = order_lines([{}]).append_column("colour", pa.array(["red"]))
    with pytest.raises(SchemaError) as raised, publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", table)
    assert raised.value.code == "errors.no_such_column"
    assert raised.value.message.parameters["column"] == "colour"


def test_a_missing_required_column_is_refused(warehouse):
    with pytest.raises(SchemaError) as raised, publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{}]).drop_columns(["amount"]))
    assert (raised.value.code, raised.value.message.parameters["column"]) == ("errors.no_such_column", "amount")


def test_values_of_another_kind_are_refused(warehouse):
    table = order_lines([{}])
    table = table.set_column(table.column_names.index("amount"), "amount", pa.array(["a lot"]))
    with pytest.raises(SchemaError) as raised, publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", table)
    assert raised.value.message.parameters == {
        "table": "order_lines", "column": "amount", "expected": "int64", "found": "string",
    }  # fmt: skip


def test_an_empty_value_in_a_required_column_is_refused(warehouse):
    with pytest.raises(SchemaError) as raised, publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines([{}, {"amount": None}]))
    assert (raised.value.code, raised.value.message.parameters["rows"]) == ("errors.empty_values", 1)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("* EXCLUDE (amount)", "errors.no_such_column"),
        ("* REPLACE (CAST(amount AS DOUBLE) AS amount)", "errors.wrong_type"),
        ("* REPLACE (CAST(NULL AS BIGINT) AS amount)", "errors.empty_values"),
    ],
)
def test_a_file_made_by_an_engine_must_fit_the_table(warehouse, columns, code):
    made = order_lines([{}])  # noqa: F841 (DuckDB reads it by name)
    with publication(warehouse, reason="import", at=AT) as pending:
        path = pending.scratch / "made.parquet"
        duckdb.execute(f"COPY (SELECT {columns} FROM made) TO '{path}' (FORMAT parquet)")
        with pytest.raises(SchemaError) as raised:
            pending.adopt("order_lines", path)
    assert raised.value.code == code
    assert parts(warehouse) == set()


def test_rows_can_be_written_batch_by_batch(warehouse):
    batches = order_lines({"line_no": number} for number in range(1, 6)).to_batches(max_chunksize=2)
    with publication(warehouse, reason="import", at=AT) as pending:
        reader = pa.RecordBatchReader.from_batches(ORDER_LINES.arrow, iter(batches))
        assert pending.write("order_lines", reader) == 5
    assert count(warehouse) == 5
