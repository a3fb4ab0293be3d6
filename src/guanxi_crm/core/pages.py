"""What every page does alike: who is signed in, what is said after an action, how it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from guanxi_crm.core.language import told
from guanxi_crm.core.models import Undo

__all__ = ["signed_in", "toast"]

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Only for staff; whoever has not signed in is asked to, and comes back. Nothing is kept by browsers.

    A part of a page that is asked for when the session has ended leads the whole page to the sign-in.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if request.htmx and not request.user.is_authenticated:
            back = {"next": request.htmx.current_url_abs_path or "/"}
            return HttpResponseClientRedirect(f"{reverse(settings.LOGIN_URL)}?{urlencode(back)}")
        return never_cache(login_required(view))(request, *args, **named)

    return guarded


def toast(request: HttpRequest, code: str, *, undo: Undo | None = None, **parameters: object) -> None:
    """Say in passing what was done, on this page or the next; with a button that takes it back."""
    extra = reverse("core:undo", args=[undo.pk]) if undo else ""
    messages.success(request, told(code, **parameters), extra_tags=extra)
