"""What all tests share: a fresh warehouse, and the real data where it is there."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from guanxi.warehouse import Settings, Warehouse

# Machines differ in speed, and a test that fails for being slow says nothing about Guanxi.
hypothesis.settings.register_profile(
    "guanxi",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("guanxi")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse of a company that counts in euros, in UTC."""
    with Warehouse.create(tmp_path / "warehouse", Settings("EUR", "UTC"), at=dt.datetime(2026, 1, 1)) as made:
        yield made


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The directory of real data; tests that need it are skipped where it is not."""
    path = Path(os.environ.get("GUANXI_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data in {path}; set GUANXI_DATA to its directory")
    return path
