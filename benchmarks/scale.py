"""The main job from half a million to a hundred million order lines: wall, CPU, memory and temporary disk by stage.

    python benchmarks/scale.py --lines 500000,10000000,100000000 --data DIR
    python benchmarks/scale.py --lines 10000000 --data DIR --engine 'local[2]'
    python benchmarks/scale.py --lines 100000000 --data DIR --keep --studies churn

By default with the studies that look back, overview and segments (and value, whose scores segments reads): what every
run takes, whatever else is asked of it. ``--studies all`` runs all of them. A hundred million lines are a file of
12 GB, and want two processors for a quarter of an hour when nobody else has work for them.

    python benchmarks/scale.py --lines 10000000 --copies 9 --data DIR --keep --studies all

With ``--keep`` the import is a process of its own, and its warehouse stays beside the company's file: later runs with
``--keep`` study it, tell again what its import took, and need the file no more. ``--copies 9`` adds so many copies of
the company to that warehouse (`copies`): the studies have ten times the customers, the import is that of one company.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from copies import add_copies
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
from guanxi.mine.intake import import_files
from guanxi.progress import Progress, Stage
from guanxi.studies import STUDIES
from guanxi.warehouse.engines import engine_from

_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001  UTC without zone, as the library has it
_GROUND = ("overview", "segments")
_KEPT = ("parts", "results")
"""Directories that hold what a run is for; everything else in the working directory is temporary."""


class _Watched(Progress):
    """Tells a watch which stage it is."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def started(self, stage: Stage) -> None:
        self._watch.stage = stage.code

    def finished(self, stage: Stage) -> None:
        self._watch.stage = ""
        # What is there by now is not lost with a run that does not come to its end.
        print(json.dumps(_stage(stage, self._watch.taken[stage.code])), file=sys.stderr, flush=True)


def do_import(orders: str, work: str) -> dict[str, Any]:
    """The import alone in this process, everything that it writes in ``work``."""
    input_mib = Path(orders).stat().st_size / 2**20
    warehouse = Path(work) / "warehouse"
    _, stages = _watched(
        Path(work), lambda progress: import_files([Path(orders)], warehouse, at=_AT, progress=progress)
    )
    return {"stages": stages, "input_mib": input_mib}


def do_job(orders: str, work: str, engine: str, studies: str) -> dict[str, Any]:
    """The main job in this process, everything that it writes in ``work``; without orders from the warehouse there."""
    warehouse = Path(work) / "warehouse"

    def job(progress: Progress) -> Any:
        found = mine(
            [Path(orders)] if orders else [], at=_AT, warehouse_path=warehouse, names=studies.split(","),
            engine=engine_from(engine), progress=progress,
        )  # fmt: skip
        write_outputs(found, Path(work) / "results", language="en")
        return found.snapshot

    snapshot, stages = _watched(Path(work), job)
    return {
        "lines": snapshot.rows("order_lines"),
        "customers": snapshot.rows("customers"),
        "warehouse_mib": _mib(warehouse / "parts"),
        "stages": stages,
    }


_PARTS: Mapping[str, Callable[..., dict[str, Any]]] = {"import": do_import, "job": do_job}
"""What a process that is watched may do: its first argument, with the others as that function wants them."""


def _watched(work: Path, job: Callable[[Progress], Any]) -> tuple[Any, list[dict[str, object]]]:
    watch = Watch(os.getpgrp(), directory=work, kept=_KEPT)
    progress = _Watched(watch)
    with watch:
        found = job(progress)
    return found, [_stage(stage, watch.taken[stage.code]) for stage in progress.stages]


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


def _measured(work: Path, what: str, *given: str | Path) -> dict[str, Any]:
    """Have a process of its own do some work, with its temporary directory in ``work``, and say what it took."""
    said = work / "said.json"
    # Whatever spills, spills here, and is counted.
    places = {"TMPDIR": str(work), "SPARK_LOCAL_DIRS": str(work)}
    used = run_measured([sys.executable, __file__, said, what, *given], environment=os.environ | places)
    found = json.loads(said.read_text(encoding="utf-8"))
    stages = found["stages"]
    return {
        **found,
        "wall_seconds": used.wall_seconds,
        "cpu_seconds": max(used.cpu_seconds, sum(stage["cpu_seconds"] for stage in stages)),
        "peak_mib": max([used.peak_mib or 0.0, *(stage["peak_mib"] for stage in stages)]),
        "temporary_mib": max(stage["temporary_mib"] for stage in stages),
    }


