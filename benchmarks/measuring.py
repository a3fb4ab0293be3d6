"""What the benchmarks share: a simulated company's order file, resources of a process tree, tables in Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

from guanxi.simulate import company, customers_for

SEED = 1
DIRT = 0.1
_SAMPLE_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Used:
    """What some work took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float | None = None
    """Largest resident memory of all processes together; None where it was not watched."""


def arguments(description: str, *, lines: str) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--lines", default=lines, type=_numbers, help=f"sizes in order lines, by commas (default {lines})"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="keeps the simulated companies for later runs (default: nothing is kept)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results are written as JSON as well")
    return parser


@contextmanager
def data_directory(kept: Path | None) -> Iterator[Path]:
    """The directory that is to be kept, or one that ends with the run."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as directory:
        yield Path(directory)


def simulated_orders(lines: int, data: Path) -> Path:
    """The CSV of a simulated company with about so many order lines; made once for each ``data``."""
    folder = data / f"company-{lines}-lines"
    orders = folder / "orders.csv"
    if not orders.exists():
        company(customers=customers_for(lines), seed=SEED, dirt=DIRT).write(folder, relations=False)
    return orders


def run_measured(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> Used:
    """Run a command to its end and watch its process tree.

    CPU is what the kernel counted for the process and those that it waited for. Memory is the sum of resident sizes,
    sampled five times a second; a page that two processes share counts twice. Without ``/proc`` it is not watched.
    """
    started = time.perf_counter()
    parts = [str(part) for part in command]
    child = subprocess.Popen(parts, process_group=0, stdout=subprocess.DEVNULL, env=environment)
    with Watch(child.pid) as watch:
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, 9)
            raise
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}")
    return Used(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, watch.peak_mib or None)


def best_of(times: int, work: Callable[[], object]) -> Used:
    """The least CPU seconds of this process, over all its threads, that some work took."""
    found = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(Used(time.perf_counter() - wall, time.process_time() - cpu))
    return min(found, key=lambda used: used.cpu_seconds)


def machine() -> dict[str, object]:
    """When, where and with what the numbers were made."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("guanxi", "duckdb", "pyarrow")},
    }


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; numbers stand right."""
    texts = [[f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)
              for cell in row] for row in rows]  # fmt: skip
    rules = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [list(heads), rules, *texts])


def write_results(path: Path | None, results: object) -> None:
    if path is not None:
        path.write_text(json.dumps({"machine": machine(), "results": results}, indent=2) + "\n", encoding="utf-8")


@dataclass
class Taken:
    """What a stage took, of all processes together; sampled, so that what is shorter than a sample is missed."""

    cpu_seconds: float = 0.0
    peak_mib: float = 0.0
    temporary_mib: float = 0.0


class Watch(threading.Thread):
    """Watches a process group, and how much of a directory is temporary, stage by stage.

    Parameters
    ----------
    group : of the processes
    directory : all that they write lies in it; without one it is not watched
    kept : names of directories in it that are no temporary ones
    """

    def __init__(self, group: int, *, directory: Path | None = None, kept: Sequence[str] = ()) -> None:
        super().__init__(daemon=True)
        self.stage = ""
        """The name of what is going on, set by whoever knows."""
        self.taken: dict[str, Taken] = defaultdict(Taken)
        self._group = group
        self._directory = directory
        self._kept = frozenset(kept)
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()

    @property
    def peak_mib(self) -> float:
        return max((taken.peak_mib for taken in self.taken.values()), default=0.0)

    def __enter__(self) -> Self:
        self._look()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        taken = self.taken[self.stage]
        resident = 0.0
        for process, cpu_seconds, mib in _processes(self._group):
            resident += mib
            taken.cpu_seconds += cpu_seconds - self._cpu.get(process, 0.0)
            self._cpu[process] = cpu_seconds
        taken.peak_mib = max(taken.peak_mib, resident)
        if self._directory is not None:
            taken.temporary_mib = max(taken.temporary_mib, self._temporary_mib(self._directory))

    def _temporary_mib(self, directory: Path) -> float:
        total = 0
        for folder, folders, files in os.walk(directory):
            folders[:] = [name for name in folders if name not in self._kept]
            for name in files:
                with suppress(OSError):  # it has gone meanwhile
                    total += (Path(folder) / name).stat().st_blocks * 512
        return (total + _nameless_bytes(self._group, directory)) / 2**20


def _nameless_bytes(group: int, directory: Path) -> int:
    """Bytes on the disk of files in a directory that have no name any more but are open in a process of a group.

    What is deleted while it is open, and what never had a name, ends with whoever holds it, and no walk meets it.
    """
    inside = f"{directory.resolve()}{os.sep}"
    found: dict[tuple[int, int], int] = {}
    for process, _, _ in _processes(group):
        # Processes of one group may hold the same file, and one may hold it twice.
        for opened in _listed(Path(f"/proc/{process}/fd")):
            with suppress(OSError):  # it has been closed meanwhile
                about = opened.stat()
                if about.st_nlink == 0 and str(opened.readlink()).startswith(inside):
                    found[about.st_dev, about.st_ino] = about.st_blocks * 512
    return sum(found.values())


def _listed(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:  # the process has ended meanwhile
        return []


def _processes(group: int) -> Iterator[tuple[int, float, float]]:
    """Number, CPU seconds so far and resident MiB of each process of a group."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # After the name, which may hold anything: state, parent, group; user and system time stand 12th and 13th.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                resident = int((process / "statm").read_text().split()[1]) * page / 2**20
                yield int(process.name), (int(fields[11]) + int(fields[12])) / tick, resident
        except OSError:  # it has ended meanwhile
            continue


def _numbers(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
