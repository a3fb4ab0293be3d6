"""API tokens: no more than their user and their scopes, shown once, over when they should be."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Door, Scope
from guanxi_crm.users.api_auth import TokenAuth
from guanxi_crm.users.models import ApiToken
from guanxi_crm.users.policy import actor_for_token
from guanxi_crm.users.services.tokens import token_create, token_revoke, token_scopes

pytestmark = pytest.mark.django_db


def asks(secret, path="/api/v1/customers"):
    """Who asks, by a request with this token; None where it is 401."""
    request = RequestFactory().get(path, headers={"Authorization": f"Bearer {secret}"})
    return TokenAuth()(request)


@pytest.fixture
def token(analyst, actor):
    return token_create(user=actor(analyst), name="till", scopes=["customer.view", "run.view"], days=30)


def test_it_acts_as_its_user_through_the_api(token, analyst):
    who = asks(token[1])
    assert (who.user_id, who.door, who.name) == (analyst.pk, Door.API, "Ann Analyst (till)")


def test_it_may_no_more_than_its_scopes(token):
    who = asks(token[1])
    assert who.sees() == ("customer", "run")
    assert not who.may("customer", "export")
    assert not who.everything


def test_it_may_no_more_than_its_user(token, analyst):
    assert not asks(token[1]).may_read("customer", "name")
    analyst.roles.clear()
    assert asks(token[1]).sees() == ()


def test_an_administrators_token_is_not_an_administrator(administrator, actor):
    _, secret = token_create(user=actor(administrator), name="x", scopes=["customer.view"], days=1)
    who = asks(secret)
    assert who.scope("customer", "view") is Scope.ALL
    assert not who.may("customer", "change")
    assert not who.may("user", "view")


def test_only_its_hash_is_kept(token):
    kept, secret = token
    stored = str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))
    assert secret not in stored
    assert secret.startswith(kept.prefix)


@pytest.mark.parametrize("end", ["expired", "revoked", "inactive", "another", "cut", "empty", "in the address"])
def test_what_is_not_good_is_refused(end, token, analyst, actor):
    kept, secret = token
    path = "/api/v1/customers"
    if end == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif end == "revoked":
        token_revoke(user=actor(analyst), token_id=kept.pk)
    elif end == "inactive":
        analyst.is_active = False
        analyst.save()
    elif end == "in the address":
        path += f"?token={secret}"
    else:
        secret = {"another": "gx_" + "x" * 43, "cut": secret[:-1], "empty": ""}[end]
    assert asks(secret, path) is None
    assert ApiToken.objects.get().last_used_at is None


def test_the_address_alone_lets_nobody_in(token):
    assert TokenAuth()(RequestFactory().get(f"/api/v1/customers?access_token={token[1]}")) is None


def test_when_it_was_last_used_is_kept_to_the_minute(token, django_assert_num_queries):
    asks(token[1])
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(3):  # token with user, roles, teams; no write
        asks(token[1])
    ApiToken.objects.update(last_used_at=first - dt.timedelta(minutes=2))
    asks(token[1])
    assert ApiToken.objects.get().last_used_at >= first


def test_a_token_makes_no_token(administrator, actor):
    _, secret = token_create(user=actor(administrator), name="x", scopes=token_scopes(actor(administrator)), days=1)
    with pytest.raises(NotAllowed):
        token_create(user=asks(secret), name="y", scopes=["customer.view"], days=1)
    with pytest.raises(NotAllowed):
        token_create(user=actor(administrator, Door.API), name="y", scopes=["customer.view"], days=1)
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["customer.change"]}, "scopes"),
        ({"scopes": ["audit.view"]}, "scopes"),
        ({"scopes": ["no_such.view"]}, "scopes"),
        ({"days": 366}, "days"),
        ({"days": 0}, "days"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_it_may_not_be(wrong, field, analyst, actor):
    with pytest.raises(RuleBroken) as refused:
        token_create(user=actor(analyst), **{"name": "x", "scopes": ["customer.view"], "days": 30, **wrong})
    assert refused.value.field == field
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("code", ["sales", "service", "viewer"])
def test_who_may_make_none_makes_none(code, staff, actor):
    with pytest.raises(NotAllowed):
        token_create(user=actor(staff[code]), name="x", scopes=["customer.view"], days=1)
    assert not ApiToken.objects.exists()


def test_staff_and_settings_are_no_business_of_programs(administrator, actor):
    scopes = token_scopes(actor(administrator))
    assert "customer.export" in scopes
    assert not any(scope.startswith(("user.", "role.", "token.", "company.", "audit.", "team.")) for scope in scopes)


def test_it_is_revoked_by_its_user_or_an_administrator(token, manager, administrator, actor):
    kept, secret = token
    with pytest.raises(NotFound):
        token_revoke(user=actor(manager), token_id=kept.pk)
    assert asks(secret) is not None
    token_revoke(user=actor(administrator), token_id=kept.pk)
    assert asks(secret) is None
    assert AuditEntry.objects.get(action="revoke").user_id == administrator.pk


def test_the_page_shows_it_once(analyst, password):
    browser = Client(headers={"Accept-Language": "en"})
    browser.post("/account/login/", {"login": analyst.email, "password": password})
    form = {"name": "till", "days": "30", "scopes": ["customer.view"]}
    page = browser.post("/settings/tokens/", form)
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert asks(secret) is not None
    assert secret not in browser.get("/settings/tokens/").content.decode()


def test_making_one_asks_for_the_password_after_a_while(analyst, client_of):
    answer = client_of(analyst).post("/settings/tokens/", {"name": "till", "days": "30", "scopes": ["customer.view"]})
    assert answer.url.startswith("/account/reauthenticate/")
    assert not ApiToken.objects.exists()


def test_scopes_that_are_no_scopes_grant_nothing(token):
    kept, _ = token
    for scopes in (["customer"], [""], [".view"], ["customer.view.all"], "customer.view", None, [7]):
        kept.scopes = scopes
        assert actor_for_token(kept).sees() == ()
