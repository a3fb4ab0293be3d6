"""Orders and products on their pages, as far as each may see them."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from crm.sales.rows_of_orders import line_row, order_row
from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.keyset import COUNT_LIMIT
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.services.demo import demo_customers_remove
from guanxi_crm.sales.models import IS_RETURN, Order, OrderLine, ProductMonth
from guanxi_crm.sales.selectors import orders
from guanxi_crm.sales.selectors.orders import OrderFilter, order_count, order_get, order_page, orders_of
from guanxi_crm.sales.selectors.products import product_page, product_sales
from guanxi_crm.sales.services.demo import demo_orders_remove
from guanxi_crm.sales.services.imported import orders_upsert
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import actor_for

pytestmark = pytest.mark.django_db


def hide(user, kind: str, *fields: str) -> None:
    """Take fields away from a user's role."""
    role = Role.objects.get(users=user)
    role.grants[kind].setdefault("fields", {}).update(dict.fromkeys(fields, "hidden"))
    role.save()


def test_a_manager_sees_all_orders_newest_first_and_turns_pages(sold, manager):
    user = actor_for(manager)
    first = order_page(user=user, asked=OrderFilter(), size=20)
    second = order_page(user=user, asked=OrderFilter(), size=20, cursor=first.next)
    keys = [order.key for order in (*first.records, *second.records)]
    assert keys == ["n1", "o2", "o1", *(f"m{day:02}" for day in range(31, 0, -1))]
    assert second.next is None


@pytest.mark.parametrize("few", [orders._FEW, 0])
def test_sales_see_the_orders_of_their_own_customers_only(sold, sales, client, monkeypatch, few):
    # Both ways of reading them: all of his sorted, and the newest of all gone through.
    monkeypatch.setattr(orders, "_FEW", few)
    user = actor_for(sales)
    assert {order.customer_id for order in order_page(user=user, asked=OrderFilter(), size=100).records} == {
        sold.mine.pk
    }
    others = Order.objects.get(key="o1")
    with pytest.raises(NotFound):
        order_get(user=user, order_id=others.pk)
    with pytest.raises(NotFound):
        orders_of(user=user, customer=sold.other)
    client.force_login(sales)
    assert client.get(reverse("sales:order", args=[others.pk])).status_code == 404
    assert b"No1" not in client.get(reverse("sales:orders")).content


@pytest.mark.parametrize("few", [orders._FEW, 0])
def test_sales_turn_the_pages_of_their_own_customers_orders(sold, sales, monkeypatch, few):
    monkeypatch.setattr(orders, "_FEW", few)
    user = actor_for(sales)
    pages = [order_page(user=user, asked=OrderFilter(first_on=dt.date(2026, 1, 5)), size=20)]
    pages.append(order_page(user=user, asked=OrderFilter(first_on=dt.date(2026, 1, 5)), size=20, cursor=pages[0].next))
    assert [order.key for page in pages for order in page.records] == [f"m{day:02}" for day in range(31, 4, -1)]
    assert pages[1].next is None


def test_orders_are_counted_as_far_as_it_is_cheap(sold, manager, sales, monkeypatch):
    assert order_count(user=actor_for(manager), asked=OrderFilter()) == (34, COUNT_LIMIT)
    assert order_count(user=actor_for(sales), asked=OrderFilter()) == (31, 1000)
    assert order_count(user=actor_for(sales), asked=OrderFilter(last_on=dt.date(2026, 1, 2))) == (2, 1000)
    monkeypatch.setattr(orders, "_COUNTED", 10)
    assert order_count(user=actor_for(sales), asked=OrderFilter()) == (11, 10)
    hide(sales, "order", "number")
    with pytest.raises(NotAllowed):
        order_count(user=actor_for(sales), asked=OrderFilter(number="Nm07"))


def test_orders_are_found_by_number_day_and_customer(sold, manager):
    user = actor_for(manager)

    def found(**asked) -> list[str]:
        return [order.key for order in order_page(user=user, asked=OrderFilter(**asked), size=100).records]

    assert found(number="Nm07") == ["m07"]
    assert found(first_on=dt.date(2026, 1, 30), last_on=dt.date(2026, 2, 1)) == ["o1", "m31", "m30"]
    assert found(customer_id=sold.other.pk) == ["o2", "o1"]


def test_nobody_asks_by_what_is_hidden_from_him(sold, analyst):
    user = actor_for(analyst)
    with pytest.raises(NotAllowed):
        order_page(user=user, asked=OrderFilter(customer_id=sold.mine.pk))
    with pytest.raises(NotAllowed):
        orders_of(user=user, customer=sold.mine)


