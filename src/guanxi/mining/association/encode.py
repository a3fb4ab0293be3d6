"""Baskets as arrays: items as ranks, each basket's ranks in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.compiled import compiled
from guanxi.errors import DataError, SchemaError
from guanxi.mining.association import encode_kernels

__all__ = ["Baskets", "Columns", "item_codes", "read_columns"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_SPREAD = 4
"""Whole numbers that span at most so many times the number of rows are their own codes; others are hashed."""


@dataclass(frozen=True)
class Baskets:
    """Baskets encoded for one minimum support.

    Attributes
    ----------
    baskets : int, distinct transactions, those without a frequent item included
    items : array, the frequent items by ascending support, equals by value; the *rank* of an item is its place here
    support : int64 per rank, number of baskets that hold the item
    by_value : int32 per rank, the item's place in the order of the items' values
    flat : int32, per basket with at least two frequent items their ranks, ascending, then -1
    rows : int, number of these baskets
    """

    baskets: int
    items: pa.Array
    support: Longs
    by_value: Ints
    flat: Ints
    rows: int


@dataclass(frozen=True)
class Columns:
    """The rows of a basket table, grouped by transaction, items as codes."""

    offsets: Longs
    codes: Ints
    values: pa.Array
    transactions: pa.Array
    """The transaction of each group of rows; some groups may be empty."""
    baskets: int
    support: Longs
    """Per code, the number of baskets that hold the item."""

    def encode(self, min_count: int) -> Baskets:
        """Keep the items in at least ``min_count`` baskets."""
        frequent = np.flatnonzero(self.support >= min_count)
        values = self.values.take(pa.array(frequent))
        place = np.empty(len(frequent), np.int32)
        place[pc.sort_indices(values).to_numpy()] = np.arange(len(frequent), dtype=np.int32)
        order = np.lexsort((place, self.support[frequent]))
        rank = np.full(len(self.values), -1, np.int32)
        rank[frequent[order]] = np.arange(len(frequent), dtype=np.int32)
        flat, rows = compiled(encode_kernels).flatten(self.offsets, self.codes, rank, len(frequent))
        items, support = values.take(pa.array(order)), self.support[frequent[order]]
        return Baskets(self.baskets, items, support, place[order], flat, rows)


def read_columns(table: pa.Table) -> Columns:
    """Group a table of (transaction, item) by transaction; an item twice in a transaction is there once.

    Parameters
    ----------
    table : table, any number of rows per transaction, in any order
        transaction : of any type that Arrow can compare
        item : likewise; null where a transaction holds nothing, which still is a basket

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no rows, or a transaction is null.
    """
    for name in ("transaction", "item"):
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="baskets", column=name, columns=table.column_names)
    if table.num_rows == 0:
        raise DataError("association.no_baskets")
    if empty := table["transaction"].null_count:
        raise DataError("errors.empty_values", table="baskets", column="transaction", rows=empty)
    transactions, names = item_codes(table["transaction"])
    items, values = item_codes(table["item"])
    offsets, codes = compiled(encode_kernels).group(transactions, items, len(names))
    support, baskets = compiled(encode_kernels).count_items(offsets, codes, len(values))
    return Columns(offsets, codes, values, names, int(baskets), support)


def item_codes(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """A code per row, -1 for null, and the value of each code (of which some may not occur)."""
    if pa.types.is_integer(column.type) and len(column) > column.null_count:
        least, most = (int(each) for each in pc.min_max(column).as_py().values())
        if most - least < _SPREAD * len(column) and most < 2**63:
            given = (pc.fill_null(column, least) if column.null_count else column).to_numpy()
            wide = given if given.dtype == np.int32 else given.astype(np.int64, copy=False)
            codes = compiled(encode_kernels).less(wide, least)
            if column.null_count:
                codes[pc.is_null(column).to_numpy()] = -1
            return codes, pa.array(np.arange(least, most + 1)).cast(column.type)
    if pa.types.is_dictionary(column.type):
        # A dictionary may hold a value twice, and null as a value.
        given = column.unify_dictionaries().combine_chunks()
        inner, values = item_codes(pa.chunked_array([given.dictionary]))
        outer = _with_nulls(given.indices)
        return np.where(outer >= 0, inner[outer], np.int32(-1)), values
    encoded = column.dictionary_encode().combine_chunks()
    return _with_nulls(encoded.indices), encoded.dictionary


def _with_nulls(indices: pa.Array) -> Ints:
    return np.array(pc.fill_null(indices, -1), np.int32)
