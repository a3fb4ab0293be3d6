"""How long contracts last: by cohort without a model, by two laws, and what each is still worth.

Each law is asked some periods ago about the renewals since, beside the plain rule that everybody renews with the share
of all; the better one speaks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.features.prepare.frame import is_number, to_numbers
from guanxi.mining.lifetime import BetaDiscreteWeibull, ShiftedBetaGeo, kaplan_meier
from guanxi.studies.retention.contracts import PERIOD_MONTHS, Contracts, Period, read_contracts

__all__ = ["COVERAGE", "LAWS", "Retention", "retention"]

Law = ShiftedBetaGeo | BetaDiscreteWeibull
LAWS: Mapping[str, type[Law]] = MappingProxyType({"sbg": ShiftedBetaGeo, "bdw": BetaDiscreteWeibull})
_LEAST_RENEWALS = 30
COVERAGE = 0.8
"""Of all intervals."""
_AHEAD = 3
"""Periods that are held out for the choice."""


@dataclass(frozen=True)
class Retention:
    """What a table of contracts tells.

    Attributes
    ----------
    law : the name of the one that speaks, of `LAWS`
    model : fitted on all
    judged : by method (the laws, and ``same_for_all``), mean log loss of the renewals that were held out; empty where
        there were too few, so that the likelier law speaks, by Akaike's criterion
    cohorts : one row a cohort × period: cohort (string), period, at_risk, left (int64), survival, survival_low,
        survival_high (Kaplan-Meier, 80 %), and model, the law's curve
    curve : the same of all contracts together, with model_low, model_high; beyond what was seen only the model's
    customers : one row a contract: customer_id, cohort, periods, has_left; of who is there p_renews_next, p_stays
        (through the horizon), expected_periods (discounted) with expected_low and expected_high, periods_low,
        periods_high, and residual_value with residual_low and residual_high (in the unit of the value; what is open
        about the parameters)
    """

    law: str
    model: Law
    judged: Mapping[str, float]
    cohorts: pa.Table
    curve: pa.Table
    customers: pa.Table
    contracts: Contracts
    horizon_periods: int
    annual_discount_rate: float


def retention(
    table: pa.Table,
    *,
    began: str,
    ended: str,
    key: str | None = None,
    value: str | None = None,
    period: Period = "month",
    as_of: dt.date | None = None,
    horizon_periods: int | None = None,
    annual_discount_rate: float = 0.1,
) -> Retention:
    """How long contracts last and what they are still worth, from a flat table of when they began and ended.

    For subscriptions and memberships, where leaving is written down; for shops use the study value.

    Parameters
    ----------
    table : one row a contract
    began, ended : columns of dates; an empty end: it goes on
    key : the column that names the customer; by default rows are numbered
    value : the column of what is earned with him in a period; by default 1, so that values are in periods
    period : how often one renews
    as_of : the date of the table; by default the day after the last date in it
    horizon_periods : how far ahead; by default three years
    annual_discount_rate : a period's value that comes a year later counts 1 / (1 + rate)

    Raises
    ------
    SchemaError, DataError : as `read_contracts` and `ShiftedBetaGeo.fit`; a value is empty or no number.

    Notes
    -----
    Residual lifetime value [1]_: what is earned at each renewal to come, times the chance that he is still there then.
    Every fit works on distinct (periods, has_left); O(contracts) beside.

    References
    ----------
    .. [1] Fader & Hardie (2010), Customer-base valuation in a contractual setting. Marketing Science 29(1), 85-93.
    """
    contracts = read_contracts(table, began=began, ended=ended, key=key, period=period, as_of=as_of)
    known = contracts.table()
    models: dict[str, Law] = {name: kind().fit(known) for name, kind in LAWS.items()}
    models = {name: each if each.converged_ else LAWS[name](regularisation=0.1).fit(known)
              for name, each in models.items()}  # fmt: skip
    judged = _judged(contracts)
    law = min(LAWS, key=lambda name: judged[name]) if judged else _likelier(models)
    months = PERIOD_MONTHS[period]
    horizon = horizon_periods or 36 // months
    rate = (1 + annual_discount_rate) ** (months / 12) - 1
    said = models[law].predict(known, horizon_periods=horizon, discount_rate_per_period=rate, coverage=COVERAGE)
    each = _values(table, contracts, value)
    names = contracts.cohorts()
    customers = pa.table({"customer_id": known["customer_id"], "cohort": pa.array(names, pa.string())})
    for name in ("periods", "has_left"):
        customers = customers.append_column(name, known[name])
    for name in said.column_names[1:]:
        customers = customers.append_column(name, said[name])
    for name, of in (("value", "expected_periods"), ("low", "expected_low"), ("high", "expected_high")):
        customers = customers.append_column(f"residual_{name}", pc.multiply(said[of], each))
    return Retention(
        law=law,
        model=models[law],
        judged=judged,
        cohorts=_cohorts(known, names, models[law]),
        curve=_curve(known, models[law], horizon),
        customers=customers,
        contracts=contracts,
        horizon_periods=horizon,
        annual_discount_rate=annual_discount_rate,
    )


def _likelier(models: Mapping[str, Law]) -> str:
    """By Akaike's criterion, for the laws have not as many parameters."""
    return min(models, key=lambda name: 2 * (len(models[name]._names) - models[name].log_likelihood_))


