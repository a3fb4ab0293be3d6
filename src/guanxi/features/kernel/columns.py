"""From what the passes found to the columns of ``customer_features``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.features.kernel.customer_kernels import NONE
from guanxi.features.kernel.scan import Customers
from guanxi.warehouse import Query

__all__ = ["features", "schema_of"]

Found = npt.NDArray[np.void]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

_TYPES = {
    "string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}  # fmt: skip


def schema_of(query: Query) -> pa.Schema:
    """The columns that a query's header declares, as Arrow has them."""
    return pa.schema([(name, _TYPES[kind]) for name, kind in query.columns.items()])


def features(
    customers: Customers,
    schema: pa.Schema,
    codes: Longs,
    habits: Found,
    tastes: Found,
    *,
    as_of: int,
    products: pa.Array,
    categories: pa.Array,
    countries: pa.Array,
) -> pa.RecordBatch:
    """The columns of ``customer_features``, one row for each of some customers.

    Parameters
    ----------
    codes : the customers whom the rows are about
    habits, tastes : what the kernels found about each of them
    as_of : days since 1970
    products, categories : texts sorted by their bytes
    countries : texts by code
    """
    orders, amount = habits["orders"], habits["amount"]
    first_on, last_on = habits["first_on"], habits["last_on"]
    bought = orders > 0
    recency = np.where(bought, last_on - first_on, NONE)
    tenure = np.where(bought, as_of - first_on, NONE)
    second = habits["second_on"]
    recent, before = habits["amount_90d"], habits["amount_before_90d"]
    parts_of_the_day = [habits[part] for part in ("night", "morning", "afternoon", "evening")]
    timed = np.sum(parts_of_the_day, axis=0)
    windows = {name: habits[name] for name in habits.dtype.names or () if name.endswith(("30d", "90d", "180d", "365d"))}
    del windows["amount_before_90d"]
    seen = countries.take(pa.array(customers.country_seen[codes], mask=customers.country_seen[codes] < 0))
    found: dict[str, Any] = {
        "customer_id": customers.ids.take(pa.array(codes)),
        "country": pc.coalesce(customers.country.take(pa.array(codes)), seen),
        "first_order_at": habits["first_at"],
        "last_order_at": habits["last_at"],
        "first_order_on": first_on,
        "last_order_on": last_on,
        "days_since_last_order": np.where(bought, as_of - last_on, NONE),
        "tenure_days": tenure,
        "orders": orders,
        "order_days": habits["order_days"],
        "frequency": np.where(bought, habits["order_days"] - 1, NONE),
        "recency_days": _real(recency),
        "age_days": _real(tenure),
        "amount": amount,
        "returns_amount": habits["returns_amount"],
        "return_share": _ratio(habits["returns_amount"], amount),
        "returns": habits["returns"],
        "items": habits["items"] / 1e4,
        "sale_lines": habits["sale_lines"],
        "mean_order_amount": _ratio(amount, orders),
        "sd_order_amount": habits["sd_amount"],
        "max_order_amount": habits["max_order_amount"],
        "mean_order_items": _ratio(habits["items"] / 1e4, orders),
        "mean_days_between_orders": _ratio(recency, np.where(bought, habits["order_days"] - 1, 0)),
        "sd_days_between_orders": habits["sd_gap"],
        "median_days_between_orders": habits["median_gap"],
        "max_days_between_orders": habits["max_gap"],
        "days_to_second_order": np.where(second != NONE, second - first_on, NONE),
        **windows,
        "amount_trend": _ratio(recent - before, recent + before),
        "distinct_products": tastes["products"],
        "distinct_categories": tastes["categories"],
        "top_product_id": _named(products, tastes["top_product"]),
        "top_product_share": _ratio(tastes["top_product_amount"], tastes["products_amount"]),
        "top_category": _named(categories, tastes["top_category"]),
        "top_category_share": _ratio(tastes["top_category_amount"], tastes["categories_amount"]),
        "weekend_share": _ratio(habits["weekend"], orders),
        "usual_weekday": habits["usual_weekday"],
        **{
            f"{part}_share": _ratio(count, timed)
            for part, count in zip(("night", "morning", "afternoon", "evening"), parts_of_the_day, strict=True)
        },
    }
    return pa.record_batch([_array(found[field.name], field.type) for field in schema], schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    """An Arrow column; `NONE` and NaN are empty cells."""
    if isinstance(values, pa.Array):
        return values.cast(kind)
    missing = np.isnan(values) if values.dtype.kind == "f" else values == NONE
    if pa.types.is_date32(kind):
        values = values.astype(np.int32)
    return pa.array(values, kind, mask=missing if missing.any() else None)


def _named(texts: pa.Array, ranks: Longs) -> pa.Array:
    return texts.take(pa.array(ranks, mask=ranks < 0))


def _real(values: Longs | Reals) -> Reals:
    """As fractions; `NONE` is missing."""
    return np.where(values == NONE, np.nan, values.astype(np.float64))


def _ratio(values: Longs | Reals, totals: Longs) -> Reals:
    """As ``values / NULLIF(totals, 0)``; a missing value stays missing."""
    return np.divide(_real(values), totals, out=np.full(len(values), np.nan), where=totals != 0)
