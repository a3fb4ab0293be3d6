"""Rows of canonical tables, of which a test states only what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

import pyarrow as pa

from guanxi.schema import CUSTOMERS, ORDER_LINES, ORDERS

AT = dt.datetime(2026, 1, 5, 9, 30)
"""When the tests' publications happen."""

_LINE = {
    "source": "shop",
    "order_id": "1",
    "line_no": 1,
    "customer_id": "ada",
    "product_id": "tea",
    "ordered_on": dt.date(2025, 12, 1),
    "quantity": Decimal(1),
    "amount": 100,
    "currency": "EUR",
    "line_kind": "sale",
    "item_kind": "product",
    "is_repeat": False,
    "delivery_id": 1,
    "source_row": 1,
}


def order_line(**given: object) -> dict[str, object]:
    """One order line; its instant is its hour (or midnight) of its day unless given."""
    row = _LINE | given
    hour = row.get("ordered_hour") or 0
    return {"ordered_at": dt.datetime.combine(row["ordered_on"], dt.time(hour))} | row


def order_lines(rows: Iterable[Mapping[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([order_line(**row) for row in rows], schema=ORDER_LINES.arrow)


def customers(rows: Iterable[Mapping[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{"delivery_id": 1, "source_row": 1, **row} for row in rows], schema=CUSTOMERS.arrow)


def orders_of(lines: Iterable[Mapping[str, object]]) -> pa.Table:
    """The orders that lines make up: per source, order, customer and day, without tests and what never came about."""
    grouped: dict[tuple, list[dict]] = {}
    for line in (order_line(**given) for given in lines):
        if line["item_kind"] != "test" and line["line_kind"] != "cancelled":
            key = (line["source"], line["order_id"], line["customer_id"], line["ordered_on"])
            grouped.setdefault(key, []).append(line)
    return pa.Table.from_pylist(
        [_order(key, members) for key, members in grouped.items()],
        schema=ORDERS.arrow,
    )


def _order(key: tuple, lines: list[dict]) -> dict[str, object]:
    source, order_id, customer_id, ordered_on = key
    hours = [line["ordered_hour"] for line in lines if line.get("ordered_hour") is not None]
    goods = [line for line in lines if line["line_kind"] == "sale" and line["item_kind"] == "product"]
    return {
        "source": source,
        "order_id": order_id,
        "customer_id": customer_id,
        "ordered_at": min(line["ordered_at"] for line in lines),
        "ordered_on": ordered_on,
        "ordered_hour": min(hours, default=None),
        "lines": len(lines),
        "sale_lines": sum(line["line_kind"] == "sale" for line in lines),
        "items": sum((line["quantity"] for line in goods), Decimal(0)),
        "amount": sum(line["amount"] for line in lines if line["line_kind"] in ("sale", "discount")),
        "returns_amount": -sum(line["amount"] for line in lines if line["line_kind"] == "return"),
        "currency": lines[0]["currency"],
        "delivery_id": 1,
    }
