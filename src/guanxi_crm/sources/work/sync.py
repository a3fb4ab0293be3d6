"""Customers, products and orders of the CRM, brought to what the warehouse's latest snapshot says.

`WarehouseSync` says what they are like: ``snapshot_id``, and while they are on their way to another, ``target_id``.
Each batch is a short transaction of its own, so that others can write meanwhile; the mark moves when all is done.
Whoever is killed on the way leaves some rows like the one snapshot and some like the other; the next begins with the
same difference again, and a batch done twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from guanxi.errors import SnapshotNotFound
from guanxi.warehouse import Snapshot, Warehouse
from guanxi.warehouse.duckdb import connect
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.core.planner import planner_refresh
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.customers.services.imported import (
    IMPORTED_FIELDS,
    contact_points_upsert,
    customers_forget,
    customers_upsert,
)
from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sales.services.imported import (
    OrderRow,
    ProductRow,
    orders_forget,
    orders_upsert,
    products_forget,
    products_upsert,
)
from guanxi_crm.sources.models import WarehouseSync
from guanxi_crm.sources.work.changes import Change, Changes

__all__ = ["run", "sync"]

_MEMORY_LIMIT_MIB = 800
_LOOK_SECONDS = 1.0
_SWEPT_BATCH = 5_000
_MANY = 1_000
"""After so many rows the planner's statistics are counted anew: a matter of milliseconds."""


def run(context: JobContext) -> dict[str, object]:
    """The job ``sources.sync``: finish what was begun, and follow the warehouse."""
    return dict(sync(context))


def sync(
    context: JobContext, *, origin: str = "import", finish: Callable[[Mapping[str, object]], None] | None = None
) -> dict[str, object]:
    """Bring the CRM's records to the warehouse's latest snapshot.

    Parameters
    ----------
    context : of the job
    origin : of records that are new
    finish : called with what is returned in the transaction that says that all is done

    Returns
    -------
    kind of record → how many are new, changed and gone

    Notes
    -----
    Only what differs between the two snapshots is read and written; everything where the former was swept.
    """
    with _alone(context), Warehouse.open(settings.WAREHOUSE_DIR) as warehouse:
        latest = warehouse.snapshot()
        state, _ = WarehouseSync.objects.get_or_create(pk=1, defaults={"snapshot_id": 0, "synced_at": timezone.now()})
        done: dict[str, object] = {}
        if state.target_id not in (None, latest.id):
            begun = _snapshot(warehouse, state.target_id)
            if begun is None:
                state.snapshot_id = WarehouseSync.UNKNOWN
            else:
                done = _bring(context, state, _snapshot(warehouse, state.snapshot_id), begun, origin=origin)
                _moved(context, begun, None)
                state.snapshot_id = begun.id
        done = _added_up(done, _bring(context, state, _snapshot(warehouse, state.snapshot_id), latest, origin=origin))
        _moved(context, latest, lambda: finish(done) if finish else None)
    return done


def _bring(
    context: JobContext, state: WarehouseSync, before: Snapshot | None, after: Snapshot, *, origin: str
) -> dict[str, object]:
    if before is not None and before.data_id == after.data_id:
        return {}
    with context.transaction():
        WarehouseSync.objects.filter(pk=state.pk).update(target_id=after.id)
    context.stage("crm_sources.stage_compare")
    with (
        tempfile.TemporaryDirectory(prefix="guanxi-") as scratch,
        connect(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=2, temporary=Path(scratch)) as connection,
    ):
        changes = Changes(connection, before, after)
        _write(context, changes, origin=origin, at=timezone.now())
        _forget(context, changes)
        if before is None:
            _forget_the_rest(context, changes)
        _refresh(changes)
        return {kind: vars(getattr(changes, kind)) for kind in ("customers", "products", "orders")}


