"""Why a customer is in his segment, in a form that is put into words where people read it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["CODES", "reasons_of"]

CODES = {"r": "segments.reason_recency", "f": "segments.reason_frequency", "m": "segments.reason_amount"}
_VALUES = {"r": "days_since_last_order", "f": "orders", "m": "amount"}


def reasons_of(customers: pa.Table) -> pa.Array:
    """Three reasons per customer who bought, the most unusual first; null for the others.

    Parameters
    ----------
    customers : table with r, f, m and days_since_last_order, orders, amount

    Returns
    -------
    array of list<struct<code, value, effect>>: the value in days, orders or minor units; the effect is the distance of
        the score from 3, the middle: from -2 to +2.

    Notes
    -----
    O(n); no Python object per customer.
    """
    bought = pc.is_valid(customers["r"]).to_numpy()
    names = list(CODES)
    effects = np.stack([customers[name].filter(pa.array(bought)).to_numpy() - 3 for name in names], axis=1)
    values = np.stack([customers[_VALUES[name]].filter(pa.array(bought)).to_numpy() for name in names], axis=1)
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")
    codes = pa.DictionaryArray.from_arrays(pa.array(order.ravel(), pa.int8()), pa.array(list(CODES.values())))
    items = pa.StructArray.from_arrays(
        [
            codes.cast(pa.string()),
            pa.array(np.take_along_axis(values, order, 1).ravel().astype(np.float64)),
            pa.array(np.take_along_axis(effects, order, 1).ravel().astype(np.float64)),
        ],
        names=["code", "value", "effect"],
    )
    offsets = np.concatenate(([0], np.cumsum(np.where(bought, len(names), 0)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items, mask=pa.array(~bought))
