"""Killed with -9 at any moment: the last snapshot is whole, the work is repeatable, nothing is doubled."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from durability.worker import JOBS, workers
from guanxi.schema import TABLES
from guanxi.warehouse import Warehouse, publication
from guanxi.warehouse.verify import verify
from warehouse.filled import FILES, bring_in, day

pytestmark = pytest.mark.slow

ROUNDS, KILLS = 4, 5
"""Of each of the five jobs: a hundred kills together."""


@pytest.fixture(scope="module")
def forking():
    with workers() as found:
        yield found


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    bring_in(folder, folder / "warehouse", *list(FILES)[:3])
    return folder / "warehouse"


def contents(path):
    """All rows of the latest snapshot, and how it came about."""
    with Warehouse.open(path) as warehouse:
        snapshot = warehouse.snapshot()
        rows = {
            table: sorted(str(row) for file in snapshot.files(table) for row in pq.read_table(file).to_pylist())
            for table in TABLES
        }
        return rows, [(moment.id, moment.reason) for moment in warehouse.history()], len(snapshot.deliveries)


def _require_tidy(path):
    with Warehouse.open(path) as warehouse:
        assert {part.path for part in warehouse.parts()} == set(warehouse.parts_path.rglob("*.parquet"))
        assert list(warehouse.scratch_path.iterdir()) == []


@pytest.mark.parametrize("job", JOBS)
def test_a_killed_job_leaves_a_whole_snapshot_and_is_repeated_as_if_nothing_had_been(job, forking, template, tmp_path):
    start = None if job == "import" else template
    undisturbed = tmp_path / "undisturbed" / "warehouse"
    seconds = min(_seconds(forking, job, start, path) for path in (tmp_path / "warm" / "warehouse", undisturbed))
    expected = contents(undisturbed)
    for turn in range(ROUNDS):
        path = tmp_path / str(turn) / "warehouse"
        _copy(start, path)
        killed = 0
        while killed < KILLS:
            if forking.start(job, path).kill_after(forking.random.uniform(0, seconds)):
                killed += 1
                _require_whole(path, expected)
            else:  # it ended before the kill: from the start again, and sooner
                seconds *= 0.9
                shutil.rmtree(path.parent)
                _copy(start, path)
        assert forking.start(job, path).wait() == 0
        assert contents(path) == expected
        _require_tidy(path)
        with Warehouse.open(path) as warehouse:
            assert verify(warehouse, deep=True) == []
        shutil.rmtree(path.parent)


def _copy(template, path):
    path.parent.mkdir()
    if template is not None:
        shutil.copytree(template, path)


def _seconds(forking, job, template, path):
    """How long the job takes undisturbed."""
    _copy(template, path)
    began = time.perf_counter()
    assert forking.start(job, path).wait() == 0
    return time.perf_counter() - began


def _require_whole(path, expected):
    """What is there after a kill can be read: a snapshot of the undisturbed history."""
    if Warehouse.exists(path):
        with Warehouse.open(path) as warehouse:
            snapshot = warehouse.snapshot()
            for table in TABLES:
                snapshot.files(table)
            assert [(moment.id, moment.reason) for moment in warehouse.history()] == expected[1][: snapshot.id + 1]


IMPORTER = """
import sys
from pathlib import Path
from warehouse.filled import bring_in
bring_in(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
"""


def test_two_importers_at_once_both_end_whole(tmp_path):
    path = tmp_path / "warehouse"
    names = ["orders-1.csv", "orders-3.csv"]
    for name in names:
        (tmp_path / name).mkdir()
    importers = [
        subprocess.Popen(
            [sys.executable, "-c", IMPORTER, str(tmp_path / name), str(path), name],
            env={"PYTHONPATH": str(Path(__file__).parents[1])}, stderr=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    for importer in importers:
        _, said = importer.communicate(timeout=120)
        assert importer.returncode == 0, said
    with Warehouse.open(path) as warehouse:
        assert sorted(delivery.file for delivery in warehouse.deliveries()) == names
        assert [moment.id for moment in warehouse.history()] == [0, 1, 2]
        assert verify(warehouse, deep=True) == []
        assert warehouse.snapshot().rows("order_lines") == 5, "one line is in both"


def test_a_writer_waits_for_another_and_then_writes(forking, template, tmp_path):
    path = tmp_path / "shared" / "warehouse"
    _copy(template, path)
    with Warehouse.open(path) as warehouse:
        with publication(warehouse, reason="import", at=day(8)) as pending:
            child = forking.start("undo", path)
            pending.abandon()
        assert child.wait() == 0
        assert [delivery.id for delivery in warehouse.deliveries()] == [1, 2]
        assert verify(warehouse, deep=True) == []
