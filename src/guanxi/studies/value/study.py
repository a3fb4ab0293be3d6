"""Who will buy again, when, and for how much? Expected orders and amount of each customer over the horizon.

Of three laws of purchasing (BG/NBD, MBG/NBD, Pareto/NBD) a rolling back-test chooses one, at cut-offs before the last
horizon. With a law of spending (Gamma-Gamma) it is fitted on what was known one horizon ago, asked, and compared with
what came since, beside plain baselines. Where one of these does as well, it is published.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies.base import (
    Foretells,
    JudgedContext,
    Judgement,
    Result,
    Study,
    account_of,
    scores_table,
    study_query,
)
from guanxi.studies.kept import EXAMPLE_ROWS, KeptModel, Lifetime
from guanxi.studies.value import methods, report
from guanxi.studies.value.choose import ROUNDS, Choice, choose
from guanxi.studies.value.judge import COVERAGE, WORTH_HAVING, Judged, compare_deviances, judge, lacking
from guanxi.studies.value.methods import LifetimeModel, Said
from guanxi.studies.value.past import Values, buyers, earned_before, reals, stood_at
from guanxi.studies.value.reasons import because_of_baseline, because_of_model
from guanxi.warehouse import Session, Snapshot
from guanxi.warehouse.paged import by_part, let_go, paged
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_LEAST_ALIVE = 0.1
"""Of who is less likely still to be a customer, no next order is told."""
_SCORES = {
    # score: (its column, low, high)
    "p_alive": ("p_alive", None, None),
    "expected_orders": ("expected_orders", "expected_orders_low", "expected_orders_high"),
    "expected_amount": ("expected_amount", "expected_amount_low", "expected_amount_high"),
    "next_order_on": ("next_order_days", "next_order_days_low", "next_order_days_high"),
    "next_order_amount": ("next_order_amount", "next_order_amount_low", "next_order_amount_high"),
    "lifetime_value": ("lifetime_value", "lifetime_value_low", "lifetime_value_high"),
}


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90, annual_discount_rate: float = 0.1) -> Result:
    """What every customer may be expected to order and to spend in the horizon.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``
    as_of : events strictly before it are read
    horizon_days : how far ahead the expectation looks, and how far back the judgement goes
    annual_discount_rate : of the lifetime value; what comes after t days counts (1 + rate)^(−t/365)

    Returns
    -------
    Result : ``scores`` has p_alive, expected_orders, expected_amount (minor units), next_order_on (days from
        ``as_of``), next_order_amount and lifetime_value, with 80 % prediction intervals, and the reasons of
        expected_amount. Tables:

        - ``customers``, one row a customer: p_alive; expected_orders, expected_amount and lifetime_value (what the
          purchases of three years are worth today), each with ``_low`` and ``_high``; next_order_on (date),
          next_order_amount, reasons; null for who never bought;
        - ``parameters`` of the laws that were fitted (`LifetimeModel.parameters`); no rows where none could be;
        - ``comparison`` and ``calibration``, the judgement (`Judged.as_table`, ``deciles``), where there is one;
        - ``choice``, how each law did at the cut-offs by which one was chosen (`Choice.rounds`); no rows where the
          history has none, and the law is the one that makes the past likeliest.

    Notes
    -----
    Several orders of one day are one purchase. Below the gate (two horizons of history; 100 customers at the cut-off,
    30 of them with a second purchase) the past rate is published, without intervals (grade D).

    lifetime_value is the laws', and null where it is not they that are published.

    next_order_on is the median of the laws' wait for the next purchase, given that there is one; null where p_alive is
    below .1, and where it lies beyond the horizon, of which nothing has been judged. O(distinct histories), beside
    four aggregations of the orders.
    """
    (span,) = session.run(study_query("event_span")).to_pylist()
    everyone = stood_at(session, cutoff=as_of, horizon_days=horizon_days)
    now = buyers(everyone)
    everyone = pa.table({"customer_id": everyone["customer_id"], "bought": pc.is_valid(everyone["frequency"])})
    asked = _ask(session, now, as_of=as_of, horizon_days=horizon_days, first_on=span["first_on"] or as_of)
    let_go()
    told = _told(now, asked, horizon_days, annual_discount_rate)
    table = _customers(everyone, told, as_of)
    earned = earned_before(session, as_of=as_of)
    account = account_of(session, as_of=as_of, rules=_RULES)
    context = JudgedContext("value", as_of, horizon_days, session.snapshot.settings.currency, account, asked.judgement)
    judged = {"comparison": asked.judged.as_table(), "calibration": asked.judged.deciles} if asked.judged else {}
    return Result(
        study="value",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={
            "horizon_days": horizon_days,
            "lifetime_days": methods.LIFETIME_DAYS,
            "annual_discount_rate": annual_discount_rate,
            "method": asked.name,
            "law": asked.model.name if asked.model else None,
            "chosen_by": "backtest" if asked.choice.name else "likelihood",
            "coverage": COVERAGE,
        },
        account=account,
        scores=_scores(told, as_of, session.snapshot),
        tables={"customers": table, "parameters": _parameters(asked.model), "choice": asked.choice.rounds, **judged},
        sections=report.sections(table, asked.judged, asked.choice.rounds, earned, annual_discount_rate, context),
        advice=report.advice(table, context),
        judgement=asked.judgement,
        missing=asked.missing,
        model=_kept(now, asked, as_of, horizon_days),
    )


@dataclass(frozen=True)
class _Asked:
    """What speaks: the method that is published, and the model, which also where it is not tells who is still there."""

    name: str
    said: Said
    model: LifetimeModel | None
    judgement: Judgement
    judged: Judged | None
    choice: Choice
    missing: tuple[Message, ...] = ()


def _ask(session: Session, now: pa.Table, *, as_of: dt.date, horizon_days: int, first_on: dt.date) -> _Asked:
    cutoff = as_of - dt.timedelta(days=horizon_days)
    then = buyers(stood_at(session, cutoff=cutoff, horizon_days=horizon_days, until=as_of))
    missing = lacking(then, cutoff=cutoff, first_on=first_on, horizon_days=horizon_days)
    pasts = _pasts(session, cutoff=cutoff, first_on=first_on, horizon_days=horizon_days) if missing is None else ()
    choice = choose(pasts, horizon_days=horizon_days)
    fitted = methods.fit_lifetime(now, chosen=choice.name) if methods.enough(now) else (None, ())
    model, warnings = fitted
    let_go()
    if missing is not None:
        said = methods.plain("past_rate", now, then, horizon_days=horizon_days)
        return _Asked("past_rate", said, model, Judgement("D", Message("value.judged_d")), None, choice, (missing,))
    baselines = _baselines(session, then, cutoff=cutoff, horizon_days=horizon_days)
    # Judged is only what could be published.
    candidate = methods.fit_lifetime(then, chosen=choice.name)[0] if model is not None else None
    judged = judge(then, baselines, candidate, cutoff=cutoff, horizon_days=horizon_days)
    if model is not None and judged.published == judged.model:
        said = model.expect(now, horizon_days=horizon_days)
        return _Asked(model.name, said, model, judged.judgement, judged, choice)
    said = methods.plain(judged.best, now, then, horizon_days=horizon_days)
    return _Asked(judged.best, said, model, judged.judgement, judged, choice, warnings)


def _pasts(
    session: Session, *, cutoff: dt.date, first_on: dt.date, horizon_days: int
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Buyers at the cut-offs before the one of the judgement, the latest first, with what came in the horizon."""
    horizon = dt.timedelta(days=horizon_days)
    for place in range(1, ROUNDS + 1):
        earlier = cutoff - place * horizon
        if first_on + horizon > earlier:
            break
        past = buyers(stood_at(session, cutoff=earlier, horizon_days=horizon_days, until=earlier + horizon))
        if not methods.enough(past):
            break
        yield earlier, past
        let_go()


