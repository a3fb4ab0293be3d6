"""The study of the next purchase: on a simulated company that goes on after the date, and on planted shops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from guanxi import mine as job
from guanxi import simulate
from guanxi.features import customer_features
from guanxi.schema import SCORES
from guanxi.studies import STUDIES, Result
from guanxi.studies.next_purchase import report
from guanxi.warehouse import DuckDB, Snapshot, Warehouse
from guanxi.words import LANGUAGES, Message
from studies.shops import AT, FIRST, planted, study

Purchase = tuple[str, int, float]
AS_OF = dt.date(2025, 12, 31)
HORIZON = 90


@dataclass(frozen=True)
class World:
    result: Result
    rows: list[dict]
    came: np.ndarray
    """Of each buyer, days to his next order after the date; the horizon's length for none."""
    by_week: np.ndarray


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A company of one law, without a season, whose books go on for a horizon after the date."""
    folder: Path = tmp_path_factory.mktemp("world")
    made = simulate.company(customers=4000, seed=11, days=820, dropout="geometric", segments=simulate.ONE_SEGMENT)
    written = made.write(folder, format="parquet")
    job.import_files([written["orders"]], folder / "warehouse", at=AT, currency="CNY")
    with Warehouse.open(folder / "warehouse") as warehouse:
        snapshot = warehouse.snapshot()
    result = study(snapshot, "next_purchase", as_of=AS_OF, horizon_days=HORIZON)
    rows = [row for row in result.tables["customers"].to_pylist() if row["order_probability"] is not None]
    orders = pq.read_table(snapshot.files("orders"), columns=["customer_id", "ordered_on", "sale_lines"])
    end = AS_OF + dt.timedelta(days=HORIZON)
    later = (pc.field("ordered_on") >= AS_OF) & (pc.field("ordered_on") < end)
    days = orders.filter((pc.field("sale_lines") > 0) & later).group_by(["customer_id", "ordered_on"]).aggregate([])
    known = {row["customer_id"] for row in rows}
    first, by_week = {}, np.zeros(13)
    for row in days.to_pylist():
        if row["customer_id"] in known:
            day = (row["ordered_on"] - AS_OF).days
            first[row["customer_id"]] = min(day, first.get(row["customer_id"], HORIZON))
            by_week[day // 7] += 1
    return World(result, rows, np.array([first.get(row["customer_id"], HORIZON) for row in rows]), by_week)


def column(world: World, name: str) -> np.ndarray:
    return np.array([row[name] for row in world.rows], dtype=float)


def test_the_law_that_made_it_is_found_and_graded_a(world):
    assert len(world.rows) > 3000
    assert (world.result.parameters["method"], world.result.judgement.grade) == ("bg_nbd", "A")
    (comparison,) = world.result.judgement.comparisons
    assert comparison.measure == "continuous_ranked_probability_score"
    assert comparison.gain_low > 0


def test_in_every_tenth_as_many_come_as_was_said(world):
    said, came = column(world, "order_probability"), world.came < HORIZON
    for tenth in np.array_split(np.argsort(said, kind="stable"), 10):
        chance = np.sqrt(np.sum(said[tenth] * (1 - said[tenth]))) / len(tenth)
        assert came[tenth].mean() == pytest.approx(said[tenth].mean(), abs=4 * chance + 0.01)


def test_who_comes_does_so_within_his_interval_as_often_as_it_says(world):
    """80 % and a little more, for days are whole; half of them by the day that was named."""
    told = [(row, day) for row, day in zip(world.rows, world.came, strict=True) if row["due_on"] and day < HORIZON]
    days = [AS_OF + dt.timedelta(days=int(day)) for _, day in told]
    inside = np.mean([row["due_low_on"] <= day <= row["due_high_on"] for (row, _), day in zip(told, days, strict=True)])
    by_then = np.mean([day <= row["due_on"] for (row, _), day in zip(told, days, strict=True)])
    assert len(told) > 1000
    assert 0.78 < inside < 0.88
    assert 0.46 < by_then < 0.6


def test_weeks_ahead_lie_in_their_intervals(world):
    weeks = world.result.tables["weeks"].to_pylist()
    assert [row["week"] for row in weeks] == list(range(1, 14))
    assert (weeks[0]["from_on"], weeks[-1]["until_on"]) == (AS_OF, AS_OF + dt.timedelta(days=HORIZON))
    inside = [row["low"] <= came <= row["high"] for row, came in zip(weeks, world.by_week, strict=True)]
    assert sum(inside) >= 9
    assert sum(row["expected_orders"] for row in weeks) == pytest.approx(world.by_week.sum(), rel=0.06)


def test_of_who_is_unlikely_to_come_no_day_is_told(world):
    for row in world.rows:
        assert (row["due_on"] is None) == (row["order_probability"] < 0.1)
        if row["due_on"] is not None:
            assert AS_OF <= row["due_low_on"] <= row["due_on"] <= row["due_high_on"]
            assert row["due_high_on"] < AS_OF + dt.timedelta(days=HORIZON)


def test_scores_are_those_of_the_customers(world):
    scores = {(row["customer_id"], row["score"]): row for row in world.result.scores.to_pylist()}
    assert world.result.scores.schema.equals(SCORES.arrow)
    assert {score for _, score in scores} == {"order_probability", "due_on"}
    for row in world.rows:
        assert scores[row["customer_id"], "order_probability"]["value"] == row["order_probability"]
        day = scores.get((row["customer_id"], "due_on"))
        assert (day is None) == (row["due_on"] is None)
        if day is not None:
            ends = [AS_OF + dt.timedelta(days=int(day[name])) for name in ("low", "value", "high")]
            assert ends == [row["due_low_on"], row["due_on"], row["due_high_on"]]


def test_as_many_are_listed_as_may_be_expected_by_day(world):
    sheet = world.result.sheets["due"]
    assert len(sheet.rows) == round(column(world, "order_probability").sum())
    days = [row[1] for row in sheet.rows]
    assert days == sorted(days)
    (section,) = world.result.sections
    assert section.tables[0].rows == sheet.rows[: report.TOP_ROWS]
    # They are the likeliest.
    named = {row[0] for row in sheet.rows}
    least = min(row["order_probability"] for row in world.rows if row["customer_id"] in named)
    assert all(row["order_probability"] <= least for row in world.rows if row["customer_id"] not in named)


def test_what_the_order_comes_to_is_what_the_study_value_says(world):
    assert STUDIES["next_purchase"].reads == ("value",)
    assert column(world, "next_order_amount").min() > 0
    assert all(row["next_order_amount_low"] <= row["next_order_amount"] for row in world.rows)


def test_the_comparison_has_the_law_and_both_plain_rules(world):
    table = world.result.tables["comparison"].to_pylist()
    found = {(row["method"], row["measure"]): row for row in table}
    assert {method for method, _ in found} == {"bg_nbd", "own_gap", "cells"}
    assert found["bg_nbd", "score_days"]["value"] < found["cells", "score_days"]["value"]
    assert 0.75 < found["bg_nbd", "day_covered"]["value"] < 0.88
    assert all(row["low"] <= row["value"] <= row["high"] for row in table)


def test_every_figure_and_sentence_is_told_in_both_languages(world):
    (section,) = world.result.sections
    assert [figure.id for figure in section.figures] == ["next-purchase-weeks", "next-purchase-calibration"]
    assert len(section.notes) == 3
    told = [*section.intro, *section.notes, *(figure.finding for figure in section.figures)]
    told += [cell for table in section.tables for row in table.rows for cell in row if isinstance(cell, Message)]
    for message in told:
        assert all(message.say(language) for language in LANGUAGES)


# Planted shops.


def clockwork(days: int = 240) -> Iterator[Purchase]:
    """Everybody comes on his own fixed days, without fail."""
    for every in (6, 15, 30):
        for number in range(60):
            for day in range(number % every, days, every):
                yield f"E{every:02}-{number:02}", day, 20.0


@pytest.fixture(scope="module")
def regular(tmp_path_factory) -> tuple[Snapshot, Result]:
    snapshot = planted(tmp_path_factory.mktemp("regular"), clockwork())
    return snapshot, study(snapshot, "next_purchase", as_of=FIRST + dt.timedelta(days=210), horizon_days=30)


def test_where_everybody_comes_on_his_day_the_plain_rule_is_published_and_names_the_day(regular):
    _, result = regular
    assert (result.judgement.grade, result.parameters["method"]) == ("C", "own_gap")
    end = FIRST + dt.timedelta(days=210)
    for row in result.tables["customers"].to_pylist():
        every, number = (int(part) for part in row["customer_id"][1:].split("-"))
        ahead = (number - 210) % every
        assert row["order_probability"] == pytest.approx(1.0)
        days = [row[name] for name in ("due_low_on", "due_on", "due_high_on")]
        assert days == [end + dt.timedelta(days=ahead)] * 3


def test_changing_the_future_changes_nothing(regular, tmp_path):
    _, result = regular
    known = [each for each in clockwork() if each[1] < 210]
    wild = [*known, *((who, day, 9e5) for who, day, _ in clockwork() if day >= 210 and day % 2)]
    other = study(planted(tmp_path, wild), "next_purchase", as_of=FIRST + dt.timedelta(days=210), horizon_days=30)
    assert other.judgement == result.judgement
    assert other.tables["customers"] == result.tables["customers"]


def test_with_too_few_customers_everybody_is_due_after_his_own_gap_without_a_probability(tmp_path):
    purchases = [("a", 0, 5.0), ("a", 10, 5.0), ("a", 20, 5.0), ("b", 25, 9.0), ("c", 2, 4.0), ("c", 4, 4.0)]
    result = study(planted(tmp_path, purchases), "next_purchase", as_of=FIRST + dt.timedelta(days=26), horizon_days=12)
    assert (result.judgement.grade, result.parameters["method"]) == ("D", "own_gap")
    assert result.missing[0].code == "next_purchase.missing_customers"
    rows = {row["customer_id"]: row for row in result.tables["customers"].to_pylist()}
    # a: every 10 days; b: the mean gap of all, 22 days in 3 gaps; c is late by more than another gap.
    assert rows["a"]["due_on"] == FIRST + dt.timedelta(days=30)
    assert rows["b"]["due_on"] == FIRST + dt.timedelta(days=32)
    assert rows["c"]["due_on"] is None
    assert all(row["order_probability"] is None and row["due_low_on"] is None for row in rows.values())
    assert set(result.scores["score"].to_pylist()) == {"due_on"}
    assert result.scores["low"].null_count == 2


def test_too_short_a_history_says_how_much_is_missing(tmp_path):
    result = study(planted(tmp_path, clockwork(50)), "next_purchase", horizon_days=30)
    assert result.judgement.grade == "D"
    assert result.missing[0].as_data() == {
        "code": "next_purchase.missing_history", "first": FIRST.isoformat(), "days": 30, "least": 60,
    }  # fmt: skip


def test_who_never_bought_is_there_with_nothing_said_of_him(tmp_path):
    result = study(planted(tmp_path, [("x", 0, -5.0), ("y", 3, 20.0)]), "next_purchase")
    rows = {row["customer_id"]: row for row in result.tables["customers"].to_pylist()}
    assert all(value is None for name, value in rows["x"].items() if name != "customer_id")


def test_a_shop_that_has_only_returns_is_told_nothing(tmp_path):
    result = study(planted(tmp_path, [("x", 0, -5.0)]), "next_purchase")
    assert (result.scores.num_rows, result.sections, result.sheets) == (0, [], {})
    assert result.judgement.grade == "D"


def came(snapshot: Snapshot, *, cutoff: int, horizon_days: int, known: int) -> dict[str, dict]:
    """What a back-test is told of each customer, from the books of a later day."""
    foretells = STUDIES["next_purchase"].foretells
    with DuckDB().bind(snapshot) as session:
        customer_features(session, as_of=FIRST + dt.timedelta(days=known))
        table = foretells.came(session, cutoff=FIRST + dt.timedelta(days=cutoff), horizon_days=horizon_days)
    return {row.pop("customer_id"): row for row in table.to_pylist()}


FEW = {
    "every 10": [0, 10, 20, 30],
    "every 10, late": [0, 10, 20],
    "every 10, gone": [0, 10, 35],
    "every 5, gone": [0, 5, 10],
    "new": [22, 24, 34],
}


def test_a_back_test_is_told_who_came_and_how_likely_the_plain_rules_had_called_it(tmp_path):
    snapshot = planted(tmp_path, [(who, day, 9.0) for who, days in FEW.items() for day in days])
    found = came(snapshot, cutoff=25, horizon_days=10, known=36)
    # Who comes on day 35 does so after the horizon.
    assert {who: row["came"] for who, row in found.items()} == {
        "every 10": 1, "every 10, late": 0, "every 10, gone": 0, "every 5, gone": 0, "new": 1,
    }  # fmt: skip
    # On day 15 all four were due, and two of them came by day 25; nobody was told that he would not come.
    assert {who: row["own_gap"] for who, row in found.items()} == {
        "every 10": 0.5, "every 10, late": 0.5, "every 10, gone": 0.5, "every 5, gone": 0.0, "new": 0.5,
    }  # fmt: skip
    # Of three who then had the scores (1, 1) two came, and half of 20 imaginary customers; in the others' cells was nobody.
    cells = {who: row["cells"] for who, row in found.items()}
    assert cells.pop("every 10, gone") == pytest.approx((2 + 10) / (3 + 20))
    assert cells == pytest.approx(dict.fromkeys(cells, 0.5))


def test_the_plain_rules_say_nothing_where_they_had_nobody_to_learn_from(tmp_path):
    snapshot = planted(tmp_path, [(who, day, 9.0) for who, days in FEW.items() for day in days])
    found = came(snapshot, cutoff=10, horizon_days=10, known=20)
    assert set(found) == {who for who, days in FEW.items() if days[0] == 0}
    assert all(set(row) == {"came"} for row in found.values())


def test_errors_of_a_probability_are_compared_by_the_brier_score():
    found = STUDIES["next_purchase"].foretells.compare(
        np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.8, 0.1, 0.6, 0.3]), np.array([1.0, 0.0, 0.0, 1.0])
    )
    assert found.measure == "brier_score"
    assert (found.method, found.baseline) == pytest.approx(((0.04 + 0.01 + 0.16 + 0.09) / 4, 0.5))
