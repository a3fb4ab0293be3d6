"""The past as a row of dates: at each, what was known of the customers then, and whether they bought again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError
from guanxi.features import customer_features
from guanxi.mining.lifetime import BetaGeoNBD
from guanxi.studies.base import study_query
from guanxi.warehouse import Session
from guanxi.warehouse.paged import PART_ROWS, by_part, let_go, near, slices

__all__ = ["LABEL", "PERIOD", "Past", "customers_now", "cutoffs_before", "outcomes_at", "read_past", "stacked"]

LABEL = "churned"
PERIOD = "period"
_MOST_CUTOFFS = 4
"""One to judge at, and up to three to learn from."""
_MOST_CUSTOMERS = 50_000
"""Asked at each earlier date; of more, a sample: it tells the same within what the reader sees."""
_PLACE = "place"
"""Of a customer among the histories."""
_STEADIED = 0.1
"""Regularisation of the lifetime model: felt by small shops only."""


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


def customers_now(session: Session, *, horizon_days: int, most: int | None = None) -> pa.Table:
    """Customers who bought in the year before the date of the session's features, as they stand.

    Two columns are what the lifetime model BG/NBD says of them, fitted on purchases up to that date: ``p_alive``, and
    ``p_no_order``, the probability of no order within the horizon. Both are null where the model does not fit.

    Of more than ``most``, about so many are drawn, by a hash of their id, so that the same ones are met again at other
    dates.
    """
    customers = session.run(study_query("churn_inputs"))
    if most is not None:
        customers = _sample(customers, most=most)
    return _with_lifetime(customers, session.run(study_query("churn_histories")), horizon_days)


def read_past(
    session: Session,
    *,
    as_of: dt.date,
    horizon_days: int,
    cutoffs: Mapping[int, dt.date],
    outcomes: Mapping[int, pa.Table],
) -> Past:
    """Customers as of ``as_of``, and as they stood at each cut-off with what became of them.

    The features are made anew at each date from what came strictly before it; in the end the session holds those of
    ``as_of`` again. ``outcomes`` are read before, while the session still knows what came after the dates.

    Notes
    -----
    As many times the cost of the features as there are dates. Of more than 50,000 customers at an earlier date, about
    so many are kept.
    """
    now = customers_now(session, horizon_days=horizon_days)
    then = {}
    for ago, cutoff in cutoffs.items():
        customer_features(session, as_of=cutoff)
        known = customers_now(session, horizon_days=horizon_days, most=_MOST_CUSTOMERS)
        labels = outcomes[ago].select(["customer_id", LABEL])
        # Of millions, a join would first make a table to look each of them up in.
        labels = labels.filter(pc.is_in(labels["customer_id"], known["customer_id"]))
        then[ago] = known.join(labels, "customer_id", join_type="inner").sort_by("customer_id").combine_chunks()
        let_go()
    customer_features(session, as_of=as_of)
    return Past(now, then, dict(cutoffs))


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """Customers of several dates in one table, the latest given first, with `PERIOD` rising in time."""
    parts = [
        table.append_column(PERIOD, pa.array(np.full(table.num_rows, -place), pa.int64()))
        for place, table in enumerate(tables)
    ]
    return pa.concat_tables(parts)


def _sample(customers: pa.Table, *, most: int = _MOST_CUSTOMERS) -> pa.Table:
    """All customers, or about ``most`` of them: those whose hash is small, so that a later sample has them again."""
    rows = customers.num_rows
    if rows <= most:
        return customers
    least = 2**32 * most / rows
    return pa.concat_tables(
        part.filter(pa.array([crc32(each.encode()) < least for each in part["customer_id"].to_pylist()], pa.bool_()))
        for part in slices(customers)
    ).combine_chunks()


def _with_lifetime(customers: pa.Table, histories: pa.Table, horizon_days: int) -> pa.Table:
    """With what the lifetime model says, learned from everybody who had bought, or from a sample of them."""
    try:
        model = BetaGeoNBD(regularisation=_STEADIED).fit(_sample(histories))
    except DataError:
        # Nobody has come back yet: there is nothing to learn it from.
        return _with_nothing(customers)
    if not model.converged_:
        return _with_nothing(customers)
    if customers.num_rows <= PART_ROWS:
        # Of millions, a table to look each of them up in would be made for a few.
        histories = histories.filter(pc.is_in(histories["customer_id"], customers["customer_id"]))
    places = pc.index_in(customers["customer_id"], histories["customer_id"])
    return by_part(
        customers.append_column(_PLACE, places), lambda rows: _with_said(rows, model, histories, horizon_days)
    )


def _with_said(customers: pa.Table, model: BetaGeoNBD, histories: pa.Table, horizon_days: int) -> pa.Table:
    """Some customers with what a fitted model says of their histories."""
    piece, places = near(histories, customers[_PLACE])
    mine = piece.take(places)
    counts = model.purchase_probabilities(mine, horizon_days=horizon_days, most=1)
    none = counts["probability"].filter(pc.equal(counts["purchases"], 0))
    said = customers.drop_columns([_PLACE]).append_column("p_alive", model.probability_alive(mine)["p_alive"])
    return said.append_column("p_no_order", none)


def _with_nothing(customers: pa.Table) -> pa.Table:
    empty = pa.nulls(customers.num_rows, pa.float64())
    return customers.append_column("p_alive", empty).append_column("p_no_order", empty)