def _kept(now: pa.Table, asked: _Asked, as_of: dt.date, horizon_days: int) -> KeptModel | None:
    """The laws, where it is they that are published."""
    model = asked.model
    if model is None or asked.name != model.name:
        return None
    answers = Lifetime(model.law, model.spend)
    example = now.select(["customer_id", *answers.inputs]).slice(0, EXAMPLE_ROWS)
    return KeptModel("value", answers, as_of, horizon_days, "customer_id", example)


def _baselines(session: Session, then: pa.Table, *, cutoff: dt.date, horizon_days: int) -> dict[str, Said]:
    """What each plain baseline would have said at the cut-off; those left out had nothing to learn from."""
    horizon = dt.timedelta(days=horizon_days)
    before = buyers(stood_at(session, cutoff=cutoff - horizon, horizon_days=horizon_days, until=cutoff))
    names = [name for name in methods.BASELINES if name not in methods.LEARNING or before.num_rows]
    return {name: methods.plain(name, then, before, horizon_days=horizon_days) for name in names}


def _told(now: pa.Table, asked: _Asked, horizon_days: int, annual_discount_rate: float) -> pa.Table:
    """What is said of each buyer: one column a score, with the ends of its interval, null where there is none."""
    said = asked.said
    columns: dict[str, Values | pa.ChunkedArray] = {"expected_orders": said.orders, "expected_amount": said.amount}
    empty = np.full(now.num_rows, np.nan)
    model, judged = asked.model, asked.judged
    if model is not None:
        columns |= _next_order(now, model, horizon_days)
    else:
        own = reals(now, "amount") / reals(now, "orders")
        columns |= {"p_alive": empty, "next_order_days": empty, "next_order_amount": own}
    if model is not None and asked.name == model.name:
        found = model.law.predict(now, horizon_days=horizon_days, coverage=COVERAGE)
        orders = reals(found, "purchases_low"), reals(found, "purchases_high")
        amount = model.amount_interval(now, horizon_days=horizon_days, coverage=COVERAGE)
        each = model.expected_spend(now)
        p_alive = reals(found, "p_alive")
        value = model.lifetime_value(now, annual_discount_rate=annual_discount_rate, coverage=COVERAGE)
        columns |= dict(zip(_SCORES["lifetime_value"], value, strict=True))  # type: ignore[arg-type]
        columns["reasons"] = because_of_model(now, p_alive=p_alive, orders=asked.said.orders, each=each)
    else:
        if judged is not None:
            low, high = judged.orders.predict(asked.said.orders)
            orders = np.rint(low), np.rint(high)
            amount = judged.amount.predict(asked.said.amount)
        else:
            orders = amount = (empty, empty)
        columns["reasons"] = because_of_baseline(now, asked.said, recent=asked.name == "last_period")
    for name, ends in (("expected_orders", orders), ("expected_amount", amount)):
        columns |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
    facts = now.select(["customer_id", "orders", "amount", "days_since_last_order"])
    for name in dict.fromkeys(column for each in _SCORES.values() for column in each if column):
        facts = facts.append_column(name, pa.array(columns.get(name, empty), pa.float64(), from_pandas=True))
    return paged(facts.append_column("reasons", columns["reasons"]))


