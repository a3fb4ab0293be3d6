"""Who are our customers? RFM segments, value groups, ABC, silent and VIP customers.

Customers are scored 1 to 5 for recency, frequency and amount, and named by their scores. Of what they may spend in the
horizon the value study has spoken; the value groups take it from there.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mining.rfm import RFM
from guanxi.schema import REASONS
from guanxi.studies.base import Result, Study, account_of, scores_said, scores_table, study_query
from guanxi.studies.segments import definitions, report
from guanxi.studies.segments.reasons import reasons_of
from guanxi.warehouse import Session
from guanxi.warehouse.paged import by_part
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
_VIP_SHARE = 0.05


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """Group the customers of a snapshot as of a date.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``, and what the value study has said
    as_of : events strictly before it are read
    horizon_days : how far ahead the value study has looked, and how far back it is told what the segments did since

    Returns
    -------
    Result : ``members`` has one row per customer with segment, value_group, abc, is_vip, is_silent; ``scores`` has r,
        f, m; ``tables["customers"]`` all of it in one row per customer with reasons, ``tables["segments"]`` one row per
        segment.

    Notes
    -----
    O(n log n) in customers, beside the features. Segments count and name, and foretell nothing: there is no judgement.
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
    table = _grouped(customers, rfm, _expected_amount(session, customers))
    account = account_of(session, as_of=as_of, rules=_RULES)
    segments = _segments_table(table)
    later = _later(session, as_of - dt.timedelta(days=horizon_days), as_of)
    currency = session.snapshot.settings.currency
    context = report.Context("segments", as_of, horizon_days, currency, account, edges, later)
    return Result(
        study="segments",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={"horizon_days": horizon_days, "scores": 5, "vip_share": _VIP_SHARE},
        account=account,
        scores=scores_table(
            {name: table[name] for name in "rfm"},
            table["customer_id"],
            study="segments",
            as_of=as_of,
            snapshot=session.snapshot,
        ),
        members=table.select(["customer_id", "segment", "value_group", "abc", "is_vip", "is_silent"]),
        tables={"customers": table, "segments": segments},
        sections=report.sections(table, segments, context),
        advice=report.advice(table, context),
        lists=[each for each in [report.call_list(table, context)] if each.rows],
        sheets={"segments": report.segments_sheet(segments, context)},
        missing=() if customers.num_rows else (Message("segments.missing_customers"),),
    )


def _expected_amount(session: Session, customers: pa.Table) -> pa.ChunkedArray:
    """As the value study has said it in this run; null for who never bought."""
    said = scores_said(session, study="value", score="expected_amount")
    return said["value"].take(pc.index_in(customers["customer_id"], said["customer_id"]))


def _later(session: Session, cutoff: dt.date, until: dt.date) -> pa.Table | None:
    """Customers scored (r, f) as they stood at a date, and what they did until another; None where there were none."""
    table = session.run(study_query("customers_at"), {"cutoff": cutoff, "until": until})
    if table.num_rows == 0:
        return None
    scores = RFM().fit(table).predict(table)
    return table.append_column("r", scores["r"]).append_column("f", scores["f"])


def _grouped(customers: pa.Table, rfm: pa.Table, expected_amount: pa.ChunkedArray) -> pa.Table:
    r, f = (pc.fill_null(rfm[name], 0).to_numpy() for name in "rf")
    amount = customers["amount"].to_numpy().astype(np.float64)
    expected = pc.fill_null(expected_amount, 0.0).to_numpy()
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
        "expected_amount": expected_amount,
    }
    for name, values in more.items():
        table = table.append_column(name, values)
    return by_part(table, lambda rows: rows.append_column("reasons", reasons_of(rows).cast(REASONS)))


def _segments_table(table: pa.Table) -> pa.Table:
    """One row per segment that has customers, in the order of `definitions.SEGMENTS`."""
    # In the order of the rows: in another, sums of fractions end in other digits.
    sums = table.group_by("segment", use_threads=False).aggregate(
        [([], "count_all"), ("amount", "sum"), ("expected_amount", "sum")]
    )
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


STUDY = Study("segments", needs=("order_lines", "orders", "customers"), rules=_RULES, run=run, reads=("value",))
