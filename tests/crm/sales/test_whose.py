"""Who sees an order does not thereby see its customer."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors.products import product_sales, product_search
from guanxi_crm.sales.selectors.whose import whose
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import actor_for

pytestmark = pytest.mark.django_db

ALL_ORDERS = {
    "order": {"actions": {"view": "all", "export": "all"}},
    "customer": {"actions": {"view": "own"}},
    "product": {"actions": {"view": "all"}},
}


@pytest.fixture
def clerk(sold, user_of):
    """Sees all orders, and of customers only his own: ``mine``."""
    Role.objects.create(code="clerk", grants=ALL_ORDERS)
    clerk = user_of("clerk")
    sold.mine.owner = clerk
    sold.mine.save()
    return clerk


def test_the_customer_is_told_to_who_may_see_him(sold, clerk, manager):
    orders = {order.key: order for order in Order.objects.select_related("customer")}
    for user, seen in ((clerk, [sold.mine, None, None]), (manager, [sold.mine, sold.other, None])):
        assert [whose(orders[key], user=actor_for(user)) for key in ("m01", "o1", "n1")] == seen


def test_pages_export_and_command_bar_keep_another_customer_to_themselves(sold, clerk, client):
    client.force_login(clerk)
    page = client.get(reverse("sales:orders")).content.decode()
    assert "王小明" in page
    assert "Li Na" not in page
    order = Order.objects.get(key="o1")
    assert "Li Na" not in client.get(reverse("sales:order", args=[order.pk])).content.decode()
    assert "Li Na" not in client.get(reverse("sales:product", args=[sold.tea.pk])).content.decode()
    found = client.get(reverse("site:search"), {"q": order.number}).content.decode()
    assert order.number in found
    assert "Li Na" not in found
    exported = client.post(reverse("sales:orders_export")).getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert len(rows) == Order.objects.count()
    assert "C1" in exported
    assert "C2" not in exported


def test_buyers_of_a_product_are_those_he_may_know(sold, clerk, manager):
    assert [each.customer_id for each in product_sales(sold.tea, user=actor_for(clerk)).buyers] == [sold.mine.pk]
    assert {each.customer_id for each in product_sales(sold.tea, user=actor_for(manager)).buyers} == {
        sold.mine.pk, sold.other.pk,
    }  # fmt: skip


def test_hidden_codes_do_not_tell_of_themselves_by_the_order_of_what_is_found(sold, clerk):
    sold.cup.name, sold.tea.name = "A cup", "Cup of tea"
    sold.cup.save()
    sold.tea.save()
    assert product_search(user=actor_for(clerk), text="cup") == [sold.tea, sold.cup]
    role = clerk.roles.get()
    role.grants["product"]["fields"] = {"code": "hidden"}
    role.save()
    assert product_search(user=actor_for(clerk), text="cup") == [sold.cup, sold.tea]
