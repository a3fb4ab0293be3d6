"""Programs that ask: ``ask("/customers", of=user)`` with a token that has all scopes, or those given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import Client

from crm_world import World, world
from guanxi_crm.core.policy import Grant, Scope
from guanxi_crm.users.models import User
from guanxi_crm.users.policy import actor_for
from guanxi_crm.users.services.tokens import token_create, token_scopes

Ask = Callable[..., HttpResponse]


@pytest.fixture
def there(sales: User) -> World:
    """A marked customer of ``sales``, with order, product and run."""
    return world(owner=sales)


@pytest.fixture
def token_of(company: object) -> Callable[..., str]:
    """A token of a user, with all scopes that he may have, or these."""

    def make(user: User, scopes: list[str] | None = None) -> str:
        whole = actor_for(User.objects.get(pk=user.pk))
        # Not every role may make tokens; what they may do once somebody has let them, is asked here.
        makes = {**whole.grants, "token": Grant({"create": Scope.OWN})}
        return token_create(
            user=replace(whole, grants=makes), name="till", scopes=scopes or token_scopes(whole), days=1
        )[1]

    return make


@pytest.fixture
def ask(token_of: Callable[..., str]) -> Ask:
    """``ask("/customers", of=user, limit=2)``: the API's answer; ``scopes`` are those of the token."""
    secrets: dict[tuple[int, tuple[str, ...]], str] = {}

    def get(
        path: str, *, of: User, scopes: list[str] | None = None, language: str = "en", **parameters: object
    ) -> HttpResponse:
        key = (of.pk, tuple(scopes or ()))
        secret = secrets.setdefault(key, "") or token_of(of, scopes)
        secrets[key] = secret
        headers = {"Authorization": f"Bearer {secret}", "Accept-Language": language}
        return Client(raise_request_exception=False).get(f"/api/v1{path}", parameters, headers=headers)

    return get
