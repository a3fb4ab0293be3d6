"""A named query as Spark is given it.

sqlglot knows how the two dialects *spell* the same thing. What is left are the few things that both accept and answer
differently, and those are written out here, so that a query has on Spark the types and values that it has on DuckDB.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from guanxi.warehouse.sql import Query

__all__ = ["SPARK_TYPES", "arguments", "spark_sql", "tables_read"]

SPARK_TYPES: Mapping[str, str] = {
    "string": "string",
    "int64": "bigint",
    "double": "double",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "bool": "boolean",
}
"""What a type in a query's header is on Spark; a decimal has the digits that its query casts it to."""
_NUMBERS_ROWS = (exp.RowNumber, exp.Rank, exp.DenseRank)


def spark_sql(query: Query) -> str:
    """The query's text for Spark.

    Beyond sqlglot's translation:

    - A parameter is cast to its declared type, so that dates travel as text, free of any time zone, and NULL is typed.
    - Days between dates, parts of dates and numbers of rows are 64 bits wide. Spark's own are 32, and the square of a
      gap of 127 years no longer fits.
    - ``a / b`` divides doubles. Spark would divide decimals as decimals and round the quotient.
    - ``AVG`` averages doubles. Spark would average decimals as decimals and round the mean.

    Examples
    --------
    >>> from guanxi.warehouse.sql import load_query
    >>> print(spark_sql(load_query("guanxi.studies", "event_span")))
    SELECT
      MIN(ordered_on) AS first_on,
      MAX(ordered_on) AS last_on
    FROM order_lines
    """
    tree = sqlglot.parse_one(query.text, read="duckdb")
    # From the leaves up, so that what is inside has been rewritten when what is round it is copied.
    for node in reversed(list(tree.walk())):
        replacement = _rewritten(node, query.parameters)
        if replacement is not None:
            node.replace(replacement)
    return tree.sql(dialect="spark", pretty=True)


def tables_read(query: Query) -> set[str]:
    """The tables and earlier steps that the query's text reads."""
    tree = sqlglot.parse_one(query.text, read="duckdb")
    return {table.name for table in tree.find_all(exp.Table)} - {cte.alias for cte in tree.find_all(exp.CTE)}


def arguments(query: Query, values: Mapping[str, object]) -> dict[str, object]:
    """The values for the query's parameters as Spark takes them; dates and instants as text, see `spark_sql`."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value for name, value in query.bind(values).items()
    }


def _rewritten(node: exp.Expr, parameters: Mapping[str, str]) -> exp.Expr | None:
    """What to put in a node's place; None to leave it as it is."""
    if isinstance(node, exp.Parameter | exp.Placeholder) and node.name in parameters:
        kind = exp.DataType.build(SPARK_TYPES[parameters[node.name]], "spark")
        return exp.cast(exp.Placeholder(this=node.name), kind)
    if isinstance(node, exp.DateDiff | exp.Extract) or (
        isinstance(node, exp.Window) and isinstance(node.this, _NUMBERS_ROWS)
    ):
        return None if isinstance(node.parent, exp.Cast) else exp.cast(node.copy(), "BIGINT")
    if isinstance(node, exp.Div):
        return None if _is_double(node.this) and _is_double(node.expression) else _double_division(node)
    if isinstance(node, exp.Avg) and not _is_double(node.this):
        return exp.Avg(this=exp.cast(node.this.copy(), "DOUBLE"))
    return None


def _double_division(node: exp.Div) -> exp.Expr:
    left, right = (
        side.copy() if _is_double(side) else exp.cast(side.unnest().copy(), "DOUBLE")
        for side in (node.this, node.expression)
    )
    return exp.Div(this=left, expression=right, typed=node.args.get("typed"), safe=node.args.get("safe"))


def _is_double(node: exp.Expr) -> bool:
    """Whether an expression says that it is a double."""
    if isinstance(node, exp.Nullif | exp.Paren | exp.Sqrt):
        return isinstance(node, exp.Sqrt) or _is_double(node.this)
    return isinstance(node, exp.Cast) and node.is_type("double")
