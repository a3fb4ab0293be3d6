"""One scan of the snapshot: everyone who may be known, and his orders and lines in buckets."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.features.kernel import scatter_kernels
from guanxi.features.kernel.buckets import Buckets
from guanxi.features.kernel.scatter_kernels import LINE, ORDER
from guanxi.features.kernel.texts import TextCodes, indices, text_bytes
from guanxi.schema import QUANTITY

__all__ = ["Customers", "Scannable", "Unsuited", "days_since_1970", "read_customers", "scatter_lines", "scatter_orders"]

NEVER = np.iinfo(np.int32).max
"""No date, where dates are compared with an earlier one."""
_MOST = 2.0**62
"""Sums of amounts up to here are the same in 64 bits as in SQL; beyond it SQL says what is wrong."""
_MOST_SALE_LINES = 2**31


class Unsuited(Exception):
    """The data is beyond what the kernel counts exactly: nobody is told, because SQL answers instead."""


class Scannable(Protocol):
    """What the scan asks of a session."""

    def scan(self, table: str, columns: list[str], *, encoded: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a canonical table in any order, texts of the columns ``encoded`` as dictionaries."""
        ...


class Customers:
    """The customer file, and what the lines add to it; every array is by the customer's code.

    Attributes
    ----------
    ids, country : arrays of text
    joined_on, first_seen_on : days since 1970, `NEVER` where it is not known
    country_seen : code of the country in the lines that sorts first, -1 without one
    countries : the texts of those codes
    """

    def __init__(self, table: pa.Table) -> None:
        self.ids = table.column("customer_id").cast(pa.large_string()).combine_chunks()
        self.country = table.column("country").cast(pa.large_string()).combine_chunks()
        self.joined_on = table.column("joined_on").cast(pa.int32()).fill_null(NEVER).to_numpy()
        self.codes = TextCodes()
        self.codes.of(self.ids)
        self.first_seen_on = np.full(len(self.ids), NEVER, np.int32)
        self.country_seen = np.full(len(self.ids), -1, np.int32)
        self.countries = TextCodes()
        if self.ids.null_count or self.codes.size != len(self.ids):
            raise Unsuited("a customer stands twice in the customer file")

    def known(self, as_of: int) -> npt.NDArray[np.bool_]:
        """Who has appeared before ``as_of``, in a line or in the file; or nothing says that he came later."""
        undated = (self.first_seen_on == NEVER) & (self.joined_on == NEVER)
        return (self.first_seen_on < as_of) | (self.joined_on < as_of) | undated


def read_customers(session: Scannable) -> Customers:
    """The customer file of a session."""
    columns = ["customer_id", "country", "joined_on"]
    types = (pa.string(), pa.string(), pa.date32())
    batches = session.scan("customers", columns, encoded=[])
    return Customers(pa.Table.from_batches(batches, pa.schema(list(zip(columns, types, strict=True)))))


def scatter_lines(
    session: Scannable, customers: Customers, buckets: Buckets, *, as_of: dt.date, ahead: bool
) -> tuple[TextCodes, TextCodes]:
    """Put what known customers bought before a date into buckets; returns the codes of products and categories.

    Fills in what the lines say about ``customers``.

    Raises
    ------
    Unsuited : amounts too large to be added up in 64 bits.
    """
    products, categories = TextCodes(), TextCodes()
    texts = ["customer_id", "product_id", "category", "country", "line_kind", "item_kind"]
    total = 0.0
    country_ranks = customers.countries.ranks()
    for batch in _ahead(session.scan("order_lines", [*texts, "ordered_on", "amount"], encoded=texts), ahead):
        column = {name: batch.column(name) for name in batch.schema.names}
        amounts = _numbers(column["amount"], pa.int64())
        total += _size(amounts)
        countries = customers.countries.size
        country_codes = customers.countries.of(column["country"].dictionary)
        if customers.countries.size > countries:
            country_ranks = customers.countries.ranks()
        records = np.empty(batch.num_rows, LINE)
        bounds = compiled(scatter_kernels).scatter_lines(
            indices(column["customer_id"]), customers.codes.of(column["customer_id"].dictionary, add=False),
            indices(column["product_id"]), products.of(column["product_id"].dictionary),
            indices(column["category"]), categories.of(column["category"].dictionary),
            indices(column["country"]), country_codes, country_ranks,
            indices(column["line_kind"]), _is(column["line_kind"].dictionary, "sale"),
            indices(column["item_kind"]), _is(column["item_kind"].dictionary, "product"),
            _numbers(column["ordered_on"], pa.int32()), amounts, days_since_1970(as_of),
            customers.first_seen_on, customers.country_seen, buckets.count, records,
        )  # fmt: skip
        buckets.put(records[: bounds[-1]], bounds)
    if total > _MOST:
        raise Unsuited("amounts of lines")
    return products, categories