def test_hidden_fields_show_nowhere(sold, manager, client):
    hide(manager, "order", "amount", "customer")
    hide(manager, "product", "unit_cost")
    client.force_login(manager)
    order = Order.objects.get(key="o1")
    pages = [
        client.get(reverse("sales:orders")),
        client.get(reverse("sales:order", args=[order.pk])),
        client.get(reverse("sales:products")),
        client.get(reverse("sales:product", args=[sold.tea.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in ("999.00", "Li Na", "王小明", "3.5 "):
            assert secret not in page.content.decode()
    assert product_sales(sold.tea, user=actor_for(manager)).months == []
    assert product_sales(sold.tea, user=actor_for(manager)).buyers == []


@pytest.mark.parametrize(("language", "words"), [("en", "Unit price (CNY)"), ("zh", "单价（CNY）")])
def test_a_price_has_its_currency_and_the_warehouse_keeps_its_names(language, words, sold, manager, client_of):
    order = Order.objects.get(key="o1")
    Order.objects.update(source="internal_name")
    text = client_of(manager, language=language).get(reverse("sales:order", args=[order.pk])).content.decode()
    assert words in text
    assert "internal_name" not in text


@pytest.mark.parametrize(("language", "words"), [("en", ("Return No1", "-CN¥5.00")), ("zh", ("退货单 No1", "-¥5.00"))])
def test_a_return_is_called_one_and_shows_what_went_back(language, words, sold, manager, client_of):
    Order.objects.filter(key="o1").update(amount=0, returns_amount=500)
    url = reverse("sales:order", args=[Order.objects.get(key="o1").pk])
    text = client_of(manager, language=language).get(url).content.decode()
    assert [word for word in words if word not in text] == []
    assert "¥0.00" not in text
    hide(manager, "order", "returns_amount")
    text = client_of(manager, language=language).get(url).content.decode()
    assert not any(word in text for word in words)


def test_orders_are_taken_out_with_the_simulated_companys_customers(sold):
    sold.other.origin = "demo"
    sold.other.save()
    assert demo_orders_remove() == 2
    assert set(ProductMonth.objects.exclude(orders=0).values_list("month", flat=True)) == {"2026-01", "2026-02"}
    assert ProductMonth.objects.filter(product=sold.cup, orders__gt=0).count() == 0
    assert demo_customers_remove() == 1
    assert set(Order.objects.values_list("customer_id", flat=True)) == {sold.mine.pk, None}
    assert not OrderLine.objects.exclude(order__in=Order.objects.all()).exists()


def test_a_product_tells_what_was_sold_and_to_whom(sold, manager):
    user = actor_for(manager)
    months = product_sales(sold.tea, user=user).months
    assert [(each.month, each.orders, each.quantity, each.amount) for each in months] == [
        (dt.date(2026, 1, 1), 31, 62.0, 31 * 1250),
        (dt.date(2026, 2, 1), 2, 4.0, 99900 + 700),
    ]
    assert [(each.name, each.orders, each.amount) for each in product_sales(sold.tea, user=user).buyers] == [
        ("Li Na", 1, 99900),
        ("王小明", 31, 31 * 1250),
    ]


def test_a_product_tells_sales_of_their_own_customers_only(sold, sales):
    user = actor_for(sales)
    assert [each.amount for each in product_sales(sold.tea, user=user).months] == [31 * 1250]
    assert [each.customer_id for each in product_sales(sold.tea, user=user).buyers] == [sold.mine.pk]
    assert product_sales(sold.cup, user=user).months == []


@pytest.mark.parametrize(("language", "note"), [("en", "the 3 order lines"), ("zh", "最近导入的 3 条订单明细")])
def test_of_a_best_seller_the_lines_imported_last_tell_and_the_page_says_so(
    sold, manager, sales, client_of, monkeypatch, language, note
):
    url = reverse("sales:product", args=[sold.tea.pk])
    assert note not in client_of(manager, language=language).get(url).content.decode()
    monkeypatch.setattr("guanxi_crm.sales.selectors.products.LATEST", 3)
    monkeypatch.setattr("guanxi_crm.sales.views.LATEST", 3)
    # Of three lines the last is nobody's, the one before another's, the first his.
    told = product_sales(sold.tea, user=actor_for(sales))
    assert [(each.orders, each.amount) for each in told.months] == [(1, 1250)]
    assert [(each.customer_id, each.amount) for each in told.buyers] == [(sold.mine.pk, 1250)]
    assert (told.has_all_months, told.has_all_buyers) == (False, False)
    whole = product_sales(sold.tea, user=actor_for(manager))
    assert [each.orders for each in whole.months] == [31, 2]
    assert [each.orders for each in whole.buyers] == [1, 1]
    assert (whole.has_all_months, whole.has_all_buyers) == (True, False)
    assert client_of(manager, language=language).get(url).content.decode().count(note) == 1
    assert client_of(sales, language=language).get(url).content.decode().count(note) == 2


@pytest.mark.parametrize(("language", "note"), [("en", "is none that you may see"), ("zh", "没有您可查看的记录")])
def test_who_sold_none_of_the_lines_imported_last_is_not_told_that_nothing_was_sold(
    sold, sales, client_of, monkeypatch, language, note
):
    monkeypatch.setattr("guanxi_crm.sales.selectors.products.LATEST", 2)
    told = product_sales(sold.tea, user=actor_for(sales))
    assert (told.months, told.buyers, told.has_all_months, told.has_all_buyers) == ([], [], False, False)
    assert (
        note in client_of(sales, language=language).get(reverse("sales:product", args=[sold.tea.pk])).content.decode()
    )


def test_lines_that_are_no_sales_do_not_count_among_the_latest(sold, sales, monkeypatch):
    rows = [line_row("x1", "P1", 5, line_no=each, kind="shipping") for each in range(1, 4)]
    orders_upsert([order_row("x1", "C1", dt.date(2026, 4, 1), 15)], rows, origin="import")
    monkeypatch.setattr("guanxi_crm.sales.selectors.products.LATEST", 3)
    assert [each.orders for each in product_sales(sold.tea, user=actor_for(sales)).months] == [1]


def test_exactly_as_many_lines_as_are_read_are_all(sold, sales, monkeypatch):
    monkeypatch.setattr(
        "guanxi_crm.sales.selectors.products.LATEST", OrderLine.objects.filter(product=sold.tea).count()
    )
    told = product_sales(sold.tea, user=actor_for(sales))
    assert (told.has_all_months, told.months[0].orders) == (True, 31)


def test_a_products_sales_take_four_queries(sold, sales, django_assert_max_num_queries):
    user = actor_for(sales)
    with django_assert_max_num_queries(4):
        assert product_sales(sold.tea, user=user).buyers


def test_products_are_searched_by_code_name_and_category(sold, manager):
    user = actor_for(manager)
    assert [each.code for each in product_page(user=user, text="tea").records] == ["P1"]
    assert [each.code for each in product_page(user=user, text="p").records] == ["P1", "P2"]
    hide(manager, "product", "name", "category")
    assert product_page(user=actor_for(manager), text="tea").records == []


def test_an_export_has_what_may_be_seen_and_leaves_a_trace(sold, manager, client):
    Order.objects.filter(key="m01").update(channel="=cmd()")
    hide(manager, "order", "customer")
    client.force_login(manager)
    answer = client.post(reverse("sales:orders_export") + "?to=2026-01-01")
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    [row] = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
    assert row == {
        "Number": "Nm01", "Ordered": "2026-01-01 17:30:00+08:00", "Items": "2", "Amount": "12.50", "Returned": "0.00",
        "Country": "CN", "Channel": "'=cmd()", "Source": "shop", "Currency": "CNY",
    }  # fmt: skip
    entry = AuditEntry.objects.get(kind="order", action="export")
    assert (entry.note["orders"], entry.note["filter"]) == (1, {"last_on": "2026-01-01"})


def test_who_may_not_export_gets_nothing_and_nothing_is_logged(sold, sales, client):
    client.force_login(sales)
    assert client.post(reverse("sales:orders_export")).status_code == 403
    assert client.get(reverse("sales:orders_export")).status_code == 405
    assert not AuditEntry.objects.filter(kind="order").exists()


def test_a_date_that_is_none_is_said(sold, manager, client):
    client.force_login(manager)
    answer = client.get(reverse("sales:orders") + "?from=yesterday")
    assert (answer.status_code, b"is not a date" in answer.content) == (400, True)


@pytest.mark.parametrize("name", ["orders", "products"])
def test_the_number_of_queries_does_not_grow_with_rows(sold, manager, client, name, django_assert_max_num_queries):
    client.force_login(manager)
    with django_assert_max_num_queries(12):
        client.get(reverse(f"sales:{name}"))


def test_how_much_one_sees_is_measured_by_orders_not_by_customers(sold, sales, monkeypatch):
    role = Role.objects.get(users=sales)
    role.grants["order"]["actions"]["view"] = "own"
    role.save()
    monkeypatch.setattr(orders, "_FEW", 1)
    for scope in ("own", "all"):
        role.grants["customer"]["actions"]["view"] = scope
        role.save()
        # One of the two customers is his: no orders of many.
        assert not orders._sees_many(actor_for(sales))
    role.grants["customer"]["actions"]["view"] = "own"
    role.grants["order"]["actions"]["view"] = "team"
    role.save()
    Customer.objects.update(team=sales.teams.get())
    assert orders._sees_many(actor_for(sales))
    assert len(order_page(user=actor_for(sales), asked=OrderFilter(), size=100).records) == 33


def test_a_return_is_the_same_for_a_record_and_for_the_database(sold):
    keys = list(Order.objects.order_by("pk").values_list("pk", flat=True)[:4])
    for key, (amount, returned) in zip(keys, [(0, 5), (5, 5), (0, 0), (5, 0)], strict=True):
        Order.objects.filter(pk=key).update(amount=amount, returns_amount=returned)
    assert list(Order.objects.filter(IS_RETURN).values_list("pk", flat=True)) == keys[:1]
    assert [each.pk for each in Order.objects.all() if each.is_return] == keys[:1]
