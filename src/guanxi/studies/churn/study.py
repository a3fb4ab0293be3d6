"""Who is leaving, and why? The probability that a customer does not order within the horizon.

Asked of everybody who ordered in the year before the date. Logistic regression and gradient boosting learn from how
customers stood at earlier dates and whether they came back; they are calibrated ahead in time, and judged one horizon
ago beside the plain rule: of customers as long away, so many left. Where the plain rule does as well, it is published.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from guanxi.mining.classify import BucketRate
from guanxi.schema import REASONS, SCORES
from guanxi.studies.base import Judgement, Result, Study, account_of, scores_table, study_query
from guanxi.studies.churn import methods, report
from guanxi.studies.churn.judge import Judged, judge, lacking
from guanxi.studies.churn.timeline import Past, customers_now, cutoffs_before, outcomes_at, read_past, stacked
from guanxi.warehouse import Session, Snapshot
from guanxi.words import Message

__all__ = ["BANDS", "STUDY", "band_of", "run"]

_RULES = ("already_known", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")
BANDS = ("low", "medium", "high")
_BORDERS = (0.33, 0.66)


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """The probability of leaving, of every customer who ordered in the year before a date.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``; it holds them again in the end
    as_of : events strictly before it are read
    horizon_days : who orders nothing for so long from ``as_of`` on has left

    Returns
    -------
    Result : ``scores`` has churn_probability with low, high (80 %) and reasons in log-odds, whose effects and the
        model's base add up to the score; ``tables["customers"]`` one row a customer with churn_probability, low, high,
        churn_band (low, medium, high: borders .33 and .66), reasons; ``tables["comparison"]`` and
        ``tables["calibration"]`` the judgement.

    Notes
    -----
    Below the gate (three horizons of history; 500 customers, 60 leavers and 60 stayers at each of the last two
    cut-offs) the plain rule is published (grade D); where nobody's outcome is known yet, nothing is.
    """
    (span,) = session.run(study_query("event_span")).to_pylist()
    asked = _ask(session, as_of=as_of, horizon_days=horizon_days, first_on=span["first_on"] or as_of)
    table = _customers(asked)
    account = account_of(session, as_of=as_of, rules=_RULES)
    context = report.Context(as_of, horizon_days, session.snapshot.settings.currency, account, asked.judgement)
    judged = (
        {"comparison": asked.judged.as_table(), "calibration": asked.judged.bins_as_table()} if asked.judged else {}
    )
    return Result(
        study="churn",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={
            "horizon_days": horizon_days,
            "method": asked.name,
            "cutoffs": [cutoff.isoformat() for cutoff in asked.past.cutoffs.values()],
            "bands": list(_BORDERS),
        },
        account=account,
        scores=_scores(table, as_of, session.snapshot),
        tables={"customers": table, **judged},
        sections=[report.section(table, asked.judged, asked.prepared, context)],
        advice=report.advice(table, context),
        lists=[report.call_list(table, context)] if asked.model is not None else [],
        judgement=asked.judgement,
        missing=asked.missing,
    )


def band_of(probability: np.ndarray) -> np.ndarray:
    """The band of each probability.

    >>> band_of(np.array([0.1, 0.33, 0.7])).tolist()
    ['low', 'medium', 'high']
    """
    return np.array(BANDS)[np.searchsorted(_BORDERS, probability, side="right")]


@dataclass(frozen=True)
class _Asked:
    """The past, what was judged, and the model that speaks."""

    past: Past
    judgement: Judgement
    judged: Judged | None
    name: str | None
    """Of the method that is published; None where not even the plain rule could be learned."""
    model: methods.Model | None
    missing: tuple[Message, ...] = ()

    @property
    def prepared(self) -> list[Message]:
        """What was done to the columns, in words."""
        preparation = getattr(self.model, "preparation_", None)
        return preparation.describe() if preparation is not None else []


def _ask(session: Session, *, as_of: dt.date, horizon_days: int, first_on: dt.date) -> _Asked:
    cutoffs = cutoffs_before(as_of, horizon_days=horizon_days, first_on=first_on)
    horizon = dt.timedelta(days=horizon_days)
    outcomes = {
        ago: outcomes_at(session, cutoff=cutoff, until=cutoff + horizon)
        for ago, cutoff in ({1: as_of - horizon} | cutoffs).items()
    }
    missing = lacking(cutoffs, outcomes, first_on=first_on, horizon_days=horizon_days)
    if missing is not None:
        past = Past(customers_now(session, as_of=as_of), {}, cutoffs)
        plain = methods.baseline().fit(outcomes[1]) if outcomes[1].num_rows else None
        judgement = Judgement("D", Message("churn.judged_d" if plain else "churn.judged_nothing"))
        return _Asked(past, judgement, None, methods.BASELINE if plain else None, plain, (missing,))
    past = read_past(session, as_of=as_of, cutoffs=cutoffs, outcomes=outcomes)
    judged = judge(past, horizon_days=horizon_days)
    name = judged.best if judged.judgement.grade in "AB" else methods.BASELINE
    # As many dates as were learned from when it was judged, each a horizon later.
    learned = stacked([past.then[ago] for ago in sorted(past.then)[: max(1, len(past.then) - 1)]])
    model: methods.Model = methods.baseline()
    if name != methods.BASELINE:
        model = methods.candidates(with_p_alive=name == "p_alive")[name]
    return _Asked(past, judged.judgement, judged, name, model.fit(learned))


def _customers(asked: _Asked) -> pa.Table:
    now, model = asked.past.now, asked.model
    facts = now.select(
        ["customer_id", "last_order_on", "days_since_last_order", "orders_365d", "amount", "amount_365d"]
    )
    if model is None or not now.num_rows:
        empty = pa.nulls(now.num_rows, pa.float64())
        found = dict.fromkeys(("churn_probability", "churn_low", "churn_high"), empty)
        return _with(
            facts, {**found, "churn_band": pa.nulls(len(now), pa.string()), "reasons": pa.nulls(len(now), REASONS)}
        )
    said = model.predict(now)
    probability = said["probability"].to_numpy()
    return _with(
        facts,
        {
            "churn_probability": pa.array(probability),
            "churn_low": said["low"].combine_chunks(),
            "churn_high": said["high"].combine_chunks(),
            "churn_band": pa.array(band_of(probability), pa.string()),
            "reasons": methods.reasons_by_recency(model, now)
            if isinstance(model, BucketRate)
            else methods.reasons_by_theme(model, now),
        },
    )


def _with(table: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table.combine_chunks()


def _scores(table: pa.Table, as_of: dt.date, snapshot: Snapshot) -> pa.Table:
    said = table.filter(table["churn_probability"].is_valid()).combine_chunks()
    found = scores_table(
        {"churn_probability": said["churn_probability"].combine_chunks()},
        said["customer_id"].combine_chunks(),
        study="churn",
        as_of=as_of,
        snapshot=snapshot,
        reasons={"churn_probability": said["reasons"].combine_chunks()},
    )
    for name in ("low", "high"):
        found = found.set_column(found.column_names.index(name), name, said[f"churn_{name}"])
    return found.cast(SCORES.arrow)


STUDY = Study("churn", needs=("order_lines", "orders", "customers"), rules=_RULES, run=run)
