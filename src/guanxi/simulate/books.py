"""The company's books: all order lines in time order, numbered, as Arrow batches."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from guanxi.simulate.baskets import LINE, ORDERS_PER_BLOCK, SALE, draw_lines
from guanxi.simulate.catalogue import catalogue, people
from guanxi.simulate.customers import FIRST_CUSTOMER_ID, Population
from guanxi.simulate.oddities import KINDS, PREFIX, add_oddities, merge_by_time
from guanxi.simulate.parameters import Language, Parameters
from guanxi.simulate.randomness import Integers
from guanxi.words import country_name, say

__all__ = [
    "FIRST_ORDER_NUMBER",
    "MONEY_DIGITS",
    "Account",
    "customer_ids",
    "decimals",
    "line_schema",
    "numbered_lines",
    "to_arrow",
]

FIRST_ORDER_NUMBER = 500_001
MONEY_DIGITS = 18
_Block = TypeVar("_Block")


@dataclass
class Account:
    """What was written, counted on the way."""

    ODD_SCHEMA: ClassVar[pa.Schema] = pa.schema([
        ("row", pa.int64()), ("kind", pa.string()), ("order_id", pa.string()), ("about_order_id", pa.string()),
    ])  # fmt: skip

    orders: int = 0
    lines: int = 0
    lines_without_customer: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, lines: np.ndarray, numbers: Integers) -> pa.RecordBatch:
        """Count the lines that come next in the file; returns the odd ones, with their row in the file."""
        odd = np.flatnonzero(lines["kind"] != SALE)
        rows = self.lines + odd + 1
        self.orders += int(numbers[-1] - numbers[0]) + 1
        self.lines += len(lines)
        self.lines_without_customer += int((lines["customer"] < 0).sum())
        for kind, count in zip(KINDS, np.bincount(lines["kind"], minlength=len(KINDS)), strict=True):
            self.kinds[kind] += int(count)
        kinds = lines["kind"][odd]
        about = pa.array(lines["about"][odd]).cast(pa.string())
        columns = [pa.array(rows), _take(KINDS, kinds), _order_ids(kinds, numbers[odd]), about]
        return pa.record_batch(columns, schema=self.ODD_SCHEMA)


def numbered_lines(
    parameters: Parameters,
    population: Population,
    keys: Integers,
    *,
    sent_back: NDArray[np.bool_] | None = None,
    threads: int = 2,
) -> Iterator[tuple[np.ndarray, Integers]]:
    """Lines (`LINE`) with the number of each line's order, block by block, in time order.

    Blocks are drawn ahead by ``threads``; only what is due later is carried from one to the next. Orders that are
    ``sent_back`` get their first line back, whatever else comes back by chance.
    """

    def draw(block: int) -> tuple[np.ndarray, np.ndarray]:
        mine = slice(block * ORDERS_PER_BLOCK, (block + 1) * ORDERS_PER_BLOCK)
        lines = draw_lines(parameters, population, keys[mine], block)
        return add_oddities(parameters, lines, block, sent_back=None if sent_back is None else sent_back[mine])

    waiting = np.zeros(0, dtype=LINE)
    next_number = FIRST_ORDER_NUMBER
    for now, later in _drawn_ahead(draw, range(-(-len(keys) // ORDERS_PER_BLOCK)), threads):
        waiting, _ = merge_by_time(waiting, later, before=parameters.seconds)
        lines, waiting = merge_by_time(now, waiting, before=int(now["second"][-1]) + 1)
        numbers = _number(lines, next_number)
        _resolve(now, lines, numbers, waiting)
        next_number = int(numbers[-1]) + 1
        yield lines, numbers
    if len(waiting):
        yield waiting, _number(waiting, next_number)


def line_schema(parameters: Parameters) -> pa.Schema:
    """Columns of the order lines. ``ordered_at`` is what the clock on the shop's wall shows."""
    return pa.schema(
        [
            ("order_id", pa.string()),
            ("ordered_at", pa.timestamp("s")),
            ("customer_id", pa.string()),
            ("product_id", pa.string()),
            ("description", pa.string()),
            ("quantity", pa.int64()),
            ("unit_price", pa.decimal128(MONEY_DIGITS, parameters.decimals)),
            ("country", pa.string()),
        ]
    )


