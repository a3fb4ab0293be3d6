"""The values of a database as text: the same as those of a Parquet file (`guanxi.intake.readers.columnar`)."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

__all__ = ["texts", "value_text"]

_LARGEST_EXACT = 2**53


def texts(values: Sequence[Any]) -> pa.Array:
    """A column as text; empty texts are no values. The usual kinds without a call for each value."""
    kinds = {*map(type, values)} - {type(None)}
    if kinds == {str}:
        return pa.array([value or None for value in values], pa.string())
    if kinds == {int}:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array([None if value is None else _value_text(value) or None for value in values], pa.string())


def value_text(value: Any) -> str:
    """A value of a database as text; the empty text is no value.

    Floats with as few digits as tell them apart, whole ones without ``.0``; decimals with all their digits; days and
    times in ISO 8601, those with a zone in UTC; lists and objects as JSON; bytes as UTF-8 if they are, else as hex.

    Examples
    --------
    >>> [value_text(each) for each in (13085.0, 0.1, float("nan"), True, Decimal("1E+2"), b"caf\\xc3\\xa9", b"\\xff")]
    ['13085', '0.1', '', 'true', '100', 'café', '\\\\xFF']
    >>> value_text(dt.datetime(2024, 3, 5, 8, 26, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    '2024-03-05 00:26:00+00'
    >>> value_text(dt.timedelta(hours=30)), value_text(["a", Decimal("1.10")])
    ('30:00:00', '["a","1.10"]')
    """
    match value:
        case bool():
            text = "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _LARGEST_EXACT:
            text = str(int(value))
        case float():
            text = "" if math.isnan(value) else str(value)
        case Decimal():
            text = "" if value.is_nan() else f"{value:f}"
        case dt.datetime() | dt.time() | dt.timedelta():
            text = _time_text(value)
        case bytes() | bytearray() | memoryview():
            text = _octets_text(bytes(value))
        case list() | tuple() | dict() | set():
            plain = sorted(value, key=str) if isinstance(value, set) else value
            text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=value_text)
        case _:
            text = str(value)
    return text


def _time_text(value: dt.datetime | dt.time | dt.timedelta) -> str:
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    zone = ""
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value, zone = value.astimezone(dt.UTC).replace(tzinfo=None), "+00"
        text = value.isoformat(" ")
    else:
        text = value.isoformat()
    return (text.rstrip("0") if "." in text else text) + zone


@lru_cache(maxsize=1 << 16, typed=True)
def _remembered(value: Any) -> str:
    return value_text(value)


def _value_text(value: Any) -> str:
    """Days, prices and customers come again and again."""
    return _remembered(value) if value.__class__ in (float, Decimal, dt.datetime, dt.date) else value_text(value)


def _octets_text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if 32 <= octet < 127 and octet != 92 else f"\\x{octet:02X}" for octet in octets)
