"""One contender of value.py, in a process of its own: ``value_worker.py guanxi|lifetimes MODEL TABLE.parquet``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HORIZON_DAYS = 90


def best(work, times=3):
    found = []
    for _ in range(times):
        began = time.process_time()
        result = work()
        found.append(time.process_time() - began)
    return min(found), result


def peak_mib() -> float:
    """Of this program alone: the usage that the system keeps of a process begins with its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def guanxi(model: str, path: str) -> dict:
    from guanxi.mining import lifetime
    from guanxi.mining.lifetime.histories import read_histories

    columns = {"GammaGamma": ["customer_id", "frequency", "monetary"]}
    columns = columns.get(model, ["customer_id", "frequency", "recency_days", "age_days"])
    method = getattr(lifetime, model)
    method(regularisation=1.0).fit(pq.ParquetFile(path).read_row_group(0, columns).slice(0, 1000))
    table = pq.read_table(path, columns=columns)
    seconds, fitted = best(lambda: method().fit(table))
    distinct = len(table) if model == "GammaGamma" else len(read_histories(table))
    return {"cpu_seconds": seconds, "distinct": distinct, "parameters": fitted.parameters()["value"].to_pylist()}


def score(path: str) -> dict:
    """Fit on all customers, then score them batch by batch."""
    from guanxi.mining.lifetime import BetaGeoNBD
    from guanxi.mining.lifetime.histories import read_histories

    columns = ["customer_id", "frequency", "recency_days", "age_days"]
    file = pq.ParquetFile(path)
    few = file.read_row_group(0, columns).slice(0, 1000)
    BetaGeoNBD(regularisation=1.0).fit(few).predict(few)
    began = time.process_time()
    table = file.read(columns, use_threads=False)
    pa.default_memory_pool().release_unused()  # what reading has taken beyond the table
    model = BetaGeoNBD().fit(table)
    distinct = len(read_histories(table))
    del table
    expected = 0.0
    for group in range(file.num_row_groups):
        found = model.predict(file.read_row_group(group, columns), horizon_days=HORIZON_DAYS)
        expected += found["expected_purchases"].to_numpy().sum()
    seconds = time.process_time() - began
    return {"cpu_seconds": seconds, "distinct": distinct, "expected_purchases": expected}


def lifetimes(model: str, path: str) -> dict:
    from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter

    table = pq.read_table(path).to_pandas()
    if model == "GammaGamma":
        back = table[table.frequency > 0]
        seconds, fitted = best(lambda: GammaGammaFitter().fit(back.frequency, back.monetary))
        return {"cpu_seconds": seconds, "parameters": list(fitted.params_)}
    fitter = {"BetaGeoNBD": BetaGeoFitter, "ParetoNBD": ParetoNBDFitter}[model]
    seconds, fitted = best(lambda: fitter().fit(table.frequency, table.recency_days, table.age_days), times=1)
    return {"cpu_seconds": seconds, "parameters": list(fitted.params_)}


if __name__ == "__main__":
    name, model, path = sys.argv[1:]
    found = score(path) if model == "score" else {"guanxi": guanxi, "lifetimes": lifetimes}[name](model, path)
    print(json.dumps(found | {"peak_mib": peak_mib()}))