def _judged(contracts: Contracts) -> dict[str, float]:
    """Mean log loss of the renewals of the last periods, by laws fitted on what was known before them."""
    held = _AHEAD * PERIOD_MONTHS[contracts.period]
    cutoff = (np.datetime64(contracts.as_of, "M") - held).astype("datetime64[D]").astype(object)
    then = contracts.before(cutoff)
    if not len(then.rows):
        return {}
    before, later = then.table(), contracts.table().filter(pa.array(contracts.began < np.datetime64(cutoff)))
    there = ~before["has_left"].to_numpy()
    started, ended = (each["periods"].to_numpy()[there] for each in (before, later))
    left = later["has_left"].to_numpy()[there]
    if int((ended - started).sum()) < _LEAST_RENEWALS or not left.any():
        return {}
    try:
        models: dict[str, Law] = {name: kind(regularisation=0.1).fit(before) for name, kind in LAWS.items()}
    except DataError:
        return {}
    most = int(ended.max())
    kept = {name: model.retention(periods=most)["retention"].to_numpy()[1:] for name, model in models.items()}
    seen = kaplan_meier(before)
    kept["same_for_all"] = np.full(most, 1 - pc.sum(seen["left"]).as_py() / pc.sum(seen["at_risk"]).as_py())
    return {name: _log_loss(rates, started, ended, left) for name, rates in kept.items()}


def _log_loss(
    rates: npt.NDArray[np.float64], started: npt.NDArray[np.int64], ended: npt.NDArray[np.int64],
    left: npt.NDArray[np.bool_],
) -> float:  # fmt: skip
    """Of each renewal that came up: whether it was made. ``rates`` has the chance for period 1, 2, …"""
    renewed = np.concatenate(([0.0], np.cumsum(np.log(np.clip(rates, 1e-9, 1)))))
    refused = np.log(np.clip(1 - rates, 1e-9, 1))
    last = np.where(left, ended - 1, ended)
    total = (renewed[last] - renewed[np.minimum(started, last)]).sum() + refused[ended[left] - 1].sum()
    return float(-total / max(int((ended - started).sum()), 1))


def _cohorts(known: pa.Table, names: list[str], model: Law) -> pa.Table:
    parts = []
    cohort = pa.array(names, pa.string())
    for name in sorted(set(names)):
        seen = kaplan_meier(known.filter(pc.equal(cohort, name)), coverage=COVERAGE)
        if seen.num_rows:
            curve = model.retention(periods=seen.num_rows)["survival"].slice(1)
            seen = seen.append_column("model", curve)
            parts.append(seen.add_column(0, "cohort", pa.repeat(pa.scalar(name), seen.num_rows)))
    return pa.concat_tables(parts).combine_chunks()


def _curve(known: pa.Table, model: Law, horizon: int) -> pa.Table:
    seen = kaplan_meier(known, coverage=COVERAGE)
    said = model.retention(periods=seen.num_rows + horizon, coverage=COVERAGE).slice(1)
    found = pa.table({"period": said["period"]})
    beyond = pa.nulls(horizon)
    for name in seen.column_names[1:]:
        column = seen[name].combine_chunks()
        found = found.append_column(name, pa.concat_arrays([column, beyond.cast(column.type)]))
    for name, of in (("model", "survival"), ("model_low", "survival_low"), ("model_high", "survival_high")):
        found = found.append_column(name, said[of])
    return found.append_column("retention", said["retention"]).combine_chunks()


def _values(table: pa.Table, contracts: Contracts, value: str | None) -> pa.Array:
    """What is earned with each in a period."""
    if value is None:
        return pa.array(np.ones(len(contracts.rows)))
    if value not in table.column_names:
        raise SchemaError("errors.no_such_column", table="contracts", column=value, columns=table.column_names)
    column = table[value]
    if not is_number(column.type):
        raise DataError("retention.no_number", column=value)
    if empty := column.null_count:
        raise DataError("errors.empty_values", table="contracts", column=value, rows=empty)
    return pa.array(to_numbers(column)[contracts.rows])
