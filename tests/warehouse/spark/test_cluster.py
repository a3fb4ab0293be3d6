"""A standalone cluster of real processes gives the same answers, also when it loses a worker on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from guanxi import studies
from guanxi.progress import Progress, Stage
from guanxi.studies import Result
from guanxi.warehouse import load_query
from guanxi.warehouse.spark import Spark
from warehouse.engines import LOCAL_SPARK, need_spark
from warehouse.spark.cluster import SETTINGS, Cluster, cluster
from warehouse.spark.results import same

ORDER_COUNT = load_query("guanxi.features", "customer_products")
GROUND = ("overview", "segments")
"""Every step of the features crosses the cluster for them; all studies are compared on the Spark of one machine."""


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    need_spark()
    LOCAL_SPARK.close()  # a process has one Spark
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started
    assert started.processes() == []


@pytest.fixture(scope="module")
def engine(two_workers: Cluster) -> Iterator[Spark]:
    made = Spark(two_workers.url, settings=SETTINGS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ground(right: list[Result]) -> list[Result]:
    return [each for each in right if each.study in GROUND]


class LosesAWorker(Progress):
    """In the middle of the features, with steps kept by both workers that later steps read, one worker is gone."""

    def __init__(self, there: Cluster) -> None:
        super().__init__()
        self.there = there

    def moved(self, stage: Stage) -> None:
        if stage.code == "cli.stage_features" and stage.done == 4:
            self.there.lose_a_worker()


def test_a_cluster_gives_the_same_answers(engine, simulated, ground):
    same(studies.run(simulated, names=GROUND, engine=engine), ground)


def test_a_worker_lost_between_steps_changes_nothing(two_workers, engine, simulated, ground):
    progress = LosesAWorker(two_workers)
    same(studies.run(simulated, names=GROUND, engine=engine, progress=progress), ground)
    assert len(two_workers.alive()) == 1
    two_workers.add_worker()


def test_a_worker_killed_by_the_task_that_it_runs_changes_nothing(two_workers, engine, simulated, right, tmp_path):
    mark = tmp_path / "killed"
    groups = {worker.pid for worker in two_workers.alive()}
    as_of = right[0].as_of

    def counted(batch: pa.RecordBatch) -> pa.RecordBatch:
        """Count rows; the first task on a machine takes that machine with it."""
        import os
        import signal

        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return pa.record_batch({"rows": [batch.num_rows]})
        ancestor = os.getpid()
        while os.getpgid(ancestor) not in groups:
            with open(f"/proc/{ancestor}/stat") as file:  # noqa: PTH123
                ancestor = int(file.read().rpartition(")")[2].split()[1])
        os.killpg(os.getpgid(ancestor), signal.SIGKILL)
        raise AssertionError("killed")

    with engine.bind(simulated) as session:
        rows = session.materialise(ORDER_COUNT, {"as_of": as_of})
        found = session.map_batches(counted, ORDER_COUNT, {"as_of": as_of})
    assert mark.exists()
    assert sum(found["rows"].to_pylist()) == rows
    assert len(two_workers.alive()) == 1
