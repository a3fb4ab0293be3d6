"""Import against DuckDB's bare CSV → Parquet of the same file: CPU seconds, best of three, in one process.

    python benchmarks/intake.py --lines 1000000

The bare copy reads every column as text and checks nothing. Import finds out encoding, dialect and the meaning of the
columns, proves that every record was read, types and cleans them, measures their quality, matches returns, sums up
orders, and publishes all of it durably; so the ratio says what that costs.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from measuring import arguments, best_of, data_directory, machine, markdown, simulated_orders, write_results

from guanxi.mine import import_files
from guanxi.progress import Progress, Stage
from guanxi.warehouse.duckdb import connect, literal

_TIMES = 3
_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001  UTC without zone, as the library has it


def measure(orders: Path) -> dict[str, object]:
    """Both on one file; stages are those of the best import."""
    runs: list[list[Stage]] = []
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as directory:
        scratch = Path(directory)

        def bare() -> None:
            with connect(memory_limit_mib=1200, threads=2, temporary=scratch) as connection:
                source = f"read_csv({literal(orders)}, all_varchar = true)"
                connection.execute(f"COPY (FROM {source}) TO {literal(scratch / 'bare.parquet')}")

        def imported() -> None:
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                progress = Progress()
                import_files([orders], Path(folder) / "warehouse", at=_AT, progress=progress)
                runs.append(progress.stages)

        bare_used, import_used = best_of(_TIMES, bare), best_of(_TIMES, imported)
    best = min(runs, key=lambda stages: sum(stage.cpu_seconds for stage in stages))
    load = best[-1]
    return {
        "lines": load.done,
        "bare_cpu_seconds": bare_used.cpu_seconds,
        "import_cpu_seconds": import_used.cpu_seconds,
        "ratio": import_used.cpu_seconds / bare_used.cpu_seconds,
        "stages": [stage.as_data() for stage in best],
    }


def main() -> None:
    options = arguments(__doc__ or "", lines="1000000").parse_args()
    with data_directory(options.data) as data:
        runs = [measure(simulated_orders(lines, data)) for lines in options.lines]
    print(f"{machine()}\n")
    names = [stage["stage"] for stage in runs[0]["stages"]]
    print(
        markdown(
            ["lines", "bare copy, CPU s", "import, CPU s", *(f"of it {name}" for name in names), "ratio"],
            [
                (
                    run["lines"], run["bare_cpu_seconds"], run["import_cpu_seconds"],
                    *(stage["cpu_seconds"] for stage in run["stages"]), run["ratio"],
                )
                for run in runs
            ],
        )
    )  # fmt: skip
    write_results(options.json, runs)


if __name__ == "__main__":
    main()
