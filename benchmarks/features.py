"""Customer features by the queries and by the kernel, against the bare scan of what they read, and beside peers.

    python benchmarks/features.py --lines 1000000,10000000 --peers /tmp/peers/bin/python

CPU seconds, best of three; imports and compiling do not count. Peak memory is that of a process which does nothing
else, imports included. The scan is one aggregate over each column in a session of its own, so the ratio says how much
more than decoding the features cost. The kernel has to make the table of the queries, whole numbers, dates and texts
exactly, fractions to 1e-9. The peers are asked for 16 columns only, where Guanxi makes all; theirs have to agree with
ours.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from measuring import arguments, best_of, data_directory, machine, markdown, simulated_orders, write_results
from sqlglot import exp

from guanxi.features.customers import queries
from guanxi.features.kernel import LocalSession, make_customer_features
from guanxi.mine import import_files
from guanxi.progress import peak_memory_mib
from guanxi.schema import TABLES
from guanxi.warehouse import DuckDB, Query, Session, Warehouse

_TIMES = 3
_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001  UTC without zone, as the library has it
_AS_OF = dt.date(2026, 1, 1)
_PEERS = ("pandas", "polars", "duckdb")


def columns_read() -> dict[str, list[str]]:
    """The columns of canonical tables that the feature queries name, by table."""
    found: dict[str, set[str]] = {}
    for query in queries().values():
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
    """Features both ways, bare scan and peers on one file's snapshot."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as directory:
        import_files([orders], Path(directory) / "warehouse", at=_AT)
        return compare(Path(directory) / "warehouse", peers, Path(directory))


def compare(path: Path, peers: Path | None, scratch: Path) -> dict[str, object]:
    """The same for what a warehouse holds."""
    ways = {}
    for way in WAYS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            ways[way] = process.submit(_way, way, path).result()
    with Warehouse.open(path) as warehouse:
        snapshot = warehouse.snapshot()
    with DuckDB(threads=2).bind(snapshot) as session:
        _require_same_table(session, scratch)
        theirs = {name: _peer(name, peers, session, scratch) for name in _PEERS} if peers else {}
    bare = ways["scan"]["cpu_seconds"]
    return {
        "lines": snapshot.rows("order_lines"),
        "scan_cpu_seconds": bare,
        "queries": ways["queries"] | {"ratio": ways["queries"]["cpu_seconds"] / bare},
        "kernel": ways["kernel"] | {"ratio": ways["kernel"]["cpu_seconds"] / bare},
        "peers": theirs,
    }


def _scan(session: Session) -> None:
    for table, columns in columns_read().items():
        session.run(scan(table, columns))


def _queries(session: Session) -> None:
    for query in queries().values():
        session.materialise(query, {"as_of": _AS_OF} if query.parameters else None)


def _kernel(session: Session) -> None:
    assert isinstance(session, LocalSession)
    make_customer_features(session, queries()["customer_features"], as_of=_AS_OF)


WAYS: Mapping[str, Callable[[Session], None]] = {"scan": _scan, "queries": _queries, "kernel": _kernel}


def _way(name: str, path: Path) -> dict[str, float]:
    """CPU seconds of one way at its best, and the peak memory of this process."""
    with Warehouse.open(path) as warehouse, DuckDB(threads=2).bind(warehouse.snapshot()) as session:
        used = best_of(_TIMES, lambda: WAYS[name](session))
    return {"cpu_seconds": used.cpu_seconds, "peak_mib": peak_memory_mib()}


def _require_same_table(session: Session, scratch: Path) -> None:
    """Compare what the kernel and the queries make, column by column; the session then holds that of the queries."""
    columns = queries()["customer_features"].columns
    everything = replace(scan("orders", ()), text="SELECT * FROM customer_features", tables=("customer_features",))
    for way in ("kernel", "queries"):
        WAYS[way](session)
        session.write(everything, scratch / f"{way}.parquet")
    with duckdb.connect() as connection:
        for name, kind in columns.items():
            differ = f"a.{name} IS DISTINCT FROM b.{name}"
            if kind == "double":
                differ += f" AND NOT COALESCE(abs(a.{name} - b.{name}) <= 1e-9 * greatest(1, abs(b.{name})), false)"
            (row,) = connection.execute(
                f"""SELECT count(*) FROM '{scratch}/kernel.parquet' AS a
                FULL JOIN '{scratch}/queries.parquet' AS b USING (customer_id) WHERE {differ}"""
            ).fetchall()
            if row != (0,):
                raise SystemExit(f"kernel and queries differ in {name} for {row[0]} customers")


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


def _used(found: Mapping[str, float]) -> str:
    return "{cpu_seconds:.2f} ({peak_mib:,.0f})".format(**found)


def main() -> None:
    parser = arguments(__doc__ or "", lines="1000000")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="of an environment made from requirements.txt")
    options = parser.parse_args()
    with data_directory(options.data) as data:
        runs = [measure(simulated_orders(lines, data), options.peers) for lines in options.lines]
    print(f"{machine()}\n")
    names = list(runs[0]["peers"])
    heads = ["lines", "bare scan, CPU s"]
    for name in ("queries", "kernel"):
        heads += [f"{name}, CPU s (peak MiB)", "ratio"]
    rows = []
    for run in runs:
        row = [run["lines"], run["scan_cpu_seconds"]]
        for name in ("queries", "kernel"):
            row += [_used(run[name]), run[name]["ratio"]]
        rows.append([*row, *(_used(run["peers"][name]) for name in names)])
    print(markdown([*heads, *(f"{name}, CPU s (peak MiB)" for name in names)], rows))
    write_results(options.json, runs)


if __name__ == "__main__":
    main()
