"""Ways to reach a customer."""

from __future__ import annotations

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import ContactPoint
from guanxi_crm.customers.selectors.record import contact_points_of
from guanxi_crm.customers.services.contacts import (
    contact_add,
    contact_change,
    contact_make_primary,
    contact_remove,
)

pytestmark = pytest.mark.django_db


def told(customer):
    return [(each.kind, each.value, each.is_primary) for each in customer.contact_points.order_by("kind", "pk")]


def test_the_first_of_a_kind_is_the_primary_one_and_the_next_only_if_asked(sales, actor, customer_of):
    customer, user = customer_of(owner=sales), actor(sales)
    contact_add(user=user, customer_id=customer.pk, kind="phone", value="138 0013 8000")
    contact_add(user=user, customer_id=customer.pk, kind="phone", value="０５７１－８８８８６６６６", label="公司")
    assert told(customer) == [("phone", "138 0013 8000", True), ("phone", "０５７１－８８８８６６６６", False)]
    assert customer.contact_points.get(label="公司").normal == "057188886666"
    contact_add(user=user, customer_id=customer.pk, kind="phone", value="13900139000", is_primary=True)
    assert [each.value for each in customer.contact_points.filter(is_primary=True)] == ["13900139000"]
    customer.refresh_from_db()
    # An import leaves alone what staff have set.
    assert customer.edited == ["phone"]


def test_every_change_is_in_the_audit_trail_under_the_field_of_its_kind(sales, actor, customer_of):
    customer, user = customer_of(owner=sales), actor(sales)
    point = contact_add(user=user, customer_id=customer.pk, kind="email", value="Wang@Example.com")
    contact_change(user=user, customer_id=customer.pk, contact_id=point.pk, value="wang@example.org")
    contact_remove(user=user, customer_id=customer.pk, contact_id=point.pk)
    assert [each.changes for each in AuditEntry.objects.order_by("pk")] == [
        {"email": [None, "Wang@Example.com"]},
        {"email": ["Wang@Example.com", "wang@example.org"]},
        {"email": ["wang@example.org", None]},
    ]


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("phone", "1234", "crm_customers.not_a_phone"),
        ("phone", "call me 13800138000", "crm_customers.not_a_phone"),
        ("email", "wang@", "crm_customers.not_an_email"),
        ("wechat", "  ", "crm_customers.contact_empty"),
        ("address", "x" * 301, "crm_customers.contact_empty"),
        ("phone", "138-0013-8000", "crm_customers.contact_twice"),
        ("pigeon", "grey", "crm_customers.not_a_choice"),
    ],
)
def test_what_cannot_be_one_is_refused(kind, value, code, sales, actor, customer_of):
    customer = customer_of(owner=sales, phone="13800138000")
    with pytest.raises(RuleBroken) as refused:
        contact_add(user=actor(sales), customer_id=customer.pk, kind=kind, value=value)
    assert refused.value.code == code
    assert told(customer) == [("phone", "13800138000", True)]
    assert not AuditEntry.objects.exists()


def test_when_the_primary_one_goes_the_oldest_that_is_left_takes_its_place(sales, actor, customer_of):
    customer, user = customer_of(owner=sales, phone="13800138000"), actor(sales)
    second = contact_add(user=user, customer_id=customer.pk, kind="phone", value="13900139000")
    contact_add(user=user, customer_id=customer.pk, kind="phone", value="13700137000")
    contact_make_primary(user=user, customer_id=customer.pk, contact_id=second.pk)
    assert customer.contact_points.get(is_primary=True) == second
    contact_remove(user=user, customer_id=customer.pk, contact_id=second.pk)
    assert customer.contact_points.get(is_primary=True).value == "13800138000"


def test_whose_kind_of_contact_point_is_hidden_does_not_learn_that_it_is_there(sales, actor, customer_of):
    role = sales.roles.get()
    role.grants["customer"]["fields"]["wechat"] = "hidden"
    role.save()
    customer, user = customer_of(owner=sales, wechat="wxm_88", phone="13800138000"), actor(sales)
    assert [each.kind for each in contact_points_of(customer, user=user)] == ["phone"]
    hidden = customer.contact_points.get(kind="wechat")
    for refused in (contact_remove, contact_make_primary):
        with pytest.raises(NotFound):
            refused(user=user, customer_id=customer.pk, contact_id=hidden.pk)
    with pytest.raises(NotAllowed):
        contact_add(user=user, customer_id=customer.pk, kind="wechat", value="other")
    assert [each.value for each in ContactPoint.objects.filter(kind="wechat")] == ["wxm_88"]


def test_another_customers_contact_point_is_not_found_under_this_one(sales, actor, customer_of):
    mine, other = customer_of(owner=sales), customer_of(owner=sales, phone="13800138000")
    point = other.contact_points.get()
    with pytest.raises(NotFound):
        contact_remove(user=actor(sales), customer_id=mine.pk, contact_id=point.pk)
    assert other.contact_points.get() == point


def test_the_pages_add_correct_prefer_and_remove(service, viewer, client_of, customer_of):
    customer, client = customer_of(phone="13800138000"), client_of(service)
    add = reverse("customers:contact_add", args=[customer.pk])
    wrong = client.post(add, {"kind": "phone", "value": "12"})
    assert wrong.status_code == 400
    assert 'value="12"' in wrong.content.decode()
    assert client.post(add, {"kind": "phone", "value": "13900139000", "label": "公司"}).status_code == 302
    point = customer.contact_points.get(label="公司")
    change = reverse("customers:contact_change", args=[customer.pk, point.pk])
    assert 'value="13900139000"' in client.get(change).content.decode()
    client.post(change, {"value": "13900139001", "label": ""})
    client.post(reverse("customers:contact_make_primary", args=[customer.pk, point.pk]))
    point.refresh_from_db()
    assert (point.value, point.label, point.is_primary) == ("13900139001", "", True)
    remove = reverse("customers:contact_remove", args=[customer.pk, point.pk])
    assert client_of(viewer).post(remove).status_code in {403, 404}
    assert customer.contact_points.count() == 2
    assert client.get(remove).status_code == 405
    client.post(remove)
    assert customer.contact_points.get().value == "13800138000"
