"""What becomes of delivered files in the warehouse: lines, orders, people, products, and the account of records."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import duckdb
import pytest

from guanxi.errors import MappingError
from guanxi.intake.load import Account, known_delivery, load
from guanxi.intake.mapping import FileMapping
from guanxi.intake.staged import Unread
from guanxi.progress import Progress
from guanxi.warehouse import publication
from intake.staging import AT, REAL_SHOP, RECEIVED_ON, Shop, database, mapping, real_shop, staged

COLUMNS = "order customer sku name day qty price"
MAPPING = mapping(
    order_id="order", customer_id="customer", product_id="sku", description="name", ordered_at="day", quantity="qty",
    unit_price="price",
)  # fmt: skip


def line(*, order="1001", customer="7", sku="A1", name="Cup", day="2024-03-05 10:00", qty="2", price="3.50"):
    return (order, customer, sku, name, day, qty, price)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def deliver(shop, *lines, how=MAPPING):
    return shop.deliver(staged(shop.folder, COLUMNS, lines), how)[1]


# The account


def test_every_record_is_loaded_set_aside_or_known(shop):
    first = deliver(shop, line(), line(sku="B2"), line(day="never"))
    assert first == Account(records=3, loaded=2, set_aside=1, known=0)
    second = deliver(shop, line(), line(sku="B2"), line(day="never"), line(sku="C3"))
    assert second == Account(records=4, loaded=1, set_aside=1, known=2)
    assert len(shop.rows("order_lines", "1")) == 3


def test_a_record_that_could_not_be_read_counts_as_set_aside_and_is_kept(shop):
    broken = Unread(line=3, column=None, value=None, reason="readers.bad_quotes", record='1001,"7')
    file = staged(shop.folder, COLUMNS, [line()], unread=[broken])
    assert shop.deliver(file, MAPPING)[1] == Account(records=2, loaded=1, set_aside=1, known=0)
    assert shop.rows("rejects", "line, reason, record") == [(3, "readers.bad_quotes", '1001,"7')]


def test_a_record_set_aside_is_kept_whole_with_its_file_and_line(shop):
    file = staged(shop.folder, COLUMNS, [line(), line(day="31 June", name='He said "no"')])
    shop.deliver(file, MAPPING)
    [(name, at, record)] = shop.rows("rejects", "file, line, record")
    assert (name, at) == (file.file, 3)
    assert json.loads(record) == dict(zip(COLUMNS.split(), line(day="31 June", name='He said "no"'), strict=True))


def test_the_delivery_tells_its_mapping_and_its_account(shop):
    deliver(shop, line())
    (delivery,) = shop.warehouse.snapshot().deliveries
    assert delivery.account == {"records": 1, "loaded": 1, "set_aside": 0, "known": 0, "superseded": 0}
    assert FileMapping.model_validate(delivery.mapping) == MAPPING


def test_a_file_of_which_nothing_can_be_used_is_loaded_all_the_same(shop):
    assert deliver(shop, line(day="?"), line(day="??")) == Account(records=2, loaded=0, set_aside=2, known=0)
    assert shop.warehouse.snapshot().rows("order_lines") == 0


def test_a_mapping_without_a_time_loads_nothing(shop):
    how = mapping(customer_id="customer", quantity="qty", unit_price="price")
    with pytest.raises(MappingError):
        deliver(shop, line(), how=how)
    assert shop.warehouse.snapshot().id == 0


def test_the_same_bytes_under_the_same_name_are_a_known_delivery(shop):
    file = staged(shop.folder, COLUMNS, [line()])
    delivery, _ = shop.deliver(file, MAPPING)
    with publication(shop.warehouse, reason="import", at=AT) as pending:
        assert known_delivery(pending, file) == delivery
        assert known_delivery(pending, staged(shop.folder, COLUMNS, [line()])) is None


# Orders


def test_without_order_numbers_what_a_customer_buys_in_a_day_is_one_order(shop):
    how = mapping(customer_id="customer", ordered_at="day", amount="price")
    lines = [line(), line(day="2024-03-05 20:00"), line(day="2024-03-06"), line(customer="8")]
    deliver(shop, *lines, how=how)
    assert shop.rows("orders", "order_id, lines, amount") == [
        ("7 @ 2024-03-05", 2, 700),
        ("7 @ 2024-03-06", 1, 350),
        ("8 @ 2024-03-05", 1, 350),
    ]


def test_a_record_of_nobody_without_order_number_is_an_order_of_its_own_and_is_found_again(shop):
    how = mapping(ordered_at="day", amount="price")
    deliver(shop, line(), line(price="9"), how=how)
    assert deliver(shop, line(price="1"), line(), line(), how=how) == Account(records=3, loaded=2, set_aside=0, known=1)
    assert sorted(shop.rows("orders", "lines, amount")) == [(1, 100), (1, 350), (1, 350), (1, 900)]
    assert shop.rows("order_lines", "is_repeat") == [(False,)] * 4


def test_an_order_adds_up_its_sales_discounts_and_returns(shop):
    lines = [
        line(),
        line(sku="POST", name="Postage", qty="1", price="4"),
        line(sku="D", name="Discount", qty="-1", price="1"),
        line(sku="B2", qty="-1", price="2.25"),
        line(sku="B3", price="0"),
        line(sku="TEST1", price="99"),
    ]
    deliver(shop, *lines)
    columns = "lines, sale_lines, items, amount, returns_amount, ordered_on, ordered_hour, currency"
    assert shop.rows("orders", columns) == [(5, 2, 2, 1000, 225, dt.date(2024, 3, 5), 10, "EUR")]


def test_lines_are_numbered_in_file_order_unless_the_file_numbers_them(shop):
    deliver(shop, line(sku="B"), line(sku="A"), line(order="1002"))
    assert shop.rows("order_lines", "order_id, line_no, product_id") == [
        ("1001", 1, "B"),
        ("1001", 2, "A"),
        ("1002", 1, "A1"),
    ]
    numbered = MAPPING.model_copy(
        update={"source": "other", "columns": {**MAPPING.columns, "line_no": MAPPING.columns["order_id"]}}
    )
    deliver(shop, line(order="20"), how=numbered)
    assert shop.rows("order_lines", "line_no", where="source = 'other'") == [(20,)]


def test_a_file_that_numbers_two_lines_alike_still_has_one_key_per_line(shop):
    how = mapping(order_id="order", line_no="sku", ordered_at="day", amount="price")
    deliver(shop, line(sku="1"), line(sku="1", price="9"), line(sku=None, price="5"), how=how)
    keys = shop.rows("order_lines", "order_id, line_no")
    assert len(set(keys)) == 3


def test_days_are_those_of_the_companys_calendar(tmp_path):
    shop = Shop(tmp_path, timezone="Asia/Shanghai")
    days = ["2024-03-05 00:30", "2024-03-05 23:30", "2024-03-05T23:30:00Z"]
    deliver(shop, *(line(order=str(n), day=day) for n, day in enumerate(days)))
    assert shop.rows("order_lines", "ordered_at, ordered_on, ordered_hour") == [
        (dt.datetime(2024, 3, 4, 16, 30), dt.date(2024, 3, 5), 0),
        (dt.datetime(2024, 3, 5, 15, 30), dt.date(2024, 3, 5), 23),
        (dt.datetime(2024, 3, 5, 23, 30), dt.date(2024, 3, 6), 7),
    ]
    assert shop.rows("orders", "order_id, ordered_on, ordered_hour") == [
        ("0", dt.date(2024, 3, 5), 0),
        ("1", dt.date(2024, 3, 5), 23),
        ("2", dt.date(2024, 3, 6), 7),
    ]


def test_a_file_with_dates_only_says_nothing_of_hours(tmp_path):
    shop = Shop(tmp_path, timezone="Asia/Shanghai")
    deliver(shop, line(day="2024-03-05"), line(day="2024年3月6日", order="1002"))
    assert shop.rows("order_lines", "ordered_on, ordered_hour") == [
        (dt.date(2024, 3, 5), None),
        (dt.date(2024, 3, 6), None),
    ]


def test_countries_become_iso_codes_where_they_are_known(shop):
    how = mapping(order_id="order", ordered_at="day", amount="price", country="name")
    names = ["United Kingdom", "EIRE", " 德国 ", "Unspecified", None]
    deliver(shop, *(line(order=str(n), name=name) for n, name in enumerate(names)), how=how)
    assert [code for (code,) in shop.rows("order_lines", "country")] == ["GB", "IE", "DE", "Unspecified", None]


# Returns


def test_a_return_is_matched_to_the_customers_latest_sale_of_the_product_at_the_price(shop):
    lines = [
        line(order="1", day="2024-03-01"),
        line(order="2", day="2024-03-02"),
        line(order="3", day="2024-03-03", customer="8"),
        line(order="4", day="2024-03-03", price="4"),
        line(order="C5", day="2024-03-04", qty="-2"),
        line(order="6", day="2024-03-05"),
    ]
    deliver(shop, *lines)
    assert shop.rows("order_lines", "order_id, cancels_order_id", where="cancels_order_id IS NOT NULL") == [("C5", "2")]


def test_a_return_of_some_pieces_is_matched_to_a_larger_sale_and_an_equal_one_is_preferred(shop):
    lines = [
        line(order="1", day="2024-03-01", qty="1"),
        line(order="2", day="2024-03-02", qty="10"),
        line(order="C3", day="2024-03-03", qty="-1"),
        line(order="C4", day="2024-03-03", qty="-4"),
    ]
    deliver(shop, *lines)
    assert shop.rows("order_lines", "order_id, cancels_order_id", where="quantity < 0") == [("C3", "1"), ("C4", "2")]


def test_a_return_of_more_than_the_latest_sale_is_matched_to_an_earlier_larger_one(shop):
    lines = [
        line(order="1", day="2024-03-01", qty="10"),
        line(order="2", day="2024-03-02", qty="1"),
        line(order="C3", day="2024-03-03", qty="-5"),
    ]
    deliver(shop, *lines)
    assert shop.rows("order_lines", "order_id, cancels_order_id", where="quantity < 0") == [("C3", "1")]


def test_a_return_before_any_sale_is_matched_to_nothing(shop):
    deliver(shop, line(order="C1", day="2024-03-01", qty="-2"), line(order="2", day="2024-03-02"), line(order="3"))
    assert shop.rows("order_lines", "cancels_order_id") == [(None,)] * 3


def test_a_return_in_a_later_delivery_is_matched_to_the_sale_in_the_earlier_one(shop):
    deliver(shop, line(order="1", day="2024-03-01"), line(order="2", day="2024-03-01", sku="B"))
    deliver(
        shop,
        line(order="3", day="2024-04-01", sku="B"),
        line(order="5", day="2024-05-01"),
        line(order="C4", day="2024-04-01", qty="-2"),
    )
    assert shop.rows("order_lines", "cancels_order_id", where="order_id = 'C4'") == [("1",)]


def test_a_return_without_quantity_is_found_by_its_amount(shop):
    how = mapping(order_id="order", customer_id="customer", product_id="sku", ordered_at="day", amount="price")
    deliver(shop, line(order="1", day="2024-03-01"), line(order="2", price="-3.50"), how=how)
    assert shop.rows("order_lines", "line_kind, cancels_order_id") == [("sale", None), ("return", "1")]


# Repeats and later deliveries


def test_repeats_within_a_delivery_are_kept_and_flagged(shop):
    account = deliver(shop, line(), line(), line(), line(order="1002"), line(qty="3"))
    assert account.loaded == 5
    assert shop.rows("order_lines", "line_no, is_repeat", where="order_id = '1001'") == [
        (1, False), (2, True), (3, True), (4, False),
    ]  # fmt: skip


def test_of_lines_that_are_alike_as_many_are_known_as_were_there(shop):
    deliver(shop, line(), line())
    assert deliver(shop, line(), line(), line()) == Account(records=3, loaded=1, set_aside=0, known=2)
    assert shop.rows("order_lines", "line_no, is_repeat") == [(1, False), (2, True), (3, True)]


def test_an_order_that_has_grown_is_numbered_on(shop):
    deliver(shop, line(), line(sku="B2"))
    deliver(shop, line(sku="Z9"), line(), line(sku="B2"), line(order="1002"))
    assert shop.rows("order_lines", "order_id, line_no, product_id") == [
        ("1001", 1, "A1"),
        ("1001", 2, "B2"),
        ("1001", 3, "Z9"),
        ("1002", 1, "A1"),
    ]


def test_the_same_order_number_from_another_source_is_another_order(shop):
    deliver(shop, line())
    account = deliver(shop, line(), how=MAPPING.model_copy(update={"source": "web shop"}))
    assert account.loaded == 1
    assert len(shop.rows("orders", "1")) == 2


def test_a_delivery_of_nothing_new_adds_no_lines_and_no_orders(shop):
    deliver(shop, line(), line(sku="B2"))
    assert deliver(shop, line(), line(sku="B2")).known == 2
    assert len(shop.rows("orders", "1")) == 1


def test_two_files_in_one_publication_know_of_each_other(shop):
    first, second = (staged(shop.folder, COLUMNS, [line()]) for _ in range(2))
    with publication(shop.warehouse, reason="import", at=AT) as pending:
        connection = database(shop.folder)
        accounts = [
            load(pending, connection, file, MAPPING, received_on=RECEIVED_ON, progress=Progress())[1]
            for file in (first, second)
        ]
    assert [account.known for account in accounts] == [0, 1]


def test_an_order_that_grows_in_a_later_delivery_stays_one_order(shop):
    deliver(shop, line())
    deliver(shop, line(), line(sku="B2"))
    keys = shop.rows("orders", "source, order_id, customer_id, ordered_on")
    assert len(keys) == len(set(keys))
    assert shop.rows("orders", "lines, amount") == [(2, 1400)]


# Customers and products


def test_everyone_who_appears_is_a_customer_once(shop):
    deliver(shop, line(), line(customer="8"), line(customer=None), line(customer="7", order="1002"))
    deliver(shop, line(customer="9", order="2001"))
    assert shop.rows("customers", "customer_id") == [("7",), ("8",), ("9",)]


def test_a_customer_file_says_more_of_those_who_bought_and_adds_others(shop):
    deliver(shop, line())
    how = mapping("customers", "members", customer_id="id", name="name", born_on="born", country="land")
    rows = [("7", "张三", "1990-02-28", "CN"), ("9", "Ann", None, None), (None, "Nobody", None, None)]
    _, account = shop.deliver(staged(shop.folder, "id name born land", rows), how)
    assert account == Account(records=3, loaded=2, set_aside=1, known=0)
    assert shop.rows("customers", "customer_id, name, born_on, country") == [
        ("7", "张三", dt.date(1990, 2, 28), "CN"),
        ("9", "Ann", None, None),
    ]
    assert shop.rows("rejects", 'reason, "column", value') == [("clean.key_missing", "id", None)]


def test_a_later_customer_file_supersedes_and_its_empty_cells_do_not(shop):
    how = mapping("customers", "members", customer_id="id", name="name", city="city")
    shop.deliver(staged(shop.folder, "id name city", [("7", "Old", "Köln"), ("8", "Bo", "Bonn")]), how)
    shop.deliver(staged(shop.folder, "id name city", [("7", "First", None), ("7", "New", None)]), how)
    assert sorted(shop.rows("customers", "customer_id, name, city")) == [("7", "New", "Köln"), ("8", "Bo", "Bonn")]


def test_countries_in_a_customer_file_become_codes_too(shop):
    how = mapping("customers", "members", customer_id="id", country="land")
    shop.deliver(staged(shop.folder, "id land", [("7", "德国"), ("8", "EIRE"), ("9", "Atlantis")]), how)
    assert shop.rows("customers", "country") == [("DE",), ("IE",), ("Atlantis",)]


def test_orders_after_a_customer_file_do_not_undo_what_it_said(shop):
    how = mapping("customers", "members", customer_id="id", name="name")
    shop.deliver(staged(shop.folder, "id name", [("7", "张三")]), how)
    deliver(shop, line(), line(customer="8"))
    assert shop.rows("customers", "customer_id, name") == [("7", "张三"), ("8", None)]


def test_contacts_become_identifiers_once_each(shop):
    how = mapping("customers", "members", customer_id="id", phone="phone", email="mail")
    rows = [("7", "138 0013 8000", "a@b.cn"), ("8", None, "c@d.de"), ("7", "138 0013 8000", None)]
    for _ in range(2):
        shop.deliver(staged(shop.folder, "id phone mail", rows), how)
    assert sorted(shop.rows("identifiers", "kind, value, customer_id")) == [
        ("email", "a@b.cn", "7"),
        ("email", "c@d.de", "8"),
        ("phone", "138 0013 8000", "7"),
    ]


def test_a_product_file_gives_names_and_costs_and_keeps_the_kind_of_item(shop):
    deliver(shop, line(), line(sku="POST", name="Postage"))
    how = mapping("products", "range", product_id="sku", description="name", category="group", unit_cost="cost")
    rows = [("A1", "Blue cup", "Kitchen", "1.2345"), ("POST", "Parcel", None, None), ("B2", "Bowl", "Kitchen", "2")]
    shop.deliver(staged(shop.folder, "sku name group cost", rows), how)
    assert shop.rows("products", "product_id, description, category, unit_cost, item_kind") == [
        ("A1", "Blue cup", "Kitchen", Decimal("1.2345"), "product"),
        ("POST", "Parcel", None, None, "postage"),
        ("B2", "Bowl", "Kitchen", Decimal(2), "product"),
    ]


def test_a_product_keeps_its_name_when_a_later_line_is_a_note_on_the_stock(shop):
    lines = [line(), line(order="1002", day="2024-04-01", name="damaged", customer=None, qty="-3", price="0")]
    deliver(shop, *lines)
    assert shop.rows("products", "product_id, description") == [("A1", "Cup")]


def test_a_product_that_was_renamed_has_its_latest_name(shop):
    deliver(shop, line(), line(order="1002", day="2024-04-01", name="Mug"))
    assert shop.rows("products", "description") == [("Mug",)]


# The real shop


def test_every_row_of_the_real_shop_is_accounted_for(shop, real_data):
    _, account = shop.deliver(real_shop(real_data, shop.folder), REAL_SHOP)
    assert account == Account(records=525_461, loaded=525_461, set_aside=0, known=0)
    snapshot = shop.warehouse.snapshot()
    assert snapshot.rows("customers") == 4_383
    [(repeats, orphans, keys)] = duckdb.execute(
        f"""SELECT count(*) FILTER (is_repeat), count(*) FILTER (customer_id IS NULL),
            count(DISTINCT (source, order_id, line_no)) FROM read_parquet({snapshot.files("order_lines")})"""
    ).fetchall()
    assert (repeats, orphans, keys) == (6_865, 107_927, 525_461)
