"""Loading customers and products: one row each, what a later delivery says replacing what an earlier one said."""

from __future__ import annotations

from guanxi.intake.countries import country_code
from guanxi.intake.load.rejects import write_rejects
from guanxi.intake.load.work import Work, parquet
from guanxi.intake.parse import date_sql, decimal_sql, id_sql, identifier, literal, text_sql
from guanxi.schema import TABLES

__all__ = ["add_missing", "country_sql", "load_customers", "load_products"]


def add_missing(work: Work, table: str, rows: str) -> int:
    """Add the rows of a query whose key is not in the table yet; returns how many.

    Parameters
    ----------
    work : the load
    table : a canonical table
    rows : a query with some of its columns, one row a key
    """
    key = " AND ".join(f"new.{name} = old.{name}" for name in TABLES[table].key)
    there = work.publication.files(table)
    unknown = f"WHERE NOT EXISTS (SELECT 1 FROM {parquet(there)} AS old WHERE {key})" if there else ""
    path = work.scratch(f"new-{table}")
    work.write(_conformed(table, f"SELECT * FROM ({rows}) AS new {unknown}", _columns_of(work, rows)), path)
    return work.publication.adopt(table, path)


def country_sql(work: Work, value: str) -> str:
    """A country's ISO code where its name is known; ``value`` holds the name as it stands in the file."""
    spec = work.mapping.columns["country"]
    # Each way of writing is read once, not once a record.
    distinct = f"(SELECT DISTINCT {identifier(spec.column)} FROM {parquet([work.staged.path])})"
    names = work.connection.execute(f"SELECT DISTINCT {text_sql(spec)} FROM {distinct}").fetchall()
    codes = {name: code for (name,) in names if name and (code := country_code(name))}
    if not codes:
        return value
    cases = " ".join(f"WHEN {literal(name)} THEN {literal(code)}" for name, code in sorted(codes.items()))
    return f"CASE {value} {cases} ELSE {value} END"


def load_customers(work: Work) -> tuple[int, int, int]:
    """Load a customer file; returns how many records were loaded, set aside, and known already."""
    loaded, set_aside, known = _load_master(work, "customers")
    contacts = [kind for kind in ("phone", "email") if kind in work.mapping.columns]
    for kind in contacts:
        customer, value = id_sql(work.mapping.columns["customer_id"]), id_sql(work.mapping.columns[kind])
        add_missing(
            work,
            "identifiers",
            f"""SELECT {literal(work.delivery.source)} AS source, {literal(kind)} AS kind, {value} AS value,
                {customer} AS customer_id, CAST({work.delivery.id} AS BIGINT) AS delivery_id,
                min(file_row_number + 1) AS source_row
            FROM {parquet([work.staged.path], row_numbers=True)}
            WHERE {customer} IS NOT NULL AND {value} IS NOT NULL GROUP BY ALL""",
        )
    return loaded, set_aside, known


def load_products(work: Work) -> tuple[int, int, int]:
    """Load a product file; returns how many records were loaded, set aside, and known already."""
    return _load_master(work, "products")


def _load_master(work: Work, table: str) -> tuple[int, int, int]:
    """Replace what is known of each key by what this file says; a later record wins, empty fields do not."""
    (key,) = TABLES[table].key
    values = {
        role: _value_sql(work, role, str(TABLES[table].column(role).type))
        for role in work.mapping.columns
        if role in TABLES[table].names
    }
    fields = ", ".join(f"{sql} AS {role}" for role, sql in values.items())
    work.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE master AS
        SELECT {fields}, file_row_number + 1 AS source_row FROM {parquet([work.staged.path], row_numbers=True)}"""
    )
    set_aside = write_rejects(
        work,
        f"SELECT source_row, 'key_missing' AS problem FROM master WHERE {key} IS NULL",
        lambda _: work.mapping.columns[key].column,
    )
    latest = ", ".join(f"arg_max({role}, source_row) AS {role}" for role in values if role != key)
    rows = f"""SELECT {key}, {latest + "," if latest else ""} max(source_row) AS source_row,
        CAST({work.delivery.id} AS BIGINT) AS delivery_id FROM master WHERE {key} IS NOT NULL GROUP BY {key}"""
    columns = [*values, "source_row", "delivery_id"]
    path = work.scratch(table)
    there = work.publication.files(table)
    if there:
        # What this file does not speak of stays as it was; only who is new gets the defaults.
        first = {name: ("new", "old") if name in columns else ("old", "new") for name in TABLES[table].names}
        said = ", ".join(f"COALESCE({one}.{name}, {other}.{name}) AS {name}" for name, (one, other) in first.items())
        merged = f"SELECT {said} FROM ({_conformed(table, rows, columns)}) AS new FULL JOIN {parquet(there)} AS old"
        work.write(f"{merged} ON new.{key} = old.{key}", path)
        work.publication.clear(table)
    else:
        work.write(_conformed(table, rows, columns), path)
    work.publication.adopt(table, path)
    used = int(str(work.one(f"SELECT count(*) FROM master WHERE {key} IS NOT NULL")))
    return used, set_aside, 0


def _value_sql(work: Work, role: str, kind: str) -> str:
    spec = work.mapping.columns[role]
    if role == "country":
        return country_sql(work, text_sql(spec))
    if kind == "date32[day]":
        return date_sql(spec)
    if kind.startswith("decimal"):
        return decimal_sql(spec, precision=18, scale=6)
    return id_sql(spec) if role.endswith("_id") or role == "postal_code" else text_sql(spec)


def _conformed(table: str, rows: str, columns: list[str]) -> str:
    """A query's columns in the table's order and types, empty ones added."""
    defaults = {"item_kind": "'product'"}
    fields = ", ".join(
        f"CAST({name if name in columns else defaults.get(name, 'NULL')} AS {_SQL_TYPES[str(column.type)]}) AS {name}"
        for name, column in ((column.name, column) for column in TABLES[table].columns)
    )
    return f"SELECT {fields} FROM ({rows})"


def _columns_of(work: Work, rows: str) -> list[str]:
    return [row[0] for row in work.connection.execute(f"DESCRIBE {rows}").fetchall()]


_SQL_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "date32[day]": "DATE",
    "decimal128(18, 6)": "DECIMAL(18, 6)",
}
