"""The past as a row of dates: at each, what was known of the customers then, and whether they bought again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.features import customer_features
from guanxi.studies.base import study_query
from guanxi.warehouse import Session

__all__ = ["LABEL", "PERIOD", "Past", "customers_now", "cutoffs_before", "outcomes_at", "read_past", "stacked"]

LABEL = "churned"
PERIOD = "period"
_MOST_CUTOFFS = 4
"""One to judge at, and up to three to learn from."""


@dataclass(frozen=True)
class Past:
    """Customers as they stood, and what they did.

    Attributes
    ----------
    now : customers as of the study's date
    then : by how many horizons ago (1, 2, …), the customers as they stood, with `LABEL`
    cutoffs : the same, the dates
    """

    now: pa.Table
    then: dict[int, pa.Table]
    cutoffs: dict[int, dt.date]


def outcomes_at(session: Session, *, cutoff: dt.date, until: dt.date) -> pa.Table:
    """Who had bought in the year before ``cutoff``, with `LABEL`: whether nothing came from then until ``until``.

    Returns
    -------
    table, one row a customer: customer_id, days_since_last_order, churned (bool)
    """
    found = session.run(study_query("churn_outcomes"), {"cutoff": cutoff, "until": until})
    churned = pc.equal(found["later_orders"], 0)
    return found.drop_columns(["later_orders"]).append_column(LABEL, churned)


def cutoffs_before(as_of: dt.date, *, horizon_days: int, first_on: dt.date) -> dict[int, dt.date]:
    """The dates one, two … horizons ago that have a whole horizon of history before them, at most four.

    >>> cutoffs_before(dt.date(2024, 12, 31), horizon_days=90, first_on=dt.date(2024, 4, 1))
    {1: datetime.date(2024, 10, 2), 2: datetime.date(2024, 7, 4)}
    """
    found = {}
    for ago in range(1, _MOST_CUTOFFS + 1):
        cutoff = as_of - dt.timedelta(days=ago * horizon_days)
        if cutoff - dt.timedelta(days=horizon_days) < first_on:
            break
        found[ago] = cutoff
    return found


def customers_now(session: Session, *, as_of: dt.date) -> pa.Table:
    """Customers who bought in the year before the date of the session's features, as they stand."""
    return _with_p_alive(session, session.run(study_query("churn_inputs")), as_of)


def read_past(
    session: Session, *, as_of: dt.date, cutoffs: Mapping[int, dt.date], outcomes: Mapping[int, pa.Table]
) -> Past:
    """Customers as of ``as_of``, and as they stood at each cut-off with what became of them.

    The features are made anew at each date from what came strictly before it; in the end the session holds those of
    ``as_of`` again. ``outcomes`` are read before, while the session still knows what came after the dates.

    Notes
    -----
    As many times the cost of the features as there are dates.
    """
    now = customers_now(session, as_of=as_of)
    then = {}
    for ago, cutoff in cutoffs.items():
        customer_features(session, as_of=cutoff)
        known = customers_now(session, as_of=cutoff)
        labels = outcomes[ago].select(["customer_id", LABEL])
        then[ago] = known.join(labels, "customer_id", join_type="inner").sort_by("customer_id").combine_chunks()
    customer_features(session, as_of=as_of)
    return Past(now, then, dict(cutoffs))


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """Customers of several dates in one table, the latest given first, with `PERIOD` rising in time."""
    parts = [
        table.append_column(PERIOD, pa.array(np.full(table.num_rows, -place), pa.int64()))
        for place, table in enumerate(tables)
    ]
    return pa.concat_tables(parts)


def _with_p_alive(session: Session, customers: pa.Table, cutoff: dt.date) -> pa.Table:
    """With the score ``p_alive`` of the value study where it is there for that date."""
    said = session.run(study_query("churn_p_alive"), {"cutoff": cutoff})
    joined = customers.join(said, "customer_id", join_type="left outer").sort_by("customer_id")
    return joined.combine_chunks()
