"""Roles of a company's own: they hold at once, and give nobody more than who has made them."""

from __future__ import annotations

import pytest
from django.test import Client

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.core.records import record_types
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import grants_of
from guanxi_crm.users.roles import DEFAULT_ROLES
from guanxi_crm.users.selectors.roles import grants_posted, role_table
from guanxi_crm.users.services.roles import role_clone, role_delete, role_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(user_of):
    """May change roles, but no customers: a viewer with a role of the company's own."""
    grants = {"role": {"actions": {"view": "all", "create": "all", "change": "all", "delete": "all"}}}
    Role.objects.create(code="own_keeper", name="Keeper", grants=grants)
    return user_of("viewer", "own_keeper")


def role(code):
    return Role.objects.get(code=code)


def posted(of):
    """The form as the page shows it."""
    return {cell.name: cell.value for table in role_table(of) for cell in (*table.actions, *table.fields)}


class TestChanging:
    def test_it_holds_from_the_next_request_on(self, administrator, sales, actor, client_of):
        client = client_of(sales)
        assert client.get("/settings/audit/").status_code == 403
        grants = {**role("sales").grants, "audit": {"actions": {"view": "all"}, "fields": {}}}
        role_update(user=actor(administrator), role_id=role("sales").pk, grants=grants, require_second_factor=False)
        assert client.get("/settings/audit/").status_code == 200
        assert AuditEntry.objects.get(kind="role").action == "change"

    def test_the_page_saves_what_it_shows(self, administrator, password):
        before = {code: actorless(role(code)) for code in DEFAULT_ROLES}
        browser = Client()
        browser.post("/account/login/", {"login": administrator.email, "password": password})
        for code in ("sales", "service", "analyst"):
            browser.post(f"/settings/roles/{role(code).pk}/", posted(role(code)))
        assert {code: actorless(role(code)) for code in DEFAULT_ROLES} == before

    def test_one_choice_on_the_page_changes_one_thing(self, administrator, password, analyst, actor):
        browser = Client()
        browser.post("/account/login/", {"login": administrator.email, "password": password})
        form = {**posted(role("analyst")), "customer.field.name": "read", "require_second_factor": "on"}
        browser.post(f"/settings/roles/{role('analyst').pk}/", form)
        assert actor(analyst).may_read("customer", "name")
        assert not actor(analyst).may_read("customer", "phone")
        assert role("analyst").require_second_factor

    def test_a_form_that_names_nothing_grants_nothing(self):
        grants = grants_posted({})
        assert not any(grant["actions"] for grant in grants.values())
        assert set(grants) == {kind.name for kind in record_types()}

    def test_choices_that_there_are_not_are_refused(self, administrator, password):
        before = role("sales").grants
        browser = Client()
        browser.post("/account/login/", {"login": administrator.email, "password": password})
        form = {**posted(role("sales")), "customer.action.view": "everything"}
        assert browser.post(f"/settings/roles/{role('sales').pk}/", form).status_code == 400
        assert role("sales").grants == before

    @pytest.mark.parametrize(
        "grants",
        [
            {"no_such": {}},
            {"customer": {"actions": {"fly": "all"}}},
            {"customer": {"actions": {"view": "most"}}},
            {"customer": {"fields": {"shoe_size": "read"}}},
            {"customer": {"fields": {"name": "open"}}},
            {"customer": {"extra": {}}},
        ],
    )
    def test_grants_that_mean_nothing_are_refused(self, grants, administrator, actor):
        before = role("sales").grants
        with pytest.raises(RuleBroken):
            role_update(user=actor(administrator), role_id=role("sales").pk, grants=grants, require_second_factor=False)
        assert role("sales").grants == before

    def test_the_administrators_permissions_stay(self, administrator, actor):
        pk = role("administrator").pk
        with pytest.raises(RuleBroken):
            role_update(
                user=actor(administrator), role_id=pk, grants=DEFAULT_ROLES["viewer"], require_second_factor=False
            )
        role_update(user=actor(administrator), role_id=pk, require_second_factor=True)
        assert role("administrator").require_second_factor
        assert role("administrator").is_administrator


