"""Customer features against the bare scan of the columns that they read, and beside pandas, polars and plain DuckDB.

    python benchmarks/features.py --lines 1000000 --peers /tmp/peers/bin/python

CPU seconds, best of three; imports do not count. The scan is one aggregate over each column in the same session, so the
ratio says how much more than decoding the features cost. The peers are asked for 16 columns only, where Guanxi makes
all; theirs have to agree with ours.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from measuring import arguments, best_of, data_directory, machine, markdown, simulated_orders, write_results
from sqlglot import exp

from guanxi.features import customer_features
from guanxi.features.customers import STEPS
from guanxi.mine import import_files
from guanxi.schema import TABLES
from guanxi.warehouse import DuckDB, Query, Session, Warehouse, load_query

_TIMES = 3
_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001  UTC without zone, as the library has it
_AS_OF = dt.date(2026, 1, 1)
_PEERS = ("pandas", "polars", "duckdb")


def columns_read() -> dict[str, list[str]]:
    """The columns of canonical tables that the feature queries name, by table."""
    found: dict[str, set[str]] = {}
    for step in STEPS:
        query = load_query("guanxi.features", step)
        named = {column.name for column in sqlglot.parse_one(query.text, read="duckdb").find_all(exp.Column)}
        for table in TABLES.keys() & set(query.tables):
            found.setdefault(table, set()).update(named & set(TABLES[table].names))
    return {table: sorted(columns) for table, columns in sorted(found.items())}


def scan(table: str, columns: Sequence[str]) -> Query:
    """One cheap aggregate over each column, so that all of it has to be decoded."""

    def aggregate(column: str) -> str:
        kind = TABLES[table].column(column).type
        if pa.types.is_string(kind):
            return f"sum(strlen({column}))"
        return f"max({column})" if pa.types.is_temporal(kind) else f"sum({column})"

    text = f"SELECT {', '.join(map(aggregate, columns))} FROM {table}"
    return Query("scan", "", text, grain="", key=(), tables=(table,), parameters={}, columns={})


def measure(orders: Path, peers: Path | None) -> dict[str, object]:
    """Features, bare scan and peers on one file's snapshot."""
    scans = [scan(table, columns) for table, columns in columns_read().items()]
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as directory:
        import_files([orders], Path(directory) / "warehouse", at=_AT)
        with Warehouse.open(Path(directory) / "warehouse") as warehouse:
            snapshot = warehouse.snapshot()
        with DuckDB(threads=2).bind(snapshot) as session:
            ours = best_of(_TIMES, lambda: customer_features(session, as_of=_AS_OF))
            bare = best_of(_TIMES, lambda: [session.run(query) for query in scans])
            theirs = {name: _peer(name, peers, session, Path(directory)) for name in _PEERS} if peers else {}
    return {
        "lines": snapshot.rows("order_lines"),
        "scan_cpu_seconds": bare.cpu_seconds,
        "features_cpu_seconds": ours.cpu_seconds,
        "ratio": ours.cpu_seconds / bare.cpu_seconds,
        "peers": theirs,
    }


def _peer(name: str, python: Path, session: Session, scratch: Path) -> dict[str, float]:
    """The best of a peer's runs, each in a process of its own; its answer has to be ours."""
    out = scratch / f"{name}.parquet"
    command = [python, Path(__file__).with_name("peers.py"), name, _AS_OF.isoformat(), out]
    command += session.snapshot.files("order_lines")
    runs = [
        json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout)
        for _ in range(_TIMES)
    ]
    _require_equal(name, out, session)
    return min(runs, key=lambda run: run["cpu_seconds"])


def _require_equal(name: str, out: Path, session: Session) -> None:
    """Compare what a peer found with ``customer_features``, for customers who bought; what it has not counted is 0."""
    columns = [column for column in pq.read_schema(out).names if not column.startswith("__")]
    counted = [column for column in columns if column.startswith(("orders_", "amount_", "distinct_"))]

    def rows(table: pa.Table) -> list[dict[str, object]]:
        frame = duckdb.connect().register("t", table)
        fields = (
            f"COALESCE(CAST({column} AS BIGINT), 0)" if column in counted
            else f"CAST({column} AS DATE)" if column.endswith("_on") else column
            for column in columns
        )  # fmt: skip
        return frame.execute(f"SELECT {', '.join(fields)} FROM t WHERE orders > 0 ORDER BY customer_id").fetchall()

    query = replace(scan("orders", ()), text=f"SELECT {', '.join(columns)} FROM customer_features")
    if rows(pq.read_table(out)) != rows(session.run(query)):
        raise SystemExit(f"{name} found other features than guanxi")


def main() -> None:
    parser = arguments(__doc__ or "", lines="1000000")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="of an environment made from requirements.txt")
    options = parser.parse_args()
    with data_directory(options.data) as data:
        runs = [measure(simulated_orders(lines, data), options.peers) for lines in options.lines]
    print(f"{machine()}\n")
    names = list(runs[0]["peers"])
    print(
        markdown(
            ["lines", "bare scan, CPU s", "features, CPU s", "ratio", *(f"{name}, CPU s (peak MiB)" for name in names)],
            [
                (
                    run["lines"], run["scan_cpu_seconds"], run["features_cpu_seconds"], run["ratio"],
                    *("{cpu_seconds:.2f} ({peak_mib:,.0f})".format(**run["peers"][name]) for name in names),
                )
                for run in runs
            ],
        )
    )  # fmt: skip
    write_results(options.json, runs)


if __name__ == "__main__":
    main()
