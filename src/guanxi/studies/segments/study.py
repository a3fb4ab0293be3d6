"""Who are our customers? RFM segments, value groups, ABC, silent and VIP customers.

Customers are scored 1 to 5 for recency, frequency and amount, and named by their scores. What each may spend in the
horizon is expected from what customers with the same scores did in the last one, and that is judged where it can be:
learned one horizon earlier still, and compared with what then came, beside the plain baseline that everybody goes on
spending at his own past rate. Where the plain baseline does as well, it is what is published.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import compare_errors, grade, top_share_found
from guanxi.mining.cell_mean import CellMean
from guanxi.mining.rfm import RFM
from guanxi.schema import REASONS
from guanxi.studies.base import Judgement, Result, Study, account_of, scores_table, study_query
from guanxi.studies.segments import definitions, report
from guanxi.studies.segments.reasons import reasons_of
from guanxi.warehouse import Session
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_VIP_SHARE = 0.05
_LEAST_BUYERS = 100
"""Gate of the judgement: with fewer buyers at the cut-off, an interval says nothing."""


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """Group the customers of a snapshot as of a date.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``
    as_of : events strictly before it are read
    horizon_days : how far ahead the expected amount looks, and how far back the judgement goes

    Returns
    -------
    Result : ``members`` has one row per customer with segment, value_group, abc, is_vip, is_silent; ``scores`` has r,
        f, m, expected_orders, expected_amount (minor units over the horizon); ``tables["customers"]`` all of it in one
        row per customer with reasons, ``tables["segments"]`` one row per segment.

    Notes
    -----
    O(n log n) in customers, beside the features. With fewer than 100 buyers or a history shorter than three horizons
    nothing can be judged (grade D) and the plain baseline is published.
    """
    customers = session.run(study_query("segment_inputs"))
    if pc.sum(customers["orders"]).as_py():
        scored = RFM().fit(customers)
        rfm = scored.predict(customers)
        edges = scored.edges_
    else:
        rfm = pa.table(
            {"customer_id": customers["customer_id"], **{n: pa.nulls(len(customers), pa.int64()) for n in "rfm"}}
        )
        edges = None
    expectation = _expect(session, customers, rfm, as_of=as_of, horizon_days=horizon_days)
    table = _grouped(customers, rfm, expectation)
    account = account_of(session, as_of=as_of, rules=_RULES)
    segments = _segments_table(table)
    currency = session.snapshot.settings.currency
    members = table.select(["customer_id", "segment", "value_group", "abc", "is_vip", "is_silent"])
    context = report.Context(as_of, horizon_days, currency, account, expectation.judgement, edges, expectation.later)
    scores = {name: table[name].combine_chunks() for name in ("r", "f", "m", "expected_orders", "expected_amount")}
    return Result(
        study="segments",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={"horizon_days": horizon_days, "scores": 5, "vip_share": _VIP_SHARE},
        account=account,
        scores=scores_table(
            scores,
            table["customer_id"].combine_chunks(),
            study="segments",
            as_of=as_of,
            snapshot=session.snapshot,
            reasons={"expected_amount": table["reasons"].combine_chunks()},
        ),
        members=members,
        tables={"customers": table, "segments": segments},
        sections=report.sections(table, segments, context),
        advice=report.advice(table, context),
        lists=[each for each in [report.call_list(table, context)] if each.rows],
        sheets={"segments": report.segments_sheet(segments, context)},
        judgement=expectation.judgement,
        missing=expectation.missing if customers.num_rows else (Message("segments.missing_customers"),),
    )


@dataclass(frozen=True)
class _Expectation:
    """What customers may do in the horizon, and how far that is to be believed."""

    orders: pa.Array
    amount: pa.Array
    judgement: Judgement
    missing: tuple[Message, ...]
    later: pa.Table | None
    """Customers as they stood one horizon ago (r, f) and what they did since; None where the history is too short."""


def _expect(session: Session, customers: pa.Table, rfm: pa.Table, *, as_of: dt.date, horizon_days: int) -> _Expectation:
    horizon = dt.timedelta(days=horizon_days)
    latest = _stood_at(session, as_of - horizon, as_of)
    earlier = _stood_at(session, as_of - 2 * horizon, as_of - horizon)
    judgement, missing = _judge(earlier, latest, as_of - horizon, horizon_days)
    buyers = customers.append_column("r", rfm["r"]).append_column("f", rfm["f"])
    buyers = buyers.filter(pc.is_valid(buyers["r"]))
    if judgement.grade in "AB" and latest is not None:
        found = CellMean().fit(latest).predict(buyers)
        orders, amount = found["expected_orders"].to_numpy(), found["expected_amount"].to_numpy()
    else:
        orders, amount = _past_rate(buyers, "orders", horizon_days), _past_rate(buyers, "amount", horizon_days)
    bought = pc.is_valid(rfm["r"]).to_numpy()
    return _Expectation(_spread(orders, bought), _spread(amount, bought), judgement, missing, latest)


def _stood_at(session: Session, cutoff: dt.date, until: dt.date) -> pa.Table | None:
    """Customers scored at an earlier date with what they did until another; None where nobody had bought by then."""
    table = session.run(study_query("customers_at"), {"cutoff": cutoff, "until": until})
    if table.num_rows == 0:
        return None
    scores = RFM().fit(table).predict(table)
    return table.append_column("r", scores["r"]).append_column("f", scores["f"])


def _judge(
    earlier: pa.Table | None, latest: pa.Table | None, cutoff: dt.date, horizon_days: int
) -> tuple[Judgement, tuple[Message, ...]]:
    """Learn from the horizon before ``cutoff``, and compare with what came in the one after it."""
    buyers = earlier.num_rows if earlier is not None else 0
    if earlier is None or latest is None or buyers < _LEAST_BUYERS:
        lacking = Message("segments.missing_history", {"buyers": buyers, "least": _LEAST_BUYERS, "days": horizon_days})
        return Judgement("D", Message("segments.judged_d")), (lacking,)
    said = CellMean().fit(earlier).predict(latest)["expected_amount"].to_numpy()
    actual = latest["later_amount"].to_numpy().astype(np.float64)
    plain = _past_rate(latest, "amount", horizon_days)
    errors = compare_errors(actual, said, plain)
    found = grade(errors)
    comparisons = (errors, top_share_found(actual, said, plain))
    words = {"gain": errors.relative_gain, "customers": errors.customers, "cutoff": cutoff, "days": horizon_days}
    return Judgement(found, Message(f"segments.judged_{found.lower()}", words), cutoff, comparisons), ()


def _past_rate(customers: pa.Table, what: str, horizon_days: int) -> npt.NDArray[np.float64]:
    """Everybody goes on at his own rate since his first order, over no less than one horizon."""
    tenure = np.maximum(customers["tenure_days"].to_numpy(), horizon_days)
    return customers[what].to_numpy() / tenure * horizon_days


def _spread(values: npt.NDArray[np.float64], where: npt.NDArray[np.bool_]) -> pa.Array:
    full = np.zeros(len(where))
    full[where] = values
    return pa.array(full, mask=~where)


def _grouped(customers: pa.Table, rfm: pa.Table, expectation: _Expectation) -> pa.Table:
    r, f = (pc.fill_null(rfm[name], 0).to_numpy() for name in "rf")
    amount = customers["amount"].to_numpy().astype(np.float64)
    expected = pc.fill_null(expectation.amount, 0.0).to_numpy()
    bought = r > 0
    groups = np.full(len(r), None, dtype=object)
    classes = groups.copy()
    vip = np.zeros(len(r), dtype=bool)
    groups[bought] = definitions.value_group(amount[bought], expected[bought])
    classes[bought] = definitions.abc_class(amount[bought])
    vip[bought] = definitions.top_share(amount[bought], _VIP_SHARE)
    away = pc.cast(customers["days_since_last_order"], pa.float64()).to_numpy()
    silent = definitions.silent(away, customers["mean_days_between_orders"].to_numpy())
    table = customers.append_column("segment", pa.array(definitions.rfm_segment(r, f), pa.string()))
    more = {
        "r": rfm["r"],
        "f": rfm["f"],
        "m": rfm["m"],
        "value_group": pa.array(groups, pa.string()),
        "abc": pa.array(classes, pa.string()),
        "is_vip": pa.array(vip),
        "is_silent": pa.array(silent),
        "expected_orders": expectation.orders,
        "expected_amount": expectation.amount,
    }
    for name, values in more.items():
        table = table.append_column(name, values)
    return table.append_column("reasons", reasons_of(table).cast(REASONS))


def _segments_table(table: pa.Table) -> pa.Table:
    """One row per segment that has customers, in the order of `definitions.SEGMENTS`."""
    sums = table.group_by("segment").aggregate([([], "count_all"), ("amount", "sum"), ("expected_amount", "sum")])
    found = {row["segment"]: row for row in sums.to_pylist()}
    rows = [found[name] for name in definitions.SEGMENTS if name in found]
    customers, amount = table.num_rows, sum(row["amount_sum"] for row in rows)
    return pa.table(
        {
            "segment": pa.array([row["segment"] for row in rows], pa.string()),
            "customers": pa.array([row["count_all"] for row in rows], pa.int64()),
            "share": pa.array([row["count_all"] / customers for row in rows], pa.float64()),
            "amount": pa.array([row["amount_sum"] for row in rows], pa.int64()),
            "amount_share": pa.array([row["amount_sum"] / amount if amount else 0.0 for row in rows], pa.float64()),
            "expected_amount": pa.array([row["expected_amount_sum"] or 0.0 for row in rows], pa.float64()),
        }
    )


STUDY = Study("segments", needs=("order_lines", "orders", "customers"), rules=_RULES, run=run)
