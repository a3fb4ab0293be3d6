"""Who orders next, when, and for how much? The chance of an order in the horizon, and the day on which it is due.

A law of purchasing says how likely a customer is to have ordered by each day ahead. It is asked as of one horizon ago
and compared with what came since, beside two plain rules: last order + own mean gap, and the waits of customers alike.
Where one of these does as well, it is published. What the order will come to is the study value's to say.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import Comparison, Estimate, compare_brier_score, wilson
from guanxi.mining.lifetime import GammaGamma
from guanxi.mining.lifetime.choice import fit_purchase_laws, likeliest
from guanxi.mining.lifetime.histories import read_histories
from guanxi.mining.lifetime.purchases import PurchaseModel
from guanxi.studies.base import (
    Foretells,
    JudgedContext,
    Judgement,
    Result,
    Study,
    account_of,
    scores_said,
    scores_table,
    study_query,
)
from guanxi.studies.next_purchase import report
from guanxi.studies.next_purchase.judge import COVERAGE, LEAST_CHANCE, WORTH_HAVING, Judged, WeeksJudged, judge
from guanxi.studies.next_purchase.past import Values, buyers_at, came_by_week, days_until, reals, weeks_of
from guanxi.studies.next_purchase.waits import Waits, by_cells, by_law, by_own_gap
from guanxi.warehouse import Session
from guanxi.warehouse.paged import by_part, let_go, near, paged
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_LEAST_CUSTOMERS = 100
_LEAST_REPEATERS = 30
_PLAIN = {"own_gap": by_own_gap, "cells": by_cells}


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """How likely every customer is to order within the horizon, and on which day that order is due.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``, and the scores of the study value
    as_of : events strictly before it are read
    horizon_days : how far ahead it looks, and how far back the judgement goes

    Returns
    -------
    Result : ``scores`` has order_probability, and due_on in days from ``as_of`` with low and high (80 %). Tables:

        - ``customers``, one row a customer: order_probability; due_on, due_low_on, due_high_on (dates): the day by
          which an order *within the horizon* is as likely as not to have come, and between which it comes in eight
          cases of ten, if it does; next_order_amount with its ends (minor units; of the study value);
        - ``weeks``, one row a week ahead: week (from 1), from_on, until_on, expected_orders, low, high (80 %), of
          customers who have bought before;
        - ``comparison`` and ``calibration``, the judgement (`Judged.as_table`, ``classes``), where there is one.

    Notes
    -----
    Several orders of one day are one purchase. Below the gate (two horizons of history; 100 customers at the cut-off,
    30 of them with a second purchase) everybody is due at his last order + own mean gap, without a probability
    (grade D). No day is told of who is less likely than .1 to order. O(30 × distinct histories), and O(customers ×
    horizon) for the judgement.
    """
    (span,) = session.run(study_query("event_span")).to_pylist()
    now = buyers_at(session, cutoff=as_of, horizon_days=horizon_days, until=as_of)
    asked = _ask(session, now, as_of=as_of, horizon_days=horizon_days, first_on=span["first_on"] or as_of)
    days = paged(pa.table(_days(asked)))
    table = _customers(session, now, days, as_of)
    weeks = _weeks(now, asked, as_of, horizon_days)
    account = account_of(session, as_of=as_of, rules=_RULES)
    currency = session.snapshot.settings.currency
    context = JudgedContext("next_purchase", as_of, horizon_days, currency, account, asked.judgement)
    judged = {"comparison": asked.judged.as_table(), "calibration": asked.judged.classes} if asked.judged else {}
    due = report.due_first(table)
    return Result(
        study="next_purchase",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={"horizon_days": horizon_days, "method": asked.name, "law": asked.law_name, "coverage": COVERAGE},
        account=account,
        scores=_scores(session, now, days, as_of),
        tables={"customers": table, "weeks": weeks, **judged},
        sections=report.sections(due, weeks, asked.judged, context),
        sheets={"due": report.sheet(due, context)} if due.num_rows else {},
        judgement=asked.judgement,
        missing=asked.missing,
    )


@dataclass(frozen=True)
class _Asked:
    """What speaks: the method that is published, and its waits of the customers now."""

    name: str
    waits: Waits
    judgement: Judgement
    judged: Judged | None = None
    law_name: str | None = None
    law: PurchaseModel | None = None
    """Only where it is published."""
    missing: tuple[Message, ...] = ()


def _ask(session: Session, now: pa.Table, *, as_of: dt.date, horizon_days: int, first_on: dt.date) -> _Asked:
    horizon = dt.timedelta(days=horizon_days)
    cutoff = as_of - horizon
    then = buyers_at(session, cutoff=cutoff, horizon_days=horizon_days, until=as_of)
    if (missing := _lacking(then, cutoff=cutoff, first_on=first_on, horizon_days=horizon_days)) is not None:
        waits = by_own_gap(now, now.slice(0, 0), horizon_days=horizon_days)
        judgement = Judgement("D", Message("next_purchase.judged_d"))
        return _Asked("own_gap", waits, judgement, missing=(missing,))
    laws = fit_purchase_laws(now)
    name = likeliest(laws)
    # Judged is only what could be published, chosen by the same rule.
    candidates = fit_purchase_laws(then) if name is not None else {}
    candidate = likeliest(candidates)
    came = came_by_week(session, cutoff=cutoff, until=as_of)
    before = buyers_at(session, cutoff=cutoff - horizon, horizon_days=horizon_days, until=cutoff)
    # Without anybody to learn from, only the own gap names a day.
    rules = _PLAIN if before.num_rows else {"own_gap": by_own_gap}
    waits_then = {each: rule(then, before, horizon_days=horizon_days) for each, rule in rules.items()}
    if candidate is not None:
        waits_then = {candidate: by_law(candidates[candidate], then, horizon_days=horizon_days), **waits_then}
    judged = judge(
        waits_then,
        days_until(then, horizon_days=horizon_days),
        law=candidate,
        weeks={
            each: WeeksJudged(_orders_by_week(then, candidates[each] if each else None, horizon_days), came)
            for each in {candidate, None}
        },
        amounts_covered=_amounts_covered(then),
        cutoff=cutoff,
    )
    # As large as those of now.
    del waits_then, candidates, before
    let_go()
    if name is not None and judged.published == candidate:
        waits = by_law(laws[name], now, horizon_days=horizon_days)
        return _Asked(name, waits, judged.judgement, judged, name, laws[name])
    waits = _PLAIN[judged.best](now, then, horizon_days=horizon_days)
    return _Asked(judged.best, waits, judged.judgement, judged, name)


def _lacking(then: pa.Table, *, cutoff: dt.date, first_on: dt.date, horizon_days: int) -> Message | None:
    """What is missing for a judgement at the cut-off; None where nothing is."""
    if first_on + dt.timedelta(days=horizon_days) > cutoff:
        words = {"first": first_on, "days": horizon_days, "least": 2 * horizon_days}
        return Message("next_purchase.missing_history", words)
    repeaters = int(np.count_nonzero(then["frequency"].to_numpy()))
    if then.num_rows < _LEAST_CUSTOMERS or repeaters < _LEAST_REPEATERS:
        found = {"cutoff": cutoff, "customers": then.num_rows, "repeaters": repeaters}
        least = {"least": _LEAST_CUSTOMERS, "least_twice": _LEAST_REPEATERS}
        return Message("next_purchase.missing_customers", {**found, **least})
    return None


def _orders_by_week(customers: pa.Table, law: PurchaseModel | None, horizon_days: int) -> Values:
    """Purchases expected in each week ahead; without a law those of the last horizon, evenly."""
    ends = weeks_of(horizon_days)
    if law is None:
        return reals(customers, "recent_orders").sum() * np.diff(ends, prepend=0) / horizon_days
    histories = read_histories(customers)
    until = np.array([histories.count @ each for each in law.expectations(histories, ends.tolist())])
    return np.diff(until, prepend=0.0)


def _amounts_covered(then: pa.Table) -> Estimate | None:
    """Of who came, the share whose amount lay in the interval of the law of spending as fitted at the cut-off."""
    came = then.filter(pc.is_valid(then["next_amount"]))
    spend = GammaGamma().fit(then)
    if not came.num_rows or not spend.converged_ or spend.mean_ is None:
        return None
    said = spend.predict(came, coverage=COVERAGE)
    amount = reals(came, "next_amount")
    hits = int(np.count_nonzero((reals(said, "next_low") <= amount) & (amount <= reals(said, "next_high"))))
    return Estimate("amount_covered", hits / len(amount), *wilson(hits, len(amount), 0.95), len(amount))


def _days(asked: _Asked) -> dict[str, pa.Array]:
    """The probability of an order, and the days on which it is due: null where they are not told."""
    horizon = asked.waits.horizon_days
    chance = asked.waits.probability(horizon)
    unknown = asked.judged is None
    told = chance >= LEAST_CHANCE
    found = {"order_probability": pa.array(chance, mask=np.full(len(chance), unknown))}
    for name, share in (("due", 0.5), ("low", (1 - COVERAGE) / 2), ("high", (1 + COVERAGE) / 2)):
        hidden = ~told | (unknown and name != "due")
        found[name] = pa.array(asked.waits.due(share).astype(np.int64), mask=hidden)
    return found


def _customers(session: Session, now: pa.Table, days: pa.Table, as_of: dt.date) -> pa.Table:
    """One row a customer; of who never bought everything is null."""
    start = (as_of - dt.date(1970, 1, 1)).days
    told = {name: now[name] for name in ("orders", "days_since_last_order")}
    told["order_probability"] = days["order_probability"]
    for column, name in (("due_on", "due"), ("due_low_on", "low"), ("due_high_on", "high")):
        told[column] = pc.add(days[name], start).cast(pa.int32()).cast(pa.date32())
    amounts = scores_said(session, study="value", score="next_order_amount")
    places = pc.index_in(now["customer_id"], amounts["customer_id"])
    for column, name in (("", "value"), ("_low", "low"), ("_high", "high")):
        told[f"next_order_amount{column}"] = amounts[name].take(places)
    dates = {"since": as_of, "cutoff": as_of, "until": as_of}
    everyone = session.run(study_query("purchases_at"), dates).select(["customer_id"])
    everyone = everyone.append_column("place", pc.index_in(everyone["customer_id"], now["customer_id"]))
    said = paged(pa.table(told))
    let_go()
    return by_part(everyone, lambda rows: _with_what_is_said(rows, said))


def _with_what_is_said(everyone: pa.Table, said: pa.Table) -> pa.Table:
    """Some customers with their rows of what is said of buyers."""
    table = everyone.select(["customer_id"])
    piece, places = near(said, everyone["place"])
    for name in said.column_names:
        table = table.append_column(name, piece[name].take(places))
    return table.combine_chunks()


def _weeks(now: pa.Table, asked: _Asked, as_of: dt.date, horizon_days: int) -> pa.Table:
    ends = weeks_of(horizon_days)
    expected = _orders_by_week(now, asked.law, horizon_days)
    low, high = asked.judged.weeks.interval(expected) if asked.judged else (np.full(len(ends), np.nan),) * 2
    until = [as_of + dt.timedelta(days=int(days)) for days in ends]
    return pa.table(
        {
            "week": pa.array(np.arange(1, len(ends) + 1)),
            "from_on": pa.array([as_of, *until[:-1]], pa.date32()),
            "until_on": pa.array(until, pa.date32()),
            "expected_orders": expected,
            "low": pa.array(low, from_pandas=True),
            "high": pa.array(high, from_pandas=True),
        }
    )


def _scores(session: Session, now: pa.Table, days: pa.Table, as_of: dt.date) -> pa.Table:
    return scores_table(
        {"order_probability": days["order_probability"], "due_on": days["due"]},
        now["customer_id"],
        study="next_purchase",
        as_of=as_of,
        snapshot=session.snapshot,
        ends={"due_on": (days["low"], days["high"])},
    )


def _came(session: Session, *, cutoff: dt.date, horizon_days: int) -> pa.Table:
    """Who ordered within the horizon, and how likely the plain rules would have called it, learned from the one before.

    Who came and when is the study's own judgement; of a probability alone only whether he came can be held against it.
    """
    horizon = dt.timedelta(days=horizon_days)
    then = buyers_at(session, cutoff=cutoff, horizon_days=horizon_days, until=cutoff + horizon)
    before = buyers_at(session, cutoff=cutoff - horizon, horizon_days=horizon_days, until=cutoff)
    found = then.select(["customer_id"]).append_column("came", pc.is_valid(then["next_day"]).cast(pa.float64()))
    for name, rule in _PLAIN.items() if before.num_rows else ():
        chance = rule(then, before, horizon_days=horizon_days).probability(horizon_days)
        found = found.append_column(name, pa.array(chance))
    return found.combine_chunks()


def _compare(came: Values, said: Values, plain: Values) -> Comparison:
    """By the Brier score: the study's own measure on the horizon's last day, and finite where a rule was sure."""
    return compare_brier_score(came.astype(np.int64), said, plain)


STUDY = Study(
    "next_purchase",
    needs=("order_lines", "orders", "customers"),
    rules=_RULES,
    run=run,
    reads=("value",),
    foretells=Foretells("order_probability", "probability", _came, _compare, WORTH_HAVING),
)
