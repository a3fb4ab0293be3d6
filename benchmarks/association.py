"""Frequent itemsets beside PyFIM (C), rusket (Rust) and mlxtend, on real and synthetic baskets.

    python3 -m venv PEERS && PEERS/bin/pip install -r benchmarks/requirements-association.txt
    GUANXI_DATA=DIR python benchmarks/association.py --peers PEERS/bin/python --data KEPT --json FILE

CPU seconds over all threads, best of five, imports and compilation excluded, on two clocks: *mining* (encoded baskets
in, arrays out; PyFIM's count without sets is its counterpart, the better of its eclat and fpgrowth) and *whole* (from
the Arrow table to a usable result; PyFIM's list of tuples). Every contender is a process of its own; memory is its
peak, and how much of that came after data and code were loaded. Guanxi runs in one thread, once more in as many as
there are processors: of these two the waiting time is told, which says something on a quiet machine only. Numbers of
itemsets and sums of their counts have to be equal. The limit is one pass over the encoded baskets. A contender that
does not end within the time limit is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from association_quest import quest
from measuring import data_directory, markdown, write_results

_TIMES = 5
_CONTENDER = Path(__file__).with_name("association_contender.py")
_PYFIM = ("pyfim-eclat", "pyfim-fpgrowth")
_THREADS = "guanxi-threads"
_ROWS = (
    ("groceries", 0.001), ("groceries", 0.0005), ("T10I4D100K", 0.001), ("T10I4D100K", 0.0005), ("chess", 0.6),
    ("chess", 0.5), ("quest", 0.002), ("quest", 0.0005), ("shop", 0.005), ("shop", 0.002),
)  # fmt: skip
_LARGE = (("chess", 0.4),)
"""Only for memory: results of some millions of itemsets."""
_CONDENSED = (("groceries", 0.0005), ("T10I4D100K", 0.0005), ("chess", 0.5), ("quest", 0.0005), ("shop", 0.002))


def baskets(name: str, real: Path, kept: Path) -> Path:
    """The Parquet file of one set of baskets: transaction, item."""
    files = {"groceries": "groceries/groceries_long", "T10I4D100K": "fimi/T10I4D100K", "chess": "fimi/chess"}
    if name in files:
        return real / f"{files[name]}.parquet"
    made = kept / f"{name}.parquet"
    if not made.exists():
        pq.write_table(quest(1_000_000) if name == "quest" else _shop(real), made)
    return made


def _shop(real: Path) -> pa.Table:
    """The sales of a real shop: lines with a quantity and a price, of invoices that are not cancellations."""
    lines = pq.read_table(real / "online_retail_ii_year1" / "online_retail_ii_2009_2010.parquet")
    sold = pc.and_(pc.greater(lines["Quantity"], 0), pc.greater(lines["Price"], 0))
    lines = lines.filter(pc.and_(sold, pc.invert(pc.starts_with(lines["Invoice"], "C"))))
    return pa.table({"transaction": lines["Invoice"], "item": lines["StockCode"]})


def run(python: str, name: str, kind: str, clock: str, support: float, path: Path, limit: float, times: int) -> dict:
    """What one contender prints; {} where it did not end in time or failed."""
    command = [python, str(_CONTENDER), name, kind, clock, str(support), str(times), str(path)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {}
    if ended.returncode:
        print(f"{name} on {path.name} at {support}: {ended.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return json.loads(ended.stdout)


def measure(path: Path, support: float, kind: str, clocks: dict[str, tuple[str, ...]], chosen: dict) -> dict:
    """All contenders on one row; stops if their answers differ."""
    found: dict[str, dict[str, dict]] = {}
    for clock, peers in clocks.items():
        found[clock] = {}
        for name in ("guanxi", *peers):
            if name in chosen["gave_up"]:
                continue
            python = sys.executable if name.startswith("guanxi") else chosen["peers"]
            one = run(python, name, kind, clock, support, path, chosen["limit"], chosen["times"])
            if one:
                found[clock][name] = one
            else:
                chosen["gave_up"].add(name)
    answers = {(one["itemsets"], one["sum_of_counts"]) for each in found.values() for one in each.values()}
    if len(answers) != 1:
        raise SystemExit(f"{path.name} at {support}, {kind}: the answers differ: {found}")
    return {"itemsets": answers.pop()[0], **found}


def best_pyfim(contenders: dict[str, dict], field: str = "cpu_seconds") -> float | None:
    return min((contenders[name][field] for name in _PYFIM if name in contenders), default=None)


def cell(ours: float, theirs: float | None) -> str:
    """What the other took, and how many times ours that is."""
    return "–" if theirs is None else f"{theirs:.4f} ({theirs / ours:.1f}×)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="PYTHON", required=True, help="Python of the peers' environment")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keeps the baskets that are made, for later runs")
    parser.add_argument("--rows", default="", help="only rows whose name is among these, by commas")
    parser.add_argument("--times", type=int, default=_TIMES, help="the best of so many runs")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a contender may take for a row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results are written as JSON as well")
    parser.add_argument("--without", default="", help="contenders that are left out, by commas")
    chosen = vars(parser.parse_args())
    left_out = {name for name in chosen["without"].split(",") if name}
    real = Path(os.environ["GUANXI_DATA"])
    wanted = [name for name in chosen["rows"].split(",") if name]
    results = []
    with data_directory(chosen["data"]) as kept:
        for kind, rows, clocks in (
            ("all", _ROWS, {"mining": (_THREADS, *_PYFIM), "whole": (*_PYFIM, "rusket", "mlxtend")}),
            ("all", _LARGE, {"whole": (*_PYFIM, "rusket")}),
            ("closed", _CONDENSED, {"mining": _PYFIM}),
            ("maximal", _CONDENSED, {"mining": _PYFIM}),
        ):
            before = ""
            for name, support in rows:
                if wanted and name not in wanted:
                    continue
                if name != before:
                    # Who gave up is not asked for more of the same baskets.
                    before, chosen["gave_up"] = name, set(left_out)
                path = baskets(name, real, kept)
                found = measure(path, support, kind, clocks, chosen)
                results.append({"baskets": name, "min_support": support, "kind": kind, **found})
                write_results(chosen["json"], results)
                print(f"{name} {support} {kind}: done", file=sys.stderr)
    print(tables(results))


def tables(results: list[dict]) -> str:
    """Times on both clocks, then memory."""
    heads = ("baskets, support, kind", "itemsets", "mining, CPU s", "PyFIM's count", "× one read",
             "waiting s (all threads)", "whole, CPU s",
             "PyFIM", "rusket", "mlxtend", "peak MiB (grown)", "PyFIM's", "rusket's")  # fmt: skip
    rows = []
    for each in results:
        row: list[object] = [f"{each['baskets']} {each['min_support']:g} {each['kind']}", int(each["itemsets"])]
        if mining := each.get("mining"):
            ours = mining["guanxi"]
            seconds, once = ours["cpu_seconds"], ours["read_once_seconds"]
            row += [f"{seconds:.4f}", cell(seconds, best_pyfim(mining)), f"{seconds / once:.0f}"]
            several = mining.get(_THREADS)
            row += [f"{ours['wall_seconds']:.3f} ({several['wall_seconds']:.3f})" if several else "–"]
        else:
            row += ["–"] * 4
        if whole := each.get("whole"):
            ours = whole["guanxi"]
            seconds = ours["cpu_seconds"]
            row += [f"{seconds:.4f}", cell(seconds, best_pyfim(whole))]
            row += [cell(seconds, whole.get(name, {}).get("cpu_seconds")) for name in ("rusket", "mlxtend")]
            row += [_memory(whole, names) for names in (("guanxi",), _PYFIM, ("rusket",))]
        else:
            row += ["–"] * 7
        rows.append(row)
    return markdown(heads, rows)


def _memory(contenders: dict[str, dict], names: tuple[str, ...]) -> str:
    there = [contenders[name] for name in names if name in contenders]
    if not there:
        return "–"
    least = min(there, key=lambda one: one["peak_mib"])
    return f"{least['peak_mib']:.0f} ({least['grown_mib']:.0f})"


if __name__ == "__main__":
    main()
