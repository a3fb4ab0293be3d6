"""Who asks: every request gets its `Actor`, and its reader's language."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from guanxi_crm.core.language import DJANGO_LANGUAGE, told
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import User
from guanxi_crm.users.policy import actor_for, lacks_second_factor, nobody, roles_of
from guanxi_crm.users.services.sessions import session_mark_seen

__all__ = ["ActorMiddleware"]

_SEEN_EVERY_SECONDS = 900
_OPEN = ("account_", "mfa_")
"""Beginnings of the names of addresses that need no second factor: where one signs in and out, and gets one."""


class ActorMiddleware:
    """Sets ``request.actor``, made when it is first asked for; a user's own language goes before the browser's.

    Whose role asks for a second factor, and who has none, gets no further than the page where he sets it up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Asked for twice: by the second factor's rule, and by whoever wants the actor.
        request.roles_of = functools.cache(roles_of)  # type: ignore[attr-defined]
        request.actor = SimpleLazyObject(lambda: _actor_of(request))  # type: ignore[attr-defined]
        chosen = getattr(request.user, "language", "")
        if chosen in DJANGO_LANGUAGE:
            translation.activate(DJANGO_LANGUAGE[chosen])
            request.LANGUAGE_CODE = translation.get_language()
        if request.user.is_authenticated:
            _mark_seen(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, named: Any) -> HttpResponse | None:  # noqa: ARG002
        user, asked = request.user, request.resolver_match
        is_open = (asked.url_name or "").startswith(_OPEN) or asked.view_name == "site:preferences"
        if is_open or not user.is_authenticated or not lacks_second_factor(user, request.roles_of(user)):
            return None
        messages.info(request, told("crm_users.second_factor_needed"))
        page = redirect("mfa_activate_totp")
        return HttpResponseClientRedirect(page.url) if request.htmx else page


def _actor_of(request: HttpRequest) -> Actor:
    return actor_for(request.user, roles=request.roles_of(request.user)) if request.user.is_authenticated else nobody()


def _mark_seen(request: HttpRequest) -> None:
    # Somebody else may be writing for long, or the shared file be full: that is no reason to refuse a page.
    with suppress(OperationalError, sqlite3.Error):
        key = f"seen.{request.session.session_key}"
        # Asked first: `add` writes, and this is for every page.
        if cache.get(key) is None and cache.add(key, 1, _SEEN_EVERY_SECONDS):
            with transaction.atomic():
                User.objects.filter(pk=request.user.pk).update(last_seen_at=timezone.now())
                session_mark_seen(request)
