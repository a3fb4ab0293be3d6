"""The audit trail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from guanxi_crm.core.pages import signed_in
from guanxi_crm.users.forms import AuditFilter
from guanxi_crm.users.selectors.audit import audit_page
from guanxi_crm.users.selectors.staff import colleagues

__all__ = ["audit_view"]


@signed_in
def audit_view(request: HttpRequest) -> HttpResponse:
    """Who changed what, from what to what, when, and through which door."""
    user = request.actor
    user.require("audit", "view")
    people = [(each.pk, str(each)) for each in colleagues(user=user)]
    form = AuditFilter(request.GET or None, people=people, kinds=[kind for kind in user.sees() if kind != "audit"])
    chosen = form.cleaned_data if form.is_valid() else {}
    page = audit_page(user=user, cursor=request.GET.get("cursor") or None, **chosen)
    return render(request, "users/audit.html", {"form": form, "page": page})
