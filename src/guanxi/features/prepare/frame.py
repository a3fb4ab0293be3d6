"""Columns on their way through a preparation: numbers and texts as arrays, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError

__all__ = ["Frame", "Labels", "Numbers", "Texts", "binary_labels", "canonical_order", "read_frame"]

Numbers = npt.NDArray[np.float64]
Texts = npt.NDArray[Any]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Frame:
    """Columns of equal length.

    Attributes
    ----------
    numbers : float64 per column, NaN where empty
    texts : str per column, None where empty
    origin : of each column, the column of the given table that it was made from
    """

    rows: int
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    def with_numbers(self, made: Mapping[str, Numbers], origin: Mapping[str, str] | None = None) -> Frame:
        """The frame with columns replaced or added."""
        return Frame(self.rows, {**self.numbers, **made}, self.texts, {**self.origin, **(origin or {})})

    def without(self, names: set[str]) -> Frame:
        """The frame without some columns."""
        return Frame(
            self.rows,
            {name: values for name, values in self.numbers.items() if name not in names},
            {name: values for name, values in self.texts.items() if name not in names},
            {name: source for name, source in self.origin.items() if name not in names},
        )


def read_frame(table: pa.Table, names: list[str]) -> Frame:
    """The named columns: booleans, numbers and dates as float64 (dates as days), texts as they are.

    Raises
    ------
    SchemaError : a column is missing, or holds neither numbers nor texts.
    """
    numbers: dict[str, Numbers] = {}
    texts: dict[str, Texts] = {}
    for name in names:
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="customers", column=name, columns=table.column_names)
        column = table[name]
        if is_number(column.type):
            numbers[name] = to_numbers(column)
        elif is_text(column.type):
            texts[name] = np.array(column.cast(pa.string()).to_pylist(), dtype=object)
        else:
            found, expected = str(column.type), "double"
            raise SchemaError("errors.wrong_type", table="customers", column=name, expected=expected, found=found)
    return Frame(table.num_rows, numbers, texts, {name: name for name in names})


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is read as numbers."""
    types = pa.types
    return (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
        or types.is_date32(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type is read as texts."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def to_numbers(column: pa.ChunkedArray) -> Numbers:
    """A column as float64, NaN where empty."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    values = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    return np.array(values, dtype=np.float64)


def binary_labels(table: pa.Table, label: str) -> Labels:
    """The label of every row as 0 or 1, from a column of booleans or of the numbers 0 and 1.

    Raises
    ------
    SchemaError : the column is missing.
    DataError : a row has no label, or another one.
    """
    if label not in table.column_names:
        raise SchemaError("errors.no_such_column", table="customers", column=label, columns=table.column_names)
    column = table[label]
    if column.null_count:
        raise DataError("errors.empty_values", table="customers", column=label, rows=column.null_count)
    if not is_number(column.type):
        found = str(column.type)
        raise SchemaError("errors.wrong_type", table="customers", column=label, expected="bool", found=found)
    values = to_numbers(column)
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise DataError("prepare.not_a_label", column=label, rows=int(wrong.sum()), value=float(values[wrong][0]))
    return values.astype(np.int64)


def canonical_order(table: pa.Table, key: str) -> npt.NDArray[np.int64]:
    """The places of the rows in an order of their own, so that what is learned does not depend on the order given."""
    if key not in table.column_names:
        raise SchemaError("errors.no_such_column", table="customers", column=key, columns=table.column_names)
    others = [name for name in table.column_names if name != key and _sorts(table[name].type)]
    by = [(name, "ascending") for name in (key, *others)]
    return np.asarray(pc.sort_indices(table, sort_keys=by).to_numpy(), dtype=np.int64)


def _sorts(kind: pa.DataType) -> bool:
    return is_number(kind) or bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