def measure(orders: Path, engine: str, studies: str, work_in: Path) -> dict[str, Any]:
    """Run the main job on one file in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", dir=work_in) as directory:
        found = _measured(Path(directory), "job", orders, directory, engine, studies)
    return {**found, "input_mib": orders.stat().st_size / 2**20}


def measure_kept(lines: int, copies: int, engine: str, studies: str, data: Path) -> dict[str, Any]:
    """Run studies and results on a warehouse that is kept, made now if it is not there; in two processes."""
    kept = data / f"imported-{lines}-lines"
    if not kept.exists():
        orders = simulated_orders(lines, data)
        with tempfile.TemporaryDirectory(prefix="guanxi-bench-", dir=data) as directory:
            work = Path(directory)
            took = _measured(work, "import", orders, work)
            (work / "took.json").write_text(json.dumps(took), encoding="utf-8")
            kept.mkdir()
            for name in ("took.json", "warehouse"):
                (work / name).rename(kept / name)
    took = json.loads((kept / "took.json").read_text(encoding="utf-8"))
    if copies:
        kept = _with_copies(kept, copies)
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", dir=data) as directory:
        # The run adds what it finds: to a warehouse of its own, which shares the parts, for they never change.
        shutil.copytree(kept / "warehouse", Path(directory) / "warehouse", copy_function=_shared)
        found = _measured(Path(directory), "job", "", directory, engine, studies)
    return {
        **found,
        "import_apart": True,
        "copies": copies,
        "stages": took["stages"] + found["stages"],
        "input_mib": took["input_mib"],
        **{name: took[name] + found[name] for name in ("wall_seconds", "cpu_seconds")},
        **{name: max(took[name], found[name]) for name in ("peak_mib", "temporary_mib")},
    }


def _with_copies(kept: Path, copies: int) -> Path:
    """The warehouse with copies of its company, kept beside it."""
    more = kept.with_name(f"{kept.name}-{copies}-copies")
    if not more.exists():
        with tempfile.TemporaryDirectory(prefix="guanxi-bench-", dir=kept.parent) as directory:
            shutil.copytree(kept / "warehouse", Path(directory) / "warehouse", copy_function=_shared)
            add_copies(Path(directory) / "warehouse", copies, at=_AT)
            more.mkdir()
            (Path(directory) / "warehouse").rename(more / "warehouse")
    return more


def _shared(source: str, target: str) -> None:
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def main() -> None:
    if sys.argv[2:3] and sys.argv[2] in _PARTS:
        said, what, *given = sys.argv[1:]
        Path(said).write_text(json.dumps(_PARTS[what](*given)), encoding="utf-8")
        return
    parser = arguments(__doc__ or "", lines="500000,10000000")
    parser.add_argument("--engine", default="duckdb", help="duckdb, or the master of a Spark")
    parser.add_argument("--studies", default=",".join(_GROUND), help=f"of {', '.join(STUDIES)}; or all")
    parser.add_argument("--keep", action="store_true", help="keeps the warehouse in --data, and studies one kept there")
    parser.add_argument("--copies", type=int, default=0, help="of the company beside it, in a warehouse that is kept")
    parser.add_argument("--show", type=Path, metavar="FILE", help="measures nothing: the tables of what --json wrote")
    options = parser.parse_args()
    if options.show is not None:
        written = json.loads(options.show.read_text(encoding="utf-8"))
        show(written["machine"], written["results"])
        return
    studies = ",".join(STUDIES) if options.studies == "all" else options.studies
    runs: list[dict[str, Any]] = []
    with data_directory(options.data) as data:
        for lines in options.lines:
            if options.keep or options.copies:
                found = measure_kept(lines, options.copies, options.engine, studies, data)
            else:
                found = measure(simulated_orders(lines, data), options.engine, studies, data)
            runs.append({**found, "engine": options.engine, "studies": studies.split(",")})
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