def scatter_orders(session: Scannable, customers: Customers, buckets: Buckets, *, as_of: dt.date, ahead: bool) -> None:
    """Put the orders of known customers before a date into buckets.

    Raises
    ------
    Unsuited : amounts, pieces or lines too large to be added up.
    """
    columns = [
        "customer_id", "source", "order_id", "ordered_at", "ordered_on", "ordered_hour", "sale_lines", "items",
        "amount", "returns_amount",
    ]  # fmt: skip
    totals = np.zeros(3)
    sale_lines_total = 0
    for batch in _ahead(session.scan("orders", columns, encoded=["source"]), ahead):
        column = {name: batch.column(name) for name in batch.schema.names}
        amounts, returns = (_numbers(column[name], pa.int64()) for name in ("amount", "returns_amount"))
        sale_lines = _numbers(column["sale_lines"], pa.int64())
        items = _words(column["items"])
        totals += _size(amounts), _size(returns), _size(items[::2])
        sale_lines_total += int(sale_lines.sum())
        if sale_lines_total >= _MOST_SALE_LINES:
            raise Unsuited("lines of orders")
        starts, texts = text_bytes(_full(column["order_id"]))
        records = np.empty(batch.num_rows, ORDER)
        bounds = compiled(scatter_kernels).scatter_orders(
            customers.codes.of(column["customer_id"], add=False), indices(_full(column["source"])),
            _keys(column["source"].dictionary), starts, texts,
            _numbers(column["ordered_at"], pa.int64()), _numbers(column["ordered_on"], pa.int32()),
            _numbers(column["ordered_hour"].fill_null(24), pa.int64()), sale_lines, items, amounts, returns,
            days_since_1970(as_of), buckets.count, records,
        )  # fmt: skip
        buckets.put(records[: bounds[-1]], bounds)
    if totals.max() > _MOST:
        raise Unsuited("amounts or pieces of orders")


def days_since_1970(day: dt.date) -> int:
    """A date as Arrow and the kernels count it."""
    return (day - dt.date(1970, 1, 1)).days


def _ahead(batches: Iterable[pa.RecordBatch], ahead: bool) -> Iterator[pa.RecordBatch]:
    """The same batches, the next one of which is read while the last one is worked on."""
    if not ahead:
        yield from batches
        return
    rest = iter(batches)
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, rest, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, rest, None)
            yield batch


def _full(column: pa.Array) -> pa.Array:
    if column.null_count:
        raise Unsuited("an empty cell in a required column")
    return column


def _numbers(column: pa.Array, kind: pa.DataType) -> npt.NDArray[Any]:
    """A required column of whole numbers, dates or instants as whole numbers."""
    return _full(column).cast(kind).to_numpy()


def _words(column: pa.Array) -> npt.NDArray[np.int64]:
    """The low and the high 64 bits of each decimal in turn; with 18 digits the low ones say all."""
    if column.type != QUANTITY:
        raise Unsuited("pieces of another type")
    words = np.frombuffer(_full(column).buffers()[1] or b"", np.int64)
    return words[2 * column.offset : 2 * (column.offset + len(column))]


def _keys(sources: pa.Array) -> npt.NDArray[np.uint64]:
    """The two hashes of each source."""
    starts, data = text_bytes(sources)
    key = compiled(scatter_kernels).text_key
    zero = np.uint64(0)
    return np.array(
        [key(data, start, end, zero, zero) for start, end in itertools.pairwise(starts)], np.uint64
    ).reshape(-1, 2)


def _is(texts: pa.Array, wanted: str) -> npt.NDArray[np.bool_]:
    """Which texts of a dictionary are the wanted one; an empty cell, the index -1, is not."""
    return np.array([*(text == wanted for text in texts.to_pylist()), False])


def _size(values: npt.NDArray[np.int64]) -> float:
    """A bound of what any sum of these values may come to."""
    return float(np.abs(values.astype(np.float64)).sum())
