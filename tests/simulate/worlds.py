"""Simulated companies as the methods read them, beside what became of their customers and what is true of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from guanxi.simulate import Company
from guanxi.simulate.baskets import ORDERS_PER_BLOCK, draw_lines
from guanxi.simulate.books import customer_ids
from guanxi.simulate.catalogue import catalogue
from guanxi.simulate.customers import Population, draw_population
from guanxi.simulate.experience import own_orders
from guanxi.simulate.orders import customers_of, draw_order_keys
from guanxi.simulate.visits import leaves_at

DAY = 86_400


@dataclass(frozen=True)
class World:
    """Customers who arrived before a cut-off; arrays have one entry a customer, in the order of the table.

    Attributes
    ----------
    customers : customer_id, frequency, recency_days, age_days (every order a purchase, times exact), monetary (mean of
        the repeat orders in minor units, null where there are none)
    later, later_amount : orders within the horizon after the cut-off, and their minor units
    next_amount : of the first order after the cut-off; 0 where there is none in the books
    rate, dropout, spend, active : the truth; ``active`` at the cut-off
    """

    customers: pa.Table
    later: NDArray[np.int64]
    later_amount: NDArray[np.int64]
    next_amount: NDArray[np.int64]
    rate: NDArray[np.float64]
    dropout: NDArray[np.float64]
    spend: NDArray[np.float64]
    active: NDArray[np.bool_]


def world(shop: Company, *, until_day: int, horizon_days: int) -> World:
    """A company without guests at a cut-off."""
    population = draw_population(shop)
    keys = draw_order_keys(shop, population)
    orders, amount = own_orders(shop, population, keys), order_amounts(shop, population, keys)
    who, day, size = orders.customer, orders.second / DAY, len(population)
    past, soon = day < until_day, (day >= until_day) & (day < until_day + horizon_days)
    there = population.arrived < until_day * DAY
    first, last = population.arrived / DAY, np.zeros(size)
    last[who[past]] = day[past]  # in time order: the last one stays
    frequency = np.bincount(who[past], minlength=size) - 1
    repeats = np.bincount(who[past], amount[past], minlength=size)
    repeats[who[::-1]] -= amount[::-1] * (orders.second == population.arrived[who])[::-1]
    next_amount = np.zeros(size, dtype=np.int64)
    next_amount[who[~past][::-1]] = amount[~past][::-1]
    leaves = leaves_at(shop, population, _last_orders(orders, size), np.bincount(who, minlength=size))
    with np.errstate(invalid="ignore", divide="ignore"):
        monetary = pa.array(np.where(frequency > 0, repeats / frequency, np.nan)[there], from_pandas=True)
    return World(
        customers=pa.table({
            "customer_id": customer_ids(np.flatnonzero(there)),
            "frequency": frequency[there],
            "recency_days": (last - first)[there],
            "age_days": (until_day - first)[there],
            "monetary": monetary,
        }),
        later=np.bincount(who[soon], minlength=size)[there],
        later_amount=np.bincount(who[soon], amount[soon], minlength=size).astype(np.int64)[there],
        next_amount=next_amount[there],
        rate=population.rate[there],
        dropout=population.dropout[there],
        spend=population.spend[there],
        active=(leaves >= until_day * DAY)[there],
    )  # fmt: skip


def baskets(shop: Company) -> tuple[pa.Table, NDArray[np.int64]]:
    """Transaction and item of every line, an item being a thing in whatever size; and the orders' keys."""
    population = draw_population(shop)
    keys = draw_order_keys(shop, population)
    codes = pa.array([catalogue().codes[each] for each in catalogue().family_first])
    parts = []
    for block, first in enumerate(range(0, len(keys), ORDERS_PER_BLOCK)):
        lines = draw_lines(shop, population, keys[first : first + ORDERS_PER_BLOCK], block)
        family = catalogue().product_family[lines["product"]]
        parts.append(pa.table({"transaction": first + lines["order"], "item": codes.take(pa.array(family))}))
    return pa.concat_tables(parts).combine_chunks(), keys


