"""The truth of the simulated company, and what the studies say of it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest


@pytest.fixture(scope="module")
def people(company):
    """One dictionary per customer: what is found and, under true_…, what is so."""
    found = company.mined.result("segments").tables["customers"].drop_columns("reasons")
    truth = company.truth.rename_columns(
        [f"true_{name}" if name != "customer_id" else name for name in company.truth.column_names]
    )
    return found.join(truth, "customer_id", join_type="inner").to_pylist()


@pytest.fixture(scope="module")
def as_of(company):
    return dt.datetime.combine(company.mined.as_of, dt.time())


def share(rows, condition) -> float:
    return sum(map(condition, rows)) / len(rows)


def test_every_true_customer_is_known(company, people):
    assert len(people) == company.truth.num_rows == 3000


def test_one_off_buyers_have_the_lowest_frequency_score(people):
    once = [row for row in people if row["true_segment"] == "one_off"]
    assert len(once) > 100
    assert share(once, lambda row: row["f"] == 1) > 0.8


def test_loyal_customers_are_of_high_value_more_often_than_others(people):
    loyal = [row for row in people if row["true_segment"] == "loyal"]
    others = [row for row in people if row["true_segment"] != "loyal"]
    assert share(loyal, lambda row: row["value_group"] == "high") > 2.5 * share(
        others, lambda row: row["value_group"] == "high"
    )


def test_who_left_long_ago_is_named_so(people, as_of):
    gone = [row for row in people if row["true_left_at"] and (as_of - row["true_left_at"]).days > 180]
    here = [row for row in people if row["true_alive_at_end"]]
    assert len(gone) > 300

    def named(row):
        return row["is_silent"] or row["segment"] in {"at_risk", "cannot_lose", "hibernating", "about_to_sleep"}

    assert share(gone, named) > 0.95
    assert share(here, named) < 0.65


def test_who_left_long_ago_is_no_champion(people, as_of):
    gone = [row for row in people if row["true_left_at"] and (as_of - row["true_left_at"]).days > 90]
    assert not any(row["segment"] in {"champions", "new"} for row in gone)


def test_the_expected_total_is_near_what_the_same_customers_spent_in_the_last_horizon(company, people):
    """Bounds: half and double. The season of the year and the drop-out of the horizon are not in the expectation."""
    expected = sum(row["expected_amount"] or 0.0 for row in people)
    since = company.mined.as_of - dt.timedelta(days=90)
    lines = company.lines.filter(pa.array(
        [kind == "sale" and who is not None and on >= since for kind, who, on in zip(
            company.lines["line_kind"].to_pylist(), company.lines["customer_id"].to_pylist(),
            company.lines["ordered_on"].to_pylist(), strict=True)]
    ))  # fmt: skip
    last = sum(lines["amount"].to_pylist())
    assert 0.5 < expected / last < 2


def test_more_is_expected_of_those_whose_true_rate_is_higher(company, people):
    said = company.mined.result("value").tables["customers"].select(["customer_id", "expected_orders"]).to_pylist()
    expected_of = {row["customer_id"]: row["expected_orders"] for row in said}
    alive = [row for row in people if row["true_alive_at_end"]]
    rate = np.array([row["true_rate_per_day"] for row in alive])
    expected = np.array([expected_of[row["customer_id"]] for row in alive])
    ranks = [np.argsort(np.argsort(values)) for values in (rate, expected)]
    assert np.corrcoef(*ranks)[0, 1] > 0.4
