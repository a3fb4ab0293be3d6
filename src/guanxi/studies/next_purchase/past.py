"""Buyers as they stood at a date, with the first purchase that came after it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies.base import study_query
from guanxi.warehouse import Session
from guanxi.warehouse.paged import by_part, near

__all__ = ["Days", "Values", "buyers_at", "came_by_week", "days_until", "reals", "weeks_of"]

Values = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
_WEEK_DAYS = 7
_PLACE = "place"
"""Of a customer among those who came."""


def buyers_at(session: Session, *, cutoff: dt.date, horizon_days: int, until: dt.date) -> pa.Table:
    """Who had bought before ``cutoff``: how he stood then, and his next purchase before ``until``.

    Returns
    -------
    table, one row a customer, by customer_id; columns in the header of the query ``purchases_at``, and
        monetary : float64, minor units, mean amount of a repeat purchase, at least 1; null where there was none
        next_day : int64, days from the cut-off to his next purchase, 0 on that very day; null where none came
        next_amount : int64, minor units, likewise
    """
    dates = {"cutoff": cutoff, "until": until}
    found = session.run(study_query("purchases_at"), {"since": cutoff - dt.timedelta(days=horizon_days), **dates})
    came = session.run(study_query("next_purchases"), dates)
    start = (cutoff - dt.date(1970, 1, 1)).days
    days = pc.subtract(came["next_on"].cast(pa.int32()).cast(pa.int64()), start)
    came = pa.table({"customer_id": came["customer_id"], "next_day": days, "next_amount": came["next_amount"]})
    found = found.append_column(_PLACE, pc.index_in(found["customer_id"], came["customer_id"]))
    return by_part(found, lambda rows: _bought(rows, came))


def _bought(rows: pa.Table, came: pa.Table) -> pa.Table:
    """Of some customers those who had bought, with what came of each."""
    found = rows.filter(pc.is_valid(rows["frequency"]))
    piece, places = near(came, found[_PLACE])
    repeats = reals(found, "frequency")
    mean = np.maximum(reals(found, "repeat_amount") / np.maximum(repeats, 1), 1.0)
    found = found.drop_columns([_PLACE]).append_column("monetary", pa.array(mean, mask=repeats == 0))
    for name in ("next_day", "next_amount"):
        found = found.append_column(name, piece[name].take(places))
    return found.combine_chunks()


def days_until(buyers: pa.Table, *, horizon_days: int) -> Days:
    """Days to the next purchase; the horizon's length for who did not come within it."""
    days: Days = pc.fill_null(buyers["next_day"], horizon_days).to_numpy()
    return np.minimum(days, horizon_days)


def came_by_week(session: Session, *, cutoff: dt.date, until: dt.date) -> Values:
    """Purchases in each week from the cut-off on, the last perhaps a shorter one, by who had bought before."""
    found = session.run(study_query("purchases_by_day"), {"cutoff": cutoff, "until": until})
    start = (cutoff - dt.date(1970, 1, 1)).days
    weeks = (found["ordered_on"].cast(pa.int32()).to_numpy() - start) // _WEEK_DAYS
    count = -(-(until - cutoff).days // _WEEK_DAYS)
    return np.bincount(weeks, weights=reals(found, "purchases"), minlength=count).astype(np.float64)


def weeks_of(horizon_days: int) -> Days:
    """Days at which the weeks ahead end, the last at the horizon's end.

    >>> weeks_of(17).tolist()
    [7, 14, 17]
    """
    return np.append(np.arange(_WEEK_DAYS, horizon_days, _WEEK_DAYS), horizon_days)


def reals(table: pa.Table, column: str) -> Values:
    """A column without nulls as float64."""
    return table[column].to_numpy().astype(np.float64)
