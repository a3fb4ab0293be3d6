"""The switches of language and theme, in the frame of every page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.language import DJANGO_LANGUAGE
from guanxi_crm.core.views import went_back
from guanxi_crm.users.services.preferences import user_set_preferences

__all__ = ["preferences"]

_YEAR_SECONDS = 365 * 86_400


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the language or theme that somebody has chosen: with the user, and the language also in a cookie, for the
    pages before he has signed in."""
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language is not None and language not in DJANGO_LANGUAGE:
        raise RuleBroken("crm_core.bad_request", field="language")
    if request.user.is_authenticated:
        user_set_preferences(user=request.actor, language=language, theme=theme)
    response = went_back(request)
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            DJANGO_LANGUAGE[language],
            max_age=_YEAR_SECONDS, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True,
        )  # fmt: skip
    return response
