"""Who may do what: scopes, fields, several roles, and what malformed grants are worth."""

from __future__ import annotations

import pytest

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.policy import Actor, Door, Grant, Mode, Scope
from guanxi_crm.core.records import record_types
from guanxi_crm.customers.models import Customer
from guanxi_crm.sales.models import Product
from guanxi_crm.users.policy import grants_of, nobody, system

ALL = Grant({"view": Scope.ALL})


def with_grant(user_id=None, *, kind="customer", teams=(), fields=None, **scopes):
    return Actor(user_id, "somebody", {kind: Grant(scopes, fields or {})}, frozenset(teams))


class TestScopes:
    @pytest.fixture
    def customers(self, sales, colleague, stranger, team, customer_of):
        """Of ``sales``; of a colleague, in the team; the team's, of nobody; of a stranger; nobody's at all."""
        return {
            "own": customer_of(owner=sales, team=team),
            "colleague's": customer_of(owner=colleague, team=team),
            "team's": customer_of(team=team),
            "stranger's": customer_of(owner=stranger),
            "nobody's": customer_of(),
        }

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("scope", "seen"),
        [
            (Scope.NONE, set()),
            (Scope.OWN, {"own"}),
            (Scope.TEAM, {"own", "colleague's", "team's"}),
            (Scope.ALL, {"own", "colleague's", "team's", "stranger's", "nobody's"}),
        ],
    )
    def test_a_list_shows_what_the_record_page_shows(self, customers, sales, team, scope, seen):
        actor = with_grant(sales.pk, teams=[team.pk], view=scope)
        listed = set(actor.narrow("customer", Customer.objects.all()))
        assert listed == {customers[name] for name in seen}
        assert {name for name, each in customers.items() if actor.may("customer", "view", each)} == seen

    @pytest.mark.django_db
    def test_the_team_scope_of_somebody_without_a_team_is_his_own(self, customers, sales):
        actor = with_grant(sales.pk, view=Scope.TEAM)
        assert list(actor.narrow("customer", Customer.objects.all())) == [customers["own"]]

    @pytest.mark.django_db
    def test_what_nobody_looks_after_is_not_the_own_of_somebody_without_an_account(self, customers):
        actor = with_grant(None, view=Scope.OWN)
        assert not actor.narrow("customer", Customer.objects.all()).exists()
        assert not actor.may("customer", "view", customers["nobody's"])

    @pytest.mark.django_db
    def test_the_owner_of_an_order_is_his_customers(self, customers, sales):
        order = customers["own"].orders.model(customer=customers["own"])
        other = customers["own"].orders.model(customer=customers["stranger's"])
        actor = with_grant(sales.pk, kind="order", view=Scope.OWN)
        assert actor.may("order", "view", order)
        assert not actor.may("order", "view", other)

    @pytest.mark.django_db
    def test_another_action_has_its_own_scope(self, customers, sales, team):
        actor = with_grant(sales.pk, teams=[team.pk], view=Scope.TEAM, change=Scope.OWN)
        assert list(actor.narrow("customer", Customer.objects.all(), "change")) == [customers["own"]]

    @pytest.mark.django_db
    def test_what_one_may_not_see_is_not_there_and_what_one_may_see_but_not_change_is_not_allowed(
        self, customers, sales, team
    ):
        actor = with_grant(sales.pk, teams=[team.pk], view=Scope.TEAM, change=Scope.OWN)
        actor.require("customer", "change", customers["own"])
        with pytest.raises(NotAllowed):
            actor.require("customer", "change", customers["colleague's"])
        with pytest.raises(NotFound):
            actor.require("customer", "change", customers["stranger's"])

    def test_records_without_an_owner_are_all_or_none(self):
        actor = with_grant(1, kind="product", view=Scope.OWN)
        assert actor.scope("product", "view") is Scope.ALL
        assert actor.narrow("product", Product.objects.all()).query.where.children == []


