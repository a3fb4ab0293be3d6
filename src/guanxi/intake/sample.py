"""What the columns of a staged file hold, seen on a sample spread over the whole file.

The sample is made of runs of neighbouring rows, evenly spread: neighbours show which lines make one order, the spread
shows values that the head of the file lacks. It is the same for the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.intake.countries import country_code
from guanxi.intake.mapping import ColumnMapping
from guanxi.intake.parse import decimal_sql, identifier, instant_sql, literal, missing_sql
from guanxi.intake.time_reading import DIGITS, PARTED, Codes, Floats, Moments, time_reading
from guanxi.words import Message

__all__ = ["SAMPLE_ROWS", "ColumnSample", "column_samples", "spread_sample"]

SAMPLE_ROWS = 10_000
_RUN_ROWS = 500

_X = ColumnMapping(column="x")
_COMMA = ColumnMapping(column="x", decimal=",")
_NOT_NUMBER = "NOT regexp_full_match(trim(x), '[-+]?\\d+(\\.\\d+)?')"

# Each is true of a text or not; a column is described by the share of its values.
_SHAPES = {
    "letters": "regexp_matches(x, '[A-Za-z\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Cyrillic}]')",
    "digits": "regexp_matches(x, '\\d')",
    "spaces": "contains(trim(x), ' ')",
    "leading_zero": "regexp_matches(x, '^0\\d')",
    "clock": "regexp_full_match(trim(x),"
    " '(?i)(上午|下午)? ?\\d{1,2}[:：时]\\d{2}([:：分]\\d{2}(\\.\\d+)?)?[分秒]? ?(am|pm)?')",
    "email": "regexp_full_match(trim(x), '[^@\\s]+@[^@\\s]+\\.[A-Za-z]{2,}')",
    "phone": "regexp_full_match(trim(x), '[''+]?[-\\d() *]{7,20}')"
    " AND length(regexp_replace(x, '\\D', '', 'g')) BETWEEN 7 AND 15",
    "currency": "regexp_full_match(trim(x), '[A-Z]{3}|人民币|美元|欧元|港币|元|[¥￥$€£]')",
}


@dataclass(frozen=True)
class ColumnSample:
    """A column of the sample, and what its values look like. Shares are of the values that are not missing."""

    name: str
    codes: Codes
    """Per row: place of its value in ``texts``, -1 where missing."""
    texts: tuple[str, ...]
    """Distinct values, by first appearance."""
    shares: Mapping[str, float]
    numbers: Floats
    """Per row: the value as a number, NaN where it is none."""
    decimal: Literal[".", ","]
    moments: Moments
    """Per row: the value as a time in the reading of ``time_format``, NaT where it is none."""
    time_format: str | None
    time_note: Message | None
    is_time_certain: bool
    """False where the same values could have been read in another order of day and month."""

    @property
    def present(self) -> int:
        return int((self.codes >= 0).sum())

    @property
    def distinct(self) -> int:
        return len(self.texts)

    @cached_property
    def number_share(self) -> float:
        return float(np.isfinite(self.numbers).sum()) / max(self.present, 1)

    @cached_property
    def time_share(self) -> float:
        return float((~np.isnat(self.moments)).sum()) / max(self.present, 1)

    @cached_property
    def finite(self) -> Floats:
        """The numbers alone."""
        return self.numbers[np.isfinite(self.numbers)]

    @cached_property
    def whole_share(self) -> float:
        """Share of whole numbers among the numbers."""
        return float((self.finite == np.round(self.finite)).mean()) if len(self.finite) else 0.0

    @cached_property
    def mean_length(self) -> float:
        return float(np.mean([len(text) for text in self.texts])) if self.texts else 0.0

    @cached_property
    def is_row_number(self) -> bool:
        """Whether it counts the rows."""
        if self.whole_share < 1.0 or len(self.finite) != len(self.codes) or len(self.codes) < 3:
            return False
        return bool(
            (np.diff(self.numbers) >= 1).all() and (np.diff(self.numbers) == 1).mean() > 0.95 and self.numbers[0] <= 1
        )

    @cached_property
    def country_share(self) -> float:
        """Share of values that name a country."""
        known = np.array(
            [country_code(text) is not None for text in self.texts[:500]] + [False] * len(self.texts[500:])
        )
        return float(known[self.codes[self.codes >= 0]].mean()) if self.texts else 0.0

    def examples(self, count: int = 3) -> tuple[str, ...]:
        """Some of its values, evenly spread over those that differ."""
        if not self.texts:
            return ()
        return tuple(self.texts[place] for place in np.unique(np.linspace(0, self.distinct - 1, count).astype(int)))


def spread_sample(source: Path | pa.Table, *, rows: int = SAMPLE_ROWS) -> pa.Table:
    """About ``rows`` rows of a staged file or table: runs of neighbours evenly spread, first and last rows included.

    O(rows of the row groups touched); one row group is in memory at a time.
    """
    if isinstance(source, pa.Table):
        starts = _run_starts(source.num_rows, rows)
        return pa.concat_tables([source.slice(start, length) for start, length in starts]) if starts else source
    with pq.ParquetFile(source) as file:
        runs = _run_starts(file.metadata.num_rows, rows)
        taken: list[pa.Table] = []
        first = 0
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            here = [(max(s, first), min(s + n, end)) for s, n in runs if s < end and s + n > first]
            if here:
                table = file.read_row_group(group)
                taken += [pa.concat_tables([table.slice(s - first, e - s)]).combine_chunks() for s, e in here]
            first = end
        return pa.concat_tables(taken) if taken else file.schema_arrow.empty_table()


def column_samples(table: pa.Table, *, whole: Path | None = None) -> list[ColumnSample]:
    """Each column of a sample, all of text, with the shapes of its values.

    ``whole`` is the file the sample was taken from, asked where the sample leaves open if day or month comes first.
    """
    encoded = [_encode(table.column(name)) for name in table.column_names]
    long = pa.table(
        {
            "c": pa.array(np.repeat(np.arange(len(encoded)), [len(texts) for _, texts in encoded])),
            "x": pa.array([text for _, texts in encoded for text in texts], pa.string()),
        }
    )
    read = _read_shapes(long)
    ends = np.cumsum([len(texts) for _, texts in encoded])
    columns = []
    for name, (codes, texts), end in zip(table.column_names, encoded, ends, strict=True):
        part = read.slice(end - len(texts), len(texts))
        columns.append(_column(name, codes, texts, part, whole))
    return columns


def _run_starts(total: int, rows: int) -> list[tuple[int, int]]:
    if total <= rows:
        return [(0, total)] if total else []
    runs = rows // _RUN_ROWS
    return [(int(start), _RUN_ROWS) for start in np.linspace(0, total - _RUN_ROWS, runs)]


def _encode(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    encoded = column.combine_chunks().cast(pa.string()).dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()


def _read_shapes(long: pa.Table) -> pa.Table:
    shapes = ", ".join(f"{sql} AS {name}" for name, sql in _SHAPES.items())
    parted = ", ".join(
        f"CASE WHEN {_NOT_NUMBER} AND digits THEN {_instant(order)} END AS {order or 'plain'}"
        for order in (None, *PARTED)
    )
    digits = ", ".join(
        f"CASE WHEN regexp_full_match(trim(x), {literal(pattern)}) THEN {_instant(name)} END AS {name}"
        for name, pattern in DIGITS.items()
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("long", long)
        return connection.sql(f"""
            SELECT * EXCLUDE (c, x), {parted}, {digits} FROM (
                SELECT c, x, {missing_sql(_X)} AS missing, {shapes},
                    CAST({decimal_sql(_X, precision=38, scale=6)} AS DOUBLE) AS point,
                    CAST({decimal_sql(_COMMA, precision=38, scale=6)} AS DOUBLE) AS comma FROM long)
        """).to_arrow_table()


def _instant(order: str | None) -> str:
    known = order if order != "compact" else None
    return instant_sql(ColumnMapping(column="x", format=known), zone="UTC")


def _column(name: str, codes: Codes, texts: list[str], read: pa.Table, whole: Path | None) -> ColumnSample:
    def values(column: str) -> npt.NDArray:
        return read.column(column).combine_chunks().to_numpy(zero_copy_only=False)

    missing = values("missing").astype(bool)
    weights = np.bincount(codes[codes >= 0], minlength=len(texts)).astype(float) * ~missing
    total = max(weights.sum(), 1.0)

    def share(true: npt.NDArray) -> float:
        return float((weights * true).sum() / total)

    # Values that are missing leave the list, so that the places of the rest move up.
    places = np.append(np.where(missing, -1, np.cumsum(~missing) - 1), -1)
    kept = [text for text, gone in zip(texts, missing, strict=True) if not gone]
    point, comma = (np.where(missing, np.nan, values(mark).astype(float)) for mark in ("point", "comma"))
    is_comma = share(np.isfinite(comma)) > share(np.isfinite(point))
    row_codes = places[codes]
    numbers = np.append((comma if is_comma else point)[~missing], np.nan)[row_codes]
    instants = {order: values(order).astype("datetime64[us]") for order in ("plain", *PARTED, *DIGITS)}
    found = time_reading(instants, weights / total, codes, texts, lambda: _count_whole(whole, name))
    moments = np.append(found.instants[~missing], np.datetime64("NaT"))[row_codes]
    return ColumnSample(
        name, row_codes, tuple(kept), {shape: share(values(shape).astype(bool)) for shape in _SHAPES}, numbers,
        "," if is_comma else ".", moments, found.format, found.note, found.is_certain,
    )  # fmt: skip


def _count_whole(whole: Path | None, name: str) -> Mapping[str, int]:
    """How many different dates of the whole column each order of day and month reads."""
    if whole is None:
        return dict.fromkeys(PARTED, 0)
    counts = ", ".join(f"count({_instant(order)})" for order in PARTED)
    with duckdb.connect(config={"threads": 2}) as connection:
        row = connection.execute(f"""
            SELECT {counts} FROM (
                SELECT DISTINCT split_part(trim({identifier(name)}), ' ', 1) AS x
                FROM read_parquet({literal(str(whole))}))
        """).fetchone()
    return dict(zip(PARTED, row or (0, 0, 0), strict=True))
