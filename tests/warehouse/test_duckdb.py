"""The embedded engine, on files of a real warehouse."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from guanxi.errors import QueryError
from guanxi.schema import TABLES
from guanxi.warehouse import DuckDB, publication
from guanxi.warehouse.duckdb import literal
from guanxi.warehouse.sql import parse_query
from warehouse.rows import AT, order_lines


def query(name: str, sql: str, columns: str, *, parameters: str = "-"):
    return parse_query(
        name,
        f"-- An example.\n-- grain: one\n-- key: -\n-- tables: -\n-- parameters: {parameters}\n-- columns: {columns}\n{sql}",
    )


LINES = query(
    "lines",
    "SELECT line_no FROM order_lines WHERE line_no > $after ORDER BY line_no",
    "line_no int64",
    parameters="after int64",
)
TOTAL = query("total", "SELECT CAST(SUM(line_no) AS BIGINT) AS total FROM lines", "total int64")


@pytest.fixture
def session(warehouse):
    with publication(warehouse, reason="import", at=AT) as pending:
        pending.write("order_lines", order_lines({"line_no": number} for number in range(1, 6)))
    with DuckDB(threads=2).bind(warehouse.snapshot()) as bound:
        yield bound


def test_a_query_gives_its_declared_columns(session):
    assert session.run(LINES, {"after": 3}) == pa.table({"line_no": [4, 5]})


def test_every_canonical_table_is_there_even_where_nothing_was_loaded(session):
    for name, table in TABLES.items():
        found = session.run(query("all", f"SELECT * FROM {name} WHERE FALSE", "-"))
        assert found.schema.types == table.arrow.types, name
        assert found.column_names == table.names


def test_a_materialised_step_is_there_under_its_name_for_later_queries(session):
    assert session.materialise(LINES, {"after": 2}) == 3
    assert session.run(TOTAL).to_pylist() == [{"total": 12}]
    assert session.materialise(LINES, {"after": 4}) == 1, "it may be made again"
    assert session.run(TOTAL).to_pylist() == [{"total": 5}]


def test_a_result_of_any_size_can_be_written_as_a_file(session, tmp_path):
    path = tmp_path / "it's 中文.parquet"
    assert session.write(LINES, path, {"after": 0}) == 5
    assert pq.read_table(path).to_pydict() == {"line_no": [1, 2, 3, 4, 5]}


def test_a_function_is_applied_batch_by_batch(session):
    def doubled(batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.record_batch({"twice": pc.multiply(batch["line_no"], 2)})

    assert session.map_batches(doubled, LINES, {"after": 3}).to_pydict() == {"twice": [8, 10]}
    assert session.map_batches(doubled, LINES, {"after": 9}) == pa.table({"twice": pa.array([], pa.int64())})


def test_a_small_table_of_the_callers_can_be_joined(session):
    session.register("chosen", pa.table({"line_no": [5, 7]}))
    both = query("both", "SELECT line_no FROM order_lines SEMI JOIN chosen USING (line_no)", "line_no int64")
    assert session.run(both).to_pydict() == {"line_no": [5]}


def test_two_sessions_on_one_snapshot_do_not_disturb_each_other(session):
    session.materialise(LINES, {"after": 2})
    with DuckDB(threads=1).bind(session.snapshot) as other, pytest.raises(QueryError):
        other.run(TOTAL)


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM order_lines", "SELECT CAST(source AS BIGINT) AS nothing FROM order_lines"]
)
def test_a_query_that_fails_says_its_name_and_its_sql(session, sql):
    for act in (session.run, session.materialise):
        with pytest.raises(QueryError) as raised:
            act(query("broken", sql, "nothing int64"))
        parameters = raised.value.message.parameters
        assert (parameters["query"], parameters["sql"]) == ("broken", sql)


def test_an_engine_leaves_nothing_behind(warehouse, tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with DuckDB(threads=1, temporary=spill).bind(warehouse.snapshot()) as session:
        session.materialise(LINES, {"after": 0})
        assert list(spill.iterdir())
    assert list(spill.iterdir()) == []


def test_a_text_becomes_an_sql_literal():
    assert literal("it's") == "'it''s'"
