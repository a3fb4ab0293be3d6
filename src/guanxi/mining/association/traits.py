"""Traits of customers as items, so that rules may hold them beside products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.mining.association.frequent import check_limits

__all__ = ["trait_items"]


def trait_items(table: pa.Table, *, key: str, columns: Sequence[str] | None = None, bands: int = 4) -> pa.Table:
    """Traits as a basket table: one item per customer and trait, numbers in bands.

    For rules on who buys or who is a risk: put the result and the products into one table with
    ``pyarrow.concat_tables``, and give `rules` a target.

    Parameters
    ----------
    table : table, one row per customer
        key : any type that can be compared
        further columns : bool gives an item with the column's name where true, as a product has; numbers and dates with
        more than ``bands`` different values are cut into bands of about as many customers each; all else gives
        "column = value". Null gives nothing.
    columns : names, in place of all but the key
    bands : int from 1

    Returns
    -------
    table, any number of rows per customer, each with at least one: transaction (type of the key), item (string; null
    for a customer without any)

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no rows, or a key is null.
    SettingError : ``bands`` is below 1.

    Notes
    -----
    Bands end at quantiles that occur as values, so that equal values are never parted. O(n log n) per column.

    Examples
    --------
    >>> table = pa.table({"id": [1, 2, 3, 4], "age": [20, 30, 40, 50], "sex": ["F", None, "M", "F"],
    ...                   "fish": [True, False, False, True]})
    >>> trait_items(table, key="id", bands=2).sort_by("transaction")["item"].to_pylist()
    ['age ≤ 30', 'sex = F', 'fish', 'age ≤ 30', 'age > 30', 'sex = M', 'age > 30', 'sex = F', 'fish']
    """
    check_limits(bands=bands)
    names = [name for name in table.column_names if name != key] if columns is None else list(columns)
    for name in (key, *names):
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="traits", column=name, columns=table.column_names)
    if table.num_rows == 0:
        raise DataError("association.no_baskets")
    if empty := table[key].null_count:
        raise DataError("errors.empty_values", table="traits", column=key, rows=empty)
    parts = [_items(name, table[name], bands) for name in names]
    found = (
        pa.concat_tables(
            pa.table({"transaction": table[key], "item": part}).filter(pc.is_valid(part)) for part in parts
        )
        if parts
        else pa.table({"transaction": table[key][:0], "item": pa.array([], pa.string())})
    )
    bare = pc.invert(pc.is_in(table[key], value_set=found["transaction"].combine_chunks()))
    without = table[key].filter(bare)
    return pa.concat_tables([found, pa.table({"transaction": without, "item": pa.nulls(len(without), pa.string())})])


def _items(name: str, column: pa.ChunkedArray, bands: int) -> pa.Array:
    """One item per row, or null."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return pa.array([name if value else None for value in column.to_pylist()], pa.string())
    measured = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
    values = column.combine_chunks()
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), None, values)
    if measured and len(values.drop_null().unique()) > bands:
        ends = list(_ends(values, bands))
        return pa.array([None if value is None else _band(name, value, ends) for value in values.to_pylist()])
    return pa.array([None if value is None else f"{name} = {value}" for value in values.to_pylist()], pa.string())


def _ends(values: pa.Array, bands: int) -> Iterator[object]:
    """Where the bands end, upper ends included; the last band has none."""
    ordered = values.drop_null().take(pc.sort_indices(values.drop_null()))
    before = ordered[-1].as_py()
    places = (np.arange(1, bands) * len(ordered) + bands - 1) // bands - 1
    seen = set()
    for place in places.tolist():
        end = ordered[place].as_py()
        if end != before and end not in seen:
            seen.add(end)
            yield end


def _band(name: str, value: object, ends: list) -> str:
    above = None
    for end in ends:
        if value <= end:
            return f"{name} ≤ {end}" if above is None else f"{above} < {name} ≤ {end}"
        above = end
    return name if above is None else f"{name} > {above}"
