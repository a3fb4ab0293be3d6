"""A mined company, on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guanxi import studies
from guanxi.simulate import company
from guanxi.studies import Result
from guanxi.warehouse import DuckDB, Snapshot
from warehouse.spark.results import imported


@pytest.fixture(scope="package")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """A simulated company of 3,000 customers, with the dirt of a real shop."""
    home = tmp_path_factory.mktemp("company")
    written = company(customers=3000, seed=7, dirt=0.1).write(home / "files")
    paths = [written[name] for name in ("customers", "products", "orders")]
    yield from imported(paths, home / "warehouse")


@pytest.fixture(scope="package")
def right(simulated: Snapshot) -> list[Result]:
    """What DuckDB's answers make of it."""
    return studies.run(simulated, engine=DuckDB(threads=2))
