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
import pyarrow.compute as pc

from guanxi.evaluate import Comparison, compare_log_loss
from guanxi.mining.classify import BucketRate
from guanxi.schema import REASONS
from guanxi.studies.base import Foretells, Judgement, Result, Study, account_of, scores_table, study_query
from guanxi.studies.churn import methods, report
from guanxi.studies.churn.at_risk import with_value_at_risk
from guanxi.studies.churn.bands import BORDERS, band_of
from guanxi.studies.churn.judge import WORTH_HAVING, Judged, Values, judge, lacking
from guanxi.studies.churn.timeline import (
    LABEL,
    Past,
    customers_now,
    cutoffs_before,
    outcomes_at,
    read_past,
    stacked,
)
from guanxi.studies.kept import EXAMPLE_ROWS, KeptModel, Probability, inputs_of
from guanxi.warehouse import Session, Snapshot
from guanxi.warehouse.paged import by_part
from guanxi.words import Message

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount", "no_customer")


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """The probability of leaving, of every customer who ordered in the year before a date.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of`` (it holds them again in the end), and
        what the study value has said
    as_of : events strictly before it are read
    horizon_days : who orders nothing for so long from ``as_of`` on has left

    Returns
    -------
    Result : ``scores`` has churn_probability with low, high (80 %) and reasons in log-odds, whose effects and the
        model's base add up to the score; ``tables["customers"]`` one row a customer with churn_probability, low, high,
        churn_band (low, medium, high: borders .33 and .66), reasons, and expected_amount and value_at_risk of
        `with_value_at_risk`; ``tables["comparison"]`` and ``tables["calibration"]`` the judgement.

    Notes
    -----
    Below the gate (three horizons of history; 500 customers, 60 leavers and 60 stayers at each of the last two
    cut-offs) the plain rule is published (grade D); where nobody's outcome is known yet, nothing is.

    The dearest of the studies: the features are made anew for up to four cut-offs and once more at the end, and some
    fifteen classifiers are fitted, each on 50,000 customers a cut-off at most. With 50,000 customers and 1.1 million
    lines that is 1.3 times the CPU of everything else in the main job. From there on fitting grows no more; features
    and asking do, in proportion.
    """
    (span,) = session.run(study_query("event_span")).to_pylist()
    asked = _ask(session, as_of=as_of, horizon_days=horizon_days, first_on=span["first_on"] or as_of)
    table, unknown = with_value_at_risk(_customers(asked), session)
    account = account_of(session, as_of=as_of, rules=_RULES)
    currency = session.snapshot.settings.currency
    context = report.Context("churn", as_of, horizon_days, currency, account, asked.judgement, unknown)
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
            "bands": list(BORDERS),
        },
        account=account,
        scores=_scores(table, as_of, session.snapshot),
        tables={"customers": table, **judged},
        sections=[report.section(table, asked.judged, asked.prepared, context)],
        advice=report.advice(table, context),
        lists=[report.call_list(table, context)] if asked.model is not None else [],
        judgement=asked.judgement,
        missing=asked.missing,
        model=_kept(asked, as_of, horizon_days),
    )


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
        past = Past(customers_now(session, horizon_days=horizon_days), {}, cutoffs)
        plain = methods.plain_rules()[methods.BASELINE].fit(outcomes[1]) if outcomes[1].num_rows else None
        judgement = Judgement("D", Message("churn.judged_d" if plain else "churn.judged_nothing"))
        return _Asked(past, judgement, None, methods.BASELINE if plain else None, plain, (missing,))
    past = read_past(session, as_of=as_of, horizon_days=horizon_days, cutoffs=cutoffs, outcomes=outcomes)
    judged = judge(past, horizon_days=horizon_days)
    name = judged.best if judged.judgement.grade in "AB" else judged.plain
    # As many dates as were learned from when it was judged, each a horizon later.
    learned = stacked([past.then[ago] for ago in sorted(past.then)[: max(1, len(past.then) - 1)]])
    known: dict[str, methods.Model] = {**methods.plain_rules(), **methods.candidates()}
    return _Asked(past, judged.judgement, judged, name, known[name].fit(learned))


def _kept(asked: _Asked, as_of: dt.date, horizon_days: int) -> KeptModel | None:
    model, now = asked.model, asked.past.now
    if model is None:
        return None
    columns = [model.column] if isinstance(model, BucketRate) else model.inputs_
    answers = Probability(model, inputs_of(now, columns), "churn", "churn_band", BORDERS)
    example = now.select(["customer_id", *columns]).slice(0, EXAMPLE_ROWS)
    return KeptModel("churn", answers, as_of, horizon_days, "customer_id", example)


def _customers(asked: _Asked) -> pa.Table:
    return by_part(asked.past.now, lambda rows: _told(rows, asked.model))


def _told(now: pa.Table, model: methods.Model | None) -> pa.Table:
    """What is known and said of some customers."""
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
    return scores_table(
        {"churn_probability": table["churn_probability"]},
        table["customer_id"],
        study="churn",
        as_of=as_of,
        snapshot=snapshot,
        reasons={"churn_probability": table["reasons"]},
        ends={"churn_probability": (table["churn_low"], table["churn_high"])},
    )


def _came(session: Session, *, cutoff: dt.date, horizon_days: int) -> pa.Table:
    """Who left, and what the plain rules would have said, learned from the horizon before the cut-off."""
    horizon = dt.timedelta(days=horizon_days)
    asked = outcomes_at(session, cutoff=cutoff, until=cutoff + horizon)
    learned = outcomes_at(session, cutoff=cutoff - horizon, until=cutoff)
    found = asked.select(["customer_id"]).append_column("came", pc.cast(asked[LABEL], pa.float64()))
    for name, rule in methods.plain_rules().items() if learned.num_rows else ():
        found = found.append_column(name, rule.fit(learned).predict(asked)["probability"])
    return found.combine_chunks()


def _compare(came: Values, said: Values, plain: Values) -> Comparison:
    return compare_log_loss(came.astype(np.int64), said, plain)


STUDY = Study(
    "churn",
    needs=("order_lines", "orders", "customers"),
    rules=_RULES,
    run=run,
    reads=("value",),
    foretells=Foretells("churn_probability", "probability", _came, _compare, WORTH_HAVING),
)
