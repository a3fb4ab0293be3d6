"""A full disk is one clear sentence, loses nothing, and work goes on when there is space again."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

import pytest

from guanxi.errors import WarehouseError
from guanxi.intake.load import load
from guanxi.progress import Progress
from guanxi.warehouse import Settings, Warehouse, publication
from guanxi.warehouse.verify import verify
from intake.staging import AT, RECEIVED_ON, database, mapping, staged

MAPPING = mapping(order_id="order", customer_id="who", product_id="sku", ordered_at="day", amount="price")
COLUMNS = "order who sku day price"
pytestmark = pytest.mark.may_skip  # a machine may forbid to mount
SMALL, LARGE = 4, 64
"""MiB."""


@pytest.fixture
def disk(tmp_path: Path):
    """A disk of its own, four MiB large."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m", "tmpfs", str(mounted)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here (needs root): {made.stderr.strip()}")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def lines(count: int) -> list[tuple[str, ...]]:
    day = dt.date(2024, 1, 1)
    words = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))
    return [
        (str(number // 3), word, word[::-1], str(day + dt.timedelta(number % 150)), str(number))
        for number, word in enumerate(words)
    ]


def deliver(warehouse: Warehouse, file, folder: Path) -> int:
    with publication(warehouse, reason="import", at=AT) as pending, database(folder) as connection:
        _, account = load(pending, connection, file, MAPPING, received_on=RECEIVED_ON, progress=Progress())
    return account.loaded


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_lost_and_the_import_works_when_there_is_space(disk, tmp_path):
    small, large = staged(tmp_path, COLUMNS, lines(30)), staged(tmp_path, COLUMNS, lines(40_000))
    with Warehouse.create(disk / "warehouse", Settings("EUR", "UTC"), at=AT) as warehouse:
        assert deliver(warehouse, small, tmp_path) == 30
        before = {path: path.read_bytes() for path in warehouse.parts_path.rglob("*.parquet")}
        for _ in range(2):
            with pytest.raises(WarehouseError) as raised:
                deliver(warehouse, large, tmp_path)
            assert raised.value.code == "errors.disk_full"
            assert str(warehouse.path) in str(raised.value)
            assert "try again" in str(raised.value)
            assert {path: path.read_bytes() for path in warehouse.parts_path.rglob("*.parquet")} == before
            assert verify(warehouse, deep=True) == []
            assert warehouse.snapshot().id == 1
        subprocess.run(["mount", "-o", f"remount,size={LARGE}m", str(disk)], check=True)
        assert deliver(warehouse, large, tmp_path) == 40_000 - 30
        assert verify(warehouse, deep=True) == []
        assert (warehouse.snapshot().id, warehouse.snapshot().rows("order_lines")) == (2, 40_000)
