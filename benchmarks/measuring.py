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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from guanxi.simulate import company, customers_for

SEED = 1
DIRT = 0.1
_SAMPLE_EVERY_SECONDS = 0.05


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
        company(customers=customers_for(lines), seed=SEED, dirt=DIRT).write(folder)
    return orders


def run_measured(command: Sequence[str | Path]) -> Used:
    """Run a command to its end and watch its process tree.

    CPU is what the kernel counted for the process and those that it waited for. Memory is the sum of resident sizes,
    sampled twenty times a second; a page that two processes share counts twice. Without ``/proc`` it is not watched.
    """
    started = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], process_group=0, stdout=subprocess.DEVNULL)
    watch = _MemoryWatch(child.pid)
    watch.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        os.killpg(child.pid, 9)
        raise
    finally:
        watch.stop()
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
    """Where and with what the numbers were made."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
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


class _MemoryWatch(threading.Thread):
    """Keeps the largest sum of the resident sizes of a process group."""

    def __init__(self, group: int) -> None:
        super().__init__(daemon=True)
        self.peak_mib = 0.0
        self._group = group
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_EVERY_SECONDS):
            self.peak_mib = max(self.peak_mib, sum(_resident_mib(self._group)))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _resident_mib(group: int) -> Iterator[float]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # After the name, which may hold anything: state, parent, group.
            if int((process / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                yield int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
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
