"""Home: for who leads, what changed and what to do first; for who looks after customers, his customers and tasks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from guanxi_crm.core.pages import signed_in
from guanxi_crm.site.selectors.board import board

__all__ = ["home"]


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """The page on which one begins; which parts it has follows from what its reader may see."""
    today = timezone.localdate()
    return render(request, "site/home.html", {
        "board": board(user=request.actor, today=today),
        "today": today,
        "names_shown": request.actor.may_read("customer", "name"),
    })  # fmt: skip
