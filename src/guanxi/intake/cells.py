"""Single columns of a small delivered table, read as people write them: names, amounts of money, dates.

For tables that are none of ours (a list of campaigns, of contacts), so that a number or a customer's name means the
same in them as in an order file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from guanxi.intake.mapping import ColumnMapping
from guanxi.intake.money import SIGNS
from guanxi.intake.parse import date_sql, decimal_sql, id_sql, unreadable_sql
from guanxi.intake.sample import ColumnSample, column_samples
from guanxi.words import Message

__all__ = ["Cells", "other_currencies", "read_dates", "read_decimals", "read_ids"]

_X = "x"
_PRECISION, _SCALE = 24, 6
_SHARED = {
    "$": ("USD", "HKD", "TWD", "AUD", "CAD", "SGD", "NZD", "MXN"),
    "¥": ("CNY", "JPY"),
    "元": ("CNY", "HKD", "TWD", "MOP"),
    "US$": ("USD",),
    "CN¥": ("CNY",),
    "圆": ("CNY", "JPY"),
    "块": ("CNY",),
}
_SIGNS: Mapping[str, Sequence[str]] = {**{sign: (code,) for sign, code in SIGNS.items()}, **_SHARED}
_CODES = {"RMB": "CNY"}
_CODE = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Z$¥])")


@dataclass(frozen=True)
class Cells:
    """What a column says.

    Attributes
    ----------
    values : one entry a row; null where nothing is said, or where it could not be read
    unreadable : texts that say something else, in their order
    order : of dates, which part was taken to stand first, where that had to be told: day_first, month_first, year_first
    note : why
    """

    values: pa.ChunkedArray
    unreadable: list[str]
    order: str | None = None
    note: Message | None = None


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
    sample = _sample(texts)
    spec = ColumnMapping(column=_X, format=sample.time_format)
    found = _read(texts, date_sql(spec), unreadable_sql(spec, "value"))
    return replace(found, order=sample.time_format, note=sample.time_note) if sample.time_note else found


def other_currencies(texts: pa.ChunkedArray, currency: str) -> list[str]:
    """Amounts that stand beside the sign or code of another currency, in their order.

    A sign that several currencies share (``$``, ``¥``, 元) is that of any of them.

    >>> other_currencies(pa.chunked_array([["12", "$3", "HK$4", "USD 5", "7 €"]]), "HKD")
    ['USD 5', '7 €']
    """
    return [text for text in texts.to_pylist() if text and currency not in _currencies(text, currency)]


def _currencies(text: str, unsaid: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKC", text).upper()
    code = _CODE.search(plain)
    if code is not None:
        return [_CODES.get(code[0], code[0])]
    # The longest sign first: HK$ is not $.
    sign = next((each for each in sorted(_SIGNS, key=len, reverse=True) if each in plain), None)
    return [unsaid] if sign is None else _SIGNS[sign]


def _sample(texts: pa.ChunkedArray) -> ColumnSample:
    # All of it, for the table is small: what tells day from month may stand in a single row.
    (found,) = column_samples(pa.table({_X: texts}))
    return found


def _read(texts: pa.ChunkedArray, value: str, unreadable: str) -> Cells:
    # One thread keeps the order of the rows.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("cells", pa.table({_X: texts}))
        found = connection.sql(
            f"SELECT value, CASE WHEN {unreadable} THEN x END AS wrong FROM (SELECT x, {value} AS value FROM cells)"
        ).to_arrow_table()
    return Cells(found["value"], [text for text in found["wrong"].to_pylist() if text is not None])
