"""How long contracts last: by cohort without a model, by a law that must beat a plain rule, and what each is worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, SchemaError
from guanxi.features.prepare.frame import is_number, to_numbers
from guanxi.mining.lifetime import kaplan_meier
from guanxi.mining.lifetime.likelihood import require_not_negative, require_positive
from guanxi.studies.base import Judgement
from guanxi.studies.retention.constant import Constancy
from guanxi.studies.retention.contracts import PERIOD_MONTHS, Contracts, Period, read_contracts
from guanxi.studies.retention.judge import LAWS, PLAIN, REGULARISATION, Law, judge
from guanxi.studies.retention.same_for_all import SameForAll

__all__ = ["COVERAGE", "Retention", "retention"]

COVERAGE = 0.8
"""Of all intervals."""


@dataclass(frozen=True)
class Retention:
    """What a table of contracts tells.

    Attributes
    ----------
    law : the one of the two laws that was asked, ``sbg`` (shifted beta-geometric) or ``bdw`` (beta-discrete Weibull)
    published : what ``cohorts``, ``curve`` and ``customers`` say: that law; where it was not surely better than the
        plain rule that everybody renews with the share of all (grade C), ``same_for_all``, or the likelier law if
        ``constancy`` rejects that rule
    judgement : grade A to D with its reason in words, the date as of which the law was asked, and the log loss of law
        and plain rule on the renewals since (``comparisons``; its cases are renewals). In grade D there were too few to
        judge, and the likelier law is published, by Akaike's criterion
    constancy : whether all renewals seen are compatible with one share at every age
    judged : by method (the laws, and ``same_for_all``), mean log loss of those renewals; empty in grade D
    model : what is published, fitted on all
    cohorts : one row a cohort × period: cohort (string), period, at_risk, left (int64), survival, survival_low,
        survival_high (float64, Kaplan-Meier, 80 %), and model, the curve of what is published
    curve : one row a period: period, at_risk, left, survival, survival_low and survival_high of all contracts together;
        model with model_low and model_high, and retention (float64), the share of those still there that renews by the
        model. Beyond what was seen only the model's
    customers : one row a contract, in the order of the table, of those that began before the date: customer_id (string,
        key), cohort, periods (int64), has_left; of who is there p_renews_next, p_stays (through the horizon),
        expected_periods (discounted) with expected_low and expected_high (80 %, what is open about the parameters),
        periods_low, periods_high (int64, 80 % of what will come), and residual_value with residual_low and
        residual_high, in the unit of the value's column; null for who has left
    contracts : as they were read, with how many began too late
    horizon_periods : how far ahead was looked
    annual_discount_rate : 0.1 is 10 % a year
    """

    law: str
    published: str
    judgement: Judgement
    constancy: Constancy
    judged: Mapping[str, float]
    model: Law | SameForAll
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
    file: str = "contracts",
) -> Retention:
    """How long contracts last and what they are still worth, from a flat table of when they began and ended.

    For subscriptions and memberships, where leaving is written down; for shops use the study value. Where no law
    foresaw the renewals of the last three periods surely better than the plain rule that everybody renews with the
    share of all (grade C), that rule is published, S(t) = r^t, unless by all renewals seen the share changes with age.

    Parameters
    ----------
    table : one row a contract
    began, ended : columns of dates; an empty end: it goes on
    key : the column that names the contract, or the customer where each has one; by default rows are numbered
    value : the column of what is earned with it in a period, in any unit, of money or not; by default 1, so that values
        are in periods
    period : how often one renews
    as_of : the date of the table; by default the day after the last date in it
    horizon_periods : how far ahead, >= 1; by default three years
    annual_discount_rate : >= 0; a period's value that comes a year later counts 1 / (1 + rate)
    file : the table's name, for errors

    Returns
    -------
    Retention : what is published with its grade, cohorts and curve, and of each contract what is still to come, in the
        unit of ``value``

    Raises
    ------
    SettingError : the horizon is not above zero, or the discount rate below it.
    SchemaError, DataError : as `read_contracts` and `ShiftedBetaGeo.fit`; a value is empty or no number.

    Notes
    -----
    Residual lifetime value [1]_: what is earned at each renewal to come, times the chance that he is still there then.
    A law whose likelihood has no maximum is fitted again with regularisation 0.1, with which those that are judged are
    fitted always. Every fit works on distinct (periods, has_left); O(contracts) beside.

    References
    ----------
    .. [1] Fader & Hardie (2010), Customer-base valuation in a contractual setting. Marketing Science 29(1), 85-93.

    Examples
    --------
    >>> table = pa.table({"no": list("abcde"), "fee": [20.0] * 5,
    ...                   "begun": ["2024-01-01", "2024-02-01", "2024-01-15", "2024-03-01", "2024-05-01"],
    ...                   "gone": ["2024-04-01", "2024-03-01", "", "2024-08-01", ""]})
    >>> found = retention(table, began="begun", ended="gone", key="no", value="fee", as_of=dt.date(2024, 9, 1))
    >>> found.published, found.judgement.grade
    ('sbg', 'D')
    >>> found.customers.select(["customer_id", "periods", "has_left"]).to_pylist()[2]
    {'customer_id': 'c', 'periods': 7, 'has_left': False}
    >>> found.customers["residual_value"].null_count
    3
    """
    if horizon_periods is not None:
        require_positive("horizon_periods", horizon_periods)
    require_not_negative("annual_discount_rate", annual_discount_rate)
    contracts = read_contracts(table, began=began, ended=ended, key=key, period=period, as_of=as_of, file=file)
    each = _values(table, contracts, value, file)
    known = contracts.table()
    models = {name: _fitted(kind, known) for name, kind in LAWS.items()}
    judged = judge(contracts, models)
    model = SameForAll.of(known) if judged.published == PLAIN else models[judged.published]
    months = PERIOD_MONTHS[period]
    horizon = horizon_periods or 36 // months
    rate = (1 + annual_discount_rate) ** (months / 12) - 1
    said = model.predict(known, horizon_periods=horizon, discount_rate_per_period=rate, coverage=COVERAGE)
    names = contracts.cohorts()
    customers = pa.table({"customer_id": known["customer_id"], "cohort": pa.array(names, pa.string())})
    for name in ("periods", "has_left"):
        customers = customers.append_column(name, known[name])
    for name in said.column_names[1:]:
        customers = customers.append_column(name, said[name])
    for name, of in (("value", "expected_periods"), ("low", "expected_low"), ("high", "expected_high")):
        customers = customers.append_column(f"residual_{name}", pc.multiply(said[of], each))
    return Retention(
        law=judged.law,
        published=judged.published,
        judgement=judged.judgement,
        constancy=judged.constancy,
        judged=judged.losses,
        model=model,
        cohorts=_cohorts(known, names, model),
        curve=_curve(known, model, horizon),
        customers=customers,
        contracts=contracts,
        horizon_periods=horizon,
        annual_discount_rate=annual_discount_rate,
    )


def _fitted(kind: type[Law], known: pa.Table) -> Law:
    model = kind().fit(known)
    return model if model.converged_ else kind(regularisation=REGULARISATION).fit(known)


def _cohorts(known: pa.Table, names: list[str], model: Law | SameForAll) -> pa.Table:
    parts = []
    cohort = pa.array(names, pa.string())
    for name in sorted(set(names)):
        seen = kaplan_meier(known.filter(pc.equal(cohort, name)), coverage=COVERAGE)
        if seen.num_rows:
            curve = model.retention(periods=seen.num_rows)["survival"].slice(1)
            seen = seen.append_column("model", curve)
            parts.append(seen.add_column(0, "cohort", pa.repeat(pa.scalar(name), seen.num_rows)))
    return pa.concat_tables(parts).combine_chunks()


def _curve(known: pa.Table, model: Law | SameForAll, horizon: int) -> pa.Table:
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


def _values(table: pa.Table, contracts: Contracts, value: str | None, file: str) -> pa.Array:
    """What is earned with each contract in a period."""
    if value is None:
        return pa.array(np.ones(len(contracts.rows)))
    if value not in table.column_names:
        raise SchemaError("errors.no_such_column", table=file, column=value, columns=table.column_names)
    column = table[value]
    if not is_number(column.type):
        raise DataError("retention.no_number", column=value)
    numbers = to_numbers(column)
    if empty := int(np.count_nonzero(~np.isfinite(numbers))):
        raise DataError("errors.empty_values", table=file, column=value, rows=empty)
    return pa.array(numbers[contracts.rows])
