"""What a named query may say: the part of SQL that every engine reads the same way.

Functions are admitted one by one, because engines differ silently in many (days between instants, rounding of halves,
division of decimals, CONCAT with NULL, REGEXP_REPLACE, DAYOFWEEK …); those are written out in plain arithmetic instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from guanxi.warehouse.sql import Query

__all__ = ["ALLOWED_FUNCTIONS", "lint"]

_ALLOWED = """
    ABS AND AVG CASE CAST COALESCE COUNT DATE_DIFF DENSE_RANK EXTRACT FIRST_VALUE FLOOR GREATEST IF IN LAG LEAST
    MAX MEDIAN MIN NOT NULLIF OR RANK ROW_NUMBER SQRT STDDEV_SAMP SUM
"""
ALLOWED_FUNCTIONS = frozenset(_ALLOWED.split())
"""What a named query may call. A new one enters with a case in ``tests/warehouse/test_conformance.py``."""

_PARTS_OF_DATES = {"YEAR", "MONTH", "DAY"}
"""What EXTRACT may take; of weekdays and weeks every engine has an idea of its own."""


def lint(query: Query) -> list[str]:
    """What in a query another engine might read differently, or its header does not say; empty where all is well."""
    (tree,) = sqlglot.parse(query.text, read="duckdb")
    if not isinstance(tree, exp.Query):
        return ["only SELECT"]
    return list(_problems(query, tree))


def _problems(query: Query, tree: exp.Query) -> Iterator[str]:
    for node in tree.find_all(exp.Func):
        names = [node.name.upper()] if isinstance(node, exp.Anonymous) else node.sql_names()
        if ALLOWED_FUNCTIONS.isdisjoint(names):
            yield f"function {names[0]} is not allowed"
    for part in tree.find_all(exp.Extract):
        if part.name.upper() not in _PARTS_OF_DATES:
            yield f"EXTRACT({part.name.upper()} …) is not allowed"
    for division in tree.find_all(exp.IntDiv):
        yield f"integer division {division.sql(dialect='duckdb')}: cast and FLOOR"
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            yield "SELECT *: name the columns"
    steps = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - steps
    if read != set(query.tables):
        yield f"reads {sorted(read)}, header says {sorted(query.tables)}"
    used = {node.name for node in tree.find_all(exp.Parameter)} | {
        node.name for node in tree.find_all(exp.Placeholder) if node.name
    }
    if used != set(query.parameters):
        yield f"parameters {sorted(used)}, header says {sorted(query.parameters)}"
    columns = tree.named_selects
    if columns != list(query.columns):
        yield f"columns {columns}, header says {list(query.columns)}"
    if not set(query.key) <= set(query.columns):
        yield f"key {query.key} is not among the columns"
