"""What is known of each customer before a date: recency, frequency, value, rhythm, tastes, habits.

The steps are named queries, each kept for the next one in the engine's session, so that any engine can run them and a
reader can look at each::

    order_lines ─► customer_orders ─► customer_gaps ─┐
         │    └──► customer_products ─► customer_tastes ─┼─► customer_features
         └───────► customers_known ───────────────────┘

Where the session is one of this process and there are many lines, `guanxi.features.kernel` makes the same table without
the steps, which are then left until somebody reads them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress

from guanxi.features.kernel import LocalSession, Unsuited, make_customer_features
from guanxi.progress import Progress
from guanxi.warehouse import Query, Session, load_query

__all__ = ["STEPS", "customer_features"]

STEPS = (
    "customers_known",
    "customer_orders",
    "customer_gaps",
    "customer_products",
    "customer_tastes",
    "customer_features",
)

KERNEL_FROM_LINES = 2_000_000
"""Below it the queries take less than loading numba does."""


def queries() -> Mapping[str, Query]:
    """The feature queries by name, in the order in which they run."""
    return {name: load_query(__package__, name) for name in STEPS}


def customer_features(session: Session, *, as_of: dt.date, progress: Progress | None = None) -> int:
    """Make the table ``customer_features`` in a session: one row per customer who has appeared before ``as_of``.

    For every study that says something about customers. Nothing on or after ``as_of`` is read, so features of a past
    date are what would have been said then.

    Parameters
    ----------
    session : Session
        An engine bound to a snapshot.
    as_of : date
        Events strictly before this date in the company's calendar count.
    progress : Progress, optional

    Returns
    -------
    int : rows of ``customer_features`` (key ``customer_id``; columns, types and meaning in the query's header and in
        ``words/features.toml``). Amounts are minor units; ``*_30d`` … ``*_365d`` are the last so many days; several
        orders of one day are one purchase in ``order_days``, ``frequency`` and the gaps.

    Notes
    -----
    One scan of six columns of ``order_lines`` for orders and one of five for products; grouping grows with the number
    of customer × order and customer × product pairs. From `KERNEL_FROM_LINES` lines on the embedded engine counts with
    `guanxi.features.kernel` instead: the same table in about a third of the time, where everything can be counted
    exactly in 64 bits.
    """
    if isinstance(session, LocalSession) and session.snapshot.rows("order_lines") >= KERNEL_FROM_LINES:
        with suppress(Unsuited):
            return _by_kernel(session, as_of, progress)
    rows = 0
    for query in queries().values():
        rows = session.materialise(query, _parameters(query, as_of))
        if progress is not None:
            progress.advance(1)
    return rows


def _by_kernel(session: LocalSession, as_of: dt.date, progress: Progress | None) -> int:
    """The features without the steps before them, which are left until somebody reads them."""
    *steps, last = queries().values()
    rows = make_customer_features(session, last, as_of=as_of)
    for step in steps:
        session.defer(step, _parameters(step, as_of))
    if progress is not None:
        progress.advance(len(STEPS))
    return rows


def _parameters(query: Query, as_of: dt.date) -> dict[str, object] | None:
    return {"as_of": as_of} if query.parameters else None
