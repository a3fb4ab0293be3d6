"""What is noted besides orders: whole, consistent with the orders, and in the shape of the canonical tables."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from guanxi.schema import TABLES
from guanxi.simulate import BadOrders, Relations, company

FIRST_CUSTOMER = 100_001


@pytest.fixture(scope="module")
def made():
    return company(customers=1_500, seed=41)


@pytest.fixture(scope="module")
def ledger(made):
    return made.ledger()


@pytest.fixture(scope="module")
def interactions(ledger):
    return pa.Table.from_batches(ledger.interactions())


@pytest.fixture(scope="module")
def treatments(ledger):
    return pa.concat_tables(ledger.treatments())


@pytest.fixture(scope="module")
def responses(ledger):
    return pa.concat_tables(ledger.responses())


def rows(table, **values):
    return [row for row in table.to_pylist() if all(row[name] == value for name, value in values.items())]


@pytest.mark.parametrize("name", ["interactions", "campaigns", "treatments", "responses", "accounts", "holdings"])
def test_columns_are_those_of_the_canonical_table(name, ledger, interactions, treatments, responses):
    made = {"interactions": interactions, "treatments": treatments, "responses": responses}
    table = made[name] if name in made else getattr(ledger, name)()
    assert table.num_rows > 0
    assert set(table.column_names) <= set(TABLES[name].names)
    added_by_the_intake = {"source", "happened_on", "delivery_id", "source_row"}
    required = {column.name for column in TABLES[name].columns if column.required}
    assert required - set(table.column_names) <= added_by_the_intake
    for column in required & set(table.column_names):
        assert table[column].null_count == 0
    key = [each for each in TABLES[name].key if each in table.column_names]
    assert table.select(key).group_by(key).aggregate([]).num_rows == table.num_rows


def test_interactions_are_in_time_order_within_the_books(interactions):
    times = interactions["happened_at"].to_numpy()
    assert (np.diff(times) >= np.timedelta64(0)).all()
    assert times[0] >= np.datetime64("2024-01-01")
    assert times[-1] < np.datetime64("2025-12-31")
    assert interactions["interaction_id"].to_pylist()[:2] == ["I1", "I2"]


def test_each_kind_of_interaction_has_its_channel_direction_and_cost(interactions):
    seen = {(row["kind"], row["direction"], row["channel"]) for row in interactions.to_pylist()}
    written = {"email", "wechat", "sms"}
    assert seen == {
        ("visit", "inbound", "web"), ("complaint", "inbound", "phone"),
        *(("message", "outbound", each) for each in written), *(("opened", "inbound", each) for each in written),
    }  # fmt: skip
    costs = {"email": Decimal("0.01"), "wechat": Decimal("0.02"), "sms": Decimal("0.05")}
    for row in interactions.to_pylist():
        assert row["cost"] == (costs[row["channel"]] if row["kind"] == "message" else None)
        assert (row["duration_seconds"] is None) == (row["kind"] in {"message", "opened"})


def test_visits_and_complaints_take_four_and_seven_minutes_on_average(interactions):
    for kind, mean in (("visit", 240), ("complaint", 420)):
        seconds = np.array([row["duration_seconds"] for row in rows(interactions, kind=kind)])
        assert abs(seconds.mean() - mean) < 4 * mean / len(seconds) ** 0.5 + 1


def test_every_message_and_opening_is_in_both_tables(interactions, treatments, responses):
    sent = {(row["customer_id"], row["happened_at"]) for row in rows(interactions, kind="message")}
    treated = {(row["customer_id"], row["treated_at"]) for row in rows(treatments, is_control=False)}
    assert sent == treated
    opened = {(row["customer_id"], row["happened_at"]) for row in rows(interactions, kind="opened")}
    assert opened == {(row["customer_id"], row["responded_at"]) for row in rows(responses, kind="opened")}


def test_the_control_group_got_nothing(treatments):
    for row in treatments.to_pylist():
        got = [row["channel"], row["treated_at"], row["cost"]]
        assert (row["arm"] == "control") == row["is_control"] == (got == [None, None, None])


def test_a_campaign_costs_what_its_messages_cost(ledger, treatments):
    for campaign in ledger.campaigns().to_pylist():
        costs = [row["cost"] for row in rows(treatments, campaign_id=campaign["campaign_id"]) if row["cost"]]
        assert campaign["cost"] == sum(costs)


def test_the_orders_that_answer_are_in_the_books_with_their_amount(made, responses):
    bought = {}
    for line in pa.Table.from_batches(made.batches()).to_pylist():
        if not line["order_id"].startswith("R"):
            key = (line["customer_id"], line["ordered_at"])
            bought[key] = bought.get(key, 0) + line["quantity"] * line["unit_price"]
    answers = rows(responses, kind="order")
    assert len(answers) > 200
    for row in answers:
        assert bought[row["customer_id"], row["responded_at"]] == row["amount"]


def test_the_truth_of_the_effects_has_a_row_for_every_treatment(ledger, treatments):
    effects = pa.concat_tables(ledger.true_effects())
    keys = ["campaign_id", "customer_id"]
    assert effects.select(keys) == treatments.select(keys)


def test_contracts_are_accounts_and_their_holders(ledger):
    accounts, holdings, contracts = (getattr(ledger, name)() for name in ("accounts", "holdings", "contracts"))
    assert contracts["account_id"] == accounts["account_id"] == holdings["account_id"]
    assert contracts["customer_id"] == holdings["customer_id"]
    truth = {row["account_id"]: row for row in ledger.true_contracts().to_pylist()}
    for row in contracts.to_pylist():
        periods = truth[row["account_id"]]["periods"]
        if row["closed_on"] is not None:
            assert (row["closed_on"] - row["opened_on"]).days == 30 * periods
        assert row["period_price"] == {"REGULAR": Decimal("39.00"), "HIGHEND": Decimal("99.00")}[row["plan"]]


def test_the_truth_names_each_bad_order_by_customer_and_time(made, ledger):
    ordered = {(r["customer_id"], r["ordered_at"]) for r in pa.Table.from_batches(made.batches()).to_pylist()}
    bad = ledger.true_bad_orders().to_pylist()
    assert len(bad) > 300
    assert {(row["customer_id"], row["ordered_at"]) for row in bad} <= ordered
    counts = ledger.true_customers()["bad_orders"].to_numpy()
    assert counts.sum() == len(bad)
    assert all(counts[int(row["customer_id"]) - FIRST_CUSTOMER] > 0 for row in bad)


def test_bad_orders_that_are_sent_back_add_returns_and_move_no_sale(made):
    law = Relations(bad_orders=BadOrders(sent_back=1.0))
    sad = company(customers=1_500, seed=41, relations=law)
    plain, more = (pa.Table.from_batches(each.batches()).to_pylist() for each in (made, sad))

    def split(lines):
        kinds = {True: [], False: []}
        for line in lines:
            kinds[line.pop("order_id").startswith("R")].append(tuple(line.values()))
        return kinds

    plain, more = split(plain), split(more)
    assert plain[False] == more[False]
    back = {(line[1], line[2]) for line in more[True]}
    assert {(line[1], line[2]) for line in plain[True]} < back
    bad = sad.ledger().true_bad_orders()
    returning = {line[1] for line in more[True]}
    recent = [row for row in bad.to_pylist() if row["ordered_at"] < dt.datetime(2025, 11, 30)]
    assert all(row["customer_id"] in returning for row in recent)


def test_books_too_short_for_a_campaign_have_none():
    ledger = company(customers=30, seed=1, days=60).ledger()
    assert ledger.campaigns().num_rows == 0
    assert list(ledger.treatments()) == list(ledger.responses()) == []
    assert ledger.touches > 0


def test_money_is_in_the_currency_of_the_company():
    contracts = company(customers=200, seed=1, currency="JPY").ledger().contracts()
    assert {str(price) for price in contracts["period_price"].to_pylist()} == {"3900", "9900"}
