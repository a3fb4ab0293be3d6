"""Every function that a named query may call answers alike on every engine.

The cases are in ``conformance.py``. An engine enters the suite with one line in ``engines.py``. What Spark is given of a
query is kept as text in ``snapshots`` and reviewed like code; after a wanted change, write it anew with
``GUANXI_WRITE_SNAPSHOTS=1 pytest tests/warehouse/test_conformance.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanxi.warehouse import Query, Session, Settings, Warehouse
from guanxi.warehouse.lint import ALLOWED_FUNCTIONS, lint
from guanxi.warehouse.spark import spark_sql
from warehouse.conformance import CASES, TABLES, Case
from warehouse.engines import ENGINES, engine_named
from warehouse.named import NAMED
from warehouse.rows import AT

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(scope="module", params=ENGINES)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    engine = engine_named(request.param)
    path = tmp_path_factory.mktemp("conformance") / "warehouse"
    with (
        Warehouse.create(path, Settings("EUR", "UTC"), at=AT) as warehouse,
        engine.bind(warehouse.snapshot()) as bound,
    ):
        for name, table in TABLES.items():
            bound.register(name, table)
        yield bound


def test_every_allowed_function_has_a_case_and_every_case_an_allowed_function():
    assert {case.function for case in CASES} == ALLOWED_FUNCTIONS


def test_no_two_cases_share_a_name():
    assert len({case.query.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query.name)
def test_the_answer_is_the_one_worked_out_by_hand(session: Session, case: Case):
    found = [tuple(row.values()) for row in session.run(case.query).to_pylist()]
    assert len(found) == len(case.answer)
    for row, right in zip(found, case.answer, strict=True):
        assert row == tuple(pytest.approx(each, rel=1e-12) if isinstance(each, float) else each for each in right)
        assert [type(each) for each in row] == [type(each) for each in right]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query.name)
def test_a_case_calls_its_function_and_only_allowed_ones(case: Case):
    assert case.function.replace("_", "") in case.sql.upper().replace("_", "")
    assert [problem for problem in lint(case.query) if not problem.startswith("columns")] == []


@pytest.mark.parametrize("query", [*(case.query for case in CASES), *NAMED.values()], ids=lambda query: query.name)
def test_what_spark_is_given_has_been_reviewed(query: Query):
    path = SNAPSHOTS / f"{query.name}.sql"
    text = f"-- {query.name} for Spark\n{spark_sql(query)}\n"
    if os.environ.get("GUANXI_WRITE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_snapshot_belongs_to_a_query():
    assert {path.stem for path in SNAPSHOTS.glob("*.sql")} == {case.query.name for case in CASES} | set(NAMED)
