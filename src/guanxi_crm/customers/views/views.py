"""Keeping and forgetting views of the list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.customers.selectors.list_query import list_query
from guanxi_crm.customers.services.views import view_delete, view_save

__all__ = ["forget", "keep"]


@require_POST
@signed_in
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the list of the address under a name."""
    query = list_query(request.GET)
    view = view_save(
        user=request.actor, name=request.POST.get("name", ""), query=query, is_shared=bool(request.POST.get("shared"))
    )
    toast(request, "crm_customers.view_kept", name=view.name)
    return HttpResponseRedirect(f"{reverse('customers:list')}?{query.address(view=str(view.pk))}")


@require_POST
@signed_in
def forget(request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget a view."""
    view_delete(user=request.actor, view_id=view_id)
    toast(request, "crm_customers.view_forgotten")
    return HttpResponseRedirect(reverse("customers:list"))
