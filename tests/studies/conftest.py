"""A simulated company, mined once for all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi import mine as job
from guanxi import simulate
from guanxi.mine import Mined
from studies.shops import AT


@dataclass(frozen=True)
class Simulated:
    mined: Mined
    truth: pa.Table
    lines: pa.Table


@pytest.fixture(scope="session")
def company(tmp_path_factory) -> Simulated:
    folder: Path = tmp_path_factory.mktemp("company")
    written = simulate.company(customers=3000, seed=5, dirt=0.1).write(folder, format="parquet")
    mined = job.mine([written["orders"]], at=AT, warehouse_path=folder / "warehouse", currency="CNY")
    return Simulated(
        mined, pq.read_table(written["truth_customers"]), pq.read_table(mined.snapshot.files("order_lines"))
    )
