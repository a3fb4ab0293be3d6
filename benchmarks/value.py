"""Models of customer value beside the library lifetimes: CPU seconds, peak memory, and whether they agree.

    .venv/bin/python benchmarks/value.py [--peers DIR] [--customers 1_000_000] [--pareto 100_000] [--most 10_000_000]

The customers are those of a simulated company of two years with daily dates: drop-out after a purchase for the BG/NBD,
at any time for the Pareto/NBD. Every contender works in a process of its own, from the table of customers to the fitted
model, machine code compiled before; the least CPU seconds of three. The peer lives in an environment of its own:

    python3 -m venv peers && peers/bin/pip install -r benchmarks/requirements-value.txt

and without ``--peers`` it is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measuring import SEED, data_directory, machine, markdown, write_results

from guanxi.mining import lifetime
from guanxi.mining.lifetime import gamma_gamma
from guanxi.mining.lifetime.histories import read_histories
from guanxi.simulate import company
from guanxi.simulate.customers import draw_population
from guanxi.simulate.orders import customers_of, draw_order_keys, guests_of, seconds_of

DAYS = 730
WORKER = Path(__file__).with_name("value_worker.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, metavar="DIR", help="environment with the peer")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--pareto", type=int, default=100_000)
    parser.add_argument("--most", type=int, default=10_000_000, help="customers fitted and scored by ours alone")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keeps the simulated customers for later runs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    results = []
    with data_directory(asked.data) as data:
        for model, dropout, customers in (
            ("BetaGeoNBD", "geometric", asked.customers),
            ("ParetoNBD", "pareto", asked.pareto),
            ("GammaGamma", "geometric", asked.customers),
        ):
            table = simulated_customers(customers, dropout, data)
            contenders = {"guanxi": Path(sys.executable)}
            if asked.peers:
                contenders["lifetimes"] = asked.peers / "bin" / "python"
            found = {name: run(python, name, model, table) for name, python in contenders.items()}
            for each in found.values():
                each["log_likelihood"] = log_likelihood(model, each["parameters"], table)
            results.append({"model": model, "customers": customers, **found})
        if asked.most:
            table = simulated_customers(asked.most, "geometric", data)
            found = {"guanxi": run(Path(sys.executable), "guanxi", "score", table)}
            results.append({"model": "BetaGeoNBD, fitted and scored", "customers": asked.most, **found})
    print(json.dumps(machine(), indent=2))
    print(markdown(
        ["model", "customers", "distinct histories", "guanxi CPU s", "MiB", "lifetimes CPU s", "MiB", "times",
         "log-likelihood − peer's"],
        [_row(result) for result in results],
    ))  # fmt: skip
    write_results(asked.json, results)


def _row(result: dict) -> list[object]:
    ours, peer = result["guanxi"], result.get("lifetimes")
    row = [result["model"], result["customers"], ours["distinct"], ours["cpu_seconds"], round(ours["peak_mib"])]
    if peer is None:
        return [*row, "–", "–", "–", "–"]
    gained = f"{ours['log_likelihood'] - peer['log_likelihood']:+.3f}"
    return [*row, peer["cpu_seconds"], round(peer["peak_mib"]), peer["cpu_seconds"] / ours["cpu_seconds"], gained]


def run(python: Path, name: str, model: str, table: Path) -> dict:
    said = subprocess.run([python, WORKER, name, model, table], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(said.stdout.splitlines()[-1])


def log_likelihood(model: str, parameters: list[float], path: Path) -> float:
    """Of the parameters that a contender found, all by the same function."""
    table = pq.read_table(path)
    if model == "GammaGamma":
        back = table.filter(pc.greater(table["frequency"], 0)).sort_by("frequency")
        read = (back["frequency"].to_numpy().astype(np.float64), back["monetary"].to_numpy())
        return gamma_gamma._log_likelihood(np.array(parameters), *read).value
    fitter = getattr(lifetime, model)()
    return fitter._log_likelihood(np.array(parameters), read_histories(table)).value


def simulated_customers(customers: int, dropout: str, data: Path) -> Path:
    """A Parquet file of customer_id, frequency, recency_days, age_days, monetary; made once for each ``data``."""
    path = data / f"customers-{customers}-{dropout}.parquet"
    if path.exists():
        return path
    shop = company(customers=customers, seed=SEED, days=DAYS, dropout=dropout)
    keys = draw_order_keys(shop, draw_population(shop))
    keys = keys[~guests_of(keys)]
    # One purchase a customer and day.
    visits = np.unique(customers_of(keys) << 16 | seconds_of(keys) // 86_400)
    who, day = visits >> 16, visits & 0xFFFF
    first = np.flatnonzero(np.diff(who, prepend=-1))
    frequency = np.diff(first, append=len(who)) - 1
    began, ended = day[first], day[first + frequency]
    random = np.random.Generator(np.random.Philox(SEED))
    mean = 6.0 * 1500 / random.gamma(4.0, size=len(first))
    spent = random.gamma(6.0 * np.maximum(frequency, 1)) / (6.0 * np.maximum(frequency, 1)) * mean
    table = pa.table(
        {
            "customer_id": pa.array(who[first]).cast(pa.string()),
            "frequency": frequency.astype(np.int64),
            "recency_days": (ended - began).astype(np.float64),
            "age_days": (DAYS - began).astype(np.float64),
            "monetary": pa.array(spent, mask=frequency == 0),
        }
    )
    pq.write_table(table, path, row_group_size=1 << 18)
    return path


if __name__ == "__main__":
    main()
