"""The customer features once more, in plain Python loops: slow, short, and written from their meaning alone."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

Row = dict[str, object]


def customer_features(lines: Iterable[Mapping], customers: Iterable[Mapping], *, as_of: dt.date) -> dict[str, Row]:
    """The features by customer. ``lines`` are order lines, ``customers`` is the customer file, both as plain rows."""
    lines = list(lines)
    found = {}
    for customer in customers:
        own = [line for line in lines if line["customer_id"] == customer["customer_id"]]
        past = [line for line in own if line["ordered_on"] < as_of]
        joined_on = customer.get("joined_on")
        undated = not own and joined_on is None
        if past or undated or (joined_on is not None and joined_on < as_of):
            found[customer["customer_id"]] = _features(customer, past, as_of)
    return found


def _features(customer: Mapping, past: list[Mapping], as_of: dt.date) -> Row:
    real = [line for line in past if line["item_kind"] != "test" and line["line_kind"] != "cancelled"]
    orders = [_Order([line for line in real if _order_key(line) == key]) for key in {_order_key(line) for line in real}]
    bought = [order for order in orders if order.sales]
    days = sorted({order.on for order in bought})
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(days)]
    amount = sum(order.amount for order in orders)
    countries = {line.get("country") for line in past} - {None}
    row: Row = {
        "customer_id": customer["customer_id"],
        "country": customer.get("country") or min(countries, default=None),
        "first_order_at": min((order.at for order in bought), default=None),
        "last_order_at": max((order.at for order in bought), default=None),
        "first_order_on": days[0] if days else None,
        "last_order_on": days[-1] if days else None,
        "days_since_last_order": (as_of - days[-1]).days if days else None,
        "tenure_days": (as_of - days[0]).days if days else None,
        "orders": len(bought),
        "order_days": len(days),
        "frequency": len(days) - 1 if days else None,
        "recency_days": float((days[-1] - days[0]).days) if days else None,
        "age_days": float((as_of - days[0]).days) if days else None,
        "amount": amount,
        "returns_amount": sum(order.returned for order in orders),
        "return_share": _ratio(sum(order.returned for order in orders), amount),
        "returns": sum(order.returned > 0 for order in orders),
        "items": float(sum(order.items for order in orders)),
        "sale_lines": sum(len(order.sales) for order in orders),
        "mean_order_amount": _ratio(amount, len(bought)),
        "sd_order_amount": statistics.stdev(order.amount for order in bought) if len(bought) > 1 else None,
        "max_order_amount": max((order.amount for order in bought), default=None),
        "mean_order_items": _ratio(sum(order.items for order in orders), len(bought)),
        "mean_days_between_orders": statistics.mean(map(float, gaps)) if gaps else None,
        "sd_days_between_orders": statistics.stdev(gaps) if len(gaps) > 1 else None,
        "median_days_between_orders": float(statistics.median(gaps)) if gaps else None,
        "max_days_between_orders": max(gaps, default=None),
        "days_to_second_order": gaps[0] if gaps else None,
    }
    for window in (30, 90, 180, 365):
        since = as_of - dt.timedelta(days=window)
        row[f"orders_{window}d"] = sum(order.on >= since for order in bought)
        row[f"amount_{window}d"] = sum(order.amount for order in orders if order.on >= since)
    before = row["amount_180d"] - row["amount_90d"]
    row["amount_trend"] = _ratio(row["amount_90d"] - before, row["amount_90d"] + before)
    return row | _tastes(past) | _habits(bought)


def _tastes(past: list[Mapping]) -> Row:
    goods = [
        line for line in past
        if line["line_kind"] == "sale" and line["item_kind"] == "product" and line["product_id"] is not None
    ]  # fmt: skip
    products: Counter = Counter()
    for line in goods:
        products[line["product_id"]] += line["amount"]
    categories: Counter = Counter()
    for product, amount in products.items():
        names = [line["category"] for line in goods if line["product_id"] == product and line.get("category")]
        if names:
            categories[max(names)] += amount
    row: Row = {"distinct_products": len(products), "distinct_categories": len(categories)}
    for name, amounts in (("product_id", products), ("category", categories)):
        best = min(amounts, key=lambda key: (-amounts[key], key), default=None)
        row[f"top_{name}"] = best
        row[f"top_{name.removesuffix('_id')}_share"] = _ratio(amounts[best], sum(amounts.values()))
    return row


def _habits(bought: list[_Order]) -> Row:
    weekdays = Counter(order.on.weekday() for order in bought)
    hours = [order.hour for order in bought if order.hour is not None]
    row: Row = {
        "weekend_share": _ratio(weekdays[5] + weekdays[6], len(bought)),
        "usual_weekday": min(weekdays, key=lambda day: (-weekdays[day], day), default=None),
    }
    for name, first in (("night", 0), ("morning", 6), ("afternoon", 12), ("evening", 18)):
        row[f"{name}_share"] = _ratio(sum(first <= hour < first + 6 for hour in hours), len(hours))
    return row


class _Order:
    """The lines of one order of one customer up to the date."""

    def __init__(self, lines: list[Mapping]) -> None:
        hours = [line["ordered_hour"] for line in lines if line.get("ordered_hour") is not None]
        self.sales = [line for line in lines if line["line_kind"] == "sale"]
        self.at = min(line["ordered_at"] for line in lines)
        self.on = min(line["ordered_on"] for line in lines)
        self.hour = min(hours, default=None)
        self.amount = sum(line["amount"] for line in lines if line["line_kind"] in ("sale", "discount"))
        self.returned = -sum(line["amount"] for line in lines if line["line_kind"] == "return")
        self.items = sum((line["quantity"] for line in self.sales if line["item_kind"] == "product"), Decimal(0))


def _order_key(line: Mapping) -> tuple[object, object]:
    return line["source"], line["order_id"]


def _ratio(part: float | Decimal, whole: float) -> float | None:
    return float(part) / float(whole) if whole else None
