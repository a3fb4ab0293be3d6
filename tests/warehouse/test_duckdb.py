"""What only the embedded engine does; what every engine does stands in ``test_session``."""

from __future__ import annotations

from guanxi.warehouse import DuckDB
from guanxi.warehouse.duckdb import literal
from guanxi.warehouse.sql import parse_query

NUMBERS = parse_query(
    "numbers",
    "-- An example.\n-- grain: one\n-- key: -\n-- tables: -\n-- parameters: -\n-- columns: n int64\nSELECT 1 AS n",
)


def test_an_engine_leaves_nothing_behind(warehouse, tmp_path):
    spill = tmp_path / "spill"
    spill.mkdir()
    with DuckDB(threads=1, temporary=spill).bind(warehouse.snapshot()) as session:
        session.materialise(NUMBERS)
        assert list(spill.iterdir())
    assert list(spill.iterdir()) == []


def test_a_text_becomes_an_sql_literal():
    assert literal("it's") == "'it''s'"
