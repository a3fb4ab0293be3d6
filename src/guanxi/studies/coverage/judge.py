"""Was what the rules pointed to bought afterwards, more often than what most customers have?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow.compute as pc

from guanxi.evaluate import compare_hit_rates, grade
from guanxi.studies.base import Judgement
from guanxi.studies.coverage.holdings import Holdings, read_holdings
from guanxi.studies.coverage.pointing import Places, learn, named_first, point
from guanxi.warehouse import Session
from guanxi.words import Message

__all__ = ["LEAST_CUSTOMERS", "judge"]

LEAST_CUSTOMERS = 200
"""Gate: so many customers of before the cut-off who bought again after it and lacked something."""


def judge(session: Session, *, as_of: dt.date, horizon_days: int) -> tuple[Judgement, tuple[Message, ...]]:
    """Name to each customer, one horizon ago, the product he lacks that the rules speak most for; did he take it?

    Against naming the product that most customers have, of those that he lacks. Second, what is missing below the gate.
    """
    cutoff = as_of - dt.timedelta(days=horizon_days)
    then = read_holdings(session, until=cutoff)
    later = read_holdings(session, until=as_of, days=horizon_days, like=then)
    came, back = _came(then, later)
    popular = np.broadcast_to(then.held.mean(axis=0) if len(then.customers) else np.zeros(0), then.held.shape)
    plain = named_first(popular, then)
    asked = back & (plain >= 0)
    customers = int(asked.sum())
    if customers < LEAST_CUSTOMERS:
        words = {"cutoff": cutoff, "customers": customers, "least": LEAST_CUSTOMERS}
        return Judgement("D", Message("coverage.judged_d")), (Message("coverage.missing_customers", words),)
    ours = named_first(point(learn(then), then).chance, then)
    comparison = compare_hit_rates(*(_hit(came, named)[asked] for named in (ours, plain)))
    letter = grade(comparison)
    words = {
        "cutoff": cutoff,
        "customers": customers,
        "days": horizon_days,
        "method": comparison.method,
        "baseline": comparison.baseline,
    }
    return Judgement(letter, Message(f"coverage.judged_{letter.lower()}", words), cutoff, (comparison,)), ()


def _came(then: Holdings, later: Holdings) -> tuple[np.ndarray, np.ndarray]:
    """Of each customer of then: what he bought later, and whether he bought anything."""
    place = pc.index_in(then.customers, later.customers)
    back = place.is_valid().to_numpy(zero_copy_only=False)
    came = np.zeros(then.held.shape, np.bool_)
    came[back] = later.held[place.drop_null().to_numpy()]
    return came, back


def _hit(came: np.ndarray, named: Places) -> np.ndarray:
    """1 where what was named was bought."""
    rows = np.arange(len(came))
    return np.where(named >= 0, came[rows, np.maximum(named, 0)], False).astype(np.float64)
