"""Where one is signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.users.selectors.sessions import sessions_list
from guanxi_crm.users.services.sessions import session_end, sessions_end_others

__all__ = ["session_end_view", "sessions_end_others_view", "sessions_view"]


@require_safe
@signed_in
def sessions_view(request: HttpRequest) -> HttpResponse:
    """One's own sessions: device, place, when last seen, and which of them is this one."""
    return render(
        request, "users/sessions.html",
        {
            "sessions": sessions_list(user=request.actor, this=request.session.session_key),
            "hours": settings.SESSION_COOKIE_AGE // 3600,
        },
    )  # fmt: skip


@require_POST
@signed_in
def session_end_view(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one of them out; one's own present session too, where it is that one."""
    session_end(user=request.actor, session_id=session_id)
    toast(request, "crm_users.session_ended")
    return redirect("users:sessions")


@require_POST
@signed_in
def sessions_end_others_view(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    ended = sessions_end_others(user=request.actor, this=request.session.session_key)
    toast(request, "crm_users.sessions_ended", sessions=ended)
    return redirect("users:sessions")
