"""Inner loops of the pass over one bucket: what is known of each customer in it, from his orders and his lines.

Plain Python over arrays; `guanxi.compiled.compiled` makes machine code of it. Nothing depends on the order in which the
records come: within a customer they are sorted first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["HABITS", "KERNELS", "NONE", "TASTES"]

KERNELS = (
    "sort_pairs", "_by_customer", "_merged", "_spread", "_rhythm", "_sum_up", "_habits", "habits", "_favourite",
    "tastes",
)  # fmt: skip

NONE = -(2**63)
"""No date, no instant, no number of days."""
WINDOWS = (30, 90, 180, 365)
_MONDAY = -25567
"""1 January 1900 in days since 1970, from which the queries count weekdays."""
_EXACT = 2.0**62
"""Whole numbers below it are added up and multiplied in 64 bits."""

HABITS = np.dtype(
    [(name, "i8") for name in (
        "orders", "order_days", "first_at", "last_at", "first_on", "last_on", "second_on", "amount",
        "returns_amount", "returns", "items", "sale_lines", "max_order_amount", "orders_30d", "orders_90d",
        "orders_180d", "orders_365d", "amount_30d", "amount_90d", "amount_180d", "amount_365d", "amount_before_90d",
        "night", "morning", "afternoon", "evening", "weekend", "usual_weekday", "max_gap",
    )] + [("sd_amount", "f8"), ("sd_gap", "f8"), ("median_gap", "f8")]
)  # fmt: skip
"""What the orders say of one customer; `NONE` and NaN where they say nothing."""
TASTES = np.dtype(
    [(name, "i8") for name in (
        "products", "top_product", "top_product_amount", "products_amount", "categories", "top_category",
        "top_category_amount", "categories_amount",
    )]
)  # fmt: skip
"""What the lines say of one customer; products and categories by their rank among the sorted texts, from 0."""

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Records = Any
"""Arrays of records; the type checker does not know their fields."""


def sort_pairs(keys: Longs, values: Longs, spare_keys: Longs, spare_values: Longs, size: int) -> None:
    """Sort the first ``size`` keys, and the values with them: runs by insertion, then merged; O(n log n)."""
    run = 24
    for start in range(0, size, run):
        for place in range(start + 1, min(start + run, size)):
            key, value = keys[place], values[place]
            before = place - 1
            while before >= start and keys[before] > key:
                keys[before + 1] = keys[before]
                values[before + 1] = values[before]
                before -= 1
            keys[before + 1] = key
            values[before + 1] = value
    while run < size:
        for start in range(0, size, 2 * run):
            middle, end = min(start + run, size), min(start + 2 * run, size)
            left, right = start, middle
            for place in range(start, end):
                if left < middle and (right >= end or keys[left] <= keys[right]):
                    spare_keys[place], spare_values[place] = keys[left], values[left]
                    left += 1
                else:
                    spare_keys[place], spare_values[place] = keys[right], values[right]
                    right += 1
        for place in range(size):
            keys[place], values[place] = spare_keys[place], spare_values[place]
        run *= 2


def _by_customer(records: Records, stride: int, customers: int) -> tuple[Longs, Ints]:
    """Where each customer's records stand: bounds by customer, and the records' numbers in that order."""
    bounds = np.zeros(customers + 1, np.int64)
    for row in range(records.size):
        bounds[records[row].customer // stride + 1] += 1
    for customer in range(customers):
        bounds[customer + 1] += bounds[customer]
    following = bounds[:-1].copy()
    rows = np.empty(records.size, np.int32)
    for row in range(records.size):
        customer = records[row].customer // stride
        rows[following[customer]] = row
        following[customer] += 1
    return bounds, rows


def _merged(records: Records, rows: Ints, orders: Records, work: Longs) -> int:
    """One customer's orders with the days of each put together, in ``orders``; returns how many."""
    size = rows.size
    keys, places = work[0], work[1]
    for place in range(size):
        keys[place] = np.int64(records[rows[place]].key)
        places[place] = place
    sort_pairs(keys, places, work[2], work[3], size)
    found = 0
    for place in range(size):
        row = records[rows[places[place]]]
        same = found - 1
        # Orders alike in the first key stand together; the second one tells apart those that are alike by chance.
        while same >= 0 and orders[same].key == row.key and orders[same].second_key != row.second_key:
            same -= 1
        if same >= 0 and orders[same].key == row.key:
            order = orders[same]
            order.on = min(order.on, row.on)
            order.at = min(order.at, row.at)
            order.hour = min(order.hour, row.hour)
            order.items += row.items
            order.amount += row.amount
            order.returns_amount += row.returns_amount
            order.sale_lines += row.sale_lines
        else:
            orders[found] = row
            found += 1
    return found


