"""Value at risk: what the study value still expects of customers who may leave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mining.lifetime.money import value_at_risk
from guanxi.studies.base import scores_said
from guanxi.warehouse import Session
from guanxi.warehouse.paged import by_part, near
from guanxi.words import Message

__all__ = ["least_who_hold", "with_value_at_risk"]

_PLACE = "place"
"""Of a customer in what was said."""
Values = npt.NDArray[np.float64]


def with_value_at_risk(customers: pa.Table, session: Session) -> tuple[pa.Table, Message | None]:
    """Each customer's `guanxi.mining.lifetime.money.value_at_risk`: what is expected of him × p, that he leaves.

    With m what he spends if he comes, the expectation is (1 − p) m, and value at risk p (1 − p) m: most for a good
    customer of whom it is not decided yet. So it ranks who is worth a word in time; it is no forecast of a loss.

    Parameters
    ----------
    customers : table, one row a customer: customer_id, churn_probability (null where there is none)
    session : holds what the study value has said in this run

    Returns
    -------
    table : the same with expected_amount and value_at_risk (float64, minor units)
    reason : why both are null for everybody; None where they are not

    Notes
    -----
    An expectation without an interval is the past rate of a study that had too little data to be judged (grade D): it
    is not built upon. O(n log n) in customers.
    """
    said = scores_said(session, study="value", score="expected_amount")
    reason = None
    if said["low"].null_count == said.num_rows:
        said, reason = said.slice(0, 0), Message("churn.at_risk_unjudged")
    elif customers["churn_probability"].null_count == customers.num_rows:
        reason = Message("churn.at_risk_unknown")
    asked = customers.select(["customer_id", "churn_probability"])
    places = pc.index_in(asked["customer_id"], said["customer_id"])
    found = by_part(asked.append_column(_PLACE, places), lambda rows: _of_some(rows, said))
    for name in found.column_names:
        customers = customers.append_column(name, found[name])
    return customers, reason


def _of_some(customers: pa.Table, said: pa.Table) -> pa.Table:
    """expected_amount and value_at_risk of some customers, of whom it is known where what was said of them stands."""
    expected, _ = near(said.select(["customer_id", "value"]), customers[_PLACE])
    leaving = customers.select(["customer_id", "churn_probability"]).rename_columns(["customer_id", "value"])
    found = value_at_risk(expected, leaving.filter(pc.is_valid(leaving["value"])))
    places = pc.index_in(customers["customer_id"], found["customer_id"])
    return pa.table({name: found[name].take(places) for name in ("expected_amount", "value_at_risk")}).combine_chunks()


def least_who_hold(amounts: Values, *, share: float) -> int:
    """The least number of customers who together hold a share of the amounts of all.

    >>> least_who_hold(np.array([10.0, 70.0, 20.0]), share=0.5)
    1
    """
    summed = np.cumsum(np.sort(amounts)[::-1])
    return int(np.searchsorted(summed, share * summed[-1])) + 1
