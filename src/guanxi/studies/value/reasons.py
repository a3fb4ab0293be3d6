"""Why so much is expected of a customer: his amount as a product of factors, each beside that of the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from guanxi.mining.classify import reasons_of
from guanxi.studies.value.methods import Said
from guanxi.studies.value.past import Values, reals
from guanxi.warehouse.paged import by_part

__all__ = ["because_of_baseline", "because_of_model"]

_LEAST = 1e-9
"""Stands for nothing, which has no logarithm."""


def because_of_model(customers: pa.Table, *, p_alive: Values, orders: Values, each: Values) -> pa.ChunkedArray:
    """Expected amount = p_alive × orders of who is still a customer × amount of an order, as logarithms.

    Parameters
    ----------
    customers : table of `guanxi.studies.value.past.buyers`
    p_alive, orders, each : one entry a customer; orders and minor units an order as expected

    Returns
    -------
    array of list<struct<code, value, effect>>, the strongest first. An effect is the logarithm of the factor less its
    mean over all customers, so that the effects of a customer and one number that all share add up to the logarithm of
    his expected amount. The value is what he has done: days since the last order, purchases, minor units an order.
    """
    factors = {
        "value.reason_silence": (reals(customers, "days_since_last_order"), p_alive),
        "value.reason_orders": (reals(customers, "orders"), orders / np.maximum(p_alive, _LEAST)),
        "value.reason_order_amount": (_own_amount(customers), each),
    }
    return _listed(factors)


def because_of_baseline(customers: pa.Table, said: Said, *, recent: bool) -> pa.ChunkedArray:
    """Expected amount = expected orders × amount of an order, as `because_of_model` has it.

    ``recent`` tells the orders of the last horizon instead of all.
    """
    own = _own_amount(customers)
    each = np.divide(said.amount, said.orders, out=own.copy(), where=said.orders > 0)
    told = ("value.reason_recent_orders", "recent_orders") if recent else ("value.reason_orders", "orders")
    return _listed({told[0]: (reals(customers, told[1]), said.orders), "value.reason_order_amount": (own, each)})


def _own_amount(customers: pa.Table) -> Values:
    return reals(customers, "amount") / reals(customers, "orders")


def _listed(factors: Mapping[str, tuple[Values, Values]]) -> pa.ChunkedArray:
    values = np.column_stack([value for value, _ in factors.values()])
    effects = np.log(np.maximum(np.column_stack([factor for _, factor in factors.values()]), _LEAST))
    # So that what is the same for all has an effect of exactly nothing.
    effects -= effects[:1]
    effects -= effects.mean(axis=0) if len(effects) else 0.0

    def listed(rows: pa.Table) -> pa.Table:
        mine = rows["row"].to_numpy()
        return pa.table({"reasons": reasons_of(list(factors), values[mine], effects[mine])})

    return by_part(pa.table({"row": np.arange(len(values))}), listed)["reasons"]
