"""Was what the rules pointed to bought afterwards, more often than what most customers have?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow.compute as pc

from guanxi.evaluate import compare_hit_rates, grade
from guanxi.studies.base import Judgement
from guanxi.studies.coverage.holdings import Holdings, read_holdings
from guanxi.studies.coverage.pointing import NO_RULES, Places, learn, named_first, point
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
    # Where each customer of then stands among those who bought again.
    again = pc.fill_null(pc.index_in(then.customers, later.customers), -1).to_numpy()
    plain = named_first(point(NO_RULES, then), then)
    asked = (again >= 0) & (plain >= 0)
    customers = int(asked.sum())
    if customers < LEAST_CUSTOMERS:
        words = {"cutoff": cutoff, "customers": customers, "least": LEAST_CUSTOMERS}
        return Judgement("D", Message("coverage.judged_d")), (Message("coverage.missing_customers", words),)
    ours = named_first(point(learn(then), then), then)
    comparison = compare_hit_rates(*(_hit(later, again[asked], named[asked]) for named in (ours, plain)))
    letter = grade(comparison)
    words = {
        "cutoff": cutoff,
        "customers": customers,
        "days": horizon_days,
        "method": comparison.method,
        "baseline": comparison.baseline,
    }
    return Judgement(letter, Message(f"coverage.judged_{letter.lower()}", words), cutoff, (comparison,)), ()


def _hit(later: Holdings, customers: np.ndarray, named: Places) -> np.ndarray:
    """1 where what was named was bought."""
    return later.held[customers, named].astype(np.float64)