def flat_table(shop: Company, *, until_day: int, horizon_days: int, seed: int) -> pa.Table:
    """One row a customer with an order in the year before a cut-off, from orders, prices and interactions.

    Returns
    -------
    table : customer_id; days_since_last_order, orders_365d, price_share (paid of the list price), complained (since
        the last order), visits_30d, visits_before_30d (the thirty days before); noise, noise_kind (chance); and gone,
        whether nothing is ordered in the horizon
    """
    start = dt.datetime.combine(shop.starts_on, dt.time())
    at = {name: start + dt.timedelta(days=until_day - ago) for name, ago in (("now", 0), ("30", 30), ("60", 60))}
    lines = pa.Table.from_batches(shop.batches()).filter(
        pc.invert(pc.starts_with(pc.field("order_id"), "R")) & pc.is_valid(pc.field("customer_id"))
    )
    prices = dict(zip(catalogue().codes, catalogue().price.tolist(), strict=True))
    listed = pa.array([prices[code] / 100 for code in lines["product_id"].to_pylist()])
    lines = lines.append_column("paid_share", pc.divide(pc.cast(lines["unit_price"], pa.float64()), listed))
    past = lines.filter(pc.field("ordered_at") < at["now"])
    until = at["now"] + dt.timedelta(days=horizon_days)
    after = lines.filter((pc.field("ordered_at") >= at["now"]) & (pc.field("ordered_at") < until))
    year = past.filter(pc.field("ordered_at") >= at["now"] - dt.timedelta(days=365))
    known = (
        year.group_by("customer_id")
        .aggregate([("ordered_at", "max"), ("order_id", "count_distinct"), ("paid_share", "mean")])
        .sort_by("customer_id")
    )
    names, last = known["customer_id"].to_pylist(), known["ordered_at_max"].to_pylist()
    touches = pa.Table.from_batches(shop.ledger().interactions()).filter(pc.field("happened_at") < at["now"])
    visits = touches.filter(pc.field("kind") == "visit")
    recent, before = (
        _counts(visits.filter((pc.field("happened_at") >= at[begin]) & (pc.field("happened_at") < at[end])), names)
        for begin, end in (("30", "now"), ("60", "30"))
    )
    complaint = {
        row["customer_id"]: row["happened_at"] for row in touches.filter(pc.field("kind") == "complaint").to_pylist()
    }
    later = set(after["customer_id"].to_pylist())
    random = np.random.Generator(np.random.Philox(seed))
    return pa.table({
        "customer_id": names,
        "days_since_last_order": [(at["now"] - each).days for each in last],
        "orders_365d": known["order_id_count_distinct"],
        "price_share": known["paid_share_mean"],
        "complained": [who in complaint and complaint[who] > when for who, when in zip(names, last, strict=True)],
        "visits_30d": recent,
        "visits_before_30d": before,
        "noise": random.normal(size=len(names)),
        "noise_kind": random.choice(["red", "green", "blue"], size=len(names)),
        "gone": [who not in later for who in names],
    })  # fmt: skip


def order_amounts(shop: Company, population: Population, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Minor units of every order that is not a guest's, in time order."""
    parts = []
    for block, first in enumerate(range(0, len(keys), ORDERS_PER_BLOCK)):
        mine = keys[first : first + ORDERS_PER_BLOCK]
        lines = draw_lines(shop, population, mine, block)
        parts.append(np.bincount(lines["order"], lines["quantity"] * lines["price"], minlength=len(mine)))
    assert (customers_of(keys) == keys & 0xFFFFFFFF).all(), "guests have no customer"
    return np.concatenate(parts).astype(np.int64)


def _last_orders(orders, size: int) -> NDArray[np.int64]:
    last = np.zeros(size, dtype=np.int64)
    last[orders.customer] = orders.second
    return last


def _counts(table: pa.Table, names: list[str]) -> list[int]:
    counted = table.group_by("customer_id").aggregate([([], "count_all")])
    of = dict(zip(counted["customer_id"].to_pylist(), counted["count_all"].to_pylist(), strict=True))
    return [of.get(name, 0) for name in names]
