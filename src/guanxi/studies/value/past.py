"""Customers as they stood at a date: how often, how lately and for how much they had bought, and what came then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies.base import study_query
from guanxi.warehouse import Session
from guanxi.warehouse.paged import by_part

__all__ = ["Earned", "Values", "buyers", "earned_before", "reals", "stood_at"]

Values = npt.NDArray[np.float64]


def stood_at(session: Session, *, cutoff: dt.date, horizon_days: int, until: dt.date | None = None) -> pa.Table:
    """Everybody known to the session's features, as he stood at ``cutoff``.

    Parameters
    ----------
    session : an engine that holds the customer features of ``cutoff`` or of a later date
    cutoff : purchases strictly before it count
    horizon_days : length of the last period before the cut-off
    until : the end of what came; by default the cut-off, so that nothing did

    Returns
    -------
    table, one row a customer, by customer_id; columns in the header of the query ``purchases_at``, all but customer_id
    null for who had not bought by then
    """
    dates = {"since": cutoff - dt.timedelta(days=horizon_days), "cutoff": cutoff, "until": until or cutoff}
    return session.run(study_query("purchases_at"), dates)


def buyers(everyone: pa.Table) -> pa.Table:
    """Those who had bought by the cut-off, with ``monetary`` as the spending model reads it.

    ``monetary`` (float64, minor units) is the mean amount of a repeat purchase, null where there was none; a purchase
    of less than half a minor unit counts as one unit, for the model knows no purchase of nothing.
    """
    return by_part(everyone, _bought)


def _bought(everyone: pa.Table) -> pa.Table:
    bought = everyone.filter(pc.is_valid(everyone["frequency"]))
    repeats = reals(bought, "frequency")
    mean = np.maximum(reals(bought, "repeat_amount") / np.maximum(repeats, 1), 1.0)
    return bought.append_column("monetary", pa.array(mean, mask=repeats == 0)).combine_chunks()


@dataclass(frozen=True)
class Earned:
    """What known customers bought, and of those lines whose cost is known, what they cost; minor units, before returns.

    Examples
    --------
    >>> found = Earned(amount=1000, known_amount=800, cost=600)
    >>> found.rate, found.known_share
    (0.25, 0.8)
    """

    amount: int
    known_amount: int
    cost: int

    @property
    def rate(self) -> float | None:
        """The share of the amount that is left after the cost of the goods; None where no cost is known."""
        return (self.known_amount - self.cost) / self.known_amount if self.known_amount else None

    @property
    def known_share(self) -> float:
        """Of the amount, with a known cost."""
        return self.known_amount / self.amount if self.amount else 0.0


def earned_before(session: Session, *, as_of: dt.date) -> Earned:
    """Of all purchases of known customers before a date."""
    (row,) = session.run(study_query("costs_known"), {"as_of": as_of}).to_pylist()
    return Earned(**row)


def reals(table: pa.Table, column: str) -> Values:
    """A column without nulls as float64."""
    return table[column].to_numpy().astype(np.float64)
