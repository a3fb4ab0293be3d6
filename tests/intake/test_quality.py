"""The five measures of a delivered file, what breaks them, and how they changed."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from guanxi import words
from guanxi.intake import clean
from guanxi.intake.load import load, parsed_path
from guanxi.intake.quality import MEASURES, assess, compare
from guanxi.intake.quality.rules import RULES
from guanxi.intake.quality.timeliness import silent_runs
from guanxi.intake.staged import Unread
from guanxi.progress import Progress
from guanxi.warehouse import publication
from guanxi.words import LANGUAGES
from intake.staging import AT, REAL_SHOP, RECEIVED_ON, Shop, database, mapping, real_shop, staged

COLUMNS = "order customer sku name day qty price land"
ROLES = {
    "order_id": "order", "customer_id": "customer", "product_id": "sku", "description": "name", "ordered_at": "day",
    "quantity": "qty", "unit_price": "price", "country": "land",
}  # fmt: skip
MAPPING = mapping(**ROLES)


def line(**cells):
    good = {
        "order": "1001", "customer": "7", "sku": "A1", "name": "Blue cup", "day": "2024-06-30 10:00", "qty": "2",
        "price": "3.50", "land": "Germany",
    }  # fmt: skip
    return tuple({**good, **cells}.values())


def judged(folder, *lines, columns=COLUMNS, how=MAPPING, unread=(), received_on=RECEIVED_ON, confidence=None):
    file = staged(folder, columns, lines, unread=unread)
    return assess(
        database(folder), file, how, timezone="UTC", currency="EUR", received_on=received_on, confidence=confidence
    )


def found(quality, code):
    """The findings of a rule as (column, rows, examples)."""
    return [
        (each.column, each.rows, [(example.line, example.value) for example in each.examples])
        for each in quality.findings
        if each.code == code
    ]


def orders(*changes):
    """Lines of orders numbered from 1, one a change."""
    return [line(order=str(number), **cells) for number, cells in enumerate(changes, start=1)]


def test_a_file_without_fault_scores_one_in_every_measure(tmp_path):
    quality = judged(tmp_path, *orders({}, {"customer": "8"}, {"sku": "B2", "name": "Red cup"}))
    assert [(each.name, each.score) for each in quality.measures] == [(name, 1.0) for name in MEASURES]
    assert quality.overall == 1.0
    assert quality.findings == ()


# Completeness


def test_completeness_is_the_share_of_records_with_a_value(tmp_path):
    quality = judged(tmp_path, *orders({}, {"customer": None}, {"customer": " n/a "}, {"name": "-"}))
    assert quality.score("completeness", "customer") == 0.5
    assert quality.score("completeness", "name") == 0.75
    assert quality.score("completeness", "sku") == 1.0
    assert found(quality, "missing_customer") == [("customer", 2, [(3, None), (4, " n/a ")])]
    # Time, quantity and price weigh 2, the five others 1.
    assert quality.score("completeness") == pytest.approx((2 * 3 + 0.5 + 0.75 + 3) / 11)


def test_a_column_without_a_role_is_measured_but_does_not_count(tmp_path):
    quality = judged(tmp_path, (*line(), None), (*line(order="2"), "x"), columns=COLUMNS + " remark")
    assert quality.score("completeness", "remark") == 0.5
    assert quality.score("completeness") == 1.0
    assert quality.score("accuracy", "remark") is None


# Accuracy


def test_accuracy_is_the_share_of_values_that_can_be_read(tmp_path):
    quality = judged(tmp_path, *orders({}, {"qty": "two"}, {"qty": None}, {"day": "soon"}, {"day": "1900-01-01"}))
    assert quality.score("accuracy", "qty") == 0.75
    assert quality.score("accuracy", "day") == pytest.approx(3 / 5)
    assert found(quality, "unreadable") == [("day", 1, [(5, "soon")]), ("qty", 1, [(3, "two")])]
    assert found(quality, "placeholder") == [("day", 1, [(6, "1900-01-01")])]


def test_equal_values_are_counted_all_and_shown_once(tmp_path):
    quality = judged(tmp_path, *orders({}, {"qty": "two"}, {"qty": "two"}, {"qty": "six"}))
    assert found(quality, "unreadable") == [("qty", 3, [(3, "two"), (5, "six")])]


def test_countries_that_nobody_knows_and_negative_prices_are_named(tmp_path):
    quality = judged(tmp_path, *orders({"land": "Atlantis"}, {"land": "德国"}, {"price": "-1"}))
    assert found(quality, "country_unknown") == [("land", 1, [(2, "Atlantis")])]
    assert found(quality, "negative_price") == [("price", 1, [(4, "-1")])]


def test_a_price_ten_times_off_is_an_outlier_where_prices_hardly_vary(tmp_path):
    usual = [{"price": price} for price in ("3.40", "3.50", "3.60")] * 8
    quality = judged(tmp_path, *orders(*usual, {"price": "35"}, {"price": "7"}, {"price": "0.35"}))
    assert found(quality, "price_outlier") == [("price", 2, [(26, "35"), (28, "0.35")])]
    assert quality.score("accuracy", "price") == pytest.approx(1 - 2 / 27)


def test_large_quantities_are_no_outliers_where_quantities_vary_much(tmp_path):
    usual = [{"qty": str(10 ** (number % 4))} for number in range(40)]
    assert found(judged(tmp_path, *orders(*usual, {"qty": "100000"})), "quantity_outlier") == []


def test_a_product_that_was_rarely_sold_has_no_outliers(tmp_path):
    assert found(judged(tmp_path, *orders(*[{}] * 18, {"price": "350"})), "price_outlier") == []


def test_a_record_that_could_not_be_read_lowers_the_accuracy_of_the_file(tmp_path):
    broken = Unread(line=3, column=None, value=None, reason="readers.bad_quotes", record='1,"x')
    quality = judged(tmp_path, *orders({}, {}, {}), unread=[broken])
    assert quality.records == 4
    assert quality.score("accuracy") == 0.75
    assert found(quality, "unread") == [(None, 1, [(3, '1,"x')])]


@pytest.mark.parametrize(
    ("role", "rule", "good", "bad"),
    [
        ("email", "email_shape", ["a@b.cn", "x.y+z@mail.example.org"], ["a@b", "a b@c.de", "@b.cn", "a@b.cn;c@d.de"]),
        ("phone", "phone_shape", ["13800138000", "+49 (30) 1234-567", "010-8888 8888转12"], ["123", "call me", "1" * 17]),
        ("born_on", "birth_impossible", ["1990-02-28", "1904-07-01"], ["1890-01-01", "2024-07-01"]),
        ("joined_on", "future", ["2024-06-30"], ["2025-01-01"]),
    ],
)  # fmt: skip
def test_what_a_customer_file_says_has_to_be_possible(tmp_path, role, rule, good, bad):
    how = mapping("customers", "members", customer_id="id", **{role: "x"})
    rows = [(str(number), value) for number, value in enumerate([*good, *bad])]
    quality = judged(tmp_path, *rows, columns="id x", how=how)
    assert [(column, count) for column, count, _ in found(quality, rule)] == [("x", len(bad))]


def test_a_currency_has_to_have_a_code(tmp_path):
    how = mapping(ordered_at="day", amount="total", currency="cur")
    rows = [("2024-06-30", "1", code) for code in ("EUR", "eur", "Euro", None)]
    assert found(judged(tmp_path, *rows, columns="day total cur", how=how), "currency_unknown") == [
        ("cur", 1, [(4, "Euro")])
    ]


# Consistency


def test_an_amount_has_to_be_quantity_times_price_perhaps_less_the_discount(tmp_path):
    how = mapping(ordered_at="day", quantity="qty", unit_price="price", amount="total", discount="off")
    rows = [
        ("2024-06-30", "2", "3.50", "7", None),
        ("2024-06-30", "2", "3.50", "6", "1"),
        ("2024-06-30", "2", "3.50", "5.25", "0.25"),
        ("2024-06-30", "3", "0.333", "1.00", None),
        ("2024-06-30", "2", "3.50", "9", None),
        ("2024-06-30", "2", None, "9", None),
    ]
    quality = judged(tmp_path, *rows, columns="day qty price total off", how=how)
    assert found(quality, "amount_differs") == [("total", 1, [(6, "9")])]
    assert quality.score("consistency", "total") == pytest.approx(5 / 6)


def test_an_order_has_one_customer_and_one_day(tmp_path):
    lines = [
        line(order="1"), line(order="1", customer="8"), line(order="1", customer=None),
        line(order="2", day="2024-06-01"), line(order="2", day="2024-06-02"),
        line(order="3", day="2024-06-01"), line(order="3", day="2024-06-03"),
    ]  # fmt: skip
    quality = judged(tmp_path, *lines)
    assert found(quality, "order_customers") == [("customer", 2, [(2, "7")])]
    assert found(quality, "order_days") == [("day", 2, [(7, "2024-06-01")])]


def test_other_names_of_a_product_are_told_from_notes_on_the_stock(tmp_path):
    quality = judged(
        tmp_path,
        *orders({}, {}, {"name": "Navy cup"}, {"name": "damaged", "qty": "-9", "price": "0"}, {"name": None}),
    )
    assert found(quality, "product_names") == [("name", 1, [(4, "Navy cup")])]
    assert found(quality, "product_notes") == [("name", 1, [(5, "damaged")])]


def test_a_cancellation_that_adds_up_and_a_return_of_what_was_never_bought(tmp_path):
    quality = judged(
        tmp_path,
        line(order="1", sku="B2"), line(order="2"), line(order="3"), line(order="10", sku="B2"), line(order="C4", qty="1"),
        line(order="C5", qty="-1", customer="9"), line(order="C6", qty="-1"),
    )  # fmt: skip
    assert found(quality, "cancellation_positive") == [("qty", 1, [(6, "1")])]
    assert found(quality, "return_without_sale") == [("sku", 1, [(7, "A1")])]


def test_a_customer_lives_in_one_country(tmp_path):
    quality = judged(tmp_path, *orders({}, {}, {"land": "France"}, {"customer": "8", "land": "France"}))
    assert found(quality, "customer_countries") == [("land", 1, [(4, "France")])]


def test_repeats_totals_and_headers_lower_the_consistency_of_the_file(tmp_path):
    total = ("Total", None, None, None, None, "9", "99", None)
    quality = judged(tmp_path, line(), line(), line(), tuple(COLUMNS.split()), total, (None,) * 8)
    assert found(quality, "repeated") == [(None, 2, [(4, "1001")])]
    assert [found(quality, rule)[0][1] for rule in ("header_again", "total_row", "empty_record")] == [1, 1, 1]
    assert quality.score("consistency") == pytest.approx(1 - 5 / 6)


def test_dates_in_several_ways_of_writing_are_shown_and_mixed_orders_are_severe(tmp_path):
    how = mapping(ordered_at={"column": "day", "format": "day_first"}, amount="total")
    days = ["01/06/2024", "3/6/2024 10:00", "28/06/2024", "06/28/2024", "2024-06-05"]
    quality = judged(tmp_path, *((day, "1") for day in days), columns="day total", how=how)
    assert found(quality, "date_order") == [("day", 1, [(5, "06/28/2024")])]
    assert found(quality, "date_styles") == [("day", 1, [(6, "2024-06-05")])]
    assert RULES["date_order"].severity == 3


def test_a_key_stands_once_in_a_customer_file(tmp_path):
    how = mapping("customers", "members", customer_id="id", name="name")
    quality = judged(tmp_path, ("1", "A"), ("2", "B"), ("1", "C"), columns="id name", how=how)
    assert found(quality, "key_repeated") == [("id", 1, [(4, "1")])]
    assert quality.score("timeliness") is None
    assert quality.overall == pytest.approx(sum(q.score for q in quality.measures if q.score is not None) / 4)


# Timeliness


def test_age_lowers_timeliness_until_the_data_is_too_old(tmp_path):
    def timely(days):
        received_on = dt.date(2024, 6, 30) + dt.timedelta(days)
        return judged(tmp_path, *orders({}, {"customer": "8"}), received_on=received_on).score("timeliness")

    assert timely(0) == 1.0
    assert timely(45) == pytest.approx((0.5 + 1 + 1) / 3)
    assert timely(90) == timely(900) == pytest.approx(2 / 3)


def test_missing_days_are_those_that_weekdays_do_not_explain():
    first = dt.date(2024, 1, 1)
    weekdays = [first + dt.timedelta(n) for n in range(182) if n % 7 < 5]
    assert silent_runs(weekdays) == []
    holiday = [day for day in weekdays if day != dt.date(2024, 5, 1)]
    assert silent_runs(holiday) == []
    week_gone = [day for day in weekdays if not dt.date(2024, 5, 6) <= day <= dt.date(2024, 5, 10)]
    assert silent_runs(week_gone) == [(dt.date(2024, 5, 4), dt.date(2024, 5, 12))]
    # A shop that sells once a week or so has no such gaps.
    assert silent_runs([first + dt.timedelta(n) for n in (0, 5, 15, 18, 31, 33, 47, 60)]) == []
    assert silent_runs([first]) == []


def test_missing_days_are_found_in_a_file_and_weigh_as_many_records_as_they_would_have_had(tmp_path):
    first = dt.date(2024, 4, 1)
    days = [first + dt.timedelta(n) for n in range(91) if not 40 <= n < 50]
    lines = orders(*[{"day": f"{day} {hour}:00"} for day in days for hour in (10, 11)])
    quality = judged(tmp_path, *lines)
    [gap] = [each for each in quality.findings if each.code == "silent_days"]
    assert (gap.message.parameters["days"], gap.importance) == (10, 10 * 2 * 2)
    assert "2024-05-11 – 2024-05-20" in gap.message.say("zh")
    assert quality.score("timeliness", "day") == pytest.approx((1 + 81 / 91 + 1) / 3)


def test_dates_in_the_future_are_named(tmp_path):
    quality = judged(tmp_path, *orders({}, {"day": "2024-07-02"}, {"day": "2024-07-01"}))
    assert found(quality, "future") == [("day", 1, [(3, "2024-07-02")])]


def test_late_records_are_those_out_of_an_order_that_the_others_keep(tmp_path):
    days = [f"2024-06-{day:02}" for day in range(1, 21)]
    late = [*days[:19], "2024-06-02", days[19]]
    assert found(judged(tmp_path, *orders(*[{"day": day} for day in late])), "late") == [
        ("day", 1, [(21, "2024-06-02")])
    ]
    newest_first = [{"day": day} for day in reversed(late)]
    assert [rows for _, rows, _ in found(judged(tmp_path, *orders(*newest_first)), "late")] == [1]
    shuffled = [{"day": day} for day in sorted(days, key=lambda day: day[::-1])]
    assert found(judged(tmp_path, *orders(*shuffled)), "late") == []


# Understandability


@pytest.mark.parametrize(
    "text",
    ["caf\ufffd", "锟斤拷杯子", "CafÃ© crÃ¨me", "It’s".encode().decode("cp1252"), "ÖÐÎÄ±­", "3\x94 ruler", "????"],
)
def test_garbled_text_is_recognised(tmp_path, text):
    quality = judged(tmp_path, *orders({}, {"sku": "B", "name": text}))
    assert found(quality, "garbled") == [("name", 1, [(3, text)])]


def test_garbled_text_lowers_the_understandability_of_its_column(tmp_path):
    quality = judged(tmp_path, *orders({}, {"sku": "B", "name": "caf\ufffd"}))
    assert quality.score("understandability", "name") == 0.5


@pytest.mark.parametrize("text", ["Crème brûlée", "Größe XL", "青花瓷杯", "Łódź", "What?", "naïve café", "Ærøskøbing"])
def test_foreign_letters_are_not_garbled(tmp_path, text):
    assert found(judged(tmp_path, *orders({"name": text})), "garbled") == []


def test_confidence_in_the_mapping_and_columns_without_a_role_count(tmp_path):
    how = mapping(ordered_at="day", amount="total")
    quality = judged(
        tmp_path,
        ("2024-06-30", "1", "x"),
        columns="day total note",
        how=how,
        confidence={"ordered_at": 1.0, "amount": 0.5},
    )
    scores = [quality.score("understandability", column) for column in ("day", "total", "note")]
    assert scores == [1.0, 0.5, 0.5]
    assert quality.score("understandability") == pytest.approx((2 * 1.0 + 2 * 0.5 + 0.5) / 5)
    assert {each.code for each in quality.findings} == {"no_role", "unsure_role"}


def test_codes_without_a_name_are_counted(tmp_path):
    quality = judged(tmp_path, *orders({}, {"name": None}, {"sku": "B2", "name": None}, {"sku": "B2", "name": ""}))
    assert found(quality, "no_description") == [("sku", 2, [(4, "B2")])]


def test_mixed_languages_and_currency_signs_are_named(tmp_path):
    names = [{"sku": str(n), "name": "Blue cup", "price": "¥3"} for n in range(9)]
    quality = judged(tmp_path, *orders(*names, {"sku": "9", "name": "青花瓷杯", "price": "$3"}, {"price": "￥3.50"}))
    assert found(quality, "languages") == [("name", 1, [(11, "青花瓷杯")])]
    assert found(quality, "currency_signs") == [("price", 1, [(11, "$3")])]


# The whole


def test_findings_come_by_importance_and_each_says_what_to_do_in_both_languages(tmp_path):
    lines = orders(*[{"customer": None}] * 3, {"qty": "two"}, {"qty": "six"}, {"land": "Atlantis"})
    quality = judged(tmp_path, *lines)
    assert [(each.code, each.importance) for each in quality.findings] == [
        ("unreadable", 6),
        ("missing_customer", 6),
        ("country_unknown", 1),
    ]
    for each in quality.findings:
        for language in LANGUAGES:
            assert each.message.say(language)
            assert each.fix.say(language)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_sentences(rule):
    assert {f"quality.{rule}", f"quality.{rule}_fix"} <= set(words.codes("quality"))
    assert RULES[rule].measure in MEASURES


def test_the_data_form_is_json_and_can_leave_personal_values_out(tmp_path):
    quality = judged(tmp_path, *orders({}, {"customer": "n/a"}, {"customer": "8", "land": "Atlantis"}))
    data = json.loads(json.dumps(quality.as_data(), ensure_ascii=False))
    assert data["measures"].keys() == set(MEASURES)
    assert [each["column"] for each in data["columns"]] == COLUMNS.split()
    values = {each["code"]: each["examples"][0]["value"] for each in data["findings"]}
    assert values == {"missing_customer": "n/a", "country_unknown": "Atlantis"}
    kept = quality.as_data(with_personal=False)["findings"]
    assert {each["code"]: each["examples"][0]["value"] for each in kept} == {**values, "missing_customer": None}


def test_a_delivery_is_compared_with_the_one_before(tmp_path):
    before = judged(tmp_path, *orders({}, {"customer": None}))
    after = judged(tmp_path, *orders({}, {}))
    trends = {trend.measure: trend for trend in compare(before.as_data(), after)}
    assert list(trends) == ["overall", *MEASURES]
    assert trends["completeness"].change == pytest.approx(0.5 / 11, abs=1e-4)
    assert trends["accuracy"].change == 0
    assert (
        trends["completeness"].message.say("en") == "Completeness: better than in the delivery before (95.4% → 100.0%)."
    )
    assert {trend.change for trend in compare({}, after)} == {None}


def test_a_file_without_records_has_no_scores_but_for_its_headers(tmp_path):
    quality = judged(tmp_path)
    assert {each.name: each.score for each in quality.measures} == {
        "accuracy": None, "completeness": None, "consistency": None, "timeliness": None, "understandability": 1.0,
    }  # fmt: skip


def test_what_a_load_parsed_already_gives_the_same_answer(tmp_path):
    file = staged(tmp_path, COLUMNS, orders({}, {"qty": "two"}, {"land": "France"}, {"qty": "-2"}))
    connection, parsed = database(tmp_path), tmp_path / "parsed.parquet"
    company = {"timezone": "UTC", "currency": "EUR", "received_on": RECEIVED_ON}
    query = clean.file_sql(connection, str(file.path), MAPPING, **company)
    connection.execute(f"COPY ({query}) TO '{parsed}' (FORMAT parquet)")
    assert assess(connection, file, MAPPING, **company, parsed=parsed) == assess(connection, file, MAPPING, **company)


def test_the_order_of_the_parsed_records_in_their_file_does_not_matter(tmp_path):
    days = [f"2024-06-{day:02}" for day in range(1, 31)]
    lines = orders(*({"day": day} for day in [*days[:20], days[3], *days[20:]]))
    file = staged(tmp_path, COLUMNS, lines)
    connection, parsed = database(tmp_path), tmp_path / "parsed.parquet"
    company = {"timezone": "UTC", "currency": "EUR", "received_on": RECEIVED_ON}
    query = clean.file_sql(connection, str(file.path), MAPPING, **company)
    connection.execute(f"COPY (FROM ({query}) ORDER BY hash(source_row)) TO '{parsed}' (FORMAT parquet)")
    quality = assess(connection, file, MAPPING, **company, parsed=parsed)
    assert found(quality, "late") == [("day", 1, [(22, "2024-06-04")])]


def test_what_a_load_found_of_repeated_records_gives_the_same_answer(tmp_path):
    twice = [line(order="1"), line(order="1"), line(order="2"), line(order="1"), line(order="2", qty="3")]
    of_a_day = [line(order=None), line(order=None), line(order=None, customer=None), line(order=None, customer=None)]
    file = staged(tmp_path, COLUMNS, [*twice, *of_a_day, line(qty="two"), line(qty="two")])
    company = {"timezone": "UTC", "currency": "EUR", "received_on": RECEIVED_ON}
    connection = database(tmp_path)
    with publication(Shop(tmp_path).warehouse, reason="import", at=AT) as pending:
        delivery, _ = load(pending, connection, file, MAPPING, received_on=RECEIVED_ON, progress=Progress())
        parsed = parsed_path(pending, delivery)
        assert clean.repeats_path(parsed).exists()
        quality = assess(connection, file, MAPPING, **company, parsed=parsed)
    assert quality == assess(connection, file, MAPPING, **company)
    assert found(quality, "repeated") == [(None, 3, [(5, "1"), (8, None)])]


def test_the_real_shop_is_measured_exactly(tmp_path, real_data):
    file = real_shop(real_data, tmp_path)
    quality = assess(
        database(tmp_path), file, REAL_SHOP, timezone="UTC", currency="GBP", received_on=dt.date(2010, 12, 10)
    )
    rows = {each.code: each.rows for each in quality.findings}
    assert (rows["missing_customer"], rows["repeated"], rows["negative_price"]) == (107_927, 6_865, 3)
    assert (rows["missing"], rows["cancellation_positive"]) == (2_928, 1)
    assert quality.score("completeness", "CustomerID") == pytest.approx(1 - 107_927 / 525_461)
    assert (quality.first_on, quality.newest_on) == (dt.date(2009, 12, 1), dt.date(2010, 12, 9))
