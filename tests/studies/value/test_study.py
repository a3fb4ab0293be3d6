"""The value study on planted shops: what it says, how it judges itself, what it does with little, and CDNOW."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from data import real_file
from guanxi import mine as job
from guanxi.errors import SettingError
from guanxi.mining.concentration import gini
from guanxi.schema import SCORES
from guanxi.studies import STUDIES, Result
from guanxi.studies.value import report
from guanxi.studies.value.judge import compare_deviances
from guanxi.studies.value.methods import BASELINES
from guanxi.warehouse import Snapshot, Warehouse
from guanxi.words import LANGUAGES, Message
from studies.shops import AT, FIRST, planted, study

Purchase = tuple[str, int, float]


def shop(days: int, *, customers: int = 600, seed: int = 1) -> Iterator[Purchase]:
    """Customers who buy at their own rate, some of them large, until they leave."""
    random = np.random.Generator(np.random.Philox(seed))
    for number in range(customers):
        first, gap, gone = int(random.integers(0, 120)), random.gamma(2.0, 8.0) + 3, random.exponential(120.0)
        mean = 20 * random.lognormal(0, 0.7)
        day = first
        while day < days and day - first < gone:
            yield f"K{number:04}", day, round(float(mean * random.gamma(4.0) / 4 + 1), 2)
            day += max(1, int(random.exponential(gap)))


@pytest.fixture(scope="module")
def whole() -> list[Purchase]:
    return list(shop(360))


@pytest.fixture(scope="module")
def snapshot(whole, tmp_path_factory) -> Snapshot:
    return planted(tmp_path_factory.mktemp("shop"), whole)


AS_OF = FIRST + dt.timedelta(days=300)
HORIZON = 60


@pytest.fixture(scope="module")
def result(snapshot) -> Result:
    return study(snapshot, "value", as_of=AS_OF, horizon_days=HORIZON)


@pytest.fixture(scope="module")
def rows(result) -> list[dict]:
    return result.tables["customers"].to_pylist()


def test_where_customers_leave_silently_the_laws_beat_every_plain_rule(result):
    assert result.judgement.grade == "A"
    assert result.judgement.cutoff == AS_OF - dt.timedelta(days=HORIZON)
    deviance, error, top = result.judgement.comparisons
    assert (deviance.measure, error.measure, top.measure) == (
        "mean_poisson_deviance", "mean_absolute_error", "top_share_found",
    )  # fmt: skip
    assert deviance.gain_low > 0
    assert result.parameters["method"] in {"bg_nbd", "mbg_nbd", "pareto_nbd"}


def test_what_it_said_came(rows, whole):
    """The horizon after the date, which the study has not seen."""
    later = {row["customer_id"]: [0, 0.0] for row in rows}
    days = {(who, day) for who, day, _ in whole if 300 <= day < 360}
    for who, day, amount in whole:
        if 300 <= day < 360:
            later[who][1] += 100 * amount
    for who, _ in days:
        later[who][0] += 1
    orders, amount = np.array([later[row["customer_id"]] for row in rows]).T
    said = {name: np.array([row[name] for row in rows]) for name in rows[0] if name.startswith("expected")}
    # They leave by the calendar, which is not quite what the laws believe.
    assert said["expected_orders"].sum() == pytest.approx(orders.sum(), rel=0.2)
    first: dict[str, int] = {}
    for who, day, _ in whole:
        first.setdefault(who, day)
    shares = np.array([HORIZON / max(300 - first[row["customer_id"]], HORIZON) for row in rows])
    rate = np.array([row["amount"] for row in rows]) * shares
    assert compare_deviances(amount, said["expected_amount"], rate).gain_low > 0
    for name, came in (("expected_orders", orders), ("expected_amount", amount)):
        covered = np.mean((said[f"{name}_low"] <= came) & (came <= said[f"{name}_high"]))
        assert covered > 0.8, name


def test_customers_long_silent_are_expected_to_bring_little(rows):
    silent = [row["expected_amount"] for row in rows if row["days_since_last_order"] > 150]
    lately = [row["expected_amount"] for row in rows if row["days_since_last_order"] < 15]
    assert min(len(silent), len(lately)) > 50
    assert np.mean(silent) < 0.03 * np.mean(lately)


def test_the_next_order_is_a_day_of_the_horizon_or_is_not_told(rows):
    told = [row for row in rows if row["next_order_on"] is not None]
    assert len(told) > 50
    for row in told:
        assert AS_OF <= row["next_order_on"] < AS_OF + dt.timedelta(days=HORIZON)
        assert row["p_alive"] >= 0.1
    assert all(row["next_order_on"] is None for row in rows if row["p_alive"] < 0.1)


def test_reasons_add_up_to_the_amount_but_for_one_number_that_all_share(rows):
    shared = [
        np.log(row["expected_amount"]) - sum(each["effect"] for each in row["reasons"])
        for row in rows
        if row["p_alive"] > 1e-6
    ]
    assert np.ptp(shared) < 1e-6
    for row in rows:
        strengths = [abs(each["effect"]) for each in row["reasons"]]
        assert strengths == sorted(strengths, reverse=True)
        values = {each["code"].removeprefix("value.reason_"): each["value"] for each in row["reasons"]}
        assert values["silence"] == row["days_since_last_order"]
        assert values["order_amount"] == pytest.approx(row["amount"] / row["orders"])


def test_scores_are_those_of_the_customers_with_their_intervals(result, rows):
    assert result.scores.schema.equals(SCORES.arrow)
    scores = {(row["customer_id"], row["score"]): row for row in result.scores.to_pylist()}
    assert {score for _, score in scores} == {
        "p_alive", "expected_orders", "expected_amount", "next_order_on", "next_order_amount",
        "lifetime_value",
    }  # fmt: skip
    for row in rows:
        mine = scores[row["customer_id"], "expected_amount"]
        ends = (row["expected_amount"], row["expected_amount_low"], row["expected_amount_high"], row["reasons"])
        assert (mine["value"], mine["low"], mine["high"], mine["reasons"]) == ends
        days = scores.get((row["customer_id"], "next_order_on"))
        assert (days is None) == (row["next_order_on"] is None)
        if days is not None:
            assert row["next_order_on"] == AS_OF + dt.timedelta(days=int(days["value"]))
            assert days["low"] <= days["value"]


def test_the_lifetime_value_is_of_three_years_discounted_and_its_rate_is_stated(result, rows, snapshot):
    assert (result.parameters["lifetime_days"], result.parameters["annual_discount_rate"]) == (1095, 0.1)
    for row in rows:
        assert row["lifetime_value"] > row["expected_amount"]
        assert 0 <= row["lifetime_value_low"] <= row["lifetime_value_high"]
    dearer = study(snapshot, "value", as_of=AS_OF, horizon_days=HORIZON, annual_discount_rate=0.5)
    now = np.array([row["lifetime_value"] for row in rows])
    less = dearer.tables["customers"]["lifetime_value"].to_numpy()
    assert (less < now).all()
    assert (less > now * 1.1**3 / 1.5**3).all()
    with pytest.raises(SettingError):
        study(snapshot, "value", annual_discount_rate=-0.1)


def test_the_report_tells_what_all_lifetimes_are_worth(result, rows):
    (section,) = result.sections
    total = round(sum(row["lifetime_value"] for row in rows))
    (note,) = (each for each in section.notes if each.code == "value.note_lifetime")
    assert note.parameters["value"].minor == pytest.approx(total, abs=1)
    assert "3 years" in note.say("en")
    assert "discounted by 10" in note.say("en")
    assert "终身价值" in note.say("zh")
    assert "lifetime_value" in [column.key for column in section.tables[0].columns]


def test_the_list_is_of_the_most_expected_first_and_says_why(result):
    (section,) = result.sections
    top = section.tables[0]
    assert len(top.rows) == report.TOP_ROWS
    amounts = [row[1] for row in top.rows]
    assert amounts == sorted(amounts, reverse=True)
    assert all(row[-1].say("en") != "–" for row in top.rows)


def test_advice_says_who_makes_half_and_what_that_is_worth(result, rows):
    keep = result.advice[0]
    amounts = sorted((row["expected_amount"] for row in rows), reverse=True)
    assert sum(amounts[: keep.customers]) >= sum(amounts) / 2 > sum(amounts[: keep.customers - 1])
    assert keep.amount.minor == pytest.approx(sum(amounts[: keep.customers]), abs=1)


def test_every_figure_and_sentence_is_told_in_both_languages(result):
    (section,) = result.sections
    assert [figure.id for figure in section.figures] == ["value-distribution", "value-alive", "value-calibration"]
    told = [*section.intro, *section.notes, *(figure.finding for figure in section.figures)]
    told += [message for advice in result.advice for message in (advice.title, advice.text)]
    told += [
        cell
        for table in section.tables
        for row in [*table.rows, *([table.total] if table.total else [])]
        for cell in row
    ]
    for message in told:
        if isinstance(message, Message):
            assert all(message.say(language) for language in LANGUAGES)


def test_changing_the_future_changes_nothing(whole, tmp_path):
    known = [each for each in whole if each[1] < 300]
    wild = [*known, *((who, day, 1e6) for who, day, _ in whole if day >= 300)]
    found = []
    for name, purchases in (("known", known), ("wild", wild)):
        (tmp_path / name).mkdir()
        found.append(study(planted(tmp_path / name, purchases), "value", as_of=AS_OF, horizon_days=HORIZON))
    assert found[0].judgement == found[1].judgement
    assert found[0].tables["customers"] == found[1].tables["customers"]


def test_where_everybody_goes_on_at_his_own_rate_a_plain_rule_is_published(tmp_path):
    clockwork = [
        (f"{name}{number:03}", day, amount)
        for name, every, amount in (("A", 5, 20.0), ("B", 15, 400.0), ("C", 30, 3.0))
        for number in range(60)
        for day in range(number % every, 180, every)
    ]
    result = study(planted(tmp_path, clockwork), "value", horizon_days=30)
    assert (result.judgement.grade, result.parameters["method"]) == ("C", "last_period")
    found = {row["customer_id"]: row for row in result.tables["customers"].to_pylist()}
    b = found["B000"]
    assert (b["expected_orders"], b["expected_amount"]) == (2.0, 80_000.0)
    # What always came is what the interval says.
    assert (b["expected_orders_low"], b["expected_orders_high"]) == (2.0, 2.0)
    assert (b["expected_amount_low"], b["expected_amount_high"]) == (80_000.0, 80_000.0)
    assert {each["code"] for each in b["reasons"]} == {"value.reason_recent_orders", "value.reason_order_amount"}


def test_where_all_are_alike_the_mean_is_published_and_ranks_nobody(tmp_path):
    random = np.random.Generator(np.random.Philox(1))
    alike = [
        (f"K{number:03}", int(day), 20.0)
        for number in range(300)
        for day in [0, *np.flatnonzero(random.random(179) < 0.02) + 1]
    ]
    result = study(planted(tmp_path, alike), "value", horizon_days=60)
    assert (result.judgement.grade, result.parameters["method"]) == ("C", "mean")
    deviance = {name: measures(result, name)["amount_deviance"] for name in BASELINES}
    assert min(deviance, key=deviance.get) == "mean"
    last = max(day for _, day, _ in alike)
    came = sum(2000 for _, day, _ in alike if day > last - 60) / 300
    for row in result.tables["customers"].to_pylist():
        assert row["expected_amount"] == pytest.approx(came)
        assert [each["effect"] for each in row["reasons"]] == [0.0, 0.0]
    assert "mean of all customers" in result.judgement.explained.say("en")
    assert "全体客户的平均" in result.judgement.explained.say("zh")
    (section,) = result.sections
    assert "value.top" not in [table.title.code for table in section.tables]
    assert "value.do_keep" not in [each.title.code for each in result.advice]


def test_too_few_customers_are_given_their_past_rate_and_no_interval(tmp_path):
    result = study(planted(tmp_path, shop(300, customers=90)), "value", horizon_days=60)
    assert (result.judgement.grade, result.judgement.comparisons) == ("D", ())
    assert result.parameters == {
        "horizon_days": 60, "lifetime_days": 1095, "annual_discount_rate": 0.1, "method": "past_rate", "law": None,
        "chosen_by": "likelihood", "coverage": 0.8,
    }  # fmt: skip
    (missing,) = result.missing
    assert (missing.code, missing.parameters["customers"]) == ("value.missing_customers", 90)
    for row in result.tables["customers"].to_pylist():
        assert row["expected_amount"] > 0
        empty = ("p_alive", "next_order_on", "expected_orders_low", "expected_amount_high")
        assert [row[name] for name in empty] == [None] * 4
        assert row["next_order_amount"] == pytest.approx(row["amount"] / row["orders"])
    assert result.tables["parameters"].num_rows == 0


def test_too_short_a_history_is_not_judged_but_tells_who_is_still_there(tmp_path):
    result = study(planted(tmp_path, shop(110)), "value", horizon_days=60)
    assert result.judgement.grade == "D"
    assert result.missing[0].as_data() == {
        "code": "value.missing_history", "first": FIRST.isoformat(), "days": 60, "least": 120,
    }  # fmt: skip
    assert result.tables["customers"]["p_alive"].null_count == 0
    assert "comparison" not in result.tables


def test_where_costs_are_known_the_margin_of_what_is_expected_is_told(whole, tmp_path):
    path = tmp_path / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Order No", "Order Date", "Customer ID", "Amount", "Cost"])
        for number, (who, day, amount) in enumerate(whole):
            # Of every second line the cost is known: three fifths of its amount.
            cost = f"{0.6 * amount:.2f}" if number % 2 else ""
            writer.writerow([f"N{number}", FIRST + dt.timedelta(days=day), who, f"{amount:.2f}", cost])
    job.import_files([path], tmp_path / "warehouse", at=AT, currency="EUR")
    with Warehouse.open(tmp_path / "warehouse") as warehouse:
        result = study(warehouse.snapshot(), "value", as_of=AS_OF, horizon_days=HORIZON)
    (note,) = (each for each in result.sections[0].notes if each.code == "value.note_margin")
    assert note.parameters["rate"] == pytest.approx(0.4, abs=0.001)
    assert note.parameters["known"] == pytest.approx(0.5, abs=0.05)
    expected = sum(row["expected_amount"] for row in result.tables["customers"].to_pylist())
    assert note.parameters["margin"].minor == pytest.approx(0.4 * expected, rel=0.003)


def test_how_unevenly_money_is_spread_is_told_and_no_margin_where_no_cost_is_known(result, rows):
    notes = {each.code: each.parameters for each in result.sections[0].notes}
    assert "value.note_margin" not in notes
    spread = notes["value.note_spread"]
    amounts = np.array([row["amount"] for row in rows], dtype=float)
    assert spread["gini"] == gini(amounts).value
    best = np.sort(amounts)[::-1][: round(0.2 * len(amounts))]
    assert spread["share"] == pytest.approx(best.sum() / amounts.sum(), abs=0.01)


def test_one_order_is_enough_to_run(tmp_path):
    result = study(planted(tmp_path, [("only", 0, 5.0)]), "value")
    (row,) = result.tables["customers"].to_pylist()
    assert (row["expected_orders"], row["expected_amount"]) == (1.0, 500.0)
    for language in LANGUAGES:
        assert result.judgement.explained.say(language)


def test_who_never_bought_is_there_with_nothing_said_of_him(tmp_path):
    result = study(planted(tmp_path, [("x", 0, -5.0), ("y", 3, 20.0)]), "value")
    rows = {row["customer_id"]: row for row in result.tables["customers"].to_pylist()}
    assert all(value is None for name, value in rows["x"].items() if name != "customer_id")
    assert rows["y"]["expected_amount"] == 2000.0
    assert set(result.scores["customer_id"].to_pylist()) == {"y"}


def test_a_shop_that_has_only_returns_is_told_nothing(tmp_path):
    result = study(planted(tmp_path, [("x", 0, -5.0)]), "value")
    assert (result.scores.num_rows, result.sections, result.advice) == (0, [], [])
    assert result.judgement.grade == "D"


def test_several_orders_of_one_day_are_one_purchase(tmp_path):
    result = study(planted(tmp_path, [("a", 0, 5.0), ("a", 0, 7.0), ("a", 40, 8.0)]), "value", horizon_days=41)
    (row,) = result.tables["customers"].to_pylist()
    assert (row["orders"], row["expected_orders"], row["expected_amount"]) == (2, 2.0, 2000.0)


def test_the_value_study_stands_before_who_reads_it():
    names = list(STUDIES)
    for name, each in STUDIES.items():
        assert all(names.index(read) < names.index(name) for read in each.reads)
    assert STUDIES["segments"].reads == ("value",)


# The CDNOW customers of the books: 39 weeks to learn from, 39 weeks held out.


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory) -> Result:
    folder = tmp_path_factory.mktemp("cdnow")
    with real_file("cdnow/cdnow_sample.csv").open(encoding="utf-8") as file:
        orders = list(csv.DictReader(file))
    start = dt.date.fromisoformat(orders[0]["date"])
    purchases = [
        (row["customer_id"], (dt.date.fromisoformat(row["date"]) - start).days, float(row["dollar_value"]))
        for row in orders
    ]
    # Told as days from another first day; nothing depends on which.
    return study(planted(folder, purchases), "value", as_of=FIRST + dt.timedelta(days=546), horizon_days=273)


def measures(result: Result, method: str) -> dict[str, float]:
    table = result.tables["comparison"].to_pylist()
    return {row["measure"]: row["value"] for row in table if row["method"] == method}


def test_on_cdnow_the_held_out_39_weeks_are_foretold_no_worse_than_by_the_published_model(cdnow):
    """BG/NBD of the package lifetimes: mean absolute error .7855, root mean squared error 1.608, total 1,653."""
    assert cdnow.judgement.grade == "A"
    found = measures(cdnow, cdnow.parameters["method"])
    assert found["orders_mean_absolute_error"] <= 0.7855
    assert found["orders_root_mean_squared_error"] <= 1.615
    plain = measures(cdnow, "past_rate")
    assert found["orders_mean_absolute_error"] < 0.5 * plain["orders_mean_absolute_error"]
    assert found["top_tenth_found"] > plain["top_tenth_found"]


def test_on_cdnow_every_customer_who_paid_is_asked(cdnow):
    # 8 of the 2,357 only ever got something for free.
    deciles: pa.Table = cdnow.tables["calibration"]
    assert sum(deciles["customers"].to_pylist()) == 2349
