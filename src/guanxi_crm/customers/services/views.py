"""Keeping a list as somebody wants to see it again."""

from __future__ import annotations

from django.db import transaction

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import SavedView
from guanxi_crm.customers.selectors.list_query import ListQuery

__all__ = ["view_delete", "view_save"]

_MOST = 50


@transaction.atomic
def view_save(*, user: Actor, name: str, query: ListQuery, is_shared: bool = False) -> SavedView:
    """Keep a list under a name; under the same name again replaces it.

    Permission: customer.view, and reading each field that is filtered or sorted by. Audit: save_view.
    Raises: NotAllowed; RuleBroken (no name, too long, too many views).
    """
    user.require("customer", "view")
    user.require_readable(
        "customer", [*query.conditions.fields, *([query.sort.removeprefix("-")] if query.sort else [])]
    )
    name = " ".join(name.split())
    if not name:
        raise RuleBroken("crm_customers.view_needs_name", field="name")
    if len(name) > (most := SavedView._meta.get_field("name").max_length):
        raise RuleBroken("crm_customers.too_long", field="name", most=most)
    own = SavedView.objects.filter(user_id=user.user_id, kind="customer")
    if own.exclude(name=name).count() >= _MOST:
        raise RuleBroken("crm_customers.too_many_views", most=_MOST)
    view, _ = SavedView.objects.update_or_create(
        user_id=user.user_id, kind="customer", name=name, defaults={"query": query.as_data(), "is_shared": is_shared}
    )
    log(
        user=user, kind="customer", record=None, action="save_view",
        note={"view": name, "shared": is_shared, "filter": query.as_data()},
    )  # fmt: skip
    return view


@transaction.atomic
def view_delete(*, user: Actor, view_id: int) -> None:
    """Forget one of one's own views; an administrator may remove anybody's that is shared.

    Permission: it is his own. Audit: delete_view. Raises: NotFound.
    """
    views = SavedView.objects.filter(pk=view_id, kind="customer")
    view = views.filter(user_id=user.user_id).first() or (
        views.filter(is_shared=True).first() if user.everything else None
    )
    if view is None:
        raise NotFound
    log(user=user, kind="customer", record=None, action="delete_view", note={"view": view.name})
    view.delete()
