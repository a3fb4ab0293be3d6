"""The lifetime models find again what a simulated company was made from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.mining.lifetime import BetaGeoNBD, ParetoNBD
from guanxi.simulate import ONE_SEGMENT, Company, company
from guanxi.simulate.customers import draw_population
from guanxi.simulate.orders import customers_of, draw_order_keys, seconds_of
from mining.lifetime.worlds import COLUMNS

LAW = ONE_SEGMENT[0]
DAY = 86_400


def purchase_histories(shop: Company, until_day: int) -> tuple[pa.Table, np.ndarray]:
    """Every order a purchase: histories up to a day, and the orders after it."""
    keys = draw_order_keys(shop, draw_population(shop))
    who, day = customers_of(keys), seconds_of(keys) / DAY
    past = day < until_day
    size = shop.customers
    first, last = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(first, who, day)
    np.maximum.at(last, who[past], day[past])
    there = first < until_day
    frequency = np.bincount(who[past], minlength=size) - 1
    columns = (frequency[there], (last - first)[there], (until_day - first)[there])
    table = pa.table({
        "customer_id": [str(number) for number in np.flatnonzero(there)],
        **{name: pa.array(values, type) for (name, type), values in zip(COLUMNS.items(), columns, strict=True)},
    })  # fmt: skip
    return table, np.bincount(who[~past], minlength=size)[there]


@pytest.mark.parametrize(
    ("method", "dropout", "truth"),
    [
        (BetaGeoNBD, "geometric", (LAW.rate_shape, LAW.rate_scale_days, LAW.dropout_a, LAW.dropout_b)),
        (ParetoNBD, "pareto", (LAW.rate_shape, LAW.rate_scale_days, LAW.dropout_shape, LAW.dropout_scale_days)),
    ],
)  # fmt: skip
def test_a_company_of_one_kind_gives_back_its_law(method, dropout, truth):
    shop = company(customers=6000, seed=4, dropout=dropout, segments=ONE_SEGMENT)
    table, later = purchase_histories(shop, 550)
    fitted = method().fit(table)
    assert fitted.converged_
    for row, true in zip(fitted.parameters(confidence=0.99).to_pylist(), truth, strict=True):
        assert row["low"] < true < row["high"], row
    found = fitted.predict(table, horizon_days=180.0)
    expected = found["expected_purchases"].to_numpy()
    for group in np.array_split(np.argsort(expected, kind="stable"), 5):
        error = later[group].std() / np.sqrt(len(group))
        assert later[group].mean() == pytest.approx(expected[group].mean(), abs=4 * error)
    inside = (found["purchases_low"].to_numpy() <= later) & (later <= found["purchases_high"].to_numpy())
    assert inside.mean() > 0.8