def to_arrow(parameters: Parameters, lines: np.ndarray, numbers: Integers) -> pa.RecordBatch:
    """Lines as people's books show them."""
    shop = catalogue()
    language = parameters.language
    descriptions = [shop.describe(product, language) for product in range(shop.products)]
    codes = [*shop.codes, "POST", "TEST"]
    descriptions += [_service(name, language) for name in ("postage", "test_line")]
    product = np.where(lines["product"] < 0, shop.products - 1 - lines["product"], lines["product"])
    start = np.datetime64(parameters.starts_on, "s")
    return pa.record_batch(
        [
            _order_ids(lines["kind"], numbers),
            pa.array(start + lines["second"]),
            customer_ids(lines["customer"]),
            _take(codes, product),
            _take(descriptions, product),
            pa.array(lines["quantity"]),
            decimals(lines["price"], parameters.decimals),
            _take(_countries(language), lines["place"]),
        ],
        schema=line_schema(parameters),
    )


def customer_ids(customer: Integers) -> pa.Array:
    """Customer numbers as they are written; −1 is empty."""
    return pa.array(customer + FIRST_CUSTOMER_ID, mask=customer < 0).cast(pa.string())


def decimals(minor: Integers, digits: int) -> pa.Array:
    """Minor units as exact decimals, without passing through a floating point."""
    halves = np.empty((len(minor), 2), dtype="<i8")
    halves[:, 0] = minor
    halves[:, 1] = minor >> 63
    return pa.Array.from_buffers(pa.decimal128(MONEY_DIGITS, digits), len(minor), [None, pa.py_buffer(halves)])


def _drawn_ahead(draw: Callable[[int], _Block], blocks: Iterable[int], threads: int) -> Iterator[_Block]:
    """The blocks in their order, a few being drawn while one is used."""
    remaining = iter(blocks)
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[_Block]] = deque(pool.submit(draw, block) for block in islice(remaining, threads))
        try:
            while ahead:
                done = ahead.popleft().result()
                ahead.extend(pool.submit(draw, block) for block in islice(remaining, 1))
                yield done
        finally:
            for future in ahead:
                future.cancel()


def _number(lines: np.ndarray, first: int) -> Integers:
    """Consecutive numbers of orders for lines that lie together."""
    begins = lines["order"][1:] != lines["order"][:-1]
    return first + np.concatenate(([0], np.cumsum(begins)))


def _resolve(now: np.ndarray, lines: np.ndarray, numbers: Integers, waiting: np.ndarray) -> None:
    """Put order numbers where odd lines still hold the place, within the block, of the order they are about."""
    orders = np.unique(now["order"])
    first = np.searchsorted(orders, lines["order"])
    mine = (first < len(orders)) & (orders[np.minimum(first, len(orders) - 1)] == lines["order"])
    number_of = np.zeros(len(orders), dtype=np.int64)
    number_of[first[mine]] = numbers[mine]
    for each in (lines, waiting):
        open_ = each["about"] < 0
        each["about"][open_] = number_of[-1 - each["about"][open_]]


def _order_ids(kind: Integers, numbers: Integers) -> pa.Array:
    return pc.binary_join_element_wise(_take(PREFIX, kind), pa.array(numbers).cast(pa.string()), "")


def _take(values: Sequence[str], indices: Integers) -> pa.Array:
    return pa.array(values).take(pa.array(indices))


def _service(name: str, language: Language) -> str:
    if language == "mixed":
        return f"{say(f'simulate.{name}', 'zh')} / {say(f'simulate.{name}', 'en')}"
    return say(f"simulate.{name}", language)


def _countries(language: Language) -> list[str]:
    lists = people()
    return [
        country_name(place.country, "zh" if language == "zh" else "en")
        for place in (*lists.places_zh, *lists.places_en)
    ]
