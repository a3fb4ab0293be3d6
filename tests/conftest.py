"""What all tests share: a fresh warehouse, and the real data where it is there."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from data import ROOT
from guanxi.warehouse import Settings, Warehouse

# Machines differ in speed, and a test that fails for being slow says nothing about Guanxi.
hypothesis.settings.register_profile(
    "guanxi",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("guanxi")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport]:
    """Where GUANXI_NO_SKIPS is set, a test that cannot run has failed, unless it names why it never could there."""
    report = yield
    if report.skipped and os.environ.get("GUANXI_NO_SKIPS") and not item.get_closest_marker("may_skip"):
        report.outcome = "failed"
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one ``xdist_group`` run in one process.

    pytest-xdist 3.8 appends the group to a name that pytest 9.2 no longer reads, and spreads a group over all processes:
    https://github.com/pytest-dev/pytest-xdist/issues/1386
    """
    for item in items:
        if with_group := vars(item).get("_nodeid"):
            item._id = type(item._id).parse(with_group)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse of a company that counts in euros, in UTC."""
    with Warehouse.create(tmp_path / "warehouse", Settings("EUR", "UTC"), at=dt.datetime(2026, 1, 1)) as made:
        yield made


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The directory of real data; tests that need it are skipped where it is not."""
    if not ROOT.is_dir():
        pytest.skip(f"no real data in {ROOT}; set GUANXI_DATA to its directory")
    return ROOT
