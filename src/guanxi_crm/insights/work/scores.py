"""What a run says of each customer, in the columns of `CustomerScores`: a file of the run, published from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guanxi.mine import Mined
from guanxi.mine.outputs import customers_table
from guanxi.words import currency_digits
from guanxi_crm.customers.services.scores import SCORE_COLUMNS

__all__ = ["FILE", "REASONED", "rows_of", "scores_of"]

FILE = "scores.parquet"
"""Of a run's directory."""
REASONED = ("segments", "value", "churn")
"""The studies whose reasons go with a customer's scores."""
_TIMES = ("first_order_at", "last_order_at")


def scores_of(mined: Mined) -> pa.Table | None:
    """One row per customer: ``number``, the columns of `CustomerScores` that the studies gave, ``reasons_STUDY``.

    Money is int64 minor units, times are UTC without zone, sorted by number. None where no study speaks of customers.
    """
    if not any("customers" in each.tables for each in mined.results):
        return None
    told = customers_table(mined)
    digits = currency_digits(mined.snapshot.settings.currency)
    found = pa.table({"number": told["customer_id"]})
    for name in told.column_names:
        # Reasons are kept by study, below.
        if name in SCORE_COLUMNS and name != "reasons":
            found = found.append_column(name, _minor(told[name], digits))
    for study in REASONED:
        result = mined.result(study)
        if result is not None:
            customers = result.tables["customers"]
            places = pc.index_in(found["number"], customers["customer_id"])
            found = found.append_column(f"reasons_{study}", customers["reasons"].take(places))
    return found.combine_chunks()


def rows_of(path: Path, *, size: int) -> Iterator[list[dict[str, Any]]]:
    """The rows of that file as the customers' services take them, by batches."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=size):
        yield [_row(row) for row in batch.to_pylist()]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if not name.startswith("reasons_")}
    for name in _TIMES:
        if told.get(name) is not None:
            told[name] = told[name].replace(tzinfo=dt.UTC)
    told["reasons"] = {
        study: [[each["code"], each["value"], each["effect"]] for each in because]
        for study in REASONED
        if (because := row.get(f"reasons_{study}"))
    }
    return told


def _minor(values: pa.ChunkedArray, digits: int) -> pa.ChunkedArray:
    """Exact decimals of whole units as minor units; anything else as it is."""
    if not pa.types.is_decimal(values.type):
        return values
    return pc.multiply(values, pa.scalar(10**digits, pa.decimal128(10, 0))).cast(pa.int64())
