"""The one page-less address of `core`: undo."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.undo import undo

__all__ = ["undo_view"]


@require_POST
@signed_in
def undo_view(request: HttpRequest, undo_id: uuid.UUID) -> HttpResponse:
    """Take an action back, and return to where it was done."""
    records = undo(user=request.actor, undo_id=undo_id)
    toast(request, "crm_core.undone", records=records)
    back = request.META.get("HTTP_REFERER", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else "/")