class TestFields:
    def test_a_field_that_is_not_named_may_be_written(self):
        actor = with_grant(1, view=Scope.ALL, fields={"phone": Mode.READ, "email": Mode.HIDDEN})
        modes = {name: actor.mode("customer", name) for name in ("name", "phone", "email")}
        assert modes == {"name": Mode.WRITE, "phone": Mode.READ, "email": Mode.HIDDEN}

    def test_what_only_imports_write_nobody_writes(self):
        assert system().mode("customer", "number") is Mode.READ
        assert with_grant(1, view=Scope.ALL).mode("customer", "segment") is Mode.READ

    def test_a_field_that_there_is_not_is_hidden(self):
        assert system().mode("customer", "no_such_field") is Mode.HIDDEN
        assert not system().may_read("customer", "password")

    def test_a_hidden_field_and_one_that_there_is_not_are_refused_in_the_same_words(self):
        actor = with_grant(1, view=Scope.ALL, fields={"email": Mode.HIDDEN})
        refusals = []
        for name in ("email", "no_such"):
            with pytest.raises(NotAllowed) as refused:
                actor.require_readable("customer", ["name", name])
            refusals.append(refused.value.code)
        assert len(set(refusals)) == 1

    def test_a_field_to_read_is_not_to_write(self):
        actor = with_grant(1, view=Scope.ALL, change=Scope.ALL, fields={"phone": Mode.READ})
        actor.require_writable("customer", ["name"])
        with pytest.raises(NotAllowed):
            actor.require_writable("customer", ["name", "phone"])


class TestSeveralRoles:
    def test_of_actions_the_wider_scope_holds(self):
        joined = Grant({"view": Scope.TEAM, "change": Scope.OWN}).joined(
            Grant({"view": Scope.OWN, "delete": Scope.ALL})
        )
        assert joined.scopes == {"view": Scope.TEAM, "change": Scope.OWN, "delete": Scope.ALL}

    def test_of_fields_the_more_open_mode_holds(self):
        one = Grant(ALL.scopes, {"name": Mode.HIDDEN, "phone": Mode.HIDDEN, "email": Mode.HIDDEN})
        other = Grant(ALL.scopes, {"name": Mode.READ, "phone": Mode.HIDDEN})
        for joined in (one.joined(other), other.joined(one)):
            assert joined.fields == {"name": Mode.READ, "phone": Mode.HIDDEN}
            assert joined.mode("email") is Mode.WRITE

    def test_a_role_that_shows_no_records_opens_no_fields(self):
        blind = Grant({"create": Scope.ALL})
        careful = Grant(ALL.scopes, {"name": Mode.HIDDEN})
        for joined in (blind.joined(careful), careful.joined(blind)):
            assert joined.mode("name") is Mode.HIDDEN
            assert joined.scopes == {"create": Scope.ALL, "view": Scope.ALL}

    @pytest.mark.django_db
    def test_an_analyst_who_serves_too_sees_names(self, user_of, actor):
        both = actor(user_of("analyst", "service"))
        assert not actor(user_of("analyst")).may_read("customer", "name")
        assert both.may_read("customer", "name")
        assert both.may("customer", "export")


class TestMalformedGrants:
    @pytest.mark.parametrize("stored", [None, [], "all", 7, {"customer": None}, {"customer": "all"}, {"customer": []}])
    def test_what_is_no_grant_grants_nothing(self, stored):
        assert not any(grant.scopes for grant in grants_of(stored).values())

    @pytest.mark.parametrize("scope", ["everything", "ALL", "", None, 3, True, ["all"], {"all": "all"}])
    def test_a_scope_that_is_no_word_is_none(self, scope):
        actor = Actor(1, "", grants_of({"customer": {"actions": {"view": scope}}}))
        assert not actor.may("customer", "view")

    @pytest.mark.parametrize("mode", ["open", "WRITE", None, 2, ["write"]])
    def test_a_mode_that_is_no_word_hides(self, mode):
        stored = {"customer": {"actions": {"view": "all"}, "fields": {"name": mode}}}
        assert not Actor(1, "", grants_of(stored)).may_read("customer", "name")

    def test_fields_that_are_no_table_close_the_record_type(self):
        stored = {"customer": {"actions": {"view": "all"}, "fields": "hidden"}}
        assert not Actor(1, "", grants_of(stored)).may("customer", "view")


def test_nobody_may_anything():
    for kind in record_types():
        assert not any(nobody().may(kind.name, action) for action in kind.actions)


def test_another_door_changes_nothing_but_the_door():
    actor = with_grant(1, view=Scope.ALL)
    assert actor.through(Door.JOB).door is Door.JOB
    assert actor.through(Door.JOB).grants == actor.grants
