"""Keeping what a run learned: scores and segment members, as a snapshot of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guanxi.schema import SEGMENT_MEMBERS
from guanxi.studies import Result
from guanxi.warehouse import LEARNED, Publication, Snapshot, Warehouse, publication
from guanxi.warehouse.paged import let_go

__all__ = ["keep_results"]


def keep_results(warehouse: Warehouse, results: Sequence[Result], *, at: dt.datetime) -> Snapshot | None:
    """Publish the scores and segment members of a run.

    The same run twice adds nothing. What a study says of the same data and date with other parameters takes the place
    of what it said first; what other studies said of them stays.

    Returns
    -------
    the new snapshot; None where there was nothing new to keep
    """
    learned = [each for each in results if each.scores.num_rows or each.members is not None]
    if not learned:
        return None
    studies = {each.study: dict(each.parameters) for each in learned}
    run: dict[str, object] = {"as_of": learned[0].as_of.isoformat(), "data_id": learned[0].snapshot_id}
    kept: dict[str, object] = {}
    for moment in warehouse.history():
        said = moment.note.get("studies")
        if moment.reason == LEARNED and isinstance(said, dict) and run.items() <= moment.note.items():
            kept |= said
    if {name: kept.get(name) for name in studies} == studies:
        return None
    with publication(warehouse, reason=LEARNED, at=at) as pending:
        if kept.keys() & studies.keys():
            _take_back(pending, learned)
        for result in learned:
            pending.write("scores", _read_once([result.scores]))
            if result.members is not None:
                pending.write("segment_members", _read_once(_members(result)))
        pending.note.update(run | {"studies": studies})
    return pending.snapshot


def _take_back(pending: Publication, learned: Sequence[Result]) -> None:
    """Leave out what these studies said of the same data and date before; every other row of their parts stays."""
    of = (pc.field("as_of") == learned[0].as_of) & (pc.field("snapshot_id") == learned[0].snapshot_id)
    segmentations = [name for each in learned if each.members is not None for name in each.members.column_names[1:]]
    said_by = {
        "scores": pc.field("study").isin([each.study for each in learned]),
        "segment_members": pc.field("segmentation").isin(segmentations),
    }
    for table, by in said_by.items():
        for part in list(pending.base.parts.get(table, ())):
            if pq.read_table(part.path, columns=["customer_id"], filters=of & by).num_rows:
                pending.remove(part)
                pending.write(table, pq.read_table(part.path, filters=~(of & by)))


def _read_once(tables: Iterable[pa.Table]) -> pa.RecordBatchReader:
    """Tables of one schema, one at least, of which nothing stays in memory that has been read."""
    remaining = iter(tables)
    first = next(remaining)

    def batches() -> Iterator[pa.RecordBatch]:
        for table in chain([first], remaining):
            for batch in table.to_batches():
                yield batch
                let_go()

    return pa.RecordBatchReader.from_batches(first.schema, batches())


def _members(result: Result) -> Iterator[pa.Table]:
    """The members in long form, one row per customer and segmentation; yes/no groups hold who is in them."""
    assert result.members is not None
    for name in result.members.column_names[1:]:
        column = result.members[name]
        table = pa.table({"customer_id": result.members["customer_id"], "segment": column})
        if pa.types.is_boolean(column.type):
            table = table.filter(column)
            table = table.set_column(1, "segment", pa.repeat(pa.scalar(name.removeprefix("is_")), table.num_rows))
        table = table.filter(table["segment"].is_valid())
        rows = table.num_rows
        yield pa.table(
            {
                "customer_id": table["customer_id"],
                "segmentation": pa.repeat(pa.scalar(name), rows),
                "segment": table["segment"],
                "as_of": pa.repeat(pa.scalar(result.as_of, pa.date32()), rows),
                "snapshot_id": pa.repeat(pa.scalar(result.snapshot_id, pa.int64()), rows),
            }
        ).cast(SEGMENT_MEMBERS.arrow)
