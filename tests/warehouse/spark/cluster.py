"""A standalone cluster of real processes on this machine: one master and its workers."""

from __future__ import annotations

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIGHT_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_PATIENCE_SECONDS = 120
_MARK = "GUANXI_TEST_CLUSTER"
"""In the environment of every process of a cluster, also of those that Spark starts, so that none is overlooked."""


class Cluster:
    """Started by `cluster`.

    A worker has a process group of its own, and its executor belongs to it: to kill the group is to lose the machine.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = ""
        self.workers: list[subprocess.Popen[bytes]] = []
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, *, workers: int) -> None:
        log = self._start("master", "org.apache.spark.deploy.master.Master", "--port", "0")[1]
        self.url = self._wait(log, r"Starting Spark master at (spark://\S+)")
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        name = f"worker-{len(self.workers)}"
        worker, log = self._start(
            name, "org.apache.spark.deploy.worker.Worker", "--port", "0", "--cores", "1", "--memory", "1g",
            "--work-dir", str(self.home / name), self.url,
        )  # fmt: skip
        self.workers.append(worker)
        self._wait(log, r"Successfully registered with master")

    def alive(self) -> list[subprocess.Popen[bytes]]:
        return [worker for worker in self.workers if worker.poll() is None]

    def lose_a_worker(self) -> None:
        """Kill -9 a worker with all that runs on it."""
        worker = self.alive()[0]
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def stop(self) -> None:
        """End every process that this cluster ever started."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while found := self.processes():
            assert time.monotonic() < deadline, found
            for process in found:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.1)
        for child in self._children:
            child.wait()

    def processes(self) -> list[int]:
        """Every living process with this cluster's mark, whoever started it."""
        mark = f"{_MARK}={self.home}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                marked = mark in path.read_bytes().split(b"\0")
            except OSError:  # it has just ended, or is another user's
                continue
            if marked:
                found.append(int(path.parent.name))
        return found

    def _start(self, name: str, java_class: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
        spark = Path(importlib.import_module("pyspark").__file__ or "").parent
        log = self.home / f"{name}.log"
        environment = os.environ | {
            _MARK: str(self.home),
            "SPARK_HOME": str(spark),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.home / "local"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": _LIGHT_JAVA,
            "PYSPARK_PYTHON": sys.executable,
        }
        with log.open("wb") as file:
            child = subprocess.Popen(
                [spark / "bin" / "spark-class", java_class, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                env=environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip
        self._children.append(child)
        return child, log

    def _wait(self, log: Path, pattern: str) -> str:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, log.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found[found.lastindex or 0]
            time.sleep(0.1)
        raise TimeoutError(log.read_text(encoding="utf-8", errors="replace"))


@contextmanager
def cluster(home: Path, *, workers: int) -> Iterator[Cluster]:
    """A running cluster, of which nothing is left afterwards."""
    made = Cluster(home)
    try:
        made.start(workers=workers)
        yield made
    finally:
        made.stop()


SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.executor.extraJavaOptions": _LIGHT_JAVA,
    "spark.sql.shuffle.partitions": "4",
    # Both workers take part from the first task on.
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
}
"""For an engine on such a cluster."""
