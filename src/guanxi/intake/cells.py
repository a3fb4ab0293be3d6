"""Single columns of a small delivered table, read as people write them: names, amounts of money, dates.

For tables that are none of ours (a list of campaigns, of contacts), so that a number or a customer's name means the
same in them as in an order file.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from guanxi.intake.mapping import ColumnMapping
from guanxi.intake.parse import date_sql, decimal_sql, id_sql, unreadable_sql
from guanxi.intake.sample import ColumnSample, column_samples, spread_sample

__all__ = ["Cells", "read_dates", "read_decimals", "read_ids"]

_X = "x"
_PRECISION, _SCALE = 24, 6


@dataclass(frozen=True)
class Cells:
    """What a column says.

    Attributes
    ----------
    values : one entry a row; null where nothing is said, or where it could not be read
    unreadable : texts that say something else, in their order
    """

    values: pa.ChunkedArray
    unreadable: list[str]


def read_ids(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names in the one way of writing that `guanxi.intake.parse.id_sql` gives those of an order file.

    >>> read_ids(pa.chunked_array([[" ００12", "'0012", "12.0", "-"]])).to_pylist()
    ['0012', '0012', '12', None]
    """
    return _read(texts, id_sql(ColumnMapping(column=_X)), "x IS NULL").values


def read_decimals(texts: pa.ChunkedArray) -> Cells:
    """Exact decimals (decimal128(24, 6)), with whichever decimal mark fits more of the values.

    >>> found = read_decimals(pa.chunked_array([["￥1,234.50", "12", None, "a lot"]]))
    >>> [value and str(value) for value in found.values.to_pylist()], found.unreadable
    (['1234.500000', '12.000000', None, None], ['a lot'])
    >>> str(read_decimals(pa.chunked_array([["1.234,50"]])).values[0])
    '1234.500000'
    """
    spec = ColumnMapping(column=_X, decimal=_sample(texts).decimal)
    return _read(texts, decimal_sql(spec, precision=_PRECISION, scale=_SCALE), unreadable_sql(spec, "value"))


def read_dates(texts: pa.ChunkedArray) -> Cells:
    """Calendar dates (date32), with whichever order of day and month fits the values.

    >>> found = read_dates(pa.chunked_array([["2024-03-05", "5 Mar 2024 14:05", "", "soon"]]))
    >>> [value and value.isoformat() for value in found.values.to_pylist()], found.unreadable
    (['2024-03-05', '2024-03-05', None, None], ['soon'])
    """
    spec = ColumnMapping(column=_X, format=_sample(texts).time_format)
    return _read(texts, date_sql(spec), unreadable_sql(spec, "value"))


def _sample(texts: pa.ChunkedArray) -> ColumnSample:
    (found,) = column_samples(spread_sample(pa.table({_X: texts})))
    return found


def _read(texts: pa.ChunkedArray, value: str, unreadable: str) -> Cells:
    # One thread keeps the order of the rows.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("cells", pa.table({_X: texts}))
        found = connection.sql(
            f"SELECT value, CASE WHEN {unreadable} THEN x END AS wrong FROM (SELECT x, {value} AS value FROM cells)"
        ).to_arrow_table()
    return Cells(found["value"], [text for text in found["wrong"].to_pylist() if text is not None])
