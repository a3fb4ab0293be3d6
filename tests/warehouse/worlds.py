"""Small companies, each of whose rows has been trouble to some engine somewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa

from guanxi.schema import PRODUCTS, REJECTS, SEGMENT_MEMBERS
from warehouse.rows import customers, order_lines, orders_of

D = dt.date
AS_OF = D(2024, 3, 1)
LEAP_DAY = D(2024, 2, 29)
PARAMETERS: Mapping[str, object] = {
    "as_of": AS_OF,
    "since": D(2023, 12, 1),
    "cutoff": D(2024, 1, 1),
    "until": LEAP_DAY,
    "segmentation": "segment",
    "study": "value",
    "score": "p_alive",
    "level": "category",
}
"""What the named queries are asked with."""

Row = dict[str, object]


def _of(customer: str | None, *lines: Row) -> list[Row]:
    return [{"order_id": f"{customer}-{place}", "customer_id": customer, **line} for place, line in enumerate(lines)]


_LINES: list[Row] = [
    *_of("one order", {"ordered_on": LEAP_DAY}),
    *_of(
        "ties",  # of amount between products, categories and days; several orders of one day
        {"ordered_on": D(2024, 2, 25), "product_id": "tea", "category": "b"},
        {"ordered_on": D(2024, 2, 26), "product_id": "cup", "category": "a"},
        {"ordered_on": D(2024, 2, 26), "product_id": "Cup", "category": "A"},
        {"ordered_on": D(2024, 2, 26), "product_id": "cup ", "category": "a "},
    ),
    *_of(
        "nulls",
        {"ordered_on": D(2024, 1, 15), "product_id": None, "category": None, "country": None, "ordered_hour": None},
        {"ordered_on": D(2024, 1, 16), "category": None, "country": "", "ordered_hour": None},
    ),
    *_of(None, {"ordered_on": D(2024, 1, 15), "country": "FR"}, {"ordered_on": D(2024, 1, 15), "product_id": None}),
    *_of(
        "dates",  # leap day, ends of months and years, the day before and the day itself, before any calendar reform
        {"ordered_on": D(2023, 2, 28), "ordered_hour": 23},
        {"ordered_on": D(2023, 12, 31), "ordered_hour": 23},
        {"ordered_on": D(2024, 1, 1), "ordered_hour": 0},
        {"ordered_on": D(2024, 1, 31), "ordered_hour": 6},
        {"ordered_on": LEAP_DAY, "ordered_hour": 12},
        {"ordered_on": LEAP_DAY, "ordered_hour": 18},
        {"ordered_on": AS_OF, "ordered_hour": 0},
    ),
    *_of("centuries", {"ordered_on": D(1582, 10, 4)}, {"ordered_on": D(1583, 1, 1)}, {"ordered_on": D(2024, 2, 1)}),
    *_of(
        "midnight",
        {"ordered_on": D(2024, 2, 28), "ordered_at": dt.datetime(2024, 2, 28, 23, 59, 59, 999_999), "ordered_hour": 23},
        {"ordered_on": LEAP_DAY, "ordered_at": dt.datetime(2024, 2, 29), "ordered_hour": 0},
        # The hour that many clocks skip in spring, and one before the clocks of computers began.
        {"ordered_on": D(2023, 3, 26), "ordered_at": dt.datetime(2023, 3, 26, 2, 30), "ordered_hour": 2},
        {"ordered_on": D(1969, 12, 31), "ordered_at": dt.datetime(1969, 12, 31, 23, 59, 59, 1), "ordered_hour": 23},
    ),
    *_of(
        "negative",
        {"ordered_on": D(2024, 2, 1), "amount": 500},
        {"ordered_on": D(2024, 2, 2), "amount": -700, "quantity": Decimal(-1), "line_kind": "return"},
        {"ordered_on": D(2024, 2, 3), "amount": -90, "line_kind": "discount", "item_kind": "discount"},
    ),
    *_of("only returned", {"ordered_on": D(2024, 2, 1), "amount": -500, "line_kind": "return"}),
    *_of(
        "kept out",
        {"ordered_on": D(2024, 2, 1), "line_kind": "cancelled"},
        {"ordered_on": D(2024, 2, 1), "item_kind": "test"},
        {"ordered_on": D(2024, 2, 1), "line_kind": "free", "amount": 0},
        {"ordered_on": D(2024, 2, 1), "item_kind": "postage", "product_id": "post"},
    ),
    *_of(
        "large",  # beyond what a double tells apart, squares beyond 64 bits
        {"ordered_on": D(2024, 2, 1), "amount": 10**17 + 1, "quantity": Decimal("99999999999999.9999")},
        {"ordered_on": D(2024, 2, 2), "amount": 10**17 + 3, "quantity": Decimal("0.0001")},
        {"ordered_on": D(2024, 2, 3), "amount": 10**17 + 8, "quantity": Decimal("1.5")},
    ),
    *_of("alike", *({"ordered_on": D(2024, 1, day), "amount": 33} for day in (1, 4, 7, 10))),
    *_of(
        "张三 🍵 İ'\"\\",
        {"ordered_on": D(2024, 2, 1), "product_id": "绿茶", "category": "茶", "country": "CN"},
        {"ordered_on": D(2024, 2, 1), "product_id": "龙井", "category": "茶", "country": "中国"},
        {"ordered_on": D(2024, 2, 2), "product_id": "𠀀", "category": "ﬁ\u00e9e\u0301", "country": "CN"},
    ),
    *_of("thousandths", *({"ordered_on": D(2024, 2, 1), "quantity": Decimal("0.001"), "amount": 0} for _ in range(3))),
]
_CUSTOMERS: list[Row] = [
    *({"customer_id": name} for name in sorted({str(line["customer_id"]) for line in _LINES if line["customer_id"]})),
    {"customer_id": "undated", "country": "FR"},
    {"customer_id": "joined before", "joined_on": LEAP_DAY},
    {"customer_id": "joined after", "joined_on": AS_OF},
    {"customer_id": ""},
]
_ORIGIN = {"delivery_id": 1, "source_row": 1}
_PRODUCTS: list[Row] = [
    {"product_id": "tea", "description": "Tea", "category": "b", "item_kind": "product", **_ORIGIN},
    {"product_id": "绿茶", "description": None, "category": "茶", "item_kind": "product", **_ORIGIN},
]
_MEMBERS: list[Row] = [
    {"customer_id": customer, "segmentation": segmentation, "segment": segment, "as_of": as_of, "snapshot_id": snapshot}
    for customer, segmentation, segment, as_of, snapshot in (
        ("ties", "segment", "vip", D(2024, 1, 1), 2),
        ("ties", "segment", "lost", LEAP_DAY, 3),
        ("ties", "segment", "new", LEAP_DAY, 4),
        ("张三", "segment", "new", LEAP_DAY, 4),
        ("ties", "abc", "a", LEAP_DAY, 5),
        ("ties", "segment", "vip", AS_OF, 6),
    )
]
_REJECTS: list[Row] = [
    {
        "delivery_id": 1,
        "file": "订单.csv",
        "line": line,
        "column": column,
        "value": value,
        "reason": "clean.no",
        "record": "{}",
    }
    for line, column, value in ((2, "b", "x\ty"), (2, "a", None), (None, None, ""), (10, "a", "'"), (3, None, "\u0000"))
]


def _world(
    lines: list[Row], known: list[Row], products: list[Row], members: list[Row], rejects: list[Row]
) -> dict[str, pa.Table]:
    return {
        "order_lines": order_lines({"source_row": row, **line} for row, line in enumerate(lines, start=1)),
        "orders": orders_of(lines),
        "customers": customers(known),
        "products": pa.Table.from_pylist(products, schema=PRODUCTS.arrow),
        "segment_members": pa.Table.from_pylist(members, schema=SEGMENT_MEMBERS.arrow),
        "rejects": pa.Table.from_pylist(rejects, schema=REJECTS.arrow),
    }


WORLDS: Mapping[str, dict[str, pa.Table]] = {
    "nobody": _world([], [], [], [], []),
    "one order": _world(_LINES[:1], [{"customer_id": "one order"}], [], [], []),
    "everything": _world(_LINES, _CUSTOMERS, _PRODUCTS, _MEMBERS, _REJECTS),
}