def _spread(values: Longs, size: int) -> float:
    """Standard deviation of a sample, NaN below two values; exact in 64 bits where squares fit, else in two passes."""
    if size < 2:
        return np.nan
    total, squares, wide, wide_squares = np.int64(0), np.int64(0), 0.0, 0.0
    for place in range(size):
        beyond = values[place] - values[0]
        total += beyond
        squares += beyond * beyond
        wide += np.float64(beyond)
        wide_squares += np.float64(beyond) * np.float64(beyond)
    pairs = np.float64(size) * np.float64(size - 1)
    if size * wide_squares < _EXACT:
        return np.sqrt(np.float64(size * squares - total * total) / pairs)
    mean, wide_squares = wide / size, 0.0
    for place in range(size):
        wide_squares += (np.float64(values[place] - values[0]) - mean) ** 2
    return np.sqrt(wide_squares / np.float64(size - 1))


def _rhythm(days: Longs, size: int, work: Longs, found: Records) -> None:
    """What a customer's purchase days say, given in any order and with repeats."""
    sort_pairs(days, work[1], work[2], work[3], size)
    different = 1
    for place in range(1, size):
        if days[place] != days[different - 1]:
            days[different] = days[place]
            different += 1
    found.order_days = different
    found.first_on = days[0]
    found.last_on = days[different - 1]
    gaps = different - 1
    if gaps == 0:
        return
    found.second_on = days[1]
    for place in range(gaps):
        days[place] = days[place + 1] - days[place]
    sort_pairs(days, work[1], work[2], work[3], gaps)
    found.max_gap = days[gaps - 1]
    found.median_gap = np.float64(days[(gaps - 1) // 2] + days[gaps // 2]) / 2
    found.sd_gap = _spread(days, gaps)


def _sum_up(order: Records, age: int, found: Records) -> None:
    """Add to a customer what every order of his says, also one without a sale."""
    found.amount += order.amount
    found.returns_amount += order.returns_amount
    found.returns += order.returns_amount > 0
    found.items += order.items
    found.sale_lines += order.sale_lines
    if age < 365:
        found.amount_365d += order.amount
        if age < 180:
            found.amount_180d += order.amount
            if age < 90:
                found.amount_90d += order.amount
                if age < 30:
                    found.amount_30d += order.amount
            else:
                found.amount_before_90d += order.amount


def _habits(orders: Records, size: int, as_of: int, work: Longs, found: Records) -> None:
    """What one customer's orders say of him."""
    days, amounts, weekdays = work[0], work[4], np.zeros(7, np.int64)
    bought = 0
    for place in range(size):
        order = orders[place]
        age = as_of - order.on - 1
        _sum_up(order, age, found)
        if order.sale_lines <= 0:
            continue
        days[bought], amounts[bought] = order.on, order.amount
        bought += 1
        found.first_at = order.at if found.first_at == NONE else min(found.first_at, order.at)
        found.last_at = max(found.last_at, order.at)
        found.max_order_amount = max(found.max_order_amount, order.amount)
        found.orders_30d += age < 30
        found.orders_90d += age < 90
        found.orders_180d += age < 180
        found.orders_365d += age < 365
        found.night += 0 <= order.hour < 6
        found.morning += 6 <= order.hour < 12
        found.afternoon += 12 <= order.hour < 18
        found.evening += 18 <= order.hour < 24
        since = order.on - _MONDAY
        # As in SQL the remainder has the sign of the dividend: before 1900 only a Monday has a weekday.
        if since >= 0 or since % 7 == 0:
            weekdays[since % 7] += 1
    found.orders = bought
    if bought:
        found.weekend = weekdays[5] + weekdays[6]
        found.usual_weekday = np.argmax(weekdays)
        found.sd_amount = _spread(amounts, bought)
        _rhythm(days, bought, work, found)


def habits(records: Records, stride: int, as_of: int, found: Records) -> None:
    """What the orders of a bucket say of its customers, in ``found``; ``stride`` is the number of buckets."""
    for customer in range(found.size):
        each = found[customer]
        each.first_at = each.last_at = each.first_on = each.last_on = each.second_on = NONE
        each.max_order_amount = each.usual_weekday = each.max_gap = NONE
        each.sd_amount = each.sd_gap = each.median_gap = np.nan
    bounds, rows = _by_customer(records, stride, found.size)
    most = 0
    for customer in range(found.size):
        most = max(most, bounds[customer + 1] - bounds[customer])
    work = np.zeros((5, most), np.int64)
    orders = np.empty(most, records.dtype)
    for customer in range(found.size):
        start, end = bounds[customer], bounds[customer + 1]
        if start < end:
            size = _merged(records, rows[start:end], orders, work)
            _habits(orders, size, as_of, work, found[customer])


def _favourite(keys: Longs, amounts: Longs, size: int) -> tuple[int, np.int64, np.int64, np.int64]:
    """Of sorted keys: how many are different, the one with the largest sum (first of equals), its sum, the total."""
    different, top, top_amount, total = 0, np.int64(-1), np.int64(0), np.int64(0)
    place = 0
    while place < size:
        key, amount = keys[place], np.int64(0)
        while place < size and keys[place] == key:
            amount += amounts[place]
            place += 1
        different += 1
        total += amount
        if top < 0 or amount > top_amount:
            top, top_amount = key, amount
    return different, top, top_amount, total


def tastes(records: Records, stride: int, product_ranks: Ints, category_ranks: Ints, found: Records) -> None:
    """What the lines of a bucket say of its customers, in ``found``; a product's category is the last of those it had.

    ``category_ranks`` ends in -1, for the lines without a category.
    """
    bounds, rows = _by_customer(records, stride, found.size)
    most = 0
    for customer in range(found.size):
        most = max(most, bounds[customer + 1] - bounds[customer])
    keys, amounts = np.empty(most, np.int64), np.empty(most, np.int64)
    spare_keys, spare_amounts = np.empty(most, np.int64), np.empty(most, np.int64)
    for customer in range(found.size):
        start, size = bounds[customer], bounds[customer + 1] - bounds[customer]
        for place in range(size):
            line = records[rows[start + place]]
            # The product before the category, so that the last line of a product holds its last category.
            rank = np.int64(category_ranks[line.category]) + 1
            keys[place] = np.int64(product_ranks[line.product]) << 32 | rank
            amounts[place] = line.amount
        sort_pairs(keys, amounts, spare_keys, spare_amounts, size)
        each = found[customer]
        categorised = 0
        place = 0
        each.top_product = each.top_category = -1
        while place < size:
            product, amount = keys[place] >> 32, np.int64(0)
            while place < size and keys[place] >> 32 == product:
                amount += amounts[place]
                place += 1
            category = (keys[place - 1] & 0xFFFFFFFF) - 1
            each.products += 1
            each.products_amount += amount
            if each.top_product < 0 or amount > each.top_product_amount:
                each.top_product, each.top_product_amount = product, amount
            if category >= 0:
                # There is room: no more products have been seen than lines.
                keys[categorised], amounts[categorised] = category, amount
                categorised += 1
        if categorised:
            sort_pairs(keys, amounts, spare_keys, spare_amounts, categorised)
            different, top, top_amount, total = _favourite(keys, amounts, categorised)
            each.categories, each.top_category = different, top
            each.top_category_amount, each.categories_amount = top_amount, total