def _write(context: JobContext, changes: Changes, *, origin: str, at: dt.datetime) -> None:
    context.stage("crm_sources.stage_products", changes.products.total)
    for rows in changes.product_rows():
        with context.transaction():
            products_upsert([ProductRow(*row) for row in rows], origin=origin)
        context.advance(len(rows))
    context.stage("crm_sources.stage_customers", changes.customers.total)
    width = 1 + len(IMPORTED_FIELDS)
    for rows in changes.customer_rows():
        with context.transaction():
            done = customers_upsert([row[:width] for row in rows], origin=origin, at=at)
            points = {row[0]: list(zip(row[width], row[width + 1], strict=True)) for row in rows}
            reached = contact_points_upsert(points, origin=origin)
            # Who can be reached otherwise has changed, too.
            others = set(reached) - set(done.touched)
            Customer.objects.filter(pk__in=others).update(version=F("version") + 1, updated_at=at)
            search_index(sorted({*done.touched, *others}))
        context.advance(len(rows))
    context.stage("crm_sources.stage_orders", changes.orders.total)
    for orders, lines in changes.order_rows():
        with context.transaction():
            orders_upsert([OrderRow(*row) for row in orders], lines, origin=origin)
        context.advance(len(orders))


def _refresh(changes: Changes) -> None:
    """Lists go wrong ways through tables that were empty when the database last looked."""
    if changes.customers.total + changes.customers.gone >= _MANY:
        planner_refresh(Customer, ContactPoint)
    if changes.orders.total + changes.orders.gone >= _MANY:
        planner_refresh(Product, Order, OrderLine)


def _forget(context: JobContext, changes: Changes) -> None:
    """Take out what no delivery tells of any more, orders first: customers and products are named by them."""
    if not any(each.gone for each in (changes.orders, changes.customers, changes.products)):
        return
    context.stage("crm_sources.stage_forget", changes.orders.gone + changes.products.gone + changes.customers.gone)
    for kind, forget in (("order", orders_forget), ("product", products_forget), ("customer", customers_forget)):
        for keys in changes.gone(kind):
            with context.transaction():
                forget(keys)
            context.advance(len(keys))


def _forget_the_rest(context: JobContext, changes: Changes) -> None:
    """Where it is not known what was there before: take out every imported record that the snapshot has not."""
    changes.index()
    context.stage("crm_sources.stage_forget")
    for kind, model, name, forget in (
        ("order", Order, "key", orders_forget),
        ("product", Product, "code", products_forget),
        ("customer", Customer, "number", customers_forget),
    ):
        last = 0
        while rows := list(
            model.objects.filter(pk__gt=last)
            .exclude(origin="staff")
            .order_by("pk")
            .values_list("pk", name)[:_SWEPT_BATCH]
        ):
            last = rows[-1][0]
            keys = [key for _, key in rows]
            gone = set(keys) - changes.there(kind, keys)
            with context.transaction():
                forget(sorted(gone))


def _moved(context: JobContext, to: Snapshot, finish: Callable[[], None] | None) -> None:
    with context.transaction():
        WarehouseSync.objects.filter(pk=1).update(snapshot_id=to.id, target_id=None, synced_at=timezone.now())
        if finish is not None:
            finish()


def _snapshot(warehouse: Warehouse, snapshot_id: int | None) -> Snapshot | None:
    """None where it was swept: then everything is compared."""
    try:
        return warehouse.snapshot(snapshot_id) if snapshot_id not in (None, WarehouseSync.UNKNOWN) else None
    except SnapshotNotFound:
        return None


def _added_up(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    if not one:
        return dict(other)
    none = Change(0, 0, 0)
    return {
        kind: {
            what: one.get(kind, vars(none))[what] + other.get(kind, vars(none))[what]  # type: ignore[index]
            for what in vars(none)
        }
        for kind in {**one, **other}
    }


@contextmanager
def _alone(context: JobContext) -> Iterator[None]:
    """One synchronisation at a time; the lock ends with the process that holds it, however that process ends."""
    lock = filelock.FileLock(settings.DATA_DIR / "sync.lock", timeout=_LOOK_SECONDS)
    while True:
        try:
            lock.acquire()
            break
        except filelock.Timeout:
            context.stage("crm_sources.stage_wait")
    try:
        yield
    finally:
        lock.release()
