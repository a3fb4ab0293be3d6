"""What only the embedded engine does; what every engine does stands in ``test_session``."""

from __future__ import annotations

import errno

import pytest

from guanxi.errors import QueryError
from guanxi.warehouse import DuckDB
from guanxi.warehouse.duckdb import literal
from guanxi.warehouse.sql import parse_query

NUMBERS = parse_query(
    "numbers",
    "-- An example.\n-- grain: one\n-- key: -\n-- tables: -\n-- parameters: -\n-- columns: n int64\nSELECT 1 AS n",
)
BROKEN = parse_query(
    "broken",
    "-- An example.\n-- grain: one\n-- key: -\n-- tables: -\n-- parameters: -\n-- columns: n int64\n"
    "SELECT CASE WHEN n = 150000 THEN error('boom') ELSE n END AS n FROM range(300000) AS numbers(n)",
)


def test_an_engine_leaves_nothing_behind(warehouse, tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with DuckDB(threads=1, temporary=spill).bind(warehouse.snapshot()) as session:
        session.materialise(NUMBERS)
        assert list(spill.iterdir())
    assert list(spill.iterdir()) == []


def test_a_query_that_fails_while_its_result_is_read_says_its_name(warehouse, tmp_path):
    with DuckDB(threads=1, temporary=tmp_path).bind(warehouse.snapshot()) as session:
        for act in (session.run, lambda query: session.map_batches(lambda batch: batch, query)):
            with pytest.raises(QueryError) as raised:
                act(BROKEN)
            assert raised.value.message.parameters["query"] == "broken"
            assert "boom" in str(raised.value.message.parameters["cause"])


def test_an_error_of_the_function_that_is_applied_stays_its_own(warehouse, tmp_path):
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with DuckDB(threads=1, temporary=tmp_path).bind(warehouse.snapshot()) as session:
        with pytest.raises(OSError, match="No space left") as raised:
            session.map_batches(full, NUMBERS)
        assert raised.value.errno == errno.ENOSPC


def test_a_text_becomes_an_sql_literal():
    assert literal("it's") == "'it''s'"
