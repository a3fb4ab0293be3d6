"""What is read of the two files, and what is wrong with them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from guanxi.errors import DataError, SchemaError
from guanxi.studies.acquisition.files import Told, find_column, read_acquired, read_campaigns, require_known
from guanxi.words import LANGUAGES


def table(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def costs(rows: pa.Table, **options: str) -> dict[str, int]:
    found = read_campaigns(rows, file="campaigns.csv", **{"currency": "CNY", **options}).table
    return dict(zip(found["campaign_id"].to_pylist(), found["cost"].to_pylist(), strict=True))


def won(rows: pa.Table, **options: str) -> list[tuple]:
    found = read_acquired(rows, file="won.csv", **options)
    return [tuple(row.values()) for row in found.table.to_pylist()]


def said(told: Told, language: str = "en") -> list[str]:
    return [note.say(language) for note in told.notes]


def refused(act, *arguments: object, **options: object) -> DataError:
    with pytest.raises(DataError) as raised:
        act(*arguments, **options)
    assert all(raised.value.say(language) for language in LANGUAGES)
    return raised.value


def test_a_cost_is_exact_in_minor_units_of_the_currency():
    rows = table(campaign=["a", "b", "c"], cost=["1234.50", "￥9,007,199,254,740.99", "0"])
    assert costs(rows) == {"a": 123450, "b": 900719925474099, "c": 0}
    assert costs(table(campaign=["a", "b"], cost=["1,234", "5.00"]), currency="JPY") == {"a": 1234, "b": 5}
    assert costs(table(campaign=["a"], cost=["1.234"]), currency="KWD") == {"a": 1234}


def test_a_finer_fraction_is_rounded_half_to_even():
    assert costs(table(campaign=["a", "b"], cost=["1.005", "1.015"])) == {"a": 100, "b": 102}


def test_columns_are_known_by_their_names_in_both_languages():
    english = table(Campaign=["Spring"], **{"Campaign No": ["C1"], "Total Cost": ["1"], "Cost": ["2"]})
    assert costs(english) == {"C1": 200}
    assert costs(table(活动编号=["甲"], 费用=["3.5"])) == {"甲": 350}
    assert won(table(会员号=["1"], 营销活动=["甲"], 获客日期=["2024年3月5日"])) == [("1", "甲", dt.date(2024, 3, 5))]
    assert find_column(table(a=["1"]), "customer", file="won.csv") is None


def test_a_column_that_is_named_goes_before_one_that_is_known():
    rows = table(cost=["1"], paid=["2"], campaign=["a"], title=["b"])
    assert costs(rows, cost="paid", campaign="title") == {"b": 200}
    rows = table(
        customer_id=["x"], guest=["y"], campaign=["a"], source=["b"], won_on=["2024-01-01"], day=["2024-01-02"]
    )
    assert won(rows, customer="guest", campaign="source", won_on="day") == [("y", "b", dt.date(2024, 1, 2))]


def test_a_column_that_is_not_there_or_cannot_be_told_is_named():
    with pytest.raises(SchemaError) as raised:
        costs(table(campaign=["a"], cost=["1"]), cost="costs")
    assert raised.value.message.parameters == {
        "table": "campaigns.csv", "column": "costs", "columns": ["campaign", "cost"],
    }  # fmt: skip
    with pytest.raises(SchemaError) as raised:
        costs(table(campaign=["a"], much=["1"]))
    assert raised.value.say("en") == (
        "No column of campaigns.csv is known to hold its cost. It has: campaign and much. Name one with --cost."
    )
    with pytest.raises(SchemaError) as raised:
        won(table(who=["a"], campaign=["1"]))
    assert raised.value.say("zh") == "won.csv 中认不出哪一列是客户。现有的列是：who和campaign。请用 --customer 指定。"


def test_a_cost_that_is_no_amount_empty_or_negative_is_refused():
    error = refused(costs, table(campaign=["a", "b"], cost=["lots", "1"]))
    assert (error.code, error.message.parameters["values"]) == ("acquisition.no_number", ["lots"])
    error = refused(costs, table(campaign=["a", "b"], cost=[None, "1"]))
    assert (error.code, error.message.parameters["rows"]) == ("errors.empty_values", 1)
    error = refused(costs, table(campaign=["a", "b"], cost=["-0.01", "1"]))
    assert (error.code, error.message.parameters["values"]) == ("acquisition.negative_cost", ["a"])


def test_a_campaign_in_two_rows_is_refused_by_name():
    error = refused(costs, table(campaign=["b", "a", "b "], cost=["1", "1", "2"]))
    assert (error.code, error.message.parameters["values"]) == ("acquisition.campaign_twice", ["b"])


def test_a_customer_won_by_two_campaigns_is_refused_with_up_to_five_names():
    names = [f"K{number}" for number in range(7)]
    error = refused(won, table(customer=[*names, *names], campaign=["a"] * 7 + ["b"] * 7))
    assert (error.code, error.message.parameters["rows"]) == ("acquisition.won_twice", 7)
    assert error.message.parameters["values"] == ["K0", "K1", "K2", "K3", "K4"]


def test_who_stands_there_twice_with_one_campaign_was_won_on_the_earlier_date():
    rows = table(customer=["x", "x ", "y"], campaign=["a", "a", "b"], won_on=["2024-03-02", "2024-03-01", None])
    assert won(rows) == [("x", "a", dt.date(2024, 3, 1)), ("y", "b", None)]


def test_an_empty_name_an_empty_file_and_a_wrong_date_are_refused():
    assert refused(won, table(customer=["x", None], campaign=["a", "b"])).message.parameters["column"] == "customer"
    assert refused(won, table(customer=["x", "y"], campaign=["a", None])).message.parameters["column"] == "campaign"
    assert refused(won, table(customer=[], campaign=[])).code == "acquisition.no_rows"
    error = refused(won, table(customer=["x"], campaign=["a"], won_on=["soon"]))
    assert (error.code, error.message.parameters["values"]) == ("acquisition.no_date", ["soon"])


def test_a_campaign_without_a_cost_is_refused_by_name():
    campaigns = read_campaigns(table(campaign=["a"], cost=["1"]), file="campaigns.csv", currency="EUR")
    acquired = read_acquired(table(customer=["x", "y", "z"], campaign=["a", "c", "b"]), file="won.csv")
    error = refused(
        require_known, campaigns.table, acquired.table, campaigns_file="campaigns.csv", acquired_file="won.csv"
    )
    assert (error.code, error.message.parameters["values"]) == ("acquisition.unknown_campaign", ["b", "c"])
    assert "won.csv names 2 campaigns of which campaigns.csv knows no cost: b and c." in error.say("en")


@pytest.mark.parametrize("cost", ["99999999999999999", "92233720368547758.08", "1" * 40, "12%", "３％"])
def test_a_cost_beyond_what_can_be_counted_and_a_percentage_are_no_amounts(cost):
    error = refused(costs, table(campaign=["a", "b"], cost=["1", cost]))
    assert (error.code, error.message.parameters["values"]) == ("acquisition.no_number", [cost])


def test_the_largest_cost_that_can_be_counted_is_exact():
    assert costs(table(campaign=["a"], cost=["92233720368547758.07"])) == {"a": 2**63 - 1}


@pytest.mark.parametrize(
    ("cost", "currency", "is_right"),
    [
        ("€12", "EUR", True), ("12 EUR", "EUR", True), ("12", "EUR", True), ("￥12", "CNY", True), ("12元", "CNY", True),
        ("¥12", "JPY", True), ("$12", "TWD", True), ("1.2万", "EUR", True), ("$12", "EUR", False), ("￥12", "EUR", False),
        ("12元", "USD", False), ("USD 12", "EUR", False), ("HK$12", "USD", False), ("人民币12", "USD", False),
    ],
)  # fmt: skip
def test_a_cost_in_another_currency_than_that_of_the_orders_is_refused(cost, currency, is_right):
    rows = table(campaign=["a", "b"], cost=["3", cost])
    if is_right:
        assert list(costs(rows, currency=currency)) == ["a", "b"]
    else:
        error = refused(costs, rows, currency=currency)
        assert (error.code, error.message.parameters["values"]) == ("acquisition.other_currency", [cost])


def test_each_column_is_told_with_its_first_value_as_it_was_read():
    rows = table(**{"Campaign No": ["C1.0", "C2"], "Total Cost": ["1,234.50", "7"]})
    assert said(read_campaigns(rows, file="campaigns.csv", currency="EUR")) == [
        "campaigns.csv: “Campaign No” is the campaign; “C1.0” is read as C1.0.",
        "campaigns.csv: “Total Cost” is its cost; “1,234.50” is read as 1234.5 EUR.",
    ]
    rows = table(会员号=["'0012"], 活动=["甲"], 获客日期=["2024年3月5日"])
    assert said(read_acquired(rows, file="won.csv"), "zh") == [
        "won.csv：“会员号”列是客户，“'0012”读作 0012。",
        "won.csv：“活动”列是营销活动，“甲”读作 甲。",
        "won.csv：“获客日期”列是获客日期，“2024年3月5日”读作 2024-03-05。",
    ]


@pytest.mark.parametrize("columns", [{}, {"won_on": [None]}])
def test_without_a_date_it_is_told_that_the_first_purchase_counts(columns):
    told = read_acquired(table(customer=["x"], campaign=["a"], **columns), file="won.csv")
    assert said(told)[2:] == [
        "won.csv says of no customer when he was won: the day of his first purchase is taken.",
    ]


@pytest.mark.parametrize(
    ("dates", "first", "told"),
    [
        (
            ["03/02/2024", "25/02/2024"], dt.date(2024, 2, 3),
            "won.csv: “won_on” is read with the day before the month (the day stands first: 25/02/2024).",
        ),
        (
            ["03/02/2024", "02/25/2024"], dt.date(2024, 3, 2),
            "won.csv: “won_on” is read with the month before the day (the month stands first: 02/25/2024).",
        ),
        (
            ["03/03/2024", "04/04/2024"], dt.date(2024, 3, 3),
            "won.csv: “won_on” is read with the month before the day"
            " (day or month first cannot be told, month_first is assumed: please check).",
        ),
        (["2024-03-02", "2024-02-03"], dt.date(2024, 3, 2), None),
    ],
)  # fmt: skip
def test_which_of_day_and_month_was_taken_to_stand_first_is_told(dates, first, told):
    found = read_acquired(table(customer=["x", "y"], campaign=["a", "a"], won_on=dates), file="won.csv")
    assert found.table["won_on"][0].as_py() == first
    assert said(found)[3:] == ([told] if told else [])
