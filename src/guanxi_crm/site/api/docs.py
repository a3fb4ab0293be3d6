"""The page that describes the API. Our own, as django-ninja's loads scripts from elsewhere, which no page here may."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from guanxi_crm.core.pages import signed_in
from guanxi_crm.site.api.document import Operation, operations_of
from guanxi_crm.site.api.entry import api

__all__ = ["api_docs"]

_REFUSALS = tuple((status, f"crm_site.api_refused_{status}") for status in (400, 401, 403, 404, 429))


@require_GET
@signed_in
def api_docs(request: HttpRequest) -> HttpResponse:
    """What a program can ask, and how it signs in."""
    user = request.actor
    context = {
        "operations": _operations(),
        "server": request.build_absolute_uri("/").rstrip("/"),
        "openapi": reverse("api:openapi-json"),
        "refusals": _REFUSALS,
        "sees_tokens": user.may("token", "view"),
        "may_create": user.may("token", "create"),
    }
    return render(request, "site/api/docs.html", context)


@cache
def _operations() -> list[Operation]:
    return operations_of(api.get_openapi_schema())
