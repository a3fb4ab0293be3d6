"""Scores for recency, frequency and monetary value."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, NotFittedError, SettingError
from guanxi.schema import require_columns

__all__ = ["RFM"]

_INPUTS = {"days_since_last_order": "r", "orders": "f", "amount": "m"}


class RFM:
    """Score customers 1 to 5 for how lately, how often and for how much they bought.

    For ranking and grouping customers when nothing but their orders is known, and as a baseline for every model of
    value. A score says how many of the customers are *strictly* worse: 5 when at least 80 % are, 1 when fewer than
    20 % are. So customers with equal values share a score, and the best score need not hold a fifth of them.

    Parameters
    ----------
    scores : int
        The highest score.

    Attributes
    ----------
    edges_ : dict
        Per score column (r, f, m) the least value that earns score 2, 3, …, ``scores``. For r the value is the
        negated days since the last order, so that more is better in all three.

    Notes
    -----
    Fit: one sort per column, O(n log n). Predict: a binary search per value.

    References
    ----------
    .. [1] Hughes, A. M. (1994), Strategic Database Marketing, Probus. Quintile scoring; the treatment of equal values
       is ours, because a shop where two thirds bought once has no quintiles of orders.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["a", "b", "c", "d", "e"], "days_since_last_order": [1, 10, 20, 30, 40],
    ...                   "orders": [9, 1, 1, 1, 1], "amount": [500, 400, 300, 200, 100]})
    >>> RFM().fit(table).predict(table).to_pydict()["r"]
    [5, 4, 3, 2, 1]
    >>> RFM().fit(table).predict(table).to_pydict()["f"]
    [5, 1, 1, 1, 1]
    """

    def __init__(self, *, scores: int = 5) -> None:
        self.scores = scores

    def fit(self, customers: pa.Table) -> Self:
        """Learn where each score begins.

        Parameters
        ----------
        customers : table, one row per customer
            customer_id : string, key
            days_since_last_order : int64, days; null for who never bought (such rows are not used)
            orders : int64
            amount : int64, minor units

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : nobody has bought anything.
        """
        if self.scores < 2:
            raise SettingError("errors.at_least", name="scores", least=2, value=self.scores)
        buyers = self._buyers(customers)
        if buyers.num_rows == 0:
            raise DataError("errors.nobody_bought")
        self.edges_ = {name: _edges(_better(buyers, column), self.scores) for column, name in _INPUTS.items()}
        return self

    def predict(self, customers: pa.Table) -> pa.Table:
        """Score customers with the edges learned.

        Parameters
        ----------
        customers : table as in `fit`

        Returns
        -------
        table, one row per customer in the order given: customer_id, r, f, m (int64, 1 … ``scores``; null for who never
        bought)
        """
        if not hasattr(self, "edges_"):
            raise NotFittedError("errors.not_fitted", method="RFM")
        _require(customers)
        never = pc.is_null(customers["days_since_last_order"])
        columns = {"customer_id": customers["customer_id"]}
        for column, name in _INPUTS.items():
            found = 1 + np.searchsorted(self.edges_[name], _better(customers, column), side="right")
            columns[name] = pc.if_else(never, None, pa.array(found.astype(np.int64)))
        return pa.table(columns)

    @staticmethod
    def _buyers(customers: pa.Table) -> pa.Table:
        _require(customers)
        return customers.filter(pc.is_valid(customers["days_since_last_order"]))


def _require(customers: pa.Table) -> None:
    columns = {"customer_id": pa.string(), **dict.fromkeys(_INPUTS, pa.int64())}
    require_columns(customers, columns, of="customers")


def _better(customers: pa.Table, column: str) -> npt.NDArray[np.int64]:
    values = pc.fill_null(customers[column], 0).to_numpy()
    return -values if column == "days_since_last_order" else values


def _edges(values: npt.NDArray[np.int64], scores: int) -> npt.NDArray[np.float64]:
    """The least value with at least k/scores of all values strictly below it, for k = 1 … scores - 1."""
    distinct, first = np.unique(np.sort(values), return_index=True)
    # first[i] values are strictly below distinct[i]; integers, so that no share is lost to rounding.
    needed = np.arange(1, scores) * len(values)
    place = np.searchsorted(first * scores, needed, side="left")
    return np.append(distinct.astype(np.float64), np.inf)[place]
