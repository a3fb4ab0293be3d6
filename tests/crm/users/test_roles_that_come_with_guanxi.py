"""The roles that come with Guanxi: there after migrations, and never taken from an administrator's hands again."""

from __future__ import annotations

import pytest

from guanxi_crm.core.policy import Scope
from guanxi_crm.core.records import record_types
from guanxi_crm.users.models import Role
from guanxi_crm.users.roles import DEFAULT_ROLES
from guanxi_crm.users.services.roles import roles_ensure

pytestmark = pytest.mark.django_db


def test_they_are_there(staff):
    assert set(Role.objects.values_list("code", flat=True)) >= set(DEFAULT_ROLES)
    assert set(staff) == set(DEFAULT_ROLES)


def test_they_name_only_record_types_actions_and_fields_that_there_are():
    declared = {kind.name: kind for kind in record_types()}
    for grants in DEFAULT_ROLES.values():
        assert set(grants) <= set(declared)
        for kind, grant in grants.items():
            assert set(grant["actions"]) <= set(declared[kind].actions)
            assert set(grant["fields"]) <= set(declared[kind].names)


def test_what_an_administrator_has_changed_stays(company):
    sales = Role.objects.get(code="sales")
    sales.grants = {**sales.grants, "customer": {"actions": {"view": "own"}, "fields": {}}}
    sales.save()
    roles_ensure()
    sales.refresh_from_db()
    assert sales.grants["customer"] == {"actions": {"view": "own"}, "fields": {}}


def test_a_record_type_that_a_role_has_never_heard_of_is_added(company):
    sales = Role.objects.get(code="sales")
    del sales.grants["task"]
    sales.save()
    roles_ensure()
    sales.refresh_from_db()
    assert sales.grants["task"] == DEFAULT_ROLES["sales"]["task"]


def test_an_analyst_sees_no_field_that_identifies_a_person(analyst, actor):
    hidden = {
        (kind.name, field.name)
        for kind in record_types()
        for field in kind.fields
        if field.personal and actor(analyst).may(kind.name, "view") and actor(analyst).may_read(kind.name, field.name)
    }
    assert hidden == set()


def test_the_fixtures_hold(staff, customer_of, client_of, sales, stranger, actor):
    customer = customer_of(name="李雷", owner=sales, phone="138 0013 8000")
    assert customer.contact_points.get().normal == "13800138000"
    assert actor(sales).may("customer", "change", customer)
    assert not actor(stranger).may("customer", "view", customer)
    assert actor(staff["administrator"]).scope("audit", "view") is Scope.ALL
