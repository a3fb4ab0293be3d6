"""What every engine's session does, on files of a real warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from guanxi.errors import QueryError
from guanxi.schema import TABLES
from guanxi.warehouse import Engine, Query, Session, Settings, Warehouse, publication
from guanxi.warehouse.sql import parse_query
from warehouse.engines import ENGINES, engine_named
from warehouse.rows import AT, order_lines


def query(name: str, sql: str, columns: str, *, parameters: str = "-") -> Query:
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


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return engine_named(request.param)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Lines 1 to 5 in two parts, in a place whose name would be a pattern, a partition and a quotation elsewhere."""
    path = tmp_path_factory.mktemp("session") / "shop=1" / "it's 中文 [2024] {a,b} 50%"
    with Warehouse.create(path, Settings("EUR", "UTC"), at=AT) as warehouse:
        for numbers in ((1, 2, 3), (4, 5)):
            with publication(warehouse, reason="import", at=AT) as pending:
                pending.write("order_lines", order_lines({"line_no": number} for number in numbers))
        yield warehouse


@pytest.fixture
def session(engine: Engine, filled: Warehouse) -> Iterator[Session]:
    with engine.bind(filled.snapshot()) as bound:
        yield bound


def test_a_query_gives_its_declared_columns(session):
    assert session.run(LINES, {"after": 3}) == pa.table({"line_no": [4, 5]})


def test_a_session_reads_exactly_the_files_of_its_snapshot(engine, filled):
    with engine.bind(filled.snapshot(1)) as earlier:
        assert earlier.run(LINES, {"after": 0}).to_pydict() == {"line_no": [1, 2, 3]}


def test_every_canonical_table_is_there_even_where_nothing_was_loaded(session):
    for name, table in TABLES.items():
        columns = ", ".join(f'"{column}"' for column in table.names)
        found = session.run(query("all", f"SELECT {columns} FROM {name} WHERE FALSE", "-"))
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
    assert pq.read_table(path) == pa.table({"line_no": [1, 2, 3, 4, 5]})
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_an_empty_result_is_a_file_too(session, tmp_path):
    assert session.write(LINES, tmp_path / "none.parquet", {"after": 9}) == 0
    assert pq.read_table(tmp_path / "none.parquet") == pa.table({"line_no": pa.array([], pa.int64())})


def test_what_is_written_has_the_types_of_what_is_run(session, tmp_path):
    kinds = query(
        "kinds",
        "SELECT order_id, ordered_on, ordered_at, quantity, is_repeat, CAST(NULL AS DOUBLE) AS nothing FROM order_lines",
        "order_id string, ordered_on date, ordered_at timestamp, quantity decimal, is_repeat bool, nothing double",
    )
    session.write(kinds, tmp_path / "kinds.parquet")
    expected = [pa.string(), pa.date32(), pa.timestamp("us"), pa.decimal128(18, 4), pa.bool_(), pa.float64()]
    assert pq.read_schema(tmp_path / "kinds.parquet").types == expected
    found = session.run(kinds)
    assert found.schema.types == expected
    assert found.to_pylist()[0] == {
        "order_id": "1", "ordered_on": dt.date(2025, 12, 1), "ordered_at": dt.datetime(2025, 12, 1),
        "quantity": Decimal("1.0000"), "is_repeat": False, "nothing": None,
    }  # fmt: skip


def test_a_function_is_applied_batch_by_batch(session):
    def doubled(batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.record_batch({"twice": pc.multiply(batch["line_no"], 2)})

    assert session.map_batches(doubled, LINES, {"after": 3}).to_pydict() == {"twice": [8, 10]}
    assert session.map_batches(doubled, LINES, {"after": 9}) == pa.table({"twice": pa.array([], pa.int64())})


def test_a_small_table_of_the_callers_can_be_joined(session):
    session.register("chosen", pa.table({"line_no": [5, 7]}))
    both = query("both", "SELECT line_no FROM order_lines SEMI JOIN chosen USING (line_no)", "line_no int64")
    assert session.run(both).to_pydict() == {"line_no": [5]}


def test_a_table_of_several_pieces_is_read_whole_also_with_empty_ones(session):
    pieces = [pa.array(piece, pa.int64()) for piece in ([], [], [5], [], [7, 9])]
    session.register("pieces", pa.table({"line_no": pa.chunked_array(pieces)}))
    found = session.run(query("all_pieces", "SELECT line_no FROM pieces ORDER BY line_no", "line_no int64"))
    assert found["line_no"].to_pylist() == [5, 7, 9]


def test_two_sessions_on_one_snapshot_do_not_disturb_each_other(engine, session):
    session.materialise(LINES, {"after": 2})
    with engine.bind(session.snapshot) as other, pytest.raises(QueryError):
        other.run(TOTAL)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", dt.date(2024, 2, 29)),
        ("date", dt.date(1, 1, 1)),
        ("timestamp", dt.datetime(2023, 3, 26, 2, 30, 0, 1)),
        ("timestamp", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        ("string", "it's 中文 🍵 $after :after \\"),
        ("int64", -(2**63)),
        ("double", 0.1),
        ("bool", True),
        *((kind, None) for kind in ("date", "timestamp", "string", "int64", "double", "bool")),
    ],
)
def test_a_parameter_arrives_as_it_was_given(session, kind, value):
    echo = query(
        "echo", "SELECT $given AS given FROM order_lines WHERE line_no = 1", f"given {kind}", parameters=f"given {kind}"
    )
    assert session.run(echo, {"given": value}).to_pylist() == [{"given": value}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing FROM order_lines",
        "SELECT CAST(source AS BIGINT) AS nothing FROM order_lines",
        "SELECT 9223372036854775807 + line_no AS nothing FROM order_lines",
    ],
)
def test_a_query_that_fails_says_its_name_and_its_sql(session, sql):
    for act in (session.run, session.materialise):
        with pytest.raises(QueryError) as raised:
            act(query("broken", sql, "nothing int64"))
        parameters = raised.value.message.parameters
        assert parameters["query"] == "broken"
        assert " ".join(str(parameters["sql"]).split()) == sql
        assert "\tat " not in str(parameters["cause"])