def _next_order(now: pa.Table, model: LifetimeModel, horizon_days: int) -> dict[str, Values]:
    """Whether he is still a customer, in how many days he orders again, if within the horizon, and for how much."""
    p_alive = reals(model.law.probability_alive(now), "p_alive")
    wait = model.law.next_purchase(now, coverage=COVERAGE)
    spend = model.spend.predict(now, coverage=COVERAGE)
    days, low, high = (reals(wait, name) for name in ("days_until_next", "days_low", "days_high"))
    told = (p_alive >= _LEAST_ALIVE) & (days < horizon_days)
    return {
        "p_alive": p_alive,
        "next_order_days": np.where(told, days, np.nan),
        "next_order_days_low": np.where(told, low, np.nan),
        "next_order_days_high": np.where(told & (high < horizon_days), high, np.nan),
        "next_order_amount": reals(spend, "expected_spend"),
        "next_order_amount_low": reals(spend, "next_low"),
        "next_order_amount_high": reals(spend, "next_high"),
    }


def _customers(everyone: pa.Table, told: pa.Table, as_of: dt.date) -> pa.Table:
    """One row a customer, those who never bought with nulls."""
    days = pc.floor(told["next_order_days"]).cast(pa.int32())
    start = (as_of - dt.date(1970, 1, 1)).days
    on = pc.add(days, pa.scalar(start, pa.int32())).cast(pa.date32())
    said = told.append_column("next_order_on", on)
    columns = [
        "orders", "amount", "days_since_last_order", "p_alive", "expected_orders", "expected_orders_low",
        "expected_orders_high", "expected_amount", "expected_amount_low", "expected_amount_high", "next_order_on",
        "next_order_amount", "lifetime_value", "lifetime_value_low", "lifetime_value_high", "reasons",
    ]  # fmt: skip
    said = said.select(columns)
    if said.num_rows == everyone.num_rows:
        return said.add_column(0, "customer_id", everyone["customer_id"])
    bought = everyone["bought"].to_numpy()
    everyone = everyone.append_column("place", pa.array(np.cumsum(bought) - 1, mask=~bought))
    return by_part(everyone, lambda rows: _with_what_is_said(rows, said))


