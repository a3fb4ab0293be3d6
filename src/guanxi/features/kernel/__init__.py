"""The customer features once more, without SQL: a scan, one scatter, one pass for each customer.

The named queries are the reference on every engine, and what a reader looks at. Over many lines most of their time goes
into hash tables larger than the processor's cache. The kernel reads the same columns of the same snapshot, puts what is
needed of each row into a bucket of customers that fits the cache, and sees each customer once. Its table is the same:
whole numbers, dates and texts exactly, fractions to the last digits.

    customers ───► codes ─┐
    order_lines ─► scatter ├─► a bucket at a time: sort within the customer, count, sum ─► customer_features
    orders ──────► scatter ┘

- `scan` reads the tables, `texts` makes numbers of texts, `buckets` keeps the scattered records.
- `scatter_kernels` and `customer_kernels` are the inner loops, compiled when they are first needed.
- `columns` makes the 48 columns of what they found.

What it cannot count exactly in 64 bits it leaves to SQL (`Unsuited`), which goes on in 128 or says what is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.features.kernel import customer_kernels
from guanxi.features.kernel.buckets import Buckets
from guanxi.features.kernel.columns import features, schema_of
from guanxi.features.kernel.customer_kernels import HABITS, TASTES
from guanxi.features.kernel.scan import (
    Customers,
    Scannable,
    Unsuited,
    days_since_1970,
    read_customers,
    scatter_lines,
    scatter_orders,
)
from guanxi.features.kernel.scatter_kernels import LINE, ORDER
from guanxi.features.kernel.texts import TextCodes
from guanxi.warehouse import Query, Snapshot

__all__ = ["LocalSession", "Unsuited", "make_customer_features"]

_LINES_A_BUCKET = 1 << 16
_MOST_BUCKETS = 1 << 9
_ROWS_A_GROUP = 1 << 16


@runtime_checkable
class LocalSession(Scannable, Protocol):
    """What the kernel asks of a session beside `guanxi.warehouse.Session`: files and memory of this process."""

    snapshot: Snapshot
    scratch: Path
    threads: int
    memory_limit_mib: int

    def defer(self, query: Query, parameters: Mapping[str, object] | None = None) -> None:
        """Materialise a query only when a later one of this session reads it."""
        ...

    def keep(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Keep rows under a name for later queries of this session; returns how many."""
        ...


def make_customer_features(
    session: LocalSession, query: Query, *, as_of: dt.date, buckets: int | None = None, memory_mib: int | None = None
) -> int:
    """Keep ``customer_features`` in a session without the steps before it.

    Parameters
    ----------
    session : LocalSession
    query : the named query whose columns are made
    as_of : date
    buckets : int, optional
        Into how many the customers are put; by default one for each 65,536 lines, at most 512.
    memory_mib : int, optional
        What the scattered records may take in memory before they go to the session's scratch directory; by default
        half of the session's memory limit.

    Returns
    -------
    int : rows, one per known customer; in the order of buckets, whatever the order of the files.

    Raises
    ------
    Unsuited : something cannot be counted exactly; nothing has been kept.

    Notes
    -----
    O(lines + orders log(orders of a customer)). Memory or disk: 24 bytes a sold line, 64 an order; memory beside it:
    the ids of customers and about 60 bytes for each, and per thread the largest bucket and its output. Neither the
    number of threads nor that of buckets, nor the order of rows and files changes a value.
    """
    rows = session.snapshot.rows("order_lines")
    count = buckets or min(max(rows // _LINES_A_BUCKET, 1), _MOST_BUCKETS)
    budget = (memory_mib if memory_mib is not None else session.memory_limit_mib // 2) << 20
    try:
        with ExitStack() as stack:
            lines, orders = (
                stack.enter_context(Buckets(kind, count, budget // 2, session.scratch / f"kernel-{name}"))
                for kind, name in ((LINE, "lines"), (ORDER, "orders"))
            )
            ahead = session.threads > 1
            customers = read_customers(session)
            products, categories = scatter_lines(session, customers, lines, as_of=as_of, ahead=ahead)
            scatter_orders(session, customers, orders, as_of=as_of, ahead=ahead)
            work = _Pass(schema_of(query), customers, lines, orders, products, categories, days_since_1970(as_of))
            batches = _in_turn(work.bucket, count, threads=session.threads)
            return session.keep(query.name, work.schema, _grouped(batches))
    except (pa.ArrowException, KeyError, OSError) as error:
        raise Unsuited("a file cannot be read or written") from error


class _Pass:
    """Everything that the pass over a bucket reads; nothing is written, so threads may share it."""

    def __init__(
        self,
        schema: pa.Schema,
        customers: Customers,
        lines: Buckets,
        orders: Buckets,
        products: TextCodes,
        categories: TextCodes,
        as_of: int,
    ) -> None:
        self.schema = schema
        self._customers, self._lines, self._orders, self._as_of = customers, lines, orders, as_of
        self._code = compiled(customer_kernels)
        self._known = customers.known(as_of)
        self._product_ranks, self._category_ranks = products.ranks(), categories.ranks()
        self._products, self._categories = (codes.texts().sort() for codes in (products, categories))
        self._countries = customers.countries.texts()

    def bucket(self, number: int) -> pa.RecordBatch:
        """The features of the known customers of one bucket."""
        stride = self._orders.count
        codes = np.arange(number, len(self._known), stride)
        habits, tastes = np.zeros(len(codes), HABITS), np.zeros(len(codes), TASTES)
        self._code.habits(self._orders.take(number), stride, self._as_of, habits)
        self._code.tastes(self._lines.take(number), stride, self._product_ranks, self._category_ranks, tastes)
        known = self._known[codes]
        return features(
            self._customers,
            self.schema,
            codes[known],
            habits[known],
            tastes[known],
            as_of=self._as_of,
            products=self._products,
            categories=self._categories,
            countries=self._countries,
        )


def _in_turn(bucket: Callable[[int], pa.RecordBatch], count: int, *, threads: int) -> Iterator[pa.RecordBatch]:
    """What is made of each bucket, in their order; threads work ahead by no more than their number."""
    with ThreadPoolExecutor(threads) as workers:
        waiting = deque(workers.submit(bucket, number) for number in range(min(2 * threads, count)))
        for number in range(len(waiting), count + len(waiting)):
            batch = waiting.popleft().result()
            if number < count:
                waiting.append(workers.submit(bucket, number))
            yield batch


def _grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in fewer batches: small ones are dear to write and to read."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= _ROWS_A_GROUP:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)
