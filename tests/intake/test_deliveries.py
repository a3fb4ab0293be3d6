"""Later deliveries in the warehouse: what they change, what they leave alone, and what remains when they are undone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from guanxi.errors import WarehouseError
from guanxi.intake.load import Account, undo
from guanxi.schema import TABLES
from intake.staging import AT, Shop, mapping, staged

COLUMNS = "order customer name sku title day qty price phone status"
MAPPING = mapping(
    order_id="order", customer_id="customer", customer_name="name", product_id="sku", description="title",
    ordered_at="day", quantity="qty", unit_price="price", phone="phone",
    status="status",
)  # fmt: skip
PEOPLE = mapping("customers", "members", customer_id="id", name="name", city="city")


def line(
    order="1", customer="ada", sku="tea", day="2024-03-05 10:00", qty="1", price="2", title=None, name=None, phone=None,
    status="paid",
):  # fmt: skip
    return (order, customer, name, sku, title or sku.upper(), day, qty, price, phone, status)


WARES = mapping("products", "wares", product_id="sku", description="title", category="group")


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def deliver(shop, *lines):
    return shop.deliver(staged(shop.folder, COLUMNS, lines), MAPPING)[1]


def people(shop, *rows):
    return shop.deliver(staged(shop.folder, "id name city", rows), PEOPLE)[1]


def wares(shop, *rows):
    return shop.deliver(staged(shop.folder, "sku title group", rows), WARES)[1]


def contents(shop, numbers=None):
    """All rows of all tables of the latest snapshot, deliveries renamed by ``numbers``."""
    snapshot = shop.warehouse.snapshot()
    found = {}
    for table in TABLES.values():
        renamed = {"delivery_id", "hidden_by"} & set(table.names)
        rows = [
            {name: (numbers or {}).get(value, value) if name in renamed else value for name, value in row.items()}
            for row in _rows(snapshot.files(table.name), [name for name in table.names if name != "file"])
        ]
        found[table.name] = sorted(map(str, rows))
    return found


def _rows(files, names):
    return [row for file in files for row in pq.read_table(file, columns=names).to_pylist()]


# What a delivery changes


def test_a_changed_line_supersedes_the_old_one_and_the_order_follows(shop):
    deliver(shop, line(), line(sku="cup"))
    account = deliver(shop, line(qty="3"), line(sku="cup"))
    assert account == Account(records=2, loaded=1, set_aside=0, known=1, superseded=1)
    assert shop.rows("order_lines", "line_no, product_id, amount") == [(2, "cup", 200), (1, "tea", 600)]
    assert shop.rows("orders", "lines, amount, delivery_id") == [(2, 800, 2)]
    assert shop.rows("hidden_lines", "delivery_id, product_id, amount, hidden_because, hidden_by") == [
        (1, "tea", 200, "superseded", 2),
        (2, "cup", 200, "known", 1),
    ]


def test_an_order_that_is_cancelled_later_counts_no_more_and_what_it_was_is_kept(shop):
    deliver(shop, line(), line(sku="cup"), line(order="2"))
    before = contents(shop)
    account = deliver(shop, line(status="refunded"), line(sku="cup", status="refunded"), line(order="2", status="sent"))
    assert account == Account(records=3, loaded=2, set_aside=0, known=1, superseded=2)
    assert shop.rows("order_lines", "order_id, product_id, line_kind, delivery_id") == [
        ("2", "tea", "sale", 1),
        ("1", "tea", "cancelled", 2),
        ("1", "cup", "cancelled", 2),
    ]
    assert shop.rows("orders", "order_id, amount") == [("2", 200)]
    assert shop.rows("hidden_lines", "product_id, line_kind, hidden_because, hidden_by", where="delivery_id = 1") == [
        ("tea", "sale", "superseded", 2),
        ("cup", "sale", "superseded", 2),
    ]
    undo(shop.warehouse, 2, at=AT)
    assert contents(shop) == before


def test_an_order_that_is_paid_at_last_counts_from_then_on(shop):
    deliver(shop, line(status="unpaid"))
    assert shop.rows("orders", "amount") == []
    deliver(shop, line(status="paid"))
    assert shop.rows("orders", "amount, delivery_id") == [(200, 2)]


def test_a_return_whose_sale_never_came_about_takes_back_nothing(shop):
    deliver(shop, line(order="1", day="2024-02-01"), line(order="C3", qty="-1", day="2024-05-01"))
    assert shop.rows("order_lines", "cancels_order_id", where="order_id = 'C3'") == [("1",)]
    deliver(shop, line(order="1", day="2024-02-01", status="cancelled"))
    assert shop.rows("order_lines", "cancels_order_id", where="order_id = 'C3'") == [(None,)]


def test_the_snapshot_before_a_correction_still_tells_the_old(shop):
    deliver(shop, line())
    before = shop.warehouse.snapshot()
    deliver(shop, line(qty="3"))
    assert _rows(shop.warehouse.snapshot(before.id).files("orders"), ["amount"]) == [{"amount": 200}]
    assert shop.rows("orders", "amount") == [(600,)]


def test_an_order_that_moves_to_another_day_leaves_nothing_on_the_old_one(shop):
    deliver(shop, line())
    deliver(shop, line(day="2024-03-09 10:00"))
    assert shop.rows("orders", "CAST(ordered_on AS VARCHAR), lines") == [("2024-03-09", 1)]


def test_parts_that_hold_nothing_to_be_changed_stay_as_they_are(shop):
    deliver(shop, line(), line(order="2"))
    first = shop.warehouse.snapshot().parts
    deliver(shop, line(order="3"), line(order="1"))
    second = shop.warehouse.snapshot().parts
    assert first["order_lines"][0] in second["order_lines"], "known and new lines change no old part"
    assert first["orders"][0] in second["orders"]
    deliver(shop, line(order="3", qty="2"))
    third = shop.warehouse.snapshot().parts
    assert {part.path for part in first["order_lines"]} <= {part.path for part in third["order_lines"]}
    assert {part.path for part in second["order_lines"]} - {part.path for part in third["order_lines"]}


def test_a_late_file_with_old_dates_lands_in_its_time_and_its_sale_is_found_by_its_return(shop):
    deliver(shop, line(order="C7", qty="-1", day="2024-05-01"))
    assert shop.rows("order_lines", "cancels_order_id") == [(None,)]
    deliver(shop, line(order="6", day="2024-02-01"))
    assert shop.rows("order_lines", "order_id, cancels_order_id") == [("C7", "6"), ("6", None)]
    assert sorted(shop.rows("orders", "CAST(ordered_on AS VARCHAR)")) == [("2024-02-01",), ("2024-05-01",)]


def test_a_return_follows_when_the_sale_it_takes_back_is_corrected(shop):
    deliver(shop, line(order="1", day="2024-02-01"), line(order="2", day="2024-03-01"))
    deliver(shop, line(order="C3", qty="-1", day="2024-05-01"))
    assert shop.rows("order_lines", "cancels_order_id", where="order_id = 'C3'") == [("2",)]
    deliver(shop, line(order="2", day="2024-03-01", price="9"))
    assert shop.rows("order_lines", "cancels_order_id", where="order_id = 'C3'") == [("1",)]


def test_what_a_file_says_of_people_outweighs_their_order_lines_whichever_comes_first(tmp_path):
    found = []
    for name, steps in (("a", (deliver_ada, people_ada)), ("b", (people_ada, deliver_ada))):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name)
        for step in steps:
            step(shop)
        found.append(shop.rows("customers", "customer_id, name, city"))
    assert found[0] == found[1] == [("ada", "Ada King", "London")]


def deliver_ada(shop):
    deliver(shop, line(name="Ada L."))


def people_ada(shop):
    people(shop, ("ada", "Ada King", "London"))


def test_a_name_that_the_file_about_people_leaves_empty_comes_from_order_lines(shop):
    people(shop, ("ada", None, "London"))
    deliver(shop, line(name="Ada L."))
    deliver(shop, line(order="2", name="A. Lovelace"))
    assert shop.rows("customers", "name, city") == [("Ada L.", "London")]


def test_a_product_is_called_what_the_newest_delivery_calls_it_and_by_its_old_name_when_that_is_undone(shop):
    deliver(shop, line(title="Tea"))
    deliver(shop, line(order="2", title="Green tea"))
    deliver(shop, line(order="3", sku="cup"))
    renamed = [("tea", "Green tea", 1), ("cup", "CUP", 3)]
    assert shop.rows("products", "product_id, description, delivery_id") == renamed
    undo(shop.warehouse, 2, at=AT)
    assert shop.rows("products", "product_id, description") == [("tea", "Tea"), ("cup", "CUP")]


def test_a_file_about_products_outweighs_later_order_lines(shop):
    wares(shop, ("tea", "Darjeeling", "drinks"))
    deliver(shop, line(title="Tea"))
    assert shop.rows("products", "description, category") == [("Darjeeling", "drinks")]


def test_lines_carry_the_category_of_their_product_whichever_file_comes_first(tmp_path):
    found = []
    for name, lines_first in (("a", True), ("b", False)):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name)
        if lines_first:
            deliver(shop, line(), line(sku="cup"), line(order="2", sku="pot"))
        wares(shop, ("tea", "Tea", "drinks"), ("cup", "Cup", "china"))
        if not lines_first:
            deliver(shop, line(), line(sku="cup"), line(order="2", sku="pot"))
        found.append(shop.rows("order_lines", "product_id, category"))
    assert sorted(found[0]) == sorted(found[1]) == [("cup", "china"), ("pot", None), ("tea", "drinks")]


def test_lines_follow_when_the_category_of_their_product_changes_and_when_that_is_undone(shop):
    deliver(shop, line(), line(sku="cup"))
    wares(shop, ("tea", "Tea", "drinks"))
    before = contents(shop)
    wares(shop, ("tea", "Tea", "hot drinks"), ("cup", "Cup", "china"))
    deliver(shop, line(qty="3"), line(sku="cup"))
    assert shop.rows("order_lines", "product_id, quantity, category") == [("cup", 1, "china"), ("tea", 3, "hot drinks")]
    assert shop.rows("hidden_lines", "DISTINCT category") == [(None,)], "what was delivered is kept as it was"
    undo(shop.warehouse, 3, at=AT)
    assert shop.rows("order_lines", "product_id, quantity, category") == [("cup", 1, None), ("tea", 3, "drinks")]
    undo(shop.warehouse, 4, at=AT)
    assert contents(shop) == before
    undo(shop.warehouse, 2, at=AT)
    assert shop.rows("order_lines", "DISTINCT category") == [(None,)]


def test_lines_of_a_file_with_categories_of_its_own_keep_them(shop):
    own = mapping(
        source="web", order_id="order", customer_id="customer", product_id="sku", ordered_at="day", amount="price",
        category="group",
    )  # fmt: skip
    rows = [("1", "ada", "tea", "2024-03-05", "2", "presents"), ("1", "ada", "cup", "2024-03-05", "2", None)]
    shop.deliver(staged(shop.folder, "order customer sku day price group", rows), own)
    wares(shop, ("tea", "Tea", "drinks"), ("cup", "Cup", "china"))
    assert shop.rows("order_lines", "product_id, category") == [("tea", "presents"), ("cup", None)]


# What remains when it is undone


def test_undoing_the_only_delivery_leaves_nothing_and_the_file_can_come_again(shop):
    file = staged(shop.folder, COLUMNS, [line(phone="123"), line(day="never")])
    shop.deliver(file, MAPPING)
    before = contents(shop)
    snapshot = undo(shop.warehouse, 1, at=AT)
    assert (snapshot.reason, snapshot.note, snapshot.deliveries) == ("undo", {"delivery_id": 1}, ())
    assert {table: rows for table, rows in contents(shop).items() if rows} == {}
    assert [delivery.id for delivery in shop.warehouse.snapshot(1).deliveries] == [1]
    delivery, _ = shop.deliver(file, MAPPING)
    assert delivery.id == 2
    assert contents(shop, {2: 1}) == before


def test_what_a_delivery_superseded_counts_again_when_it_is_undone(shop):
    deliver(shop, line(), line(sku="cup"))
    before = contents(shop)
    deliver(shop, line(qty="3"), line(sku="pot", name="Ada"), line(order="2", customer="bo"))
    undo(shop.warehouse, 2, at=AT)
    assert contents(shop) == before


def test_what_a_later_delivery_repeated_stays_when_the_first_is_undone(shop):
    deliver(shop, line(), line(sku="cup"))
    deliver(shop, line())
    undo(shop.warehouse, 1, at=AT)
    assert shop.rows("order_lines", "product_id, delivery_id") == [("tea", 2)]
    assert shop.rows("orders", "lines, delivery_id") == [(1, 2)]
    assert shop.rows("products", "product_id, delivery_id") == [("tea", 2)]
    assert shop.rows("hidden_lines", "1") == []


def test_a_delivery_that_is_not_there_cannot_be_undone_and_nothing_changes(shop):
    deliver(shop, line())
    undo(shop.warehouse, 1, at=AT)
    for number in (1, 7):
        with pytest.raises(WarehouseError) as raised:
            undo(shop.warehouse, number, at=AT)
        assert raised.value.code == "warehouse.no_such_delivery"
    assert shop.warehouse.snapshot().id == 2


def test_two_deliveries_that_share_no_order_may_come_in_either_order(tmp_path):
    files = [
        [line(), line(order="2", customer="bo", sku="cup")],
        [line(order="3", day="2024-04-01"), line(order="C4", day="2024-04-02", qty="-1")],
    ]
    found = []
    for name, order in (("a", (0, 1)), ("b", (1, 0))):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name)
        for place in order:
            deliver(shop, *files[place])
        found.append(
            {
                table: sorted(shop.rows(table, columns))
                for table, columns in {
                    "order_lines": "order_id, line_no, product_id, amount, cancels_order_id",
                    "orders": "* EXCLUDE (delivery_id)", "customers": "customer_id", "products": "product_id, description",
                }.items()
            }
        )  # fmt: skip
    assert found[0] == found[1]


SMALL = st.builds(
    line, order=st.sampled_from(["1", "2", "C3"]), customer=st.sampled_from(["ada", "bo"]),
    sku=st.sampled_from(["tea", "cup"]), day=st.sampled_from(["2024-03-05 10:00", "2024-04-01 09:00", "never"]),
    qty=st.sampled_from(["1", "2", "-1"]), name=st.sampled_from([None, "Ada", "Bo"]),
    phone=st.sampled_from([None, "123"]), status=st.sampled_from(["paid", "cancelled"]),
)  # fmt: skip
MEMBERS = st.tuples(
    st.sampled_from(["ada", "bo", "eve"]), st.sampled_from([None, "A", "B"]), st.sampled_from([None, "X"])
)
GOODS = st.tuples(
    st.sampled_from(["tea", "cup"]), st.sampled_from([None, "Tea"]), st.sampled_from([None, "drinks", "china"])
)
FILES = st.lists(
    st.one_of(
        st.lists(SMALL, min_size=1, max_size=5).map(lambda lines: (deliver, lines)),
        st.lists(MEMBERS, min_size=1, max_size=3).map(lambda rows: (people, rows)),
        st.lists(GOODS, min_size=1, max_size=2).map(lambda rows: (wares, rows)),
    ),
    min_size=2,
    max_size=4,
)


@pytest.mark.slow
@given(files=FILES, which=st.integers(0, 3))
@settings(max_examples=8, phases=[Phase.generate])  # to shrink would take minutes
def test_undoing_any_delivery_is_as_if_it_had_never_come(files, which):
    which %= len(files)
    with tempfile.TemporaryDirectory() as with_it, tempfile.TemporaryDirectory() as without_it:
        undone, never = Shop(Path(with_it)), Shop(Path(without_it))
        for place, (step, rows) in enumerate(files):
            step(undone, *rows)
            if place != which:
                step(never, *rows)
        undo(undone.warehouse, which + 1, at=AT)
        left = [number for number in range(1, len(files) + 1) if number != which + 1]
        assert contents(undone) == contents(never, dict(enumerate(left, start=1)))
