"""What Spark is given where the two dialects would silently differ."""

from __future__ import annotations

import datetime as dt

import pytest

from guanxi.errors import QueryError
from guanxi.warehouse import Query
from guanxi.warehouse.spark import spark_sql, tables_read
from guanxi.warehouse.spark.dialect import arguments
from guanxi.warehouse.sql import parse_query


def query(sql: str, *, parameters: str = "-") -> Query:
    return parse_query(
        "example",
        f"-- An example.\n-- grain: one\n-- key: -\n-- tables: t\n-- parameters: {parameters}\n-- columns: -\n{sql}",
    )


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("a / b", "CAST(a AS DOUBLE) / CAST(b AS DOUBLE)"),
        ("(a + 1) / 2", "CAST(a + 1 AS DOUBLE) / CAST(2 AS DOUBLE)"),
        ("CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0.0)", "CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0.0)"),
        ("AVG(a)", "AVG(CAST(a AS DOUBLE))"),
        ("DATE_DIFF('day', a, b) * 2", "CAST(DATEDIFF(DAY, a, b) AS BIGINT) * 2"),
        ("CAST(DATE_DIFF('day', a, b) AS DOUBLE)", "CAST(DATEDIFF(DAY, a, b) AS DOUBLE)"),
        ("EXTRACT(YEAR FROM a)", "CAST(EXTRACT(YEAR FROM a) AS BIGINT)"),
        ("RANK() OVER (ORDER BY a)", "CAST(RANK() OVER (ORDER BY a NULLS LAST) AS BIGINT)"),
        (
            "DATE_DIFF('day', LAG(a) OVER (ORDER BY a), a) / ROW_NUMBER() OVER (ORDER BY a)",
            "CAST(CAST(DATEDIFF(DAY, LAG(a) OVER (ORDER BY a NULLS LAST), a) AS BIGINT) AS DOUBLE)"
            " / CAST(CAST(ROW_NUMBER() OVER (ORDER BY a NULLS LAST) AS BIGINT) AS DOUBLE)",
        ),
        ("SUM(a)", "SUM(a)"),
    ],
)
def test_types_and_values_are_those_of_duckdb(duckdb, spark):
    assert " ".join(spark_sql(query(f"SELECT {duckdb} AS x FROM t")).split()).replace("( ", "(").replace(" )", ")") == (
        f"SELECT {spark} AS x FROM t"
    )


def test_a_parameter_is_cast_to_its_declared_type():
    asked = query("SELECT x FROM t WHERE at < $until AND on_day < $as_of", parameters="until timestamp, as_of date")
    assert spark_sql(asked).split("WHERE")[1].split() == (
        ["at", "<", "CAST(:until", "AS", "TIMESTAMP_NTZ)", "AND", "on_day", "<", "CAST(:as_of", "AS", "DATE)"]
    )
    assert arguments(asked, {"until": dt.datetime(2024, 2, 29, 23, 59), "as_of": dt.date(2024, 3, 1)}) == {
        "until": "2024-02-29T23:59:00",
        "as_of": "2024-03-01",
    }


def test_a_parameter_of_another_type_is_refused():
    with pytest.raises(QueryError):
        arguments(query("SELECT x FROM t WHERE x < $a", parameters="a int64"), {"a": "1"})


def test_the_tables_that_a_query_reads_are_those_that_it_does_not_make():
    assert tables_read(query("WITH a AS (SELECT x FROM t) SELECT a.x FROM a JOIN u ON u.x = a.x")) == {"t", "u"}
