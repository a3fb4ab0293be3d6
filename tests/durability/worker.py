"""Does jobs on a warehouse, each in a process of its own that may be killed at any moment.

Started as a program: it reads jobs from standard input (a line of JSON each), forks, and writes the child's number and
then how it ended. All that takes long to import is there before the fork, so that a kill hits work, not imports.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from guanxi.errors import WarehouseError
from guanxi.intake.load import undo
from guanxi.schema import TABLES
from guanxi.warehouse import Warehouse, publication
from guanxi.warehouse.compact import compact
from warehouse.filled import bring_in, day, learn


def _import(path: Path) -> None:
    bring_in(path.parent, path, "orders-1.csv", "orders-2.csv")


def _run(path: Path) -> None:
    learn(path, day(9))


def _publish(path: Path) -> None:
    with Warehouse.open(path) as warehouse, publication(warehouse, reason="test", at=day(9)) as pending:
        if not any(moment.reason == "test" for moment in warehouse.history()):
            for number in range(8):
                pending.write("interactions", _touches(number))
            pending.clear("interactions")
            pending.write("interactions", _touches(9))


def _touches(number: int) -> pa.Table:
    at = day(9)
    row = {"source": "s", "interaction_id": str(number), "happened_at": at, "happened_on": at.date(), "channel": "c"}
    return pa.Table.from_pylist([row | {"kind": "k", "delivery_id": 1, "source_row": 1}], TABLES["interactions"].arrow)


def _compact(path: Path) -> None:
    with Warehouse.open(path) as warehouse:
        compact(warehouse, at=day(9))


def _undo(path: Path) -> None:
    with Warehouse.open(path) as warehouse:
        if any(delivery.id == 3 for delivery in warehouse.deliveries()):
            undo(warehouse, 3, at=day(9))


JOBS = {"import": _import, "run": _run, "publish": _publish, "compact": _compact, "undo": _undo}


@dataclass
class Child:
    """One job under way."""

    pid: int
    workers: Workers

    def kill_after(self, seconds: float) -> bool:
        """Kill -9; whether it was still at work."""
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(self.pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        return int(self.workers.answer())


class Workers:
    """The other end of this program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.random = random.Random(20240305)  # noqa: S311 (moments of kills)

    def start(self, job: str, path: Path) -> Child:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([job, str(path)]) + "\n")
        self.process.stdin.flush()
        return Child(int(self.answer()), self)

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def workers() -> Iterator[Workers]:
    """The program, ready to fork."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Workers(process)
        finally:
            process.kill()


def main() -> None:
    for line in sys.stdin:
        job, path = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                JOBS[job](Path(path))
                code = 0
            except WarehouseError as error:
                print(error, file=sys.stderr)
                code = error.exit_code
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
