"""Which delivered lines count: the fold on small cases by name, and on random deliveries against a plain model."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.intake.load.fold import fold_all
from guanxi.schema import ORDER_LINES
from intake.fold_model import fold

DAY = dt.date(2024, 3, 5)


def line(product="tea", *, order="1", customer="ada", day=DAY, quantity=1, number=None, cancelled=False):
    return {
        "order_id": order, "customer_id": customer, "product_id": product, "ordered_on": day, "quantity": quantity,
        "given": number, "cancelled": cancelled,
    }  # fmt: skip


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        yield made


def folded(connection, *deliveries):
    """What counts, as (line_no, product, quantity, delivery), and what is hidden, as (product, quantity, delivery, because, by)."""
    register(connection, dict(enumerate(deliveries, start=1)))
    fold_all(connection, "FROM delivered_lines")
    current = connection.execute(
        "SELECT line_no, product_id, CAST(quantity AS INTEGER), delivery_id FROM folded ORDER BY order_id, line_no"
    ).fetchall()
    hidden = connection.execute(
        """SELECT product_id, CAST(quantity AS INTEGER), delivery_id, hidden_because, hidden_by FROM hidden
        ORDER BY delivery_id, source_row"""
    ).fetchall()
    return current, hidden


def register(connection, deliveries):
    rows = [
        {
            "source": "shop", "order_id": line["order_id"], "line_no": 0, "customer_id": line["customer_id"],
            "product_id": line["product_id"], "ordered_at": dt.datetime.combine(line["ordered_on"], dt.time()),
            "ordered_on": line["ordered_on"], "quantity": Decimal(line["quantity"]), "amount": 100 * line["quantity"],
            "currency": "EUR",
            "line_kind": "cancelled" if line["cancelled"] else "return" if line["quantity"] < 0 else "sale",
            "item_kind": "product",
            "is_repeat": False, "delivery_id": number, "source_row": row, "given_line_no": line["given"],
        }
        for number, lines in deliveries.items() for row, line in enumerate(lines, start=1)
    ]  # fmt: skip
    connection.register("delivered_lines", pa.Table.from_pylist(rows, schema=ORDER_LINES.arrow))


def test_the_same_lines_again_are_known(connection):
    current, hidden = folded(connection, [line(), line("cup")], [line("cup"), line()])
    assert current == [(1, "tea", 1, 1), (2, "cup", 1, 1)]
    assert hidden == [("cup", 1, 2, "known", 1), ("tea", 1, 2, "known", 1)]


def test_of_lines_alike_as_many_are_known_as_were_there(connection):
    current, hidden = folded(connection, [line(), line()], [line(), line(), line()])
    assert [row[3] for row in current] == [1, 1, 2]
    assert len(hidden) == 2


def test_a_changed_line_takes_the_place_of_the_old_one_which_is_kept(connection):
    current, hidden = folded(connection, [line(), line("cup")], [line(quantity=3), line("cup")])
    assert current == [(1, "tea", 3, 2), (2, "cup", 1, 1)]
    assert hidden == [("tea", 1, 1, "superseded", 2), ("cup", 1, 2, "known", 1)]


def test_a_line_of_which_only_the_status_has_changed_takes_the_place_of_the_old_one(connection):
    current, hidden = folded(connection, [line(), line("cup")], [line(cancelled=True), line("cup")])
    assert current == [(1, "tea", 1, 2), (2, "cup", 1, 1)]
    assert hidden == [("tea", 1, 1, "superseded", 2), ("cup", 1, 2, "known", 1)]
    current, hidden = folded(connection, [line(cancelled=True)], [line()], [line()])
    assert current == [(1, "tea", 1, 2)]
    assert hidden == [("tea", 1, 1, "superseded", 2), ("tea", 1, 3, "known", 2)]


def test_of_lines_alike_the_one_with_the_new_status_takes_the_place_of_one(connection):
    current, hidden = folded(connection, [line(), line()], [line(cancelled=True), line()])
    assert current == [(1, "tea", 1, 1), (2, "tea", 1, 2)]
    assert [row[2:] for row in hidden] == [(1, "superseded", 2), (2, "known", 1)]


def test_a_status_supersedes_also_where_orders_have_no_number(connection):
    order = f"ada @ {DAY}"
    current, hidden = folded(connection, [line(order=order)], [line(order=order, cancelled=True)])
    assert current == [(1, "tea", 1, 2)]
    assert hidden == [("tea", 1, 1, "superseded", 2)]


def test_an_order_of_one_line_can_change_too(connection):
    assert folded(connection, [line()], [line(quantity=2)])[0] == [(1, "tea", 2, 2)]


def test_an_order_that_grew_is_numbered_on(connection):
    assert folded(connection, [line()], [line("cup"), line()])[0] == [(1, "tea", 1, 1), (2, "cup", 1, 2)]


def test_a_file_with_a_part_of_an_order_takes_nothing_from_it(connection):
    current, _ = folded(connection, [line(), line("cup"), line("pot")], [line("cup", quantity=2)])
    assert current == [(1, "tea", 1, 1), (2, "cup", 2, 2), (3, "pot", 1, 1)]
    current, _ = folded(connection, [line(), line("cup"), line("pot")], [line(), line("milk")])
    assert [row[1] for row in current] == ["tea", "cup", "pot", "milk"]


def test_a_line_whose_product_was_corrected_is_found_by_its_place_where_the_whole_order_comes_again(connection):
    current, hidden = folded(connection, [line(), line("cup"), line("pot")], [line(), line("mug"), line("pot")])
    assert [row[1] for row in current] == ["tea", "mug", "pot"]
    assert ("cup", 1, 1, "superseded", 2) in hidden


def test_line_numbers_of_the_file_tell_which_line_changed(connection):
    first = [line(number=10), line("cup", number=20)]
    current, _ = folded(connection, first, [line("cup", number=10, quantity=5), line("pot", number=20)])
    assert current == [(10, "cup", 5, 2), (20, "pot", 1, 2)]
    current, _ = folded(connection, first, [line("pot", number=15)])
    assert [row[:2] for row in current] == [(10, "tea"), (15, "pot"), (20, "cup")]


def test_a_return_under_the_number_of_its_order_does_not_supersede_the_sale(connection):
    assert folded(connection, [line(quantity=2)], [line(quantity=-2)])[0] == [(1, "tea", 2, 1), (2, "tea", -2, 2)]


def test_order_numbers_that_start_again_belong_to_other_orders(connection):
    current, hidden = folded(connection, [line()], [line(customer="bo", day=DAY + dt.timedelta(365), quantity=4)])
    assert current == [(1, "tea", 1, 1), (2, "tea", 4, 2)]
    assert hidden == []


def test_what_a_customer_buys_later_in_a_day_is_another_purchase_where_orders_have_no_number(connection):
    order = f"ada @ {DAY}"
    current, hidden = folded(connection, [line(order=order)], [line(order=order, quantity=2)])
    assert [row[2] for row in current] == [1, 2]
    assert hidden == []
    again = [line(order=order, quantity=3), line("cup", order=order)]
    current, _ = folded(connection, [line(order=order), line("cup", order=order)], again)
    assert current == [(1, "tea", 3, 2), (2, "cup", 1, 1)]


def test_lines_of_no_product_are_alike_in_that(connection):
    assert folded(connection, [line(None)], [line(None, quantity=7)])[0] == [(1, None, 7, 2)]


LINES = st.builds(
    lambda product, order, customer, days, quantity, cancelled: line(
        product, order=order, customer=customer, day=DAY + dt.timedelta(days), quantity=quantity, cancelled=cancelled
    ),
    st.sampled_from(["tea", "cup", "pot", None]),
    st.sampled_from(["1", "2", f"ada @ {DAY}"]),
    st.sampled_from(["ada", "bo", None]),
    st.integers(0, 1),
    st.sampled_from([1, 2, 3, -1]),
    st.sampled_from([False, False, True]),
)


@st.composite
def deliveries(draw):
    """Deliveries that overlap, repeat, change, grow and shrink; some number their lines."""
    found: list[list[dict]] = []
    for _ in range(draw(st.integers(1, 4))):
        again = draw(st.sampled_from(found)) if found and draw(st.booleans()) else []
        kept = [each for each in again if draw(st.integers(0, 4))]
        changed = [
            {**each, "quantity": draw(st.sampled_from([each["quantity"], 5])),
             "cancelled": draw(st.sampled_from([each["cancelled"], each["cancelled"], True]))}
            for each in kept
        ]  # fmt: skip
        lines = [{**each, "given": None} for each in [*changed, *draw(st.lists(LINES, max_size=5))]]
        if draw(st.booleans()):
            start = draw(st.integers(1, 3))
            lines = [{**each, "given": place} for place, each in enumerate(lines, start=start)]
        found.append(lines)
    return {number: lines for number, lines in enumerate(found, start=1) if lines}


@given(deliveries())
@settings(max_examples=80)
def test_random_deliveries_are_folded_as_the_plain_model_says(connection, delivered):
    if not delivered:
        return
    register(connection, delivered)
    fold_all(connection, "FROM delivered_lines")
    current, hidden = fold(delivered)
    assert set(connection.execute("SELECT order_id, line_no, delivery_id, source_row FROM folded").fetchall()) == {
        (each["order_id"], each["line_no"], each["delivery"], each["row"]) for each in current
    }
    assert set(
        connection.execute("SELECT line_no, delivery_id, source_row, hidden_because, hidden_by FROM hidden").fetchall()
    ) == {(each["line_no"], each["delivery"], each["row"], each["because"], each["by"]) for each in hidden}
    [(rows, keys)] = connection.execute("SELECT count(*), count(DISTINCT (order_id, line_no)) FROM folded").fetchall()
    [(put_away,)] = connection.execute("SELECT count(*) FROM hidden").fetchall()
    assert rows == keys, "no number comes twice in an order"
    assert rows + put_away == sum(map(len, delivered.values())), "every delivered line is kept, once"
