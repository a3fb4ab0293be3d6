"""One contender of association.py on one row, in a process of its own and in its own environment.

    PEERS/bin/python benchmarks/association_contender.py NAME KIND CLOCK MIN_SUPPORT TIMES TABLE.parquet

CLOCK "mining": encoded baskets in, arrays out; for PyFIM its count without sets (the pattern spectrum). "whole": from
the Arrow table to a usable result; for PyFIM its list of tuples. Prints the least CPU seconds over all threads, imports
and compilation excluded, the peak memory of the process, and how much of that came after everything was loaded.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

_ENOUGH_SECONDS = 20
"""After so many CPU seconds a work is not done again."""

_to_read: list = []
"""The encoded baskets, where they are what a contender gets."""

Answer = tuple[int, int]
"""Number of itemsets, and sum of their counts."""
Work = tuple[Callable[[], object], Callable[[object], Answer]]


def guanxi(kind: str, clock: str, min_support: float, path: str, threads: int = 1) -> Work:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from guanxi.compiled import compiled
    from guanxi.mining.association import closed_kernels, frequent_itemsets
    from guanxi.mining.association.encode import read_columns
    from guanxi.mining.association.frequent import least_count
    from guanxi.mining.association.searching import LONGEST, searched

    # Compiles, or loads what has been compiled.
    frequent_itemsets(pa.table({"transaction": [1, 1, 2, 2], "item": ["a", "b", "a", "b"]}), min_support=2, kind=kind)
    table = pq.read_table(path)
    if clock == "whole":
        return (
            lambda: frequent_itemsets(table, min_support=min_support, kind=kind, max_sets=100_000_000, threads=threads),
            lambda found: (len(found), int(found.counts.sum())),
        )
    columns = read_columns(table)
    least = least_count(min_support, columns.baskets)
    encoded = columns.encode(least)
    _to_read.append(encoded.flat)
    if kind == "all":
        no_kin = (np.zeros(len(encoded.items) + 1, np.int64), np.empty(0, np.int32))
        settings = {"max_length": LONGEST, "limit": 10**9, "reach": False, "min_length": 1, "threads": threads}
        return lambda: searched(encoded, least, no_kin, **settings), lambda found: (
            len(found[0]),
            int(found[2].sum()),
        )
    kernels = compiled(closed_kernels)

    def condensed() -> tuple:
        pairs = np.empty(0, np.int32)
        if kernels.pairs_pay(encoded.support, encoded.rows):
            pairs = kernels.count_pairs(encoded.flat, len(encoded.items))
        return kernels.search_closed(*baskets, 2**31 - 1, 10**9, False, kind == "maximal", 1, pairs)

    baskets = (encoded.flat, encoded.support, encoded.baskets, least)
    return (
        condensed,
        lambda found: (int(found[4].sum()), int(found[2][found[4]].sum())),
    )


def pyfim(algorithm: str) -> Callable[[str, str, float, str], Work]:
    def prepare(kind: str, clock: str, min_support: float, path: str) -> Work:
        import fim
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        mine = getattr(fim, algorithm)
        settings = {"target": {"all": "s", "closed": "c", "maximal": "m"}[kind], "supp": 100 * min_support}

        def baskets() -> list[list[object]]:
            found: dict[object, list[object]] = {}
            for transaction, item in zip(table["transaction"].to_pylist(), table["item"].to_pylist(), strict=True):
                found.setdefault(transaction, []).append(item)
            return list(found.values())

        if clock == "whole":
            return (
                lambda: mine(baskets(), **settings, report="a"),
                lambda sets: (len(sets), sum(count for _, count in sets)),
            )
        codes: dict[object, int] = {}
        encoded = [[codes.setdefault(item, len(codes)) for item in basket] for basket in baskets()]
        return (
            lambda: mine(encoded, **settings, report="#"),
            # Of the spectrum, the keys are (size, count).
            lambda found: (int(sum(found.values())), int(sum(key[1] * many for key, many in found.items()))),
        )

    return prepare


def rusket(_kind: str, clock: str, min_support: float, path: str) -> Work:
    import pyarrow.parquet as pq
    import rusket as library

    table = pq.read_table(path)
    baskets = len(table["transaction"].unique())

    def encode() -> object:
        return library.from_transactions(table.to_pandas(), transaction_col="transaction", item_col="item")

    def answer(found: object) -> Answer:
        return len(found), round(float(found["support"].sum()) * baskets)

    if clock == "whole":
        return lambda: library.fpgrowth(encode(), min_support=min_support), answer
    encoded = encode()
    return lambda: library.fpgrowth(encoded, min_support=min_support), answer


def mlxtend(_kind: str, clock: str, min_support: float, path: str) -> Work:
    import pandas as pd
    import pyarrow.parquet as pq
    from mlxtend.frequent_patterns import fpgrowth
    from mlxtend.preprocessing import TransactionEncoder

    table = pq.read_table(path)
    baskets = len(table["transaction"].unique())

    def encode() -> object:
        lists = table.to_pandas().groupby("transaction")["item"].agg(list).tolist()
        encoder = TransactionEncoder()
        found = encoder.fit(lists).transform(lists, sparse=True)
        return pd.DataFrame.sparse.from_spmatrix(found, columns=[str(each) for each in encoder.columns_])

    def answer(found: object) -> Answer:
        return len(found), round(float(found["support"].sum()) * baskets)

    if clock == "whole":
        return lambda: fpgrowth(encode(), min_support=min_support, use_colnames=True), answer
    encoded = encode()
    return lambda: fpgrowth(encoded, min_support=min_support, use_colnames=True), answer


CONTENDERS: dict[str, Callable[[str, str, float, str], Work]] = {
    "guanxi": guanxi,
    "guanxi-threads": partial(guanxi, threads=os.cpu_count() or 1),
    "pyfim-eclat": pyfim("eclat"),
    "pyfim-fpgrowth": pyfim("fpgrowth"),
    "rusket": rusket,
    "mlxtend": mlxtend,
}


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def memory_mib(field: str) -> float:
    """Of this process alone; what getrusage says may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def main() -> None:
    name, kind, clock, min_support, times, path = sys.argv[1:]
    work, answer = CONTENDERS[name](kind, clock, float(min_support), path)
    gc.collect()
    before = memory_mib("VmRSS")
    taken, waited = [], []
    result = None
    for _ in range(int(times)):
        if sum(taken) > _ENOUGH_SECONDS:
            break
        result = None
        began, started = time.perf_counter(), time.process_time()
        result = work()
        taken.append(time.process_time() - started)
        waited.append(time.perf_counter() - began)
    peak = memory_mib("VmHWM")
    itemsets, total = answer(result)
    reading = [_seconds(flat.sum) for flat in _to_read for _ in range(int(times))]
    print(json.dumps({
        "cpu_seconds": min(taken), "wall_seconds": min(waited), "peak_mib": peak, "grown_mib": max(0.0, peak - before),
        "itemsets": itemsets, "sum_of_counts": total, "read_once_seconds": min(reading, default=None),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
