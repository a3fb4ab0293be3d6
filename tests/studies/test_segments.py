"""The segments study on planted shops: what it says, how it judges itself, what it does with little."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from guanxi.studies.segments import report
from guanxi.words import LANGUAGES
from studies.shops import FIRST, planted, study


def steady(customers: int, every: int, days: int, amount: float, *, name: str = "K", until: int | None = None):
    """Customers who buy every so many days from a day of their own on."""
    for number in range(customers):
        for day in range(number % every, until or days, every):
            yield f"{name}{number:03}", day, amount


@pytest.fixture(scope="module")
def leavers(tmp_path_factory):
    """300 customers like clockwork, of whom half have left after 60 of 180 days: recency tells who."""
    stay = steady(150, 10, 180, 20.0, name="S")
    leave = steady(150, 10, 180, 100.0, name="L", until=60)
    return planted(tmp_path_factory.mktemp("leavers"), [*stay, *leave])


@pytest.fixture(scope="module")
def leavers_result(leavers):
    return study(leavers, "segments", horizon_days=30)


def test_where_recency_tells_who_has_left_the_expectation_is_graded_a(leavers_result):
    judgement = leavers_result.judgement
    assert judgement.grade == "A"
    assert judgement.cutoff == FIRST + dt.timedelta(days=180 - 30)
    errors = judgement.comparisons[0]
    assert (errors.measure, errors.customers) == ("mean_absolute_error", 300)
    assert errors.gain_low > 0
    assert errors.relative_gain > 0.3


def test_then_nothing_is_expected_of_those_who_have_left(leavers_result):
    table = leavers_result.tables["customers"]
    expected = dict(zip(table["customer_id"].to_pylist(), table["expected_orders"].to_pylist(), strict=True))
    # Three each, drawn towards the mean of all by twenty imaginary customers a cell.
    assert 2.4 < np.mean([expected[f"S{number:03}"] for number in range(150)]) < 3
    assert max(expected[f"L{number:03}"] for number in range(150)) < 1


def test_those_who_have_left_are_silent_and_on_the_list(leavers_result):
    table = leavers_result.tables["customers"].to_pylist()
    assert {row["customer_id"] for row in table if row["is_silent"]} == {f"L{number:03}" for number in range(150)}
    (calls,) = leavers_result.lists
    assert len(calls.rows) == report.CALL_LIST_ROWS
    assert all(row[0].startswith("L") for row in calls.rows)


def test_where_everybody_goes_on_at_his_own_rate_the_baseline_is_published(tmp_path):
    shop = [
        *steady(60, 5, 180, 20.0, name="A"),
        *steady(60, 15, 180, 400.0, name="B"),
        *steady(60, 30, 180, 3.0, name="C"),
    ]
    result = study(planted(tmp_path, shop), "segments", horizon_days=30)
    assert result.judgement.grade == "C"
    rows = {row["customer_id"]: row for row in result.tables["customers"].to_pylist()}
    # Twelve orders since the first of 180 days: two a month.
    assert rows["B000"]["expected_orders"] == pytest.approx(12 / 180 * 30)
    assert rows["B000"]["expected_amount"] == pytest.approx(12 * 40_000 / 180 * 30)


def test_too_few_buyers_are_not_judged_and_it_is_said_what_is_missing(tmp_path):
    result = study(planted(tmp_path, steady(99, 10, 180, 20.0)), "segments", horizon_days=30)
    assert (result.judgement.grade, result.judgement.comparisons) == ("D", ())
    (missing,) = result.missing
    assert missing.as_data() == {"code": "segments.missing_history", "buyers": 99, "least": 100, "days": 30}


def test_too_short_a_history_is_not_judged(tmp_path):
    result = study(planted(tmp_path, steady(200, 10, 60, 20.0)), "segments", horizon_days=30)
    assert result.judgement.grade == "D"
    assert result.missing[0].parameters["buyers"] == 0


def test_one_order_is_enough_to_run(tmp_path):
    result = study(planted(tmp_path, [("only", 0, 5.0)]), "segments")
    (row,) = result.tables["customers"].to_pylist()
    # Nobody is worse: the lowest scores.
    assert (row["r"], row["f"], row["m"], row["segment"], row["abc"]) == (1, 1, 1, "hibernating", "A")


def test_a_shop_that_has_only_returns_has_customers_and_no_scores(tmp_path):
    result = study(planted(tmp_path, [("x", 0, -5.0), ("y", 3, -2.0)]), "segments")
    assert result.scores.num_rows == 0
    assert result.tables["segments"].to_pylist()[0]["segment"] == "no_purchase_yet"
    assert result.advice == []
    for language in LANGUAGES:
        assert result.judgement.explained.say(language)


def edges(*values: float):
    return np.array([*values, *[np.inf] * (4 - len(values))])


@pytest.mark.parametrize(
    ("segment", "r", "f", "said"),
    [
        ("champions", edges(-100, -50, -20, -7), edges(2, 3, 5, 9), "last order at most 7 days ago; at least 5 orders"),
        ("loyal", edges(-100, -50, -20, -7), edges(2, 3, 5, 9), "last order 8 to 50 days ago; at least 5 orders"),
        (
            "hibernating",
            edges(-100, -50, -20, -7),
            edges(2, 3, 5, 9),
            "last order at least 51 days ago; at most 2 orders",
        ),
        ("new", edges(-100, -50, -20, -7), edges(2, 3, 5, 9), "last order at most 7 days ago; 1 order"),
        ("need_attention", edges(-100, -50, -49, -7), edges(2, 3, 4, 9), "last order 50 days ago; 3 orders"),
        ("champions", edges(-4, -3, -2, -1), edges(2, 3, 5, 9), "last order 1 day ago; at least 5 orders"),
        ("potential_loyal", edges(-100, -50, -20, -7), edges(2), "last order at most 20 days ago; at least 2 orders"),
        ("no_purchase_yet", edges(-100, -50, -20, -7), edges(2), "No order of positive value so far"),
    ],
)
def test_a_segment_is_defined_with_the_shops_own_borders(segment, r, f, said):
    assert report.definition(segment, {"r": r, "f": f}).say("en") == said


def test_every_definition_is_true_of_every_member(leavers_result):
    text = {row[0].code: row[1].say("en") for row in leavers_result.sheets["segments"].rows}
    for row in leavers_result.tables["customers"].to_pylist():
        said = text[f"segments.{row['segment']}"]
        days, orders = said.removeprefix("last order ").split("; ")
        assert holds(days.replace("ago", ""), row["days_since_last_order"]), said
        assert holds(orders, row["orders"]), said


def holds(said: str, value: int) -> bool:
    words = said.replace("days", "").replace("day", "").replace("orders", "").replace("order", "").split()
    if said.startswith("at most"):
        return value <= int(words[2])
    if said.startswith("at least"):
        return value >= int(words[2])
    if "to" in words:
        return int(words[0]) <= value <= int(words[2])
    return "any" in words or value == int(words[0])


def test_advice_begins_with_those_who_are_leaving_and_then_follows_the_money(company):
    advice = company.mined.result("segments").advice
    assert advice[0].title.code == "segments.do_win_back"
    amounts = [each.amount.minor for each in advice[1:]]
    assert amounts == sorted(amounts, reverse=True)
    assert "“Cannot lose them” and “At risk”" in advice[0].text.say("en")


def test_the_call_list_has_the_largest_first(company):
    (calls,) = company.mined.result("segments").lists
    amounts = [row[-1] for row in calls.rows]
    assert amounts == sorted(amounts, reverse=True)
    assert calls.title.parameters["rows"] == 25
