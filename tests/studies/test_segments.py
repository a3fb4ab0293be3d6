"""The segments study on planted shops: what it says, how it judges itself, what it does with little."""

from __future__ import annotations

import numpy as np
import pytest

from guanxi.studies.segments import report
from studies.shops import planted, study


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


def test_it_names_and_foretells_nothing_so_that_it_is_not_judged(leavers_result):
    assert leavers_result.judgement is None
    assert set(leavers_result.scores["score"].to_pylist()) == {"r", "f", "m"}


def test_the_expected_amounts_are_those_of_the_value_study(leavers, leavers_result):
    said = study(leavers, "value", horizon_days=30).tables["customers"]
    found = leavers_result.tables["customers"]
    assert found["expected_amount"].to_pylist() == said["expected_amount"].to_pylist()


def test_who_has_left_is_of_high_value_by_the_past_alone_and_who_stayed_of_potential(leavers_result):
    groups = {"S": set(), "L": set()}
    for row in leavers_result.tables["customers"].to_pylist():
        groups[row["customer_id"][0]].add(row["value_group"])
    # Leavers have spent 600 each, those who stay 360; but only of the latter is anything expected.
    assert "high" in groups["L"]
    assert "potential" in groups["S"]
    assert "potential" not in groups["L"]


def test_what_the_segments_of_one_horizon_ago_did_since_is_shown(leavers_result):
    later = leavers_result.sections[0].tables[-1]
    # Recency tells them apart, so that a segment came back as a whole or not at all.
    assert {row[2] for row in later.rows} == {0.0, 1.0}
    assert sum(row[1] for row in later.rows) == 300
    assert sum(row[1] for row in later.rows if row[2]) == 150


def test_those_who_have_left_are_silent_and_on_the_list(leavers_result):
    table = leavers_result.tables["customers"].to_pylist()
    assert {row["customer_id"] for row in table if row["is_silent"]} == {f"L{number:03}" for number in range(150)}
    (calls,) = leavers_result.lists
    assert len(calls.rows) == report.CALL_LIST_ROWS
    assert all(row[0].startswith("L") for row in calls.rows)


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
    assert result.tables["customers"]["expected_amount"].null_count == 2


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
