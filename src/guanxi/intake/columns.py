"""What the columns of a staged order file say, typed; each value is read once where values repeat.

To make sense of a value takes a microsecond, to look it up a tenth of it, and most columns of an order file (products,
countries, quantities, prices) hold a few hundred values a million times. Which columns these are is counted, so a file
of one's own kind costs no more than reading every cell.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from guanxi.intake.items import special_sql
from guanxi.intake.mapping import FileMapping
from guanxi.intake.parse import decimal_sql, id_sql, identifier, instant_sql, literal, text_sql

__all__ = ["columns_sql", "raw_name"]

_FEW = 200_000
"""Values that a column may have to be looked up: they stay in memory."""
_REPEATED = 4
"""How often a value must occur on average, so that looking it up pays."""

_TEXTS = ("description", "category", "country", "channel", "status", "customer_name")
_IDS = ("customer_id", "order_id", "product_id", "currency", "phone", "email")
_NUMBERS = {"quantity": 4, "unit_price": 6, "amount": 6, "discount": 6, "cost": 6, "unit_cost": 6, "profit": 6}
"""Digits after the decimal point."""
_SPECIAL = {"product_id": "special_id", "description": "special_text"}


def columns_sql(connection: duckdb.DuckDBPyConnection, staged: str, mapping: FileMapping, *, timezone: str) -> str:
    """A query over a staged order file with what each record says.

    Its columns are ``source_row``, every role of `guanxi.intake.roles` that a record of an order can have (NULL where
    the file has no such column), the cell of each mapped column as it stands in the file (`raw_name`), and
    ``special_id`` and ``special_text`` (`guanxi.intake.items`). The query uses temporary tables of ``connection``, and
    promises no order.

    Parameters
    ----------
    connection : a private DuckDB database, in which the query will run
    staged : path of the staged Parquet file
    mapping : which column means what
    timezone : of the company

    Notes
    -----
    Counts the values of the columns (HyperLogLog), then reads those that repeat; O(records).
    """
    source = f"read_parquet({literal(staged)}, file_row_number = true)"
    values = _values(mapping, timezone)
    mapped = {role: sql for role, sql in values.items() if role in mapping.columns}
    columns = {role: identifier(mapping.columns[role].column) for role in mapping.columns}
    few = _of_few_values(connection, source, {role: columns[role] for role in mapped if _alone(role, mapping)})
    for role in few:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {_table(role)} AS
            SELECT {raw_name(role)}, {role}{_special(role)} FROM (
                SELECT {columns[role]} AS {raw_name(role)}, {values[role]} AS {role}
                FROM (SELECT DISTINCT {columns[role]} FROM {source})
            )"""
        )
    direct = ", ".join(f"{sql} AS {role}" for role, sql in values.items() if role not in few)
    raw = ", ".join(f"{column} AS {raw_name(role)}" for role, column in columns.items())
    special = "".join(_special(role) for role in _SPECIAL if role not in few)
    looked_up = " ".join(f"LEFT JOIN {_table(role)} USING ({raw_name(role)})" for role in few)
    return f"""
    SELECT *{special} FROM (
        SELECT file_row_number + 1 AS source_row, {direct}, {raw} FROM {source}
    ) {looked_up}"""


def raw_name(role: str) -> str:
    """The name of the column with a role's cells as they stand in the file, as SQL."""
    return identifier(f"raw {role}")


def _values(mapping: FileMapping, timezone: str) -> dict[str, str]:
    """How each role is read."""
    roles = mapping.columns
    values = {role: text_sql(roles[role]) if role in roles else "CAST(NULL AS VARCHAR)" for role in _TEXTS}
    values |= {role: id_sql(roles[role]) if role in roles else "CAST(NULL AS VARCHAR)" for role in _IDS}
    values |= {
        role: decimal_sql(roles[role], precision=18, scale=scale)
        if role in roles
        else f"CAST(NULL AS DECIMAL(18, {scale}))"
        for role, scale in _NUMBERS.items()
    }
    values["line_no"] = f"TRY_CAST({id_sql(roles['line_no']) if 'line_no' in roles else 'NULL'} AS BIGINT)"
    values["ordered_at"] = instant_sql(roles["ordered_at"], zone=timezone, time=roles.get("ordered_time"))
    return values


def _alone(role: str, mapping: FileMapping) -> bool:
    """Whether a role is read from its own column only."""
    return role != "ordered_at" or "ordered_time" not in mapping.columns


def _of_few_values(connection: duckdb.DuckDBPyConnection, source: str, columns: dict[str, str]) -> Collection[str]:
    """The roles whose columns have few values for their length."""
    counts = ", ".join(f"approx_count_distinct({column})" for column in columns.values())
    [(records, *distinct)] = connection.execute(f"SELECT count(*), {counts} FROM {source}").fetchall()
    most = min(_FEW, records // _REPEATED)
    return [role for role, count in zip(columns, distinct, strict=True) if count <= most]


def _table(role: str) -> str:
    return f"values_of_{role}"


def _special(role: str) -> str:
    return f", {special_sql(role)} AS {_SPECIAL[role]}" if role in _SPECIAL else ""
