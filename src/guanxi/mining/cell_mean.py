"""The plain baseline of customer value: what customers in the same RFM cell did next."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, NotFittedError
from guanxi.schema import require_columns

__all__ = ["CellMean"]

_WEIGHT = 20.0


class CellMean:
    """Expect of a customer what those with the same recency and frequency scores did in an earlier period.

    Use it where nothing better has proved itself, and beside everything that claims to be better. The mean of a cell
    is drawn towards the mean of all by ``weight`` imaginary customers, so that a cell of three says little.

    Parameters
    ----------
    weight : float
        How many customers the mean of all counts for.

    Attributes
    ----------
    means_ : array of shape (scores + 1, scores + 1), expected orders by r and f (row and column 0 are unused)
    overall_ : float, mean orders of all
    order_amount_ : float, mean amount of an order, minor units

    Notes
    -----
    O(n). Expected amount is expected orders times the customer's own mean order amount, drawn towards ``order_amount_``
    by one imaginary order.

    Examples
    --------
    >>> past = pa.table({"customer_id": ["a", "b"], "r": [5, 1], "f": [5, 1], "orders": [4, 1], "amount": [400, 100],
    ...                  "later_orders": [2, 0]})
    >>> CellMean(weight=0).fit(past).predict(past)["expected_orders"].to_pylist()
    [2.0, 0.0]
    """

    def __init__(self, *, weight: float = _WEIGHT) -> None:
        self.weight = weight

    def fit(self, customers: pa.Table) -> Self:
        """Learn from what customers, scored at an earlier date, did afterwards.

        Parameters
        ----------
        customers : table, one row per customer
            customer_id : string, key
            r, f : int64, scores at the earlier date
            orders, amount : int64, up to that date
            later_orders : int64, orders in the horizon after it

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : nobody is in the table, or a value is empty.
        """
        _require(customers, {"later_orders": pa.int64()})
        if customers.num_rows == 0:
            raise DataError("errors.nobody_bought")
        later = customers["later_orders"].to_numpy()
        r, f = _scores(customers)
        shape = (int(r.max()) + 1, int(f.max()) + 1)
        count = np.zeros(shape)
        total = np.zeros(shape)
        np.add.at(count, (r, f), 1)
        np.add.at(total, (r, f), later)
        self.overall_ = float(later.mean())
        with np.errstate(invalid="ignore"):
            means = (total + self.weight * self.overall_) / (count + self.weight)
        self.means_ = np.where(np.isnan(means), self.overall_, means)
        orders = int(pc.sum(customers["orders"]).as_py() or 0)
        self.order_amount_ = int(pc.sum(customers["amount"]).as_py() or 0) / max(orders, 1)
        return self

    def predict(self, customers: pa.Table) -> pa.Table:
        """What to expect in the same horizon from now.

        Returns
        -------
        table, one row per customer in the order given: customer_id, expected_orders (float64), expected_amount
        (float64, minor units)
        """
        if not hasattr(self, "means_"):
            raise NotFittedError("errors.not_fitted", method="CellMean")
        _require(customers, {})
        r, f = _scores(customers)
        rows, columns = self.means_.shape
        known = (r < rows) & (f < columns)
        expected = np.where(known, self.means_[np.minimum(r, rows - 1), np.minimum(f, columns - 1)], self.overall_)
        orders = customers["orders"].to_numpy()
        own = (customers["amount"].to_numpy() + self.order_amount_) / (orders + 1)
        return pa.table(
            {
                "customer_id": customers["customer_id"],
                "expected_orders": pa.array(expected, pa.float64()),
                "expected_amount": pa.array(expected * own, pa.float64()),
            }
        )


def _require(customers: pa.Table, more: dict[str, pa.DataType]) -> None:
    columns = {"customer_id": pa.string(), **dict.fromkeys(("r", "f", "orders", "amount"), pa.int64()), **more}
    require_columns(customers, columns, of="customers")
    for name in columns:
        if empty := customers[name].null_count:
            raise DataError("errors.empty_values", table="customers", column=name, rows=empty)


def _scores(customers: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return customers["r"].to_numpy(), customers["f"].to_numpy()
