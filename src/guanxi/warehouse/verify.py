"""Is everything there, and is it what was written? If not: what is hurt, and what can be done."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi.schema import TABLES
from guanxi.warehouse.catalog import Snapshot, Warehouse
from guanxi.warehouse.duckdb import connect, parquet
from guanxi.warehouse.orders import orders_sql
from guanxi.warehouse.records import Delivery, Part
from guanxi.words import Message

__all__ = ["Finding", "verify"]

_MEMORY_LIMIT_MIB = 1200


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    message: Message
    """What is wrong, and where."""
    advice: Message
    """What can be done."""
    table: str
    snapshots: tuple[int, ...]
    """The snapshots that it hurts; all others are whole."""
    path: Path | None = None
    """The damaged file, if it is one."""


def verify(warehouse: Warehouse, *, deep: bool = False, memory_limit_mib: int = _MEMORY_LIMIT_MIB) -> list[Finding]:
    """Look at every part of every snapshot, and at the sense of the latest.

    Of each part: the file is there, has its size, can be read, and has the columns and rows that it should have. Of the
    latest snapshot, if its parts are whole: keys are unique, the rows of each delivery are those of its account, and
    orders are the sums of their lines.

    Parameters
    ----------
    warehouse : Warehouse
    deep : compare the contents of each file with the checksum taken when it was written; reads everything
    memory_limit_mib : what the embedded database may use before it spills

    Returns
    -------
    list of Finding, empty where all is well

    Notes
    -----
    Without ``deep``: the footers of all files, and a grouping of the latest snapshot's tables by key.
    """
    swept = warehouse.forgotten()
    kept = [moment.id for moment in warehouse.history() if moment.id not in swept]
    findings = [
        finding for part in warehouse.parts() if (finding := _look_at(part, kept, warehouse, deep=deep)) is not None
    ]
    latest = warehouse.snapshot()
    if not any(latest.id in finding.snapshots for finding in findings):
        with (
            tempfile.TemporaryDirectory(prefix="guanxi-") as directory,
            connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=Path(directory)) as connection,
        ):
            findings += _Sense(latest, connection, warehouse.undoable_from).findings()
    return findings


def _look_at(part: Part, kept: Iterable[int], warehouse: Warehouse, *, deep: bool) -> Finding | None:
    problem = _problem(part, deep=deep)
    if problem is None:
        return None
    hurt = tuple(each for each in kept if each >= part.added_in and (part.removed_in is None or each < part.removed_in))
    whole = max((each for each in kept if each not in hurt), default=None)
    path = part.path.relative_to(warehouse.path).as_posix()
    parameters = {"path": path, "table": part.table, "rows": part.rows, "snapshots": list(hurt), "whole": whole}
    code = "part_advice" if whole is not None else "part_advice_none_whole"
    return Finding(
        Message(f"warehouse.{problem}", parameters),
        Message(f"warehouse.{code}", parameters),
        part.table,
        hurt,
        part.path,
    )


def _problem(part: Part, *, deep: bool) -> str | None:
    if not part.path.is_file():
        return "part_missing"
    if part.path.stat().st_size != part.bytes:
        return "part_size"
    try:
        with pq.ParquetFile(part.path) as file:
            rows, found = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowException, OSError):
        return "part_unreadable"
    # A part of an older version may lack columns that came later, but has none of another type.
    known = {field.name: field.type for field in TABLES[part.table].arrow}
    if rows != part.rows or any(known.get(field.name) != field.type for field in found):
        return "part_other"
    if deep:
        with part.path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != part.sha256:
                return "part_changed"
    return None


class _Sense:
    """Whether the rows of one snapshot make sense together."""

    def __init__(self, snapshot: Snapshot, connection: duckdb.DuckDBPyConnection, undoable_from: int) -> None:
        self.snapshot = snapshot
        self.connection = connection
        self.undoable_from = undoable_from

    def findings(self) -> list[Finding]:
        return [*self._keys(), *self._accounts(), *self._orders()]

    def _keys(self) -> Iterator[Finding]:
        for name, table in TABLES.items():
            # Problems of records that could not be read have no line, and thereby no key.
            if name == "rejects" or not self.snapshot.rows(name):
                continue
            key = ", ".join(f'"{column}"' for column in table.key)
            twice = self._one(
                f"SELECT count(*) FROM (SELECT 1 FROM {self._rows(name)} GROUP BY {key} HAVING count(*) > 1)"
            )
            if twice:
                yield self._finding("key_twice", name, keys=twice)

    def _accounts(self) -> Iterator[Finding]:
        """The lines of a delivery that count, and those hidden, are those it loaded or knew; rejects likewise."""
        lines, hidden = self._count("order_lines"), self._count("hidden_lines")
        rejects = self._count("rejects")
        for delivery in self.snapshot.deliveries:
            account = delivery.account
            if delivery.kind == "orders" and delivery.id >= self.undoable_from:
                expected = account.get("loaded", 0) + account.get("known", 0)
                found = lines.get(delivery.id, 0) + hidden.get(delivery.id, 0)
                if found != expected:
                    yield self._account("order_lines", delivery, expected, found)
            expected, found = account.get("set_aside", 0), rejects.get(delivery.id, 0)
            if found != expected:
                yield self._account("rejects", delivery, expected, found)

    def _account(self, table: str, delivery: Delivery, expected: int, found: int) -> Finding:
        return self._finding("account", table, delivery=delivery.id, file=delivery.file, expected=expected, found=found)

    def _orders(self) -> Iterator[Finding]:
        if not self.snapshot.rows("order_lines"):
            return
        names = ", ".join(TABLES["orders"].names)
        there = f"SELECT {names} FROM {self._rows('orders')}" if self.snapshot.rows("orders") else None
        sums = f"SELECT {names} FROM ({orders_sql(self._rows('order_lines'))})"
        differing = self._one(
            f"SELECT count(*) FROM (({sums} EXCEPT {there}) UNION ALL ({there} EXCEPT {sums}))"
            if there
            else f"SELECT count(*) FROM ({sums})"
        )
        if differing:
            yield self._finding("orders_differ", "orders", orders=differing)

    def _finding(self, code: str, table: str, **parameters: object) -> Finding:
        parameters |= {"table": table, "snapshot": self.snapshot.id}
        return Finding(
            Message(f"warehouse.{code}", parameters), Message("warehouse.sense_advice", parameters), table,
            (self.snapshot.id,),
        )  # fmt: skip

    def _count(self, table: str) -> dict[int, int]:
        if not self.snapshot.rows(table):
            return {}
        query = f"SELECT delivery_id, count(*) FROM {self._rows(table)} GROUP BY delivery_id"
        return dict(self.connection.execute(query).fetchall())

    def _rows(self, table: str) -> str:
        return parquet(self.snapshot.files(table))

    def _one(self, query: str) -> int:
        [(value,)] = self.connection.execute(query).fetchall()
        return int(value)
