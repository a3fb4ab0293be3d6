"""Orders and products on their pages, as far as each may see them."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors.orders import OrderFilter, order_get, order_page, orders_of
from guanxi_crm.sales.selectors.products import product_buyers, product_months, product_page
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


def test_sales_see_the_orders_of_their_own_customers_only(sold, sales, client):
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
    assert product_months(sold.tea, user=actor_for(manager)) == []
    assert product_buyers(sold.tea, user=actor_for(manager)) == []


def test_a_product_tells_what_was_sold_and_to_whom(sold, manager):
    user = actor_for(manager)
    months = product_months(sold.tea, user=user)
    assert [(each.month, each.orders, each.quantity, each.amount) for each in months] == [
        (dt.date(2026, 1, 1), 31, 62.0, 31 * 1250),
        (dt.date(2026, 2, 1), 2, 4.0, 99900 + 700),
    ]
    assert [(each.name, each.orders, each.amount) for each in product_buyers(sold.tea, user=user)] == [
        ("Li Na", 1, 99900),
        ("王小明", 31, 31 * 1250),
    ]


def test_a_product_tells_sales_of_their_own_customers_only(sold, sales):
    user = actor_for(sales)
    assert [each.amount for each in product_months(sold.tea, user=user)] == [31 * 1250]
    assert [each.customer_id for each in product_buyers(sold.tea, user=user)] == [sold.mine.pk]
    assert product_months(sold.cup, user=user) == []


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
