"""Who moved where: the segments of this run beside those of the run before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from guanxi.studies import Result
from guanxi.warehouse import Engine, Snapshot, load_query

__all__ = ["Movement", "movement_since"]

_SEGMENTATION = "segment"


@dataclass(frozen=True)
class Movement:
    """Customers by segment then and now.

    ``table`` has one row per pair: before, after, customers (int64); before is null for customers who are new.
    """

    before_as_of: dt.date
    as_of: dt.date
    table: pa.Table

    @property
    def moved(self) -> int:
        """Customers who were known then and are in another segment now."""
        rows = self.table.filter(pc.not_equal(self.table["before"], self.table["after"]))
        return int(pc.sum(rows["customers"]).as_py() or 0)

    @property
    def new(self) -> int:
        """Customers who were not known then."""
        return int(pc.sum(self.table.filter(pc.is_null(self.table["before"]))["customers"]).as_py() or 0)


def movement_since(snapshot: Snapshot, results: Sequence[Result], engine: Engine) -> Movement | None:
    """Compare the segments of a run with those that the warehouse keeps from the latest run before it.

    "Before" is by as_of; of several runs as of one date, the one on the newest data. None where there is none.

    Parameters
    ----------
    snapshot : with the ``segment_members`` of earlier runs
    results : of this run
    engine : where the query runs
    """
    members = next((each.members for each in results if each.members is not None), None)
    if members is None or not snapshot.rows("segment_members"):
        return None
    as_of = results[0].as_of
    with engine.bind(snapshot) as session:
        before = session.run(
            load_query("guanxi.mine", "members_before"), {"as_of": as_of, "segmentation": _SEGMENTATION}
        )
    if before.num_rows == 0:
        return None
    then = before.select(["customer_id", "segment"]).rename_columns(["customer_id", "before"])
    now = members.select(["customer_id", "segment"]).rename_columns(["customer_id", "after"])
    pairs = now.join(then, "customer_id", join_type="left outer").group_by(["before", "after"])
    counted = pairs.aggregate([([], "count_all")]).rename_columns(["before", "after", "customers"])
    order = [("customers", "descending"), ("before", "ascending"), ("after", "ascending")]
    return Movement(before["as_of"][0].as_py(), as_of, counted.sort_by(order))