class TestMoreThanOnesOwn:
    def test_nobody_widens_his_own_role(self, keeper, actor):
        own = role("own_keeper")
        for wider in ({"user": {"actions": {"change": "all"}}}, {"customer": {"actions": {"change": "own"}}}):
            with pytest.raises(NotAllowed):
                role_update(
                    user=actor(keeper), role_id=own.pk, grants={**own.grants, **wider}, require_second_factor=False
                )
        assert role("own_keeper").grants == own.grants

    def test_nobody_opens_a_field_that_is_hidden_from_him(self, keeper, actor):
        viewer = role("viewer")
        grants = {**viewer.grants, "customer": {"actions": {"view": "all"}, "fields": {}}}
        with pytest.raises(NotAllowed):
            role_update(user=actor(keeper), role_id=viewer.pk, grants=grants, require_second_factor=False)
        assert not actor(keeper).may_read("customer", "name")

    def test_nobody_takes_from_those_who_may_more(self, keeper, actor):
        for code in ("manager", "administrator"):
            with pytest.raises(NotAllowed):
                role_update(user=actor(keeper), role_id=role(code).pk, grants={}, require_second_factor=False)

    def test_nobody_copies_what_he_has_not(self, keeper, actor):
        with pytest.raises(NotAllowed):
            role_clone(user=actor(keeper), role_id=role("manager").pk, name="Mine")
        assert not Role.objects.filter(name="Mine").exists()

    def test_within_ones_own_one_may(self, keeper, actor):
        copy = role_clone(user=actor(keeper), role_id=role("viewer").pk, name="Guests")
        grants = {"order": {"actions": {"view": "all"}, "fields": {"customer": "hidden"}}}
        role_update(user=actor(keeper), role_id=copy.pk, grants=grants, require_second_factor=False)
        assert Role.objects.get(name="Guests").grants == grants

    @pytest.mark.parametrize("code", ["manager", "sales", "service", "analyst", "viewer"])
    def test_who_may_change_no_roles_changes_none(self, code, staff, actor):
        refusal = NotAllowed if code == "manager" else NotFound
        with pytest.raises(refusal):
            role_update(user=actor(staff[code]), role_id=role(code).pk, grants={}, require_second_factor=False)
        with pytest.raises((NotAllowed, NotFound)):
            role_clone(user=actor(staff[code]), role_id=role(code).pk, name="Mine")
        assert role(code).grants == DEFAULT_ROLES[code]


class TestCopiesAndEnds:
    def test_the_page_makes_a_copy(self, administrator, viewer, client_of):
        form = {"name": "Night desk", "role_id": role("service").pk}
        answer = client_of(administrator).post("/settings/roles/", form)
        copy = Role.objects.get(name="Night desk")
        assert answer.url == f"/settings/roles/{copy.pk}/"
        assert client_of(viewer).post("/settings/roles/", {**form, "name": "Mine"}).status_code == 403
        assert "already" in client_of(administrator).post("/settings/roles/", form).content.decode()
        assert Role.objects.exclude(code__in=DEFAULT_ROLES).count() == 1

    def test_a_copy_grants_the_same(self, administrator, actor):
        copy = role_clone(user=actor(administrator), role_id=role("service").pk, name="Night desk")
        assert copy.grants == DEFAULT_ROLES["service"]
        assert str(copy) == "Night desk"

    def test_a_copy_of_the_administrator_grants_nothing(self, administrator, actor):
        copy = role_clone(user=actor(administrator), role_id=role("administrator").pk, name="Small")
        assert (copy.grants, copy.is_administrator) == ({}, False)

    @pytest.mark.parametrize("name", ["", "  ", "night DESK"])
    def test_names_are_there_and_once(self, name, administrator, actor):
        role_clone(user=actor(administrator), role_id=role("service").pk, name="Night desk")
        with pytest.raises(RuleBroken):
            role_clone(user=actor(administrator), role_id=role("service").pk, name=name)

    def test_one_that_nobody_has_can_go(self, administrator, user_of, actor):
        copy = role_clone(user=actor(administrator), role_id=role("service").pk, name="Night desk")
        member = user_of(copy.code)
        with pytest.raises(RuleBroken, match="has this role"):
            role_delete(user=actor(administrator), role_id=copy.pk)
        member.roles.clear()
        role_delete(user=actor(administrator), role_id=copy.pk)
        assert not Role.objects.filter(pk=copy.pk).exists()

    @pytest.mark.parametrize("code", list(DEFAULT_ROLES))
    def test_those_that_come_with_guanxi_stay(self, code, administrator, actor):
        with pytest.raises(RuleBroken):
            role_delete(user=actor(administrator), role_id=role(code).pk)


def test_the_table_shows_a_scope_as_the_policy_takes_it(user_of, actor):
    odd = {"product": {"actions": {"view": "own"}}, "task": {"actions": {"view": "team"}}}
    Role.objects.create(code="own_odd", name="Odd", grants=odd)
    shown = posted(role("own_odd"))
    assert (shown["product.action.view"], shown["task.action.view"]) == ("all", "own")
    assert actor(user_of("own_odd")).scope("product", "view") is Scope.ALL


def actorless(of):
    """What a role grants, as the policy takes it."""
    somebody = Actor(None, "", grants_of(of.grants))
    kinds = list(record_types())
    seen = [kind for kind in kinds if any(somebody.scope(kind.name, action) for action in kind.actions)]
    scopes = {(kind.name, action): somebody.scope(kind.name, action) for kind in kinds for action in kind.actions}
    return scopes | {(kind.name, name): somebody.mode(kind.name, name) for kind in seen for name in kind.names}
