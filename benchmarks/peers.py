"""The same customer features by pandas, polars and plain DuckDB SQL; run by features.py in the peers' own environment.

    PEERS/bin/python benchmarks/peers.py NAME AS_OF OUT.parquet PART.parquet...

Prints the CPU seconds without imports, and the peak memory of the process. Sixteen features, those that all three say
briefly: orders, amounts, windows, days between purchases, products.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

COLUMNS = ("customer_id", "order_id", "ordered_on", "product_id", "amount", "line_kind", "item_kind")
WINDOWS = (30, 90, 180, 365)


def with_pandas(parts: list[str], as_of: dt.date, out: str) -> Callable[[], None]:
    import pandas as pd

    def run() -> None:
        lines = pd.concat(pd.read_parquet(part, columns=list(COLUMNS), dtype_backend="pyarrow") for part in parts)
        lines = lines[lines.customer_id.notna() & (lines.item_kind != "test") & (lines.line_kind == "sale")]
        lines["ordered_on"] = pd.to_datetime(lines.ordered_on.astype("datetime64[s]"))
        lines = lines[lines.ordered_on < pd.Timestamp(as_of)]
        lines["age"] = (pd.Timestamp(as_of) - lines.ordered_on).dt.days - 1
        orders = lines.groupby(["customer_id", "order_id"]).agg(
            ordered_on=("ordered_on", "min"), amount=("amount", "sum"), sale_lines=("amount", "size"),
            age=("age", "max"),
        ).reset_index()  # fmt: skip
        found = orders.groupby("customer_id").agg(
            orders=("order_id", "size"), amount=("amount", "sum"), sale_lines=("sale_lines", "sum"),
            max_order_amount=("amount", "max"), first_order_on=("ordered_on", "min"),
            last_order_on=("ordered_on", "max"),
        )  # fmt: skip
        for days in WINDOWS:
            recent = orders[orders.age < days].groupby("customer_id")
            found[f"orders_{days}d"] = recent.size()
            found[f"amount_{days}d"] = recent.amount.sum()
        days = orders[["customer_id", "ordered_on"]].drop_duplicates().sort_values(["customer_id", "ordered_on"])
        days["gap"] = days.groupby("customer_id").ordered_on.diff().dt.days
        found["median_days_between_orders"] = days.groupby("customer_id").gap.median()
        products = lines[lines.item_kind == "product"]
        found["distinct_products"] = products.groupby("customer_id").product_id.nunique()
        found.reset_index().to_parquet(out)

    return run


def with_polars(parts: list[str], as_of: dt.date, out: str) -> Callable[[], None]:
    import polars as pl

    def run() -> None:
        lines = pl.scan_parquet(parts).select(COLUMNS).filter(
            pl.col("customer_id").is_not_null(), pl.col("item_kind") != "test", pl.col("line_kind") == "sale",
            pl.col("ordered_on") < as_of,
        )  # fmt: skip
        age = (pl.lit(as_of) - pl.col("ordered_on")).dt.total_days() - 1
        orders = lines.group_by("customer_id", "order_id").agg(
            pl.col("ordered_on").min(), pl.col("amount").sum(), sale_lines=pl.len()
        )
        totals = orders.group_by("customer_id").agg(
            pl.col("amount").sum(),
            pl.col("sale_lines").sum(),
            orders=pl.len(),
            max_order_amount=pl.col("amount").max(),
            first_order_on=pl.col("ordered_on").min(),
            last_order_on=pl.col("ordered_on").max(),
            **{f"orders_{days}d": (age < days).sum() for days in WINDOWS},
            **{f"amount_{days}d": pl.col("amount").filter(age < days).sum() for days in WINDOWS},
            median_days_between_orders=pl.col("ordered_on").unique().sort().diff().dt.total_days().median(),
        )
        products = lines.filter(pl.col("item_kind") == "product").group_by("customer_id").agg(
            distinct_products=pl.col("product_id").drop_nulls().n_unique()
        )  # fmt: skip
        found = totals.join(products, on="customer_id", how="left")
        found.collect(engine="streaming").write_parquet(out)

    return run


def with_duckdb(parts: list[str], as_of: dt.date, out: str) -> Callable[[], None]:
    import duckdb

    windows = ", ".join(
        f"count(*) FILTER (age < {days}) AS orders_{days}d, sum(amount) FILTER (age < {days}) AS amount_{days}d"
        for days in WINDOWS
    )
    query = f"""
    WITH lines AS (
        SELECT {", ".join(COLUMNS)}, DATE '{as_of}' - ordered_on - 1 AS age FROM read_parquet({parts})
        WHERE customer_id IS NOT NULL AND item_kind <> 'test' AND line_kind = 'sale' AND ordered_on < DATE '{as_of}'
    ), orders AS (
        SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, count(*) AS sale_lines,
            max(age) AS age FROM lines GROUP BY ALL
    ), totals AS (
        SELECT customer_id, count(*) AS orders, sum(amount) AS amount, sum(sale_lines) AS sale_lines,
            max(amount) AS max_order_amount, min(ordered_on) AS first_order_on, max(ordered_on) AS last_order_on,
            {windows} FROM orders GROUP BY ALL
    ), gaps AS (
        SELECT customer_id, median(gap) AS median_days_between_orders FROM (
            SELECT customer_id, ordered_on - lag(ordered_on) OVER (PARTITION BY customer_id ORDER BY ordered_on) AS gap
            FROM (SELECT DISTINCT customer_id, ordered_on FROM orders)
        ) GROUP BY ALL
    ), products AS (
        SELECT customer_id, count(DISTINCT product_id) AS distinct_products FROM lines WHERE item_kind = 'product'
        GROUP BY ALL
    )
    SELECT * FROM totals LEFT JOIN gaps USING (customer_id) LEFT JOIN products USING (customer_id)"""

    def run() -> None:
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet)")

    return run


PEERS = {"pandas": with_pandas, "polars": with_polars, "duckdb": with_duckdb}


def peak_memory_mib() -> float:
    """Of this process alone; what getrusage says may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    name, as_of, out, *parts = sys.argv[1:]
    run = PEERS[name](parts, dt.date.fromisoformat(as_of), out)
    started = time.process_time()
    run()
    cpu = time.process_time() - started
    print(json.dumps({"cpu_seconds": cpu, "peak_mib": peak_memory_mib()}))


if __name__ == "__main__":
    main()
