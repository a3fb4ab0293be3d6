"""The main job from half a million to a hundred million order lines: wall, CPU, memory and temporary disk by stage.

    python benchmarks/scale.py --lines 500000,10000000,100000000 --data DIR
    python benchmarks/scale.py --lines 10000000 --data DIR --engine 'local[2]'

By default with the studies that look back, overview and segments (and value, whose scores segments reads): what every
run takes, whatever else is asked of it. ``--studies all`` runs all of them. A hundred million lines are a file of
12 GB, and want two processors for a quarter of an hour when nobody else has work for them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring import (
    Taken,
    Watch,
    arguments,
    data_directory,
    machine,
    markdown,
    run_measured,
    simulated_orders,
    write_results,
)

from guanxi.mine import mine, write_outputs
from guanxi.progress import Progress, Stage
from guanxi.studies import STUDIES
from guanxi.warehouse.engines import engine_from

_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001  UTC without zone, as the library has it
_GROUND = ("overview", "segments")
_JOB = "job"
"""The first argument of the process that does the work and is watched."""
_KEPT = ("parts", "results")
"""Directories that hold what a run is for; everything else in the working directory is temporary."""


class _Watched(Progress):
    """Tells a watch which stage it is."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def started(self, stage: Stage) -> None:
        self._watch.stage = stage.code

    def finished(self, stage: Stage) -> None:  # noqa: ARG002  what it is called with
        self._watch.stage = ""


def do_job(orders: Path, work: Path, engine: str, studies: list[str]) -> dict[str, Any]:
    """The main job in this process, everything that it writes in ``work``."""
    watch = Watch(os.getpgrp(), directory=work, kept=_KEPT)
    progress = _Watched(watch)
    with watch:
        found = mine(
            [orders], at=_AT, warehouse_path=work / "warehouse", names=studies, engine=engine_from(engine),
            progress=progress,
        )  # fmt: skip
        write_outputs(found, work / "results", language="en")
    return {
        "lines": found.snapshot.rows("order_lines"),
        "customers": found.snapshot.rows("customers"),
        "warehouse_mib": _mib(work / "warehouse" / "parts"),
        "stages": [_stage(stage, watch.taken[stage.code]) for stage in progress.stages],
    }


def _stage(stage: Stage, taken: Taken) -> dict[str, object]:
    return {
        **stage.as_data(),
        # The database's own process is all there is with DuckDB, and its peak is exact; Spark's is sampled.
        "cpu_seconds": max(stage.cpu_seconds, taken.cpu_seconds),
        "peak_mib": max(stage.peak_memory_mib, taken.peak_mib),
        "temporary_mib": taken.temporary_mib,
    }


def _mib(directory: Path) -> float:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 2**20


def measure(orders: Path, engine: str, studies: list[str], work_in: Path) -> dict[str, Any]:
    """Run the main job on one file in a process of its own, with its temporary directory beside the data."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", dir=work_in) as directory:
        work = Path(directory)
        said = work / "said.json"
        # Whatever spills, spills here, and is counted.
        places = {"TMPDIR": directory, "SPARK_LOCAL_DIRS": directory}
        command = [sys.executable, __file__, _JOB, orders, work, engine, ",".join(studies), said]
        used = run_measured(command, environment=os.environ | places)
        found = json.loads(said.read_text(encoding="utf-8"))
    stages = found["stages"]
    return {
        **found,
        "engine": engine,
        "studies": studies,
        "input_mib": orders.stat().st_size / 2**20,
        "wall_seconds": used.wall_seconds,
        "cpu_seconds": max(used.cpu_seconds, sum(stage["cpu_seconds"] for stage in stages)),
        "peak_mib": max([used.peak_mib or 0.0, *(stage["peak_mib"] for stage in stages)]),
        "temporary_mib": max(stage["temporary_mib"] for stage in stages),
    }


def main() -> None:
    if sys.argv[1:2] == [_JOB]:
        orders, work, engine, studies, said = sys.argv[2:]
        found = do_job(Path(orders), Path(work), engine, studies.split(","))
        Path(said).write_text(json.dumps(found), encoding="utf-8")
        return
    parser = arguments(__doc__ or "", lines="500000,10000000")
    parser.add_argument("--engine", default="duckdb", help="duckdb, or the master of a Spark")
    parser.add_argument("--studies", default=",".join(_GROUND), help=f"of {', '.join(STUDIES)}; or all")
    parser.add_argument("--show", type=Path, metavar="FILE", help="measures nothing: the tables of what --json wrote")
    options = parser.parse_args()
    if options.show is not None:
        written = json.loads(options.show.read_text(encoding="utf-8"))
        show(written["machine"], written["results"])
        return
    studies = list(STUDIES) if options.studies == "all" else options.studies.split(",")
    runs: list[dict[str, Any]] = []
    with data_directory(options.data) as data:
        for lines in options.lines:
            runs.append(measure(simulated_orders(lines, data), options.engine, studies, data))
            # The last takes longest: what is there by then is not lost with it.
            write_results(options.json, runs)
    show(machine(), runs)


def show(where: Mapping[str, object], runs: Sequence[Mapping[str, Any]]) -> None:
    """Print the tables of some runs."""
    print(f"{where}\n")
    heads = [
        "engine",
        "lines",
        "input MiB",
        "wall s",
        "CPU s",
        "µs CPU a line",
        "peak MiB",
        "temporary MiB",
        "kept MiB",
    ]
    rows = [
        (
            run["engine"], run["lines"], round(run["input_mib"]), round(run["wall_seconds"]), round(run["cpu_seconds"]),
            1e6 * run["cpu_seconds"] / run["lines"], round(run["peak_mib"]), round(run["temporary_mib"]),
            round(run["warehouse_mib"]),
        )
        for run in runs
    ]  # fmt: skip
    print(markdown(heads, rows))
    for run in runs:
        stages = [
            (each["stage"], round(each["seconds"], 1), round(each["cpu_seconds"], 1), round(each["peak_mib"]),
             round(each["temporary_mib"]))
            for each in run["stages"]
        ]  # fmt: skip
        print(f"\n{run['lines']:,} lines by stage, {run['engine']}, {run['customers']:,} customers:\n")
        print(markdown(["stage", "wall s", "CPU s", "peak MiB", "temporary MiB"], stages))


if __name__ == "__main__":
    main()
