"""A flat table of contracts, read: when each began and whether it has ended, as completed periods and cohorts."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError

__all__ = ["PERIOD_MONTHS", "Contracts", "Period", "months_before", "read_contracts"]

Period = Literal["month", "quarter", "year"]
PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%Y年%m月%d日")
_MOST_COHORTS = 12
_NAMED = 5

Dates = npt.NDArray[np.datetime64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Contracts:
    """Contracts as of a date; arrays have one entry a contract.

    Attributes
    ----------
    names : no two alike
    rows : where each stands in the table
    began, ended : days; NaT where it goes on
    period : how often one renews
    as_of : nothing from this date on is known
    left_out : how many more contracts there were, which began on that date or later
    """

    names: pa.Array
    rows: Whole
    began: Dates
    ended: Dates
    period: Period
    as_of: dt.date
    left_out: int = 0

    def before(self, date: dt.date) -> Contracts:
        """As they stood at an earlier date: those that had begun, and what has ended since goes on."""
        there = self.began < np.datetime64(date)
        ended = self.ended[there]
        ended = np.where(ended < np.datetime64(date), ended, np.datetime64("NaT"))
        names = self.names.filter(pa.array(there))
        left_out = self.left_out + int(np.count_nonzero(~there))
        return Contracts(names, self.rows[there], self.began[there], ended, self.period, date, left_out)

    def table(self) -> pa.Table:
        """As `guanxi.mining.lifetime.ShiftedBetaGeo` reads them: customer_id, periods, has_left."""
        left = ~np.isnat(self.ended)
        # Whether one is renewed that comes round on the very date, nobody knows yet.
        until = np.where(left, self.ended, np.datetime64(self.as_of) - 1)
        months = PERIOD_MONTHS[self.period]
        periods = _months_between(self.began, until, up=left)
        # Who leaves within a period has had it; of who is there, only what is over counts.
        periods = np.where(left, -(-periods // months), periods // months)
        return pa.table(
            {
                "customer_id": self.names,
                "periods": pa.array(np.where(left, np.maximum(periods, 1), periods)),
                "has_left": pa.array(left),
            }
        )

    def cohorts(self) -> list[str]:
        """When each began: its month, quarter or year, so that there are no more than twelve, or else its year."""
        months = self.began.astype("datetime64[M]").astype(np.int64) + 1970 * 12
        names = [
            [f"{each // 12}-{each % 12 + 1:02}" for each in months.tolist()],
            [f"{each // 12}-Q{each % 12 // 3 + 1}" for each in months.tolist()],
        ]
        few = next((each for each in names if len(set(each)) <= _MOST_COHORTS), None)
        return few or [str(each // 12) for each in months.tolist()]


def read_contracts(
    table: pa.Table,
    *,
    began: str,
    ended: str,
    key: str | None,
    period: Period,
    as_of: dt.date | None,
    file: str = "contracts",
) -> Contracts:
    """Read a flat table of contracts.

    Parameters
    ----------
    table : one row a contract
    began, ended : columns of dates; an empty end: it goes on
    key : the column that names the contract, or the customer where each has one; by default rows are numbered
    period : how often a contract is renewed
    as_of : the date of the table; by default the day after the last date in it
    file : the table's name, for errors

    Raises
    ------
    SchemaError : a named column is missing.
    DataError : a beginning is empty, a value is no date, a contract ends before it begins, or a key stands in more than
        one row (names up to five); a key is empty; there is no contract.
    """
    for name in filter(None, (began, ended, key)):
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table=file, column=name, columns=table.column_names)
    rows = np.arange(len(table))
    names = (table[key].combine_chunks() if key else pa.array(rows + 1)).cast(pa.string())
    if names.null_count:
        raise DataError("errors.empty_values", table=file, column=key, rows=names.null_count)
    starts, ends = _dates(table[began], began), _dates(table[ended], ended)
    if not len(starts):
        raise DataError("retention.no_contracts")
    if repeated := _repeated(names):
        raise DataError("retention.key_repeated", column=key, keys=len(repeated), customers=repeated[:_NAMED])
    _refuse(names, np.isnat(starts), "retention.no_beginning", column=began)
    _refuse(names, ends < starts, "retention.ends_before", began=began, ended=ended)
    last: dt.date = ends[~np.isnat(ends)].max(initial=starts.max()).astype(object)
    date = as_of or last + dt.timedelta(days=1)
    found = Contracts(names, rows, starts, ends, period, date).before(date)
    if not len(found.rows):
        raise DataError("retention.no_contracts")
    return found


def months_before(date: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or the last day of a month that is too short for it.

    >>> months_before(dt.date(2025, 5, 31), 3)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(date.year * 12 + date.month - 1 - months, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def _repeated(names: pa.Array) -> list[str]:
    """Each name that stands there more than once, in the order in which they come."""
    counts = names.value_counts()
    found: list[str] = counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist()
    return found


def _dates(column: pa.ChunkedArray, name: str) -> Dates:
    """Days; NaT where empty."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        # Of a moment with a time zone, the day there; of one with fractions of a second, the day too.
        return column.cast(pa.date32()).to_numpy()
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    found: list[dt.date | None] = []
    wrong: list[str] = []
    read = {text: _date(text, _FORMATS) for text in texts.unique().to_pylist() if text is not None}
    for text in texts.to_pylist():
        found.append(read.get(text))
        if text is not None and read[text] is None:
            wrong.append(text)
    if wrong:
        raise DataError("retention.no_date", column=name, rows=len(wrong), values=list(dict.fromkeys(wrong))[:_NAMED])
    return np.array(found, dtype="datetime64[D]")


def _date(text: str, formats: Sequence[str]) -> dt.date | None:
    """A date, perhaps with a time of day after it."""
    for form in formats:
        for part in (text, text.replace("T", " ").split(" ")[0]):
            try:
                return dt.datetime.strptime(part, form).date()  # noqa: DTZ007 (a date has no zone)
            except ValueError:
                continue
    return None


def _months_between(began: Dates, until: Dates, *, up: npt.NDArray[np.bool_]) -> Whole:
    """Whole months from day to day, rounded up where asked: from 15 January to 16 March two, or three."""
    first, last = began.astype("datetime64[M]"), until.astype("datetime64[M]")
    months = (last - first).astype(np.int64)
    day, end = (each - each.astype("datetime64[M]") for each in (began, until))
    # On the last of a shorter month a contract of the 31st has come round.
    full = ((last + 1).astype("datetime64[D]") - until).astype(np.int64) == 1
    early = (end < day) & ~full
    found: Whole = months - early + (up & (early | (end > day)))
    return found


def _refuse(names: pa.Array, wrong: npt.NDArray[np.bool_], code: str, **parameters: object) -> None:
    if rows := int(np.count_nonzero(wrong)):
        named = names.take(pa.array(np.flatnonzero(wrong)[:_NAMED])).to_pylist()
        raise DataError(code, rows=rows, customers=named, **parameters)
