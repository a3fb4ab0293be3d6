"""Keeping what a run learned: scores and segment members, as a snapshot of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from guanxi.schema import SEGMENT_MEMBERS
from guanxi.studies import Result
from guanxi.warehouse import LEARNED, Snapshot, Warehouse, publication

__all__ = ["keep_results"]


def keep_results(warehouse: Warehouse, results: Sequence[Result], *, at: dt.datetime) -> Snapshot | None:
    """Publish the scores and segment members of a run.

    The same run twice adds nothing; a run on the same data and date with other parameters takes the place of the first.

    Returns
    -------
    the new snapshot; None where there was nothing new to keep
    """
    learned = [each for each in results if each.scores.num_rows or each.members is not None]
    if not learned:
        return None
    run: dict[str, object] = {
        "as_of": learned[0].as_of.isoformat(),
        "data_id": learned[0].snapshot_id,
        "studies": {each.study: dict(each.parameters) for each in learned},
    }
    same = [m for m in warehouse.history() if m.reason == LEARNED and _slot(m.note) == _slot(run)]
    if same and same[-1].note == run:
        return None
    with publication(warehouse, reason=LEARNED, at=at) as pending:
        replaced = {moment.id for moment in same}
        for table in ("scores", "segment_members"):
            for part in pending.base.parts.get(table, ()):
                if part.added_in in replaced:
                    pending.remove(part)
        for result in learned:
            pending.write("scores", result.scores)
            if result.members is not None:
                pending.write("segment_members", _members(result))
        pending.note.update(run)
    return pending.snapshot


def _slot(note: object) -> object:
    """What only one kept run can stand for: a date, the data, the studies."""
    return (note["as_of"], note["data_id"], sorted(note["studies"])) if isinstance(note, dict) else None


def _members(result: Result) -> pa.Table:
    """The members in long form, one row per customer and segmentation; yes/no groups hold who is in them."""
    assert result.members is not None
    parts = []
    for name in result.members.column_names[1:]:
        column = result.members[name]
        table = pa.table({"customer_id": result.members["customer_id"], "segment": column})
        if pa.types.is_boolean(column.type):
            table = table.filter(column)
            table = table.set_column(1, "segment", pa.repeat(pa.scalar(name.removeprefix("is_")), table.num_rows))
        table = table.filter(table["segment"].is_valid())
        rows = table.num_rows
        parts.append(
            pa.table(
                {
                    "customer_id": table["customer_id"],
                    "segmentation": pa.repeat(pa.scalar(name), rows),
                    "segment": table["segment"],
                    "as_of": pa.repeat(pa.scalar(result.as_of, pa.date32()), rows),
                    "snapshot_id": pa.repeat(pa.scalar(result.snapshot_id, pa.int64()), rows),
                }
            )
        )
    return pa.concat_tables(parts).cast(SEGMENT_MEMBERS.arrow)
