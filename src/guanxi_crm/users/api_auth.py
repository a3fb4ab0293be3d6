"""How a program signs in: ``Authorization: Bearer gx_…``, and in no other way."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import ApiToken
from guanxi_crm.users.policy import actor_for_token
from guanxi_crm.users.services.tokens import TOKEN_START, token_hash

__all__ = ["TokenAuth"]

_SEEN_EVERY = dt.timedelta(minutes=1)


class TokenAuth(HttpBearer):
    """Bearer authentication for django-ninja: ``Router(auth=TokenAuth())``.

    Who asks is then ``request.auth``, and ``request.actor`` too: an `Actor` through ``Door.API`` with what the token's
    user may, within the token's scopes. Anything else is 401 in the same words: a token that is unknown, over or
    revoked, whose user is no longer active, or that stands in the address, where logs would keep it.
    """

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        if any(value.startswith(TOKEN_START) for values in request.GET.lists() for value in values[1]):
            return None
        now = timezone.now()
        known = (
            ApiToken.objects.select_related("user")
            .filter(token_hash=token_hash(token), revoked_at=None, expires_at__gt=now, user__is_active=True)
            .first()
        )
        if known is None:
            return None
        if known.last_used_at is None or now - known.last_used_at > _SEEN_EVERY:
            ApiToken.objects.filter(pk=known.pk).update(last_used_at=now)
        request.actor = actor_for_token(known)
        return request.actor
