"""Sending customers as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from guanxi_crm.core.pages import signed_in
from guanxi_crm.customers.selectors.list_query import list_query
from guanxi_crm.customers.services.export import customers_export

__all__ = ["export"]


@require_POST
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """Everybody who matches what the address asks, as CSV. With POST: it leaves a trace."""
    lines = customers_export(
        user=request.actor, query=list_query(request.GET), all_columns=request.POST.get("columns") == "all"
    )
    name = f"customers-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        (part.encode() for part in lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
