"""Forgetting old snapshots, and giving back the space that only they took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from guanxi.warehouse.catalog import Warehouse
from guanxi.warehouse.publish import writing
from guanxi.warehouse.records import LEARNED, Part
from guanxi.warehouse.tables import forgotten_table

__all__ = ["Swept", "sweep"]


@dataclass(frozen=True)
class Swept:
    """What a sweep removed."""

    snapshots: tuple[int, ...]
    files: int
    bytes: int


def sweep(warehouse: Warehouse, *, older_than: dt.datetime, at: dt.datetime, keep: Collection[int] = ()) -> Swept:
    """Forget the snapshots that are old and that nobody needs, and delete the files that only they had.

    Kept are the latest snapshot, those in which a run kept what it learned, those whose data such a run names, those in
    ``keep``, and all that are not older than ``older_than``. Of the others the number, date and reason stay in the
    history; to read one raises `SnapshotNotFound`.

    Parameters
    ----------
    warehouse : Warehouse
    older_than : UTC without zone
    at : now, UTC without zone
    keep : numbers of snapshots

    Notes
    -----
    The catalogue is changed in one transaction, then files are deleted. After a kill between the two, the next writer
    deletes them. A reader who has such a snapshot open is told so when he asks for a file that is gone.
    """
    with writing(warehouse):
        history, before = warehouse.history(), warehouse.forgotten()
        needed = {warehouse.latest_id(), *keep, *(m.id for m in history if m.created_at >= older_than)}
        for moment in history:
            if moment.reason == LEARNED:
                needed |= {moment.id, int(str(moment.note["data_id"]))}
        gone = [moment.id for moment in history if moment.id not in needed | before]
        left = sorted({moment.id for moment in history} - before - set(gone))
        parts = [part for part in warehouse.parts() if not _is_in_one_of(part, left)]
        if gone or parts:
            with warehouse.catalogue.begin() as connection:
                for snapshot_id in gone:
                    connection.execute(sa.insert(forgotten_table).values(snapshot_id=snapshot_id, at=at))
                warehouse.doom_parts(connection, parts)
        warehouse.delete_doomed()
    return Swept(tuple(gone), len(parts), sum(part.bytes for part in parts))


def _is_in_one_of(part: Part, snapshots: Collection[int]) -> bool:
    return any(part.added_in <= each and (part.removed_in is None or each < part.removed_in) for each in snapshots)
