"""Every named query gives the same table on DuckDB and on Spark, whatever the data."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pyarrow as pa
import pytest
import sqlglot

from guanxi.features.customers import STEPS
from guanxi.schema import SCORES
from guanxi.studies.acquisition.study import NAMED_CUSTOMERS
from guanxi.studies.base import RUN_SCORES
from guanxi.warehouse import Query, Session, Settings, Warehouse
from guanxi.warehouse.lint import lint
from guanxi.warehouse.sql import parse_query
from warehouse.engines import ENGINES, engine_named
from warehouse.named import IN_ORDER, NAMED
from warehouse.rows import AT
from warehouse.worlds import PARAMETERS, WORLDS

Answers = dict[str, pa.Table]


@pytest.fixture(scope="module", params=WORLDS)
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answers]]:
    """By engine, what it answers to every named query in one world."""
    path = tmp_path_factory.mktemp("named") / "warehouse"
    with Warehouse.create(path, Settings("EUR", "UTC"), at=AT) as warehouse:
        found = {}
        for name in ENGINES:
            with engine_named(name).bind(warehouse.snapshot()) as session:
                for table, rows in WORLDS[request.param].items():
                    session.register(table, rows)
                session.register(NAMED_CUSTOMERS, pa.table({"customer_id": ["dates", "nulls", "ties"]}))
                session.register(RUN_SCORES, WORLDS[request.param].get("scores", SCORES.empty()))
                found[name] = {query: answer(session, NAMED[query]) for query in IN_ORDER}
        yield found


def answer(session: Session, query: Query) -> pa.Table:
    parameters = {name: PARAMETERS[name] for name in query.parameters}
    if query.name not in STEPS:
        return session.run(query, parameters)
    rows = session.materialise(query, parameters)
    found = session.run(everything_in(query))
    assert found.num_rows == rows
    return found


def everything_in(step: Query) -> Query:
    columns = ", ".join(f"{name} {kind}" for name, kind in step.columns.items())
    header = (
        f"-- All.\n-- grain: {step.grain}\n-- key: {', '.join(step.key)}\n-- tables: {step.name}\n-- parameters: -\n"
    )
    return parse_query("all", f"{header}-- columns: {columns}\nSELECT {', '.join(step.columns)} FROM {step.name}")


def rows_of(table: pa.Table, query: Query) -> list[tuple]:
    """The rows; by key where the query promises no order."""
    rows = [tuple(row.values()) for row in table.to_pylist()]
    if sqlglot.parse_one(query.text, read="duckdb").args.get("order"):
        return rows
    places = [table.column_names.index(name) for name in query.key]
    return sorted(rows, key=lambda row: [(row[place] is not None, row[place]) for place in places])


def alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("name", IN_ORDER)
def test_both_engines_give_the_same_rows(answers, name):
    query = NAMED[name]
    on_duckdb, on_spark = (rows_of(answers[engine][name], query) for engine in ("duckdb", "spark"))
    assert len(on_duckdb) == len(on_spark)
    different = [
        (row[: len(query.key)], column, here, there)
        for row, other in zip(on_duckdb, on_spark, strict=True)
        for column, here, there in zip(query.columns, row, other, strict=True)
        if not alike(here, there)
    ]
    assert different == []


@pytest.mark.parametrize("name", IN_ORDER)
def test_both_engines_give_the_same_types(answers, name):
    assert answers["spark"][name].schema == answers["duckdb"][name].schema
    assert answers["spark"][name].column_names == list(NAMED[name].columns)


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_key_of_a_query_names_one_row(answers, name):
    query = NAMED[name]
    keys = [tuple(row[column] for column in query.key) for row in answers["duckdb"][name].to_pylist()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", IN_ORDER)
def test_a_named_query_keeps_to_what_every_engine_reads_alike(name):
    assert lint(NAMED[name]) == []
