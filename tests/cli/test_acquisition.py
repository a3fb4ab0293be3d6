"""The command that tells what winning customers costs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

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
        ("won", WON, ("--margin-rate", 0), 2, "above zero"),
        ("won", WON, ("--as-of", "2024-03-01"), 3, "2024-03-01"),
    ],
)
def test_what_is_wrong_is_told_and_leaves_nothing(guanxi, files, arguments, tmp_path, file, text, options, code, told):
    files[file].write_text(text, encoding="utf-8")
    said = guanxi(*arguments, *options)
    assert said.code == code
    assert told in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()
