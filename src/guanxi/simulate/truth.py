"""Tables beside the order lines: the customer and product files of the shop, and the truth that no shop has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.simulate.baskets import BUDGET_SHARE
from guanxi.simulate.books import Account, customer_ids, decimals
from guanxi.simulate.catalogue import ZIPF_EXPONENT, catalogue, people
from guanxi.simulate.customers import Population, has_chinese_name
from guanxi.simulate.oddities import CANCEL_WITHIN_SECONDS, RETURN_WITHIN_SECONDS
from guanxi.simulate.orders import customers_of, guests_of, seconds_of
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Integers
from guanxi.simulate.season import HOURS, WEEKDAYS
from guanxi.words import country_name

__all__ = ["customer_batches", "customer_schema", "parameters_as_data", "products", "true_customers"]

_ROWS = 100_000


def customer_schema() -> pa.Schema:
    """Columns of the shop's customer file."""
    return pa.schema([
        ("customer_id", pa.string()), ("name", pa.string()), ("email", pa.string()), ("country", pa.string()),
        ("city", pa.string()), ("joined_on", pa.date32()),
    ])  # fmt: skip


def customer_batches(parameters: Parameters, population: Population) -> Iterator[pa.RecordBatch]:
    """The shop's customer file, by and by."""
    language = "zh" if parameters.language == "zh" else "en"
    lists = people()
    places = (*lists.places_zh, *lists.places_en)
    countries = pa.array([country_name(place.country, language) for place in places])
    cities = pa.array([place.zh if language == "zh" else place.en for place in places])
    first_day = (parameters.starts_on - dt.date(1970, 1, 1)).days
    for first in range(0, len(population), _ROWS):
        rows = slice(first, min(first + _ROWS, len(population)))
        ids = customer_ids(np.arange(rows.start, rows.stop))
        place = pa.array(population.place[rows])
        columns = [
            ids,
            _names(parameters.language, population.name[rows]),
            pc.binary_join_element_wise("c", ids, "@example.com", ""),
            countries.take(place),
            cities.take(place),
            pa.array((population.arrived[rows] // 86_400 + first_day).astype(np.int32), pa.date32()),
        ]
        yield pa.record_batch(columns, schema=customer_schema())


def products(parameters: Parameters) -> pa.RecordBatch:
    """The shop's product file."""
    shop = catalogue()
    category = shop.family_category[shop.product_family].tolist()
    both = [(zh, en) for _, zh, en in shop.categories]
    named = {"zh": [zh for zh, _ in both], "en": [en for _, en in both]}.get(
        parameters.language, [f"{zh} / {en}" for zh, en in both]
    )
    return pa.record_batch(
        {
            "product_id": pa.array(shop.codes),
            "description": pa.array([shop.describe(product, parameters.language) for product in range(shop.products)]),
            "category": pa.array([named[each] for each in category]),
            "list_price": decimals(shop.price, parameters.decimals),
            "unit_cost": decimals(shop.cost, parameters.decimals),
        }
    )


def true_customers(parameters: Parameters, population: Population, keys: Integers) -> pa.Table:
    """One row a customer: what he is, and what he does, before any oddity. See `Company.write` for the columns."""
    buyers = keys[~guests_of(keys)]
    who = customers_of(buyers)
    orders = np.bincount(who, minlength=len(population))
    last = np.zeros(len(population), dtype=np.int64)
    last[who] = seconds_of(buyers)  # sorted by time: the last one stays
    start = np.datetime64(parameters.starts_on, "s")
    if parameters.dropout == "pareto":
        alive = population.left >= parameters.seconds
        left_at = pa.array(start + population.left)
    else:
        alive = orders - 1 < population.orders_to_dropout
        left_at = pa.array(start + last, mask=alive)
    segments = parameters.segments
    codes = pa.array([code for code, _, _ in catalogue().categories])
    return pa.table(
        {
            "customer_id": customer_ids(np.arange(len(population))),
            "segment": pa.array([each.name for each in segments]).take(pa.array(population.segment)),
            "arrived_at": pa.array(start + population.arrived),
            "rate_per_day": population.rate,
            ("dropout_rate_per_day" if parameters.dropout == "pareto" else "dropout_probability"): population.dropout,
            "left_at": left_at,
            "alive_at_end": alive,
            "mean_order_value": population.spend,
            "favourite_category": codes.take(pa.array(population.favourite)),
            "second_category": codes.take(pa.array(population.second)),
            "orders": orders,
            "last_order_at": pa.array(start + last),
        }
    )


def parameters_as_data(parameters: Parameters, account: Account) -> dict[str, object]:
    """Everything else that is true: the laws, the planted pairs, and the account of what was written."""
    shop = catalogue()
    codes = [shop.codes[first] for first in shop.family_first]
    return {
        "parameters": asdict(parameters) | {"starts_on": parameters.starts_on.isoformat()},
        "weekdays": WEEKDAYS,
        "hours": HOURS,
        "return_within_days": RETURN_WITHIN_SECONDS // 86_400,
        "cancel_within_days": CANCEL_WITHIN_SECONDS // 86_400,
        "budget_share": BUDGET_SHARE,
        "zipf_exponent": ZIPF_EXPONENT,
        "bad_order_log_odds": parameters.relations.bad_orders.log_odds,
        "categories": [
            {"code": code, "zh": zh, "en": en, "share": float(share)}
            for (code, zh, en), share in zip(shop.categories, shop.category_shares, strict=True)
        ],
        "pairs": [
            {"product_id": codes[p.product], "companion_id": codes[p.companion], "probability": p.probability}
            for p in shop.pairs
        ],
        "account": {
            "orders": account.orders,
            "lines": account.lines,
            "lines_without_customer": account.lines_without_customer,
            "lines_by_kind": dict(account.kinds),
        },
    }


def _names(language: str, drawn: Integers) -> pa.Array:
    """Names from whole numbers: family and given name by independent digits of them."""
    lists = people()

    def pick(values: tuple[str, ...], digits: Integers) -> pa.Array:
        return pa.array(values).take(pa.array(digits % len(values)))

    family, given = drawn // 10, drawn // 1_000_003
    chinese = pc.binary_join_element_wise(pick(lists.family_zh, family), pick(lists.given_zh, given), "")
    english = pc.binary_join_element_wise(pick(lists.given_en, given), pick(lists.family_en, family), " ")
    return pc.if_else(pa.array(has_chinese_name(language, drawn)), chinese, english)
