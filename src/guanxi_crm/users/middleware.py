"""Who asks: every request gets its `Actor`, and its reader's language."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from guanxi_crm.core.policy import Actor
from guanxi_crm.users.policy import actor_for, nobody

__all__ = ["ActorMiddleware"]

_DJANGO_LANGUAGE = {"zh": "zh-hans", "en": "en"}


class ActorMiddleware:
    """Sets ``request.actor``, made when it is first asked for; a user's own language goes before the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor_of(request))  # type: ignore[attr-defined]
        chosen = getattr(request.user, "language", "")
        if chosen in _DJANGO_LANGUAGE:
            translation.activate(_DJANGO_LANGUAGE[chosen])
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


def _actor_of(request: HttpRequest) -> Actor:
    return actor_for(request.user) if request.user.is_authenticated else nobody()
