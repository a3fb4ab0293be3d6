"""What a million to a hundred thousand million order lines take, on one machine and on a cluster, and what that costs.

    python benchmarks/outlook.py benchmarks/measured/scale-duckdb.json --price-core-hour 0.05

Works out what nobody has measured from what `scale.py` has: the CPU seconds and bytes a line of the largest run in the
file. Everything else is an assumption, an option here, and stands above the table that it prints.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, fields
from pathlib import Path

from measuring import markdown

SIZES = tuple(10**power for power in range(6, 12))
_IMPORT = ("read", "map", "load")
_GIB = 2**30


@dataclass(frozen=True)
class Assumptions:
    """What the reader should put his own numbers in for."""

    price_core_hour: float = 0.05
    """Of one core with 4 GiB, in any currency."""
    price_gib_month: float = 0.08
    """Of fast storage."""
    import_cores: float = 2.0
    """What an import uses: it reads file after file with two threads."""
    cores: float = 16.0
    """Of one machine."""
    machines: float = 16.0
    """Of a cluster, each with ``cores``."""
    busy: float = 0.6
    """Share of the cores that the queries keep busy."""
    disk_mib_second: float = 500.0
    """What one machine reads and writes."""
    network_mib_second: float = 1000.0
    """What one machine sends and receives: 10 Gbit/s less what is lost."""
    spark_times: float = 8.0
    """How much more CPU Spark takes for the same studies: 472 s against 59 for features, overview, value and segments
    of 11.3 million lines (measured/scale-spark.json and scale-duckdb.json)."""
    shuffle_bytes_line: float = 60.0
    """What Spark sends between machines for a line, over all steps."""


@dataclass(frozen=True)
class Rates:
    """What a line takes, as measured."""

    lines: int
    import_seconds: float
    """CPU."""
    query_seconds: float
    """CPU, of features, studies and results."""
    input_bytes: float
    warehouse_bytes: float
    temporary_bytes: float

    @classmethod
    def of(cls, path: Path) -> Rates:
        """The rates of the largest run that a file of `scale.py` holds."""
        run = max(json.loads(path.read_text(encoding="utf-8"))["results"], key=lambda each: each["lines"])
        cpu = {"import": 0.0, "query": 0.0}
        for stage in run["stages"]:
            cpu["import" if stage["stage"] in _IMPORT else "query"] += stage["cpu_seconds"]
        lines = run["lines"]
        return cls(
            lines, cpu["import"] / lines, cpu["query"] / lines, run["input_mib"] * 2**20 / lines,
            run["warehouse_mib"] * 2**20 / lines, run["temporary_mib"] * 2**20 / lines,
        )  # fmt: skip


def outlook(lines: int, one: Rates, given: Assumptions) -> tuple[object, ...]:
    """One row: the size, import, queries on one machine, queries on a cluster, with hours and price."""
    importing = lines * one.import_seconds
    import_hours = max(importing / given.import_cores, lines * one.input_bytes / 2**20 / given.disk_mib_second) / 3600
    stored = lines * one.warehouse_bytes / _GIB
    reading = lines * one.warehouse_bytes / 2**20 / given.disk_mib_second
    alone = lines * one.query_seconds
    alone_hours = max(alone / (given.cores * given.busy), reading) / 3600
    together = alone * given.spark_times
    shuffling = lines * given.shuffle_bytes_line / 2**20 / (given.machines * given.network_mib_second)
    together_hours = (together / (given.machines * given.cores * given.busy) + shuffling) / 3600
    return (
        f"10^{len(str(lines)) - 1}",
        _short(lines * one.input_bytes / _GIB),
        _short(stored),
        _short(importing / 3600), _short(import_hours),
        _short(alone / 3600), _short(alone_hours), _short(alone_hours * given.cores * given.price_core_hour),
        _short(together / 3600), _short(together_hours),
        _short(together_hours * given.machines * given.cores * given.price_core_hour),
        _short(stored * given.price_gib_month),
    )  # fmt: skip


HEADS = (
    "lines", "input GiB", "warehouse GiB", "import, core hours", "hours", "queries on one machine, core hours", "hours",
    "price", "on a cluster, core hours", "hours", "price", "storage a month",
)  # fmt: skip


def _short(number: float) -> str:
    """Two significant digits, written out."""
    if number < 0.01:
        return "< 0.01"
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path, help="what scale.py --json wrote")
    for field in fields(Assumptions):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    options = vars(parser.parse_args())
    one = Rates.of(options.pop("measured"))
    given = Assumptions(**options)
    print(
        f"{one.lines:,} lines measured: import {1e6 * one.import_seconds:.1f} µs of CPU a line, queries"
        f" {1e6 * one.query_seconds:.1f} µs; {one.input_bytes:.0f} bytes of input a line, {one.temporary_bytes:.0f}"
        f" temporary, {one.warehouse_bytes:.0f} kept"
    )
    print(", ".join(f"{name} {value:g}" for name, value in vars(given).items()), end="\n\n")
    print(markdown(HEADS, [outlook(lines, one, given) for lines in SIZES]))


if __name__ == "__main__":
    main()
