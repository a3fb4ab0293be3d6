"""A flat table with a label, as delivered: which column names the row, which is the outcome, what is a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.features.prepare.frame import is_number, is_text

__all__ = ["KEY", "OUTCOME", "Flat", "read_flat"]

KEY = "customer_id"
OUTCOME = "churned"
_YES = {"yes", "true", "1", "y", "t", "churn", "churned", "left", "是", "流失", "已流失"}
_FEW = 10
"""A text column with no more different values than this is one of categories, even if they look like numbers."""


@dataclass(frozen=True)
class Flat:
    """The table as the methods read it.

    Attributes
    ----------
    table : `KEY` (string), the columns, `OUTCOME` (0 or 1)
    columns : names of the columns between
    label : the outcome as an array
    key : the column that named the row; None where the rows are numbered
    """

    table: pa.Table
    columns: tuple[str, ...]
    label: npt.NDArray[np.int64]
    key: str | None = None


def read_flat(table: pa.Table, *, label: str, key: str | None = None, positive: object = None) -> Flat:
    """Find key, outcome and columns of a flat table.

    Parameters
    ----------
    table : one row a customer
    label : the column of the outcome: booleans, 0 and 1, or two values
    key : the column that names the row; by default the first one, if its values are all different and no fractions,
        else the rows are numbered
    positive : which of two values is the yes; by default True, 1, or a word for it

    Raises
    ------
    SchemaError : there is no such column.
    DataError : the outcome is empty somewhere, has not two values, or neither is known as the yes.
    """
    for name in filter(None, (label, key)):
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="customers", column=name, columns=table.column_names)
    outcome = _outcome(table[label], label, positive)
    key = key or _key(table, label)
    names = tuple(name for name in table.column_names if name not in {label, key} and _readable(table[name]))
    clash = [name for name in (KEY, OUTCOME) if name in names]
    if clash:
        raise DataError("churn.contract_reserved", column=clash[0])
    keys = table[key].cast(pa.string()) if key else pa.array([str(row + 1) for row in range(table.num_rows)])
    columns = {name: _numbers_in_text(table[name]) for name in names}
    read = pa.table({KEY: keys, **columns, OUTCOME: pa.array(outcome)}).combine_chunks()
    return Flat(read, names, outcome, key)


def _outcome(column: pa.ChunkedArray, label: str, positive: object) -> npt.NDArray[np.int64]:
    if column.null_count:
        raise DataError("errors.empty_values", table="customers", column=label, rows=column.null_count)
    values = column.to_pylist()
    different = sorted(set(values), key=str)
    if len(different) != 2:
        raise DataError("churn.contract_two_values", column=label, values=[str(each) for each in different[:5]])
    if positive is None:
        yes: Sequence[object] = [each for each in different if str(each).strip().lower() in _YES | {"1.0"}]
    else:
        yes = [each for each in different if str(each) == str(positive)]
    if len(yes) != 1:
        raise DataError("churn.contract_which_is_yes", column=label, values=[str(each) for each in different])
    return np.array([each == yes[0] for each in values], dtype=np.int64)


def _key(table: pa.Table, label: str) -> str | None:
    first = table.column_names[0]
    kind = table[first].type
    named = first != label and (is_text(kind) or pa.types.is_integer(kind))
    return first if named and pc.count_distinct(table[first], mode="all").as_py() == table.num_rows else None


def _readable(column: pa.ChunkedArray) -> bool:
    return is_number(column.type) or is_text(column.type)


def _numbers_in_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A text column whose every value is a number, blanks aside, as numbers."""
    if not is_text(column.type):
        return column
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    if pc.count_distinct(filled).as_py() <= _FEW:
        return filled
    try:
        return filled.cast(pa.float64())
    except pa.ArrowInvalid:
        return filled