def _with_what_is_said(everyone: pa.Table, said: pa.Table) -> pa.Table:
    """Some customers with their rows of what is said of buyers, whose places rise."""
    table = everyone.select(["customer_id"])
    ends = pc.min_max(everyone["place"]).as_py()
    first = ends["min"] or 0
    # Only these: of a column in parts, taking any row would copy all.
    near = said.slice(first, ends["max"] - first + 1 if ends["max"] is not None else 0)
    places = pc.subtract(everyone["place"], first)
    for name in said.column_names:
        table = table.append_column(name, near[name].take(places))
    return table.combine_chunks()


def _parameters(model: LifetimeModel | None) -> pa.Table:
    kinds = [("law", pa.string()), ("parameter", pa.string()), *((n, pa.float64()) for n in ("value", "low", "high"))]
    schema = pa.schema(kinds)
    return schema.empty_table() if model is None else model.parameters().cast(schema)


def _scores(told: pa.Table, as_of: dt.date, snapshot: Snapshot) -> pa.Table:
    return scores_table(
        {score: told[column] for score, (column, _, _) in _SCORES.items()},
        told["customer_id"],
        study="value",
        as_of=as_of,
        snapshot=snapshot,
        reasons={"expected_amount": told["reasons"]},
        ends={score: (told[low], told[high]) for score, (_, low, high) in _SCORES.items() if low and high},
    )


def _came(session: Session, *, cutoff: dt.date, horizon_days: int) -> pa.Table:
    """What buyers spent from the cut-off on, and what the plain baselines would have said."""
    horizon = dt.timedelta(days=horizon_days)
    then = buyers(stood_at(session, cutoff=cutoff, horizon_days=horizon_days, until=cutoff + horizon))
    found = pa.table({"customer_id": then["customer_id"], "came": reals(then, "later_amount")})
    for name, said in _baselines(session, then, cutoff=cutoff, horizon_days=horizon_days).items():
        found = found.append_column(name, pa.array(said.amount))
    return found


STUDY = Study(
    "value",
    needs=("order_lines", "orders", "customers"),
    rules=_RULES,
    run=run,
    foretells=Foretells("expected_amount", "amount", _came, compare_deviances, WORTH_HAVING),
    options=("annual_discount_rate",),
)
