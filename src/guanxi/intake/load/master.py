"""Loading files about customers and products."""

from __future__ import annotations

from guanxi.intake.countries import country_code
from guanxi.intake.load.rejects import write_rejects
from guanxi.intake.load.said import FILE, say
from guanxi.intake.load.work import Loaded, Work
from guanxi.intake.parse import date_sql, decimal_sql, id_sql, identifier, literal, text_sql
from guanxi.schema import TABLES
from guanxi.warehouse.duckdb import parquet

__all__ = ["country_sql", "load_customers", "load_products"]


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


def load_customers(work: Work) -> Loaded:
    """Load a customer file; returns what became of its records."""
    done = _load_master(work, "customers")
    for kind in (kind for kind in ("phone", "email") if kind in work.mapping.columns):
        customer, value = id_sql(work.mapping.columns["customer_id"]), id_sql(work.mapping.columns[kind])
        say(
            work,
            "identifiers",
            f"""SELECT {literal(work.delivery.source)} AS source, {literal(kind)} AS kind, {value} AS value,
                {customer} AS customer_id, min(file_row_number + 1) AS source_row
            FROM {parquet([work.staged.path], row_numbers=True)}
            WHERE {customer} IS NOT NULL AND {value} IS NOT NULL GROUP BY ALL""",
            by=FILE,
        )
    return done


def load_products(work: Work) -> Loaded:
    """Load a product file; returns what became of its records."""
    return _load_master(work, "products")


def _load_master(work: Work, table: str) -> Loaded:
    """Keep what this file says of each key; a later record wins, empty fields do not."""
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
    latest = "".join(f"arg_max({role}, source_row) AS {role}, " for role in values if role != key)
    say(
        work,
        table,
        f"SELECT {key}, {latest} max(source_row) AS source_row FROM master WHERE {key} IS NOT NULL GROUP BY {key}",
        by=FILE,
    )
    return Loaded(int(str(work.one(f"SELECT count(*) FROM master WHERE {key} IS NOT NULL"))), set_aside)


def _value_sql(work: Work, role: str, kind: str) -> str:
    spec = work.mapping.columns[role]
    if role == "country":
        return country_sql(work, text_sql(spec))
    if kind == "date32[day]":
        return date_sql(spec)
    if kind.startswith("decimal"):
        return decimal_sql(spec, precision=18, scale=6)
    return id_sql(spec) if role.endswith("_id") or role == "postal_code" else text_sql(spec)
