"""The value study on a simulated company, against its truth and the horizon that came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from guanxi import mine as job
from guanxi import simulate
from guanxi.features import customer_features
from guanxi.studies import Result
from guanxi.studies.value.past import stood_at
from guanxi.studies.value.study import run
from guanxi.warehouse import DuckDB, Warehouse
from studies.shops import AT

AS_OF = dt.date(2025, 12, 31)
HORIZON = 90


@dataclass(frozen=True)
class World:
    result: Result
    people: list[dict]
    """What is said of each buyer; later_orders and later_amount; left_at."""
    next_on: dict[str, dt.date]
    """The day of his first order from the date on."""


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A company of one law, without a season, whose books go on for a horizon after the date; and its truth."""
    folder: Path = tmp_path_factory.mktemp("world")
    made = simulate.company(
        customers=4000, seed=11, days=820, dropout="geometric", segments=simulate.ONE_SEGMENT
    )  # fmt: skip
    written = made.write(folder, format="parquet")
    job.import_files([written["orders"]], folder / "warehouse", at=AT, currency="CNY")
    with Warehouse.open(folder / "warehouse") as warehouse:
        snapshot = warehouse.snapshot()
    with DuckDB().bind(snapshot) as session:
        customer_features(session, as_of=AS_OF)
        result = run(session, as_of=AS_OF, horizon_days=HORIZON)
    end = AS_OF + dt.timedelta(days=HORIZON)
    with DuckDB().bind(snapshot) as session:
        customer_features(session, as_of=end)
        came = stood_at(session, cutoff=AS_OF, horizon_days=HORIZON, until=end)
    later = came.select(["customer_id", "later_orders", "later_amount"])
    truth = pq.read_table(written["truth_customers"]).select(["customer_id", "left_at"])
    said = result.tables["customers"].drop_columns(["reasons"])
    joined = said.join(later, "customer_id", join_type="inner").join(truth, "customer_id").sort_by("customer_id")
    orders = pq.read_table(snapshot.files("orders"), columns=["customer_id", "ordered_on", "sale_lines"])
    orders = orders.filter((pc.field("sale_lines") > 0) & (pc.field("ordered_on") >= AS_OF))
    firsts = orders.group_by("customer_id").aggregate([("ordered_on", "min")])
    next_on = dict(zip(firsts["customer_id"].to_pylist(), firsts["ordered_on_min"].to_pylist(), strict=True))
    return World(result, [row for row in joined.to_pylist() if row["expected_amount"] is not None], next_on)


def column(world: World, name: str) -> np.ndarray:
    return np.array([row[name] for row in world.people], dtype=float)


def test_the_law_that_made_it_is_found_and_graded_a(world):
    assert len(world.people) > 3000
    assert (world.result.parameters["method"], world.result.judgement.grade) == ("bg_nbd", "A")


def test_the_parameters_are_within_their_intervals(world):
    law = simulate.ONE_SEGMENT[0]
    truth = {"r": law.rate_shape, "alpha": law.rate_scale_days, "a": law.dropout_a, "b": law.dropout_b}
    found = {
        row["parameter"]: row for row in world.result.tables["parameters"].to_pylist() if row["law"] == "bg_nbd"
    }  # fmt: skip
    for name, true in truth.items():
        # Orders of one day are one, which makes the gaps a little longer: not quite the law in continuous time.
        assert 0.9 * found[name]["low"] < true < 1.1 * found[name]["high"], name


@pytest.mark.parametrize("what", ["orders", "amount"])
def test_all_together_order_and_spend_what_was_said(world, what):
    came = column(world, f"later_{what}")
    chance = np.sqrt(np.sum((came - column(world, f"expected_{what}")) ** 2))
    assert column(world, f"expected_{what}").sum() == pytest.approx(came.sum(), abs=3 * chance)


@pytest.mark.parametrize("what", ["orders", "amount"])
def test_intervals_cover_as_they_say(world, what):
    """80 % and more: orders are whole, and of many customers nothing at all is the likeliest."""
    came = column(world, f"later_{what}")
    low, high = (column(world, f"expected_{what}_{end}") for end in ("low", "high"))
    assert 0.8 < np.mean((low <= came) & (came <= high)) < 0.97
    # Of who orders often it is about what was asked for: less is left to whole numbers.
    often = column(world, "expected_orders") > 2
    assert often.sum() > 300
    assert 0.74 < np.mean((low <= came)[often] & (came <= high)[often]) < 0.93


@pytest.mark.parametrize("what", ["orders", "amount"])
def test_in_every_fifth_the_mean_is_what_was_said(world, what):
    said, came = column(world, f"expected_{what}"), column(world, f"later_{what}")
    for fifth in np.array_split(np.argsort(said, kind="stable"), 5):
        error = came[fifth].std(ddof=1) / np.sqrt(len(fifth))
        assert came[fifth].mean() == pytest.approx(said[fifth].mean(), abs=4 * error)


def test_p_alive_is_the_share_of_those_who_are_still_customers(world):
    start = dt.datetime.combine(AS_OF, dt.time())
    here = np.array([row["left_at"] is None or row["left_at"] > start for row in world.people])
    said = column(world, "p_alive")
    for tenth in np.array_split(np.argsort(said, kind="stable"), 10):
        assert here[tenth].mean() == pytest.approx(said[tenth].mean(), abs=0.07)


def test_half_of_those_who_are_still_customers_order_by_the_day_that_was_said(world):
    start = dt.datetime.combine(AS_OF, dt.time())
    told = [row for row in world.people if row["next_order_on"] and (not row["left_at"] or row["left_at"] > start)]
    assert len(told) > 500
    by_then = [row["customer_id"] in world.next_on and world.next_on[row["customer_id"]] <= row["next_order_on"]
               for row in told]  # fmt: skip
    assert np.mean(by_then) == pytest.approx(0.5, abs=0.06)


def test_the_interval_of_the_total_holds_what_came(world):
    told = world.result.sections[0].intro[1]
    assert told.code == "value.total"
    low, amount, high = (told.parameters[end].minor for end in ("low", "amount", "high"))
    assert low < amount < high
    assert low < column(world, "later_amount").sum() < high


def test_the_study_says_it_no_worse_than_any_plain_rule(world):
    table: pa.Table = world.result.tables["comparison"]
    deviance = {row["method"]: row["value"] for row in table.to_pylist() if row["measure"] == "amount_deviance"}
    assert min(deviance, key=deviance.get) == "bg_nbd"
