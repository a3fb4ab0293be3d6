"""The command that tells what winning customers costs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook

ORDERS = """Order No,Order Date,Customer ID,Quantity,Unit Price,Amount,Cost
N1,2024-03-01,0001,2,10.00,20.00,12.00
N2,2024-03-04,bo,1,30.00,30.00,
N3,2024-03-11,0001,1,10.00,10.00,6.00
N4,2024-04-20,bo,1,90.00,90.00,1.00
"""
CAMPAIGNS = 'Campaign,Cost\nspring,"1,234.50"\nfair,9\n'
WON = "customer_id,campaign\n0001,spring\nbo,fair\nghost,fair\n"


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    made = {"orders": ORDERS, "campaigns": CAMPAIGNS, "won": WON}
    for name, text in made.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.csv" for name in made}


@pytest.fixture
def arguments(files, tmp_path) -> list[object]:
    return [
        "acquisition", files["orders"], "--campaigns", files["campaigns"], "--acquired", files["won"],
        "--out", tmp_path / "out", "--currency", "EUR",
    ]  # fmt: skip


def test_from_orders_and_two_files_to_cost_margin_and_payback(guanxi, arguments, tmp_path):
    said = guanxi(*arguments, "--as-of", "2024-04-15", "--margin-rate", 0.3)
    assert (said.code, said.err) == (0, "")
    assert "2 campaigns, 3 customers won; 1 paid back by 2024-04-15." in said.out
    assert "1 customer named as won" in said.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "acquisition.csv", "payback.csv", "report.html",
    ]  # fmt: skip
    text = (tmp_path / "out/acquisition.csv").read_text(encoding="utf-8-sig")
    spring, fair = csv.DictReader(text.splitlines())
    assert spring == {
        "campaign_id": "spring", "customers": "1", "buyers": "1", "cost": "1234.50", "cost_per_customer": "1234.50",
        "net_amount": "30.00", "margin": "12.00", "return_rate": str((1200 - 123450) / 123450), "payback_days": "",
        "followed_days": "45", "currency": "EUR",
    }  # fmt: skip
    assert (fair["cost_per_customer"], fair["margin"], fair["payback_days"]) == ("4.50", "9.00", "0")
    text = (tmp_path / "out/payback.csv").read_text(encoding="utf-8-sig")
    assert [(row["day"], row["margin"]) for row in csv.DictReader(text.splitlines())] == [
        ("0", "8.00"), ("10", "12.00"), ("0", "9.00"),
    ]  # fmt: skip


def test_what_is_sold_is_all_earned_unless_a_rate_is_given(guanxi, arguments, tmp_path):
    said = guanxi(*arguments, "--as-of", "2024-04-15", "--lang", "zh")
    assert said.code == 0
    assert "共 2 个营销活动，获得 3 位客户；截至 2024-04-15，1 个已收回费用。" in said.out
    text = (tmp_path / "out/acquisition.csv").read_text(encoding="utf-8-sig")
    assert [row["margin"] for row in csv.DictReader(text.splitlines())] == ["12.00", "30.00"]
    assert "获客花了多少钱" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_columns_of_any_name_are_named(guanxi, files, arguments, tmp_path):
    files["campaigns"].write_text("what,paid\nspring,1\nfair,2\n", encoding="utf-8")
    files["won"].write_text("who,what,day\n0001,spring,2024-03-02\n", encoding="utf-8")
    named = ("--campaign", "what", "--cost", "paid", "--customer", "who", "--won-by", "what", "--won-on", "day")
    said = guanxi(*arguments, *named)
    assert (said.code, said.err) == (0, "")
    text = (tmp_path / "out/acquisition.csv").read_text(encoding="utf-8-sig")
    spring, _ = csv.DictReader(text.splitlines())
    assert (spring["net_amount"], spring["payback_days"]) == ("10.00", "9")


@pytest.mark.parametrize(
    ("file", "text", "options", "code", "told"),
    [
        ("campaigns", "Campaign,Cost\nspring,much\nfair,9\n", (), 3, "no amount of money: much"),
        ("campaigns", "Campaign,Cost\nspring,-1\nfair,9\n", (), 3, "cost less than nothing: spring"),
        ("campaigns", "Campaign,Cost\nspring,1\n", (), 3, "knows no cost: fair"),
        ("campaigns", "Campaign,Worth\nspring,1\n", (), 3, "--cost"),
        ("campaigns", CAMPAIGNS, ("--cost", "costs"), 3, "no column costs"),
        ("won", "customer_id,campaign\nbo,spring\nbo,fair\n", (), 3, "more than one campaign: bo"),
        (
            "campaigns",
            "Campaign,Cost\nspring,99999999999999999\nfair,9\n",
            (),
            3,
            "no amount of money: 99999999999999999",
        ),
        (
            "campaigns",
            "Campaign,Cost\nspring,$1\nfair,9\n",
            (),
            3,
            "another currency than that of the orders, EUR: $1.",
        ),
        ("won", WON, ("--margin-rate", 0), 2, "--margin-rate is the share of the amount that is earned"),
        ("won", WON, ("--margin-rate", 1.5), 2, "above 0 and at most 1, not 1.5"),
        ("won", WON, ("--margin-rate", "nan"), 2, "--margin-rate"),
        ("won", WON, ("--as-of", "2024-03-01"), 3, "2024-03-01"),
    ],
)
def test_what_is_wrong_is_told_and_leaves_nothing(guanxi, files, arguments, tmp_path, file, text, options, code, told):
    files[file].write_text(text, encoding="utf-8")
    said = guanxi(*arguments, *options)
    assert said.code == code
    assert told in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()


def test_how_the_two_files_were_read_is_told(guanxi, files, arguments):
    files["won"].write_text(
        "customer_id,campaign,won_on\n0001,spring,03/01/2024\nbo,fair,01/25/2024\n", encoding="utf-8"
    )
    said = guanxi(*arguments)
    assert (said.code, said.err) == (0, "")
    for told in (
        "• campaigns.csv: “Campaign” is the campaign; “spring” is read as spring.",
        "• campaigns.csv: “Cost” is its cost; “1,234.50” is read as 1234.5 EUR.",
        "• won.csv: “customer_id” is the customer; “0001” is read as 0001.",
        "• won.csv: “won_on” is the day on which the customer was won; “03/01/2024” is read as 2024-03-01.",
        "• won.csv: “won_on” is read with the month before the day (the month stands first: 01/25/2024).",
    ):
        assert told in said.out


def test_a_campaign_that_fell_below_its_cost_again_is_not_paid_back(guanxi, files, arguments):
    files["orders"].write_text(ORDERS + "N5,2024-04-21,bo,-1,90.00,-115.00,\n", encoding="utf-8")
    files["campaigns"].write_text("Campaign,Cost\nspring,5\nfair,9\n", encoding="utf-8")
    said = guanxi(*arguments)
    assert "1 paid back by 2024-04-22." in said.out
    assert "• 1 campaign had the cost back once, and returns have taken it below again: fair." in said.out


def test_a_workbook_of_several_sheets_says_what_a_row_should_be(guanxi, files, arguments, tmp_path):
    book = Workbook()
    book.active.append(["Campaign", "Cost"])
    book.active.append(["spring", 1])
    other = book.create_sheet("other")
    other.append(["Campaign", "Cost"])
    other.append(["fair", 2])
    book.save(tmp_path / "campaigns.xlsx")
    place = arguments.index(files["campaigns"])
    said = guanxi(*arguments[:place], tmp_path / "campaigns.xlsx", *arguments[place + 1 :])
    assert said.code == 3
    assert "holds 2 tables, but one is needed, with one row a campaign." in " ".join(said.err.split())
    place = arguments.index(files["won"])
    said = guanxi(*arguments[:place], tmp_path / "campaigns.xlsx", *arguments[place + 1 :])
    assert "holds 2 tables, but one is needed, with one row a customer." in " ".join(said.err.split())
