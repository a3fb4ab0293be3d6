"""The baskets that are studied: what was sold, as far back as can be read at reasonable cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies.base import study_query
from guanxi.warehouse import Session

__all__ = ["MOST_LINES", "Baskets", "read_baskets"]

MOST_LINES = 5_000_000
"""A shop with more of them is studied by its latest ones, in whole days."""


@dataclass(frozen=True)
class Baskets:
    """Products in baskets.

    Attributes
    ----------
    table : transaction (int64), ordered_on (date), item (string): one row a basket × product, in any order
    since : the first day that was read; None where nothing was sold
    shortened : whether there were sales before it
    """

    table: pa.Table
    since: dt.date | None
    shortened: bool

    def before(self, cutoff: dt.date) -> pa.Table:
        """Those of before a date."""
        return self.table.filter(pc.less(self.table["ordered_on"], cutoff))

    def since_date(self, cutoff: dt.date) -> pa.Table:
        """Those from a date on."""
        return self.table.filter(pc.greater_equal(self.table["ordered_on"], cutoff))


def read_baskets(session: Session, *, as_of: dt.date, most_lines: int = MOST_LINES) -> Baskets:
    """The baskets before a date, the latest ``most_lines`` lines of products in whole days."""
    days = session.run(study_query("basket_days"), {"until": as_of})
    kept = _days_within(days["lines"].to_numpy(), most_lines)
    since = days["ordered_on"][len(days) - kept].as_py() if kept else None
    found = session.run(study_query("basket_items"), {"since": since or as_of, "until": as_of})
    return Baskets(found.rename_columns(["transaction", "ordered_on", "item"]), since, kept < len(days))


def _days_within(lines: np.ndarray, most: int) -> int:
    """How many of the last days hold no more lines than that together; one at least, where there is one.

    >>> _days_within(np.array([5, 3, 4]), 7), _days_within(np.array([9]), 7), _days_within(np.array([]), 7)
    (2, 1, 0)
    """
    within = int(np.searchsorted(np.cumsum(lines[::-1]), most, side="right"))
    return min(len(lines), max(1, within))
