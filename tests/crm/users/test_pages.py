"""Every page of settings, for every role, in both languages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from guanxi_crm.users.models import Role, Team
from guanxi_crm.users.services.invitations import invitation_create
from guanxi_crm.users.services.tokens import token_create

pytestmark = pytest.mark.django_db

WHO_SEES = {
    "users:profile": {"administrator", "manager", "sales", "service", "analyst", "viewer"},
    "users:staff": {"administrator", "manager"},
    "users:invite": {"administrator"},
    "users:roles": {"administrator", "manager"},
    "users:teams": {"administrator", "manager"},
    "users:tokens": {"administrator", "manager", "analyst"},
    "users:company": {"administrator", "manager"},
    "users:audit": {"administrator", "manager"},
    "mfa_index": {"administrator", "manager", "sales", "service", "analyst", "viewer"},
    "account_change_password": {"administrator", "manager", "sales", "service", "analyst", "viewer"},
}


@pytest.fixture
def something_everywhere(staff, actor):
    """A row in each list."""
    administrator = actor(staff["administrator"])
    sales = Role.objects.get(code="sales")
    Team.objects.create(name="华北")
    invitation_create(user=administrator, email="new@example.com", name="新人", roles=[sales.pk], teams=[])
    token_create(user=administrator, name="till", scopes=["customer.view"], days=30)


def signed_in(user, password):
    """A browser in which he has typed his password just now."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": password})
    return client


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", WHO_SEES)
def test_a_page_is_seen_by_those_whose_role_shows_it(page, language, staff, something_everywhere, password):
    seen = set()
    for code, user in staff.items():
        user.language = language
        user.save()
        answer = signed_in(user, password).get(reverse(page))
        assert answer.status_code in {200, 403}
        if answer.status_code == 200:
            seen.add(code)
            text = answer.content.decode()
            assert re.search(r"<h1[^>]*>\s*\S", text)
            assert not re.search(r"crm_[a-z]+\.[a-z]", text)
            assert ("zh-CN" if language == "zh" else 'lang="en"') in text
    assert seen == WHO_SEES[page]


def test_nobody_sees_any_without_signing_in(company, client):
    for page in WHO_SEES:
        answer = client.get(reverse(page))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("page", ["users:person", "users:role"])
def test_one_record_is_seen_by_those_who_see_the_list(page, staff, client_of):
    record = {"users:person": staff["sales"].pk, "users:role": Role.objects.get(code="sales").pk}[page]
    seen = {
        code for code, user in staff.items() if client_of(user).get(reverse(page, args=[record])).status_code == 200
    }
    assert seen == {"administrator", "manager"}


def test_lists_ask_no_more_of_the_database_when_they_grow(
    administrator, user_of, client_of, django_assert_max_num_queries
):
    for number in range(12):
        user_of("sales", teams=[Team.objects.create(name=f"Team {number}")])
    client = client_of(administrator)
    for page in ("users:staff", "users:roles", "users:teams", "users:tokens", "users:audit"):
        client.get(reverse(page))
        with django_assert_max_num_queries(16):
            client.get(reverse(page))


def test_pages_hold_no_inline_script_or_style(administrator, client_of, something_everywhere):
    for page in WHO_SEES:
        text = client_of(administrator).get(reverse(page), follow=True).content.decode()
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text)
        assert not re.search(r"<script(?![^>]*(nonce|application/json))", text)


def test_fields_of_staff_that_are_hidden_are_on_no_page(administrator, sales, user_of, client_of):
    hidden = {"email": "hidden", "name": "hidden", "roles": "hidden", "teams": "hidden"}
    grants = {
        "user": {"actions": {"view": "all", "change": "all"}, "fields": hidden},
        "audit": {"actions": {"view": "all"}},
    }
    Role.objects.create(code="own_porter", name="Porter", grants=grants)
    client = client_of(user_of("own_porter"))
    for page in (reverse("users:staff"), reverse("users:person", args=[sales.pk])):
        text = client.get(page).content.decode()
        for secret in ("Sam Sales", sales.email, "华东", 'bg-blue-lt">Sales'):
            assert secret not in text


def test_what_a_page_does_not_show_it_does_not_change(sales, user_of, password):
    grants = {"user": {"actions": {"view": "all", "change": "all"}, "fields": {"roles": "hidden", "teams": "hidden"}}}
    Role.objects.create(code="own_clerk", name="Clerk", grants=grants)
    clerk, other = user_of("own_clerk", name="Cleo"), user_of("own_clerk", name="Al")
    client = signed_in(clerk, password)
    client.post(reverse("users:person", args=[other.pk]), {"name": "Alan"})
    client.post(reverse("users:person", args=[other.pk]), {"name": "Alan", "roles": [], "teams": []})
    other.refresh_from_db()
    assert other.name == "Alan"
    assert [role.code for role in other.roles.all()] == ["own_clerk"]
