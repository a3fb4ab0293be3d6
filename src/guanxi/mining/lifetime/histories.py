"""Purchase histories as the lifetime models read them: checked, and each distinct one once with its count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.errors import DataError
from guanxi.mining.lifetime import histories_kernels
from guanxi.schema import require_columns

__all__ = ["Histories", "Places", "Values", "per_customer", "read_histories", "refuse"]

Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

_COLUMNS = {
    "customer_id": pa.string(),
    "frequency": pa.int64(),
    "recency_days": pa.float64(),
    "age_days": pa.float64(),
}
_FEW = 2**16
_BLOCK = 2048
_NAMED = 5


@dataclass(frozen=True)
class Histories:
    """Distinct purchase histories in rising order, so that nothing depends on the order of the customers.

    Parameters
    ----------
    frequency, recency, age : float64 arrays, one entry a distinct history; days
    count : float64 array, customers with this history
    place : int32 array, one entry a customer in the order given: where his history stands
    """

    frequency: Values
    recency: Values
    age: Values
    count: Values
    place: Places

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> int:
        return len(self.place)

    def frequencies(self) -> tuple[Values, Values]:
        """Distinct frequencies, and customers with each: gamma functions need be computed for these only."""
        starts = np.flatnonzero(np.diff(self.frequency, prepend=-1))
        return self.frequency[starts], np.add.reduceat(self.count, starts)

    def coarser(self, days: float) -> Histories:
        """Like histories as one, with their mean recency and age: a small stand-in, where to start a search.

        Those of equal frequency whose recency and age fall into the same spans of ``days``.
        """
        codes = [_codes(np.floor(each)) for each in (self.frequency, self.recency / days, self.age / days)]
        rows, _, place = compiled(histories_kernels).gather(
            *(each for each, _ in codes), np.array([size for _, size in codes])
        )
        count: Values = np.bincount(place, weights=self.count).astype(np.float64)
        recency, age = (np.bincount(place, weights=self.count * each) / count for each in (self.recency, self.age))
        return Histories(self.frequency[rows], recency, age, count, self.place)

    def ahead(self) -> tuple[Histories, Places]:
        """What the future of who is still active depends on, which is not when he last bought.

        Returns
        -------
        histories of distinct frequency and age, their recency being 0; and of each history here which of them is his
        """
        columns = [_codes(self.frequency), (np.zeros(len(self), np.int32), 1), _codes(self.age)]
        rows, _, place = compiled(histories_kernels).gather(
            *(codes for codes, _ in columns), np.array([size for _, size in columns])
        )
        count: Values = np.bincount(place, weights=self.count, minlength=len(rows)).astype(np.float64)
        return Histories(self.frequency[rows], np.zeros(len(rows)), self.age[rows], count, place), place

    def blocks(self, effort: Values) -> Iterator[tuple[npt.NDArray[np.intp], Histories]]:
        """The histories in pieces that stay in the processor's cache, those of like ``effort`` together.

        Yields
        ------
        indices of the piece's histories, and the piece; its ``place`` and ``count`` are those of the whole.
        """
        order = np.argsort(effort, kind="stable")
        for first in range(0, len(order), _BLOCK):
            chosen = order[first : first + _BLOCK]
            yield chosen, self._take(chosen)

    def blocks_of_one_frequency(self) -> Iterator[tuple[npt.NDArray[np.intp], Histories]]:
        """The histories in larger pieces of equal frequency, as `blocks` has them."""
        starts = np.flatnonzero(np.diff(self.frequency, prepend=-1))
        for group in np.split(np.arange(len(self)), starts[1:]):
            for first in range(0, len(group), 8 * _BLOCK):
                chosen = group[first : first + 8 * _BLOCK]
                yield chosen, self._take(chosen)

    def _take(self, chosen: npt.NDArray[np.intp]) -> Histories:
        return Histories(self.frequency[chosen], self.recency[chosen], self.age[chosen], self.count[chosen], self.place)


def read_histories(customers: pa.Table, *, more: Mapping[str, pa.DataType] | None = None) -> Histories:
    """Check a table of customers and gather equal histories.

    Parameters
    ----------
    customers : table, one row per customer
        customer_id : string, key
        frequency : int64, repeat purchase days
        recency_days : float64, first to last purchase
        age_days : float64, first purchase to the cut-off
    more : columns that have to be there besides, with their types

    Raises
    ------
    SchemaError : a column is missing or of another type.
    DataError : a value is empty, negative or not finite; recency beyond age; recency without a repeat purchase.

    Notes
    -----
    O(n) for whole days, else O(n log n). A shop's daily dates give far fewer histories than customers.
    """
    require_columns(customers, {**_COLUMNS, **(more or {})}, of="customers")
    for name in _COLUMNS:
        if empty := customers[name].null_count:
            raise DataError("errors.empty_values", table="customers", column=name, rows=empty)
    for name in ("recency_days", "age_days"):
        refuse(customers, _where(customers, lambda days: ~np.isfinite(days), name), "lifetime.not_finite", column=name)
    for name in ("frequency", "recency_days", "age_days"):
        refuse(customers, _where(customers, lambda values: values < 0, name), "lifetime.negative", column=name)
    beyond = _where(customers, lambda recency, age: recency > age, "recency_days", "age_days")
    refuse(customers, beyond, "lifetime.recency_beyond_age")
    alone = _where(customers, lambda repeats, recency: (repeats == 0) & (recency > 0), "frequency", "recency_days")
    refuse(customers, alone, "lifetime.recency_without_repeat")
    return _distinct(customers)


def per_customer(customers: pa.Table, histories: Histories, **columns: npt.NDArray[np.generic]) -> pa.Table:
    """A table of the customers in the order given, from columns with one entry a distinct history."""
    scattered = {name: pa.array(values[histories.place]) for name, values in columns.items()}
    return pa.table({"customer_id": customers["customer_id"], **scattered})


def refuse(customers: pa.Table, wrong: npt.NDArray[np.bool_], code: str, **parameters: object) -> None:
    """`DataError` with up to five customers where ``wrong`` is true."""
    if rows := int(np.count_nonzero(wrong)):
        named = customers["customer_id"].take(pa.array(np.flatnonzero(wrong)[:_NAMED])).to_pylist()
        raise DataError(code, rows=rows, customers=named, **parameters)


def _where(customers: pa.Table, holds: Callable[..., npt.NDArray[np.bool_]], *columns: str) -> npt.NDArray[np.bool_]:
    """For each customer whether something holds of his values."""
    # Batch by batch, which copies nothing: a table of ten million is a third of a gigabyte.
    found = [holds(*(batch[name].to_numpy() for name in columns)) for batch in customers.to_batches()]
    return np.concatenate([np.zeros(0, dtype=np.bool_), *found])


def _distinct(customers: pa.Table) -> Histories:
    if not len(customers):
        none = np.zeros(0)
        return Histories(none, none, none, none, np.zeros(0, dtype=np.int32))
    columns = [_codes_of(customers[name]) for name in ("frequency", "recency_days", "age_days")]
    rows, count, place = compiled(histories_kernels).gather(
        *(codes for codes, _ in columns), np.array([len(values) for _, values in columns])
    )
    frequency, recency, age = (values[codes[rows]] for codes, values in columns)
    return Histories(frequency, recency, age, count.astype(np.float64), place)


def _codes_of(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], Values]:
    """As `_codes`, of a column in chunks, none of which is copied where all are whole numbers; and their values."""
    chunks = [chunk.to_numpy() for chunk in column.chunks]
    most = max(chunk.max(initial=0) for chunk in chunks)
    if most < max(_FEW, len(column)) and all(np.array_equal(np.floor(chunk), chunk) for chunk in chunks):
        codes: Places = np.concatenate(chunks, dtype=np.int32, casting="unsafe")
        return codes, np.arange(int(most) + 1, dtype=np.float64)
    distinct, place = np.unique(np.concatenate(chunks), return_inverse=True)
    return place.astype(np.int32), distinct.astype(np.float64)


def _codes(values: Values) -> tuple[npt.NDArray[np.int32], int]:
    """Whole numbers in the order of the values, no more of them than is worth counting, and their size."""
    codes, distinct = _codes_of(pa.chunked_array([values]))
    return codes, len(distinct)
