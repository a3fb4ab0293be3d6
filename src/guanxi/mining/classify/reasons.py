"""Effects that add up, as reasons: the strongest first, in the form that every score carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from guanxi.mining.classify.additive import Matrix
from guanxi.schema import REASONS

__all__ = ["reasons_of"]


def reasons_of(codes: Sequence[Sequence[str]] | Sequence[str], values: Matrix, effects: Matrix) -> pa.Array:
    """All effects of each row as reasons, the strongest first.

    Parameters
    ----------
    codes : one code a column, or a list of codes per row
    values : float64 array of shape (rows, columns), what the customer's value is
    effects : the same shape, in log-odds; positive makes label 1 more likely

    Returns
    -------
    array of list<struct<code, value, effect>>; of equal effects the first column is first, and the effects of a row add
        up to what was given.

    Examples
    --------
    >>> found = reasons_of(["a.days", "a.orders"], np.array([[9.0, 80.0]]), np.array([[0.1, -0.5]]))
    >>> [(each["code"], each["effect"]) for each in found[0].as_py()]
    [('a.orders', -0.5), ('a.days', 0.1)]
    """
    rows, columns = effects.shape
    names = np.broadcast_to(np.array(codes, dtype=object), (rows, columns))
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")
    items = pa.StructArray.from_arrays(
        [
            pa.array(np.take_along_axis(names, order, 1).ravel(), pa.string()),
            pa.array(np.take_along_axis(values, order, 1).ravel(), pa.float64(), from_pandas=True),
            pa.array(np.take_along_axis(effects, order, 1).ravel(), pa.float64()),
        ],
        names=["code", "value", "effect"],
    )
    offsets = pa.array((np.arange(rows + 1) * columns).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, items).cast(REASONS)
