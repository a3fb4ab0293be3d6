"""How is the business doing? Sales over time, cohorts, returning customers, countries and products.

This study only counts; it forecasts nothing, so it has no judgement.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from guanxi.schema import SCORES
from guanxi.studies.base import Context, Result, Study, account_of, study_query
from guanxi.studies.overview import report
from guanxi.warehouse import Session

__all__ = ["STUDY", "run"]

_RULES = ("already_known", "superseded", "not_yet", "test_line", "cancelled", "no_amount")


def run(session: Session, *, as_of: dt.date, horizon_days: int = 90) -> Result:
    """Count sales as of a date.

    Parameters
    ----------
    session : an engine that already holds the customer features of ``as_of``
    as_of : events strictly before it are read
    horizon_days : as all studies are asked; this one looks back only

    Returns
    -------
    Result : ``tables`` holds sales_by_day, cohort_activity, order_counts, sales_by_country and sales_by_product (grain,
        key and columns in the header of the query of that name); no scores.

    Notes
    -----
    One scan of ``orders`` per table and one of ``order_lines`` for products.
    """
    parameters = {"as_of": as_of}
    names = ("sales_by_day", "cohort_activity", "order_counts", "sales_by_country", "sales_by_product")
    queries = {name: study_query(name) for name in names}
    tables: dict[str, pa.Table] = {
        name: session.run(query, parameters if query.parameters else None) for name, query in queries.items()
    }
    account = account_of(session, as_of=as_of, rules=_RULES)
    context = Context("overview", as_of, horizon_days, session.snapshot.settings.currency, account)
    return Result(
        study="overview",
        as_of=as_of,
        snapshot_id=session.snapshot.data_id,
        parameters={},
        account=account,
        scores=SCORES.empty(),
        tables=tables,
        sections=report.sections(tables, context),
        missing=report.missing(tables),
    )


STUDY = Study("overview", needs=("order_lines", "orders", "products"), rules=_RULES, run=run)
