"""Campaigns of a shop small enough to be worked out by hand, and those of a simulated company."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from guanxi import mine as job
from guanxi import simulate
from guanxi.errors import DataError, SettingError
from guanxi.mine.acquisition import Named, acquisition_files
from guanxi.report.page import render
from guanxi.studies.acquisition import Acquisition, acquisition
from guanxi.studies.acquisition.report import document_of
from guanxi.warehouse import DuckDB, Warehouse
from guanxi.words import LANGUAGES
from studies.shops import AT

HEAD = ("Order No", "Order Date", "Customer ID", "SKU", "Quantity", "Unit Price", "Amount", "Cost")
LINES = [
    ("N1", "2024-03-01", "ada", "tea", 2, "10.00", "20.00", "12.00"),
    ("N2", "2024-03-04", "bo", "cup", 1, "30.00", "30.00", ""),
    ("N3", "2024-03-11", "ada", "tea", 1, "10.00", "10.00", "6.00"),
    # On the day after, half of it comes back.
    ("N4", "2024-03-12", "ada", "tea", -1, "10.00", "-10.00", "-6.00"),
    ("N5", "2024-04-01", "cy", "bag", 1, "50.00", "50.00", ""),
    ("N6", "2024-04-03", "di", "bag", 1, "40.00", "40.00", ""),
    ("N7", "2024-04-05", "somebody else", "bag", 1, "99.00", "99.00", ""),
]
PRODUCTS = [
    ("SKU", "Product Name", "Cost Price"), ("tea", "Green tea", "6"), ("cup", "Cup", "12.50"), ("pot", "Pot", "30"),
]  # fmt: skip
AS_OF = dt.date(2024, 4, 15)
CAMPAIGNS = {"spring": 800, "fair": 3000, "gift": 0, "empty": 550}
WON = {"ada": "spring", "ghost": "spring", "bo": "fair", "cy": "fair", "di": "gift"}
Ask = Callable[..., Acquisition]


def tables(won: dict[str, str], on: dict[str, dt.date], costs: dict[str, int]) -> tuple[pa.Table, pa.Table]:
    acquired = pa.table({
        "customer_id": sorted(won), "campaign_id": [won[name] for name in sorted(won)],
        "won_on": pa.array([on.get(name) for name in sorted(won)], pa.date32()),
    })  # fmt: skip
    return pa.table({"campaign_id": list(costs), "cost": list(costs.values())}), acquired


def write(path: Path, rows: Iterable[tuple]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture(scope="module")
def ask(tmp_path_factory) -> Ask:
    """Asks the study about a shop with these and perhaps more lines."""

    def asked(
        *more: tuple,
        won: dict[str, str] = WON,
        on: dict[str, dt.date] | None = None,
        costs: dict[str, int] = CAMPAIGNS,
        **options: object,
    ) -> Acquisition:
        folder = tmp_path_factory.mktemp("shop")
        orders = write(folder / "orders.csv", [HEAD, *LINES, *more])
        products = write(folder / "products.csv", PRODUCTS)
        job.import_files([orders, products], folder / "warehouse", at=AT, currency="EUR")
        with Warehouse.open(folder / "warehouse") as warehouse, DuckDB().bind(warehouse.snapshot()) as session:
            return acquisition(
                session, *tables(won, on or {}, costs), **{"as_of": AS_OF, "margin_rate": 0.3, **options}
            )

    return asked


@pytest.fixture(scope="module")
def found(ask) -> Acquisition:
    return ask()


def by_campaign(found: Acquisition) -> dict[str, dict]:
    return {row["campaign_id"]: row for row in found.campaigns.to_pylist()}


def missing(found: Acquisition) -> dict[str, object]:
    return {
        each.code.removeprefix("acquisition.missing_"): each.parameters.get("values", each.parameters["rows"])
        for each in found.missing
    }


def test_margin_is_by_the_cost_of_the_line_else_of_the_product_else_at_the_rate(found):
    rows = by_campaign(found)
    # ada: 20 − 12, 10 − 6, and the return takes 10 − 6 back.
    assert (rows["spring"]["net_amount"], rows["spring"]["margin"]) == (2000, 800.0)
    # bo: a cup for 30 that costs 12.50; cy: a bag for 50 of unknown cost, of which 3 in 10 are earned.
    assert (rows["fair"]["net_amount"], rows["fair"]["margin"]) == (8000, 1750.0 + 1500.0)
    # Of what was sold to those who were won, before returns: 30 and 30 of 30 + 80 + 40.
    assert found.known_share == 6000 / 15000


@pytest.mark.parametrize(("quantity", "cost"), [(1, ""), (-1, ""), (1, "30.00"), (-1, "30.00"), (-1, "-30.00")])
def test_a_return_takes_its_margin_back_whether_or_not_the_file_repeats_the_minus(ask, quantity, cost):
    """Sold at 50 with a cost of 30, of the product or of the line, and sent back."""
    found = ask(
        ("N8", "2024-04-06", "eve", "pot", 1, "50.00", "50.00", cost.removeprefix("-")),
        ("N9", "2024-04-06", "fay", "pot", 1, "50.00", "50.00", cost.removeprefix("-")),
        ("N10", "2024-04-08", "fay", "pot", quantity, "50.00", "-50.00", cost),
        won={"eve": "spring", "fay": "fair"},
    )
    assert (by_campaign(found)["spring"]["margin"], by_campaign(found)["fair"]["margin"]) == (2000.0, 0.0)
    assert [row["margin"] for row in found.curve.to_pylist()] == [2000.0, 2000.0, 0.0]


def test_a_discount_takes_off_all_of_its_amount_and_postage_earns_the_rate(ask):
    pot = ("N8", "2024-04-06", "eve", "pot", 1, "50.00", "50.00", "")
    discount = ("N8", "2024-04-06", "eve", "Discount", 1, "-10.00", "-10.00", "")
    postage = ("N8", "2024-04-06", "eve", "POST", 1, "5.00", "5.00", "")
    margins = [
        by_campaign(ask(*lines, won={"eve": "spring"}))["spring"]["margin"]
        for lines in ([pot], [pot, discount], [pot, postage])
    ]
    assert margins == [2000.0, 1000.0, 2150.0]


def test_the_share_of_known_cost_is_of_what_was_sold(ask):
    pot = ("N8", "2024-04-06", "eve", "pot", 1, "50.00", "50.00", "")
    bag = ("N9", "2024-04-06", "eve", "bag", 1, "50.00", "50.00", "")
    back = ("N10", "2024-04-07", "eve", "bag", -1, "50.00", "-50.00", "")
    assert ask(pot, bag, back, won={"eve": "spring"}).known_share == 0.5
    assert ask(back, won={"eve": "spring"}, on={"eve": dt.date(2024, 4, 1)}).known_share is None


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, []),
        (0.0, ["No cost of goods is known"]),
        (0.0004, ["No cost of goods is known"]),
        (0.001, ["The cost of goods is known for 0.1% of what was sold"]),
        (0.999, ["The cost of goods is known for 99.9% of what was sold"]),
        (0.9996, ["The cost of all goods that were sold is known"]),
        (1.0, ["The cost of all goods that were sold is known"]),
    ],
)
def test_the_sentence_about_costs_is_that_of_the_share_as_it_is_shown(found, share, told):
    notes = document_of(replace(found, known_share=share), file="c.csv").sections[0].notes
    assert [
        note.say("en")[: len(told[0])] for note in notes if note.code not in {m.code for m in found.missing}
    ] == told


def test_a_margin_that_makes_up_the_cost_to_the_cent_is_paid_back_in_table_and_curve(ask):
    bag = ("N8", "2024-04-06", "eve", "bag", 1, "1.00", "1.00", "")
    found = ask(bag, won={"eve": "cent"}, costs={"cent": 29}, margin_rate=0.29)
    assert by_campaign(found)["cent"]["payback_days"] == 0
    assert [row["share_of_cost"] for row in found.curve.to_pylist()] == [1.0]
    assert (found.paid_back, found.fallen) == (1, None)


def test_what_fell_below_its_cost_again_is_named_and_not_paid_back(ask):
    back = ("N8", "2024-04-13", "ada", "tea", -1, "10.00", "-10.00", "-6.00")
    found = ask(back)
    assert (by_campaign(found)["spring"]["payback_days"], by_campaign(found)["spring"]["margin"]) == (0, 400.0)
    assert found.paid_back == 2
    assert found.fallen.say("en") == (
        "1 campaign had the cost back once, and returns have taken it below again: spring. "
        "This does not count as paid back."
    )
    page = render(document_of(found, file="c.csv"), "zh")
    assert "4 个中 2 个已收回费用" in page
    assert "有 1 个营销活动曾收回费用，后因退货又低于费用：spring。不计为已收回。" in page


def test_what_cost_nothing_is_paid_back_on_day_0(ask):
    found = ask(won={"di": "gift"}, on={"di": dt.date(2024, 3, 20)})
    assert by_campaign(found)["gift"]["payback_days"] == 0
    assert by_campaign(ask(won={"cy": "fair"}))["gift"]["payback_days"] == 0


def test_each_campaign_has_its_cost_a_customer_its_return_and_the_day_on_which_it_was_back(found):
    assert by_campaign(found)["spring"] == {
        "campaign_id": "spring", "customers": 2, "buyers": 1, "cost": 800, "cost_per_customer": 400.0,
        "net_amount": 2000, "margin": 800.0, "return_rate": 0.0, "payback_days": 0, "followed_days": 45,
    }  # fmt: skip
    # Both bought on their day 0.
    assert by_campaign(found)["fair"] == {
        "campaign_id": "fair", "customers": 2, "buyers": 2, "cost": 3000, "cost_per_customer": 1500.0,
        "net_amount": 8000, "margin": 3250.0, "return_rate": 250 / 3000, "payback_days": 0, "followed_days": 42,
    }  # fmt: skip
    assert by_campaign(found)["gift"]["return_rate"] is None
    assert by_campaign(found)["empty"] == {
        "campaign_id": "empty", "customers": 0, "buyers": 0, "cost": 550, "cost_per_customer": None, "net_amount": 0,
        "margin": 0.0, "return_rate": -1.0, "payback_days": None, "followed_days": None,
    }  # fmt: skip


def test_the_curve_is_cumulative_and_a_return_lowers_it(found):
    rows = [row for row in found.curve.to_pylist() if row["campaign_id"] == "spring"]
    assert [(row["day"], row["margin"], row["share_of_cost"]) for row in rows] == [
        (0, 800.0, 1.0), (10, 1200.0, 1.5), (11, 800.0, 1.0),
    ]  # fmt: skip
    assert [row["share_of_cost"] for row in found.curve.to_pylist() if row["campaign_id"] == "gift"] == [None]


def test_days_count_from_the_date_on_which_he_was_won_and_what_was_before_does_not_count(ask):
    on = {"ada": dt.date(2024, 3, 2), "bo": dt.date(2024, 2, 28)}
    found = ask(on=on)
    rows = by_campaign(found)
    # The first 8 of ada are gone, and the rest came back; bo's 17.50 came on day 5, cy's 15 on his first day.
    assert (rows["spring"]["margin"], rows["spring"]["payback_days"], rows["spring"]["followed_days"]) == (
        0.0,
        None,
        44,
    )
    assert (rows["fair"]["payback_days"], rows["fair"]["followed_days"]) == (5, 47)
    assert missing(found) == {"unknown": ["ghost"], "earlier": ["ada"], "customers": ["empty"]}


def test_without_any_cost_and_rate_the_margin_is_the_revenue(ask):
    found = ask(won={"cy": "fair"}, margin_rate=1.0)
    assert by_campaign(found)["fair"]["margin"] == 5000.0
    assert found.known_share == 0.0


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        ("cy", "No cost of goods is known: 30.0% of what was sold counts as margin."),
        ("bo", "The cost of all goods that were sold is known"),
        ("both", "The cost of goods is known for 37.5% of what was sold; of the rest 30.0% counts as margin"),
    ],
)
def test_the_report_says_what_its_margin_is_of(ask, customer, told):
    found = ask(won=dict.fromkeys(["bo", "cy"] if customer == "both" else [customer], "fair"))
    assert document_of(found, file="c.csv").sections[0].notes[0].say("en").startswith(told)


def test_changing_the_future_changes_nothing(ask):
    late = {**WON, "eve": "fair", "fay": "later"}
    costs = {**CAMPAIGNS, "later": 100}
    first, second = (
        ask(*lines, won=late, costs=costs)
        for lines in (
            [
                ("N8", "2024-04-15", "eve", "bag", 1, "5.00", "5.00", ""),
                ("N9", "2024-04-16", "fay", "bag", 1, "5.00", "5.00", ""),
            ],
            [
                ("N8", "2024-04-20", "eve", "bag", 1, "500.00", "500.00", "1.00"),
                ("N9", "2024-05-16", "fay", "cup", 7, "1.00", "7.00", ""),
                ("N10", "2024-04-15", "ada", "bag", 1, "500.00", "500.00", "1.00"),
                ("N11", "2024-05-01", "bo", "cup", -1, "30.00", "-30.00", ""),
            ],
        )
    )
    assert by_campaign(first)["fair"]["customers"] == 2
    assert second.campaigns.equals(first.campaigns)
    assert second.curve.equals(first.curve)
    assert (second.missing, second.known_share) == (first.missing, first.known_share)
    assert missing(first) == {
        "unknown": ["ghost"], "customers": ["empty"], "not_yet": 2, "not_begun": ["later"],
    }  # fmt: skip


def test_who_has_first_bought_later_is_not_won_yet_and_not_unknown(ask):
    later = ("N8", "2024-04-15", "eve", "bag", 1, "5.00", "5.00", "")
    found = ask(later, won={**WON, "eve": "spring"})
    assert by_campaign(found)["spring"]["customers"] == 2
    assert missing(found) == {"unknown": ["ghost"], "customers": ["empty"], "not_yet": 1}
    # Who was won before, on a date that was said, has not bought since.
    found = ask(later, won={**WON, "eve": "spring"}, on={"eve": dt.date(2024, 4, 1)})
    assert by_campaign(found)["spring"]["customers"] == 3
    assert missing(found) == {"unknown": ["ghost"], "bought": ["eve"], "customers": ["empty"]}


def test_a_campaign_all_of_whose_customers_were_won_later_is_left_out_and_named(ask):
    found = ask(on={"di": AS_OF, "bo": AS_OF})
    assert list(by_campaign(found)) == ["spring", "fair", "empty"]
    assert missing(found) == {"unknown": ["ghost"], "customers": ["empty"], "not_yet": 2, "not_begun": ["gift"]}
    assert found.missing[-1].say("en").startswith("1 campaign is left out, because all whom they won")
    document = document_of(found, file="c.csv")
    assert document.sections[0].tables[0].total[3] == 800 + 3000 + 550
    assert document.facts[0].value == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_every_campaign_is_yet_to_come_nothing_is_told_but_that(ask, language):
    found = ask(won={"di": "gift"}, on={"di": AS_OF}, costs={"gift": 900})
    assert (found.campaigns.num_rows, found.curve.num_rows, found.known_share) == (0, 0, None)
    assert missing(found) == {"not_yet": 1, "not_begun": ["gift"]}
    assert "gift" in render(document_of(found, file="c.csv"), language)


def test_by_default_everything_is_known_up_to_the_day_after_the_last_order(ask):
    found = ask(as_of=None)
    assert found.as_of == dt.date(2024, 4, 6)
    assert by_campaign(found)["spring"]["followed_days"] == 36


def test_who_was_won_later_is_not_known_yet(ask):
    found = ask(on={"bo": AS_OF, "ghost": dt.date(2025, 1, 1)})
    assert by_campaign(found)["fair"]["customers"] == 1
    assert by_campaign(found)["spring"]["customers"] == 1
    assert missing(found) == {"customers": ["empty"], "not_yet": 2}


def test_who_never_bought_counts_as_won_and_is_named_apart_from_who_is_unknown(ask):
    found = ask(("N8", "2024-04-06", "eve", "tea", -1, "10.00", "-10.00", "-6.00"), won={**WON, "eve": "gift"})
    assert (by_campaign(found)["gift"]["customers"], by_campaign(found)["gift"]["buyers"]) == (2, 1)
    # What she sent back was bought at a time that nobody knows.
    assert by_campaign(found)["gift"]["net_amount"] == 4000
    assert missing(found) == {"unknown": ["ghost"], "bought": ["eve"], "customers": ["empty"]}


def test_a_date_before_all_orders_and_a_rate_of_nothing_are_refused(ask):
    with pytest.raises(DataError) as raised:
        ask(as_of=dt.date(2024, 3, 1))
    assert raised.value.code == "errors.nothing_before"
    with pytest.raises(SettingError):
        ask(margin_rate=0.0)


def test_every_row_of_the_order_file_is_accounted_for(found):
    assert (found.account.delivered, found.account.used) == (7, 7)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_the_curve_the_campaigns_and_what_is_missing(found, language):
    document = document_of(found, file="campaigns.csv")
    (section,) = document.sections
    (figure,) = section.figures
    spring, fair, back = figure.chart.option["series"]
    assert (spring["name"], spring["data"][:2], spring["data"][10:12]) == ("spring", [1.0, 1.0], [1.5, 1.0])
    assert (fair["name"], fair["data"][41:45]) == ("fair", [3250 / 3000, None, None, None])
    assert back["data"] == [1.0] * 45
    (table,) = section.tables
    assert [row[0] for row in table.rows] == ["spring", "fair", "gift", "empty"]
    assert table.total[1:] == (5, 4, 4350, 870.0, 14000, 5250.0, 900 / 4350, None, None)
    page = render(document, language)
    told = {
        "en": ("3 of 4 paid back", "1 campaign won nobody: empty."),
        "zh": ("4 个中 3 个已收回费用", "有 1 个营销活动没有获得客户：empty。"),
    }
    assert all(each in page for each in told[language])


def test_without_anybody_seen_there_is_no_curve(ask):
    found = ask(won={"ghost": "spring"})
    assert document_of(found, file="c.csv").sections[0].figures == []
    assert found.known_share is None


# A simulated company: whom its campaigns reached first, and who then ordered.


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("company")
    return simulate.company(customers=400, seed=3, days=400).write(folder, format="csv")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_on_a_simulated_company_each_campaign_has_what_its_books_say(company, tmp_path):
    sent = {(row["Campaign No"], row["Customer ID"]): row for row in rows_of(company["treatments"])}
    won: dict[str, tuple[str, dt.date]] = {}
    for row in rows_of(company["responses"]):
        treated = sent[row["Campaign No"], row["Customer ID"]]
        if row["Kind"] == "order" and treated["Control Group"] == "false":
            won.setdefault(row["Customer ID"], (row["Campaign No"], dt.date.fromisoformat(treated["Sent"][:10])))
    named = write(tmp_path / "won.csv", [("Customer ID", "Campaign No", "Won on"),
                                         *((who, *what) for who, what in won.items())])  # fmt: skip
    found, _ = acquisition_files(
        [company["orders"], company["products"]], Named(company["campaigns"], named), at=AT, currency="CNY"
    )
    # Once more from the files, line by line.
    cost_of = {row["Product Code"]: Decimal(row["Unit Cost"]) for row in rows_of(company["products"])}
    margin: dict[str, Decimal] = {}
    by_day: dict[str, dict[int, Decimal]] = {}
    for row in rows_of(company["orders"]):
        campaign, on = won.get(row["Customer ID"], (None, dt.date.max))
        day = (dt.date.fromisoformat(row["Order Time"][:10]) - on).days
        if campaign and day >= 0:
            earned = Decimal(row["Quantity"]) * (Decimal(row["Unit Price"]) - cost_of[row["Product Code"]])
            margin[campaign] = margin.get(campaign, Decimal(0)) + earned
            days = by_day.setdefault(campaign, {})
            days[day] = days.get(day, Decimal(0)) + earned
    assert len(margin) > 3
    costs = {row["Campaign No"]: Decimal(row["Cost"]) for row in rows_of(company["campaigns"])}
    for campaign, row in by_campaign(found).items():
        assert row["cost"] == 100 * costs[campaign]
        assert row["customers"] == row["buyers"] == sum(each == campaign for each, _ in won.values())
        assert Decimal(row["margin"]) == 100 * margin[campaign]
        total, back = Decimal(0), None
        for day in sorted(by_day[campaign]):
            total += by_day[campaign][day]
            if back is None and total >= costs[campaign]:
                back = day
        assert row["payback_days"] == back
    assert found.known_share == 1.0
