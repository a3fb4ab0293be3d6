"""The API about whoever asks."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from guanxi_crm.core.api import REFUSED, Answer
from guanxi_crm.core.records import record_type, record_types

__all__ = ["router"]

router = Router(tags=["me"])


class Me(Answer):
    """Who asks, and what he may see and do."""

    name: str
    fields: dict[str, list[str]]
    """By record type, the fields that he may see."""
    actions: dict[str, dict[str, str]]
    """By record type and action, of whose records: own, team, all."""


@router.get("/me", response={200: Me, **REFUSED}, summary="Who asks, and what he may see", operation_id="me")
def me(request: HttpRequest) -> dict[str, object]:
    """The token's user, the fields that he may see of each record type, and of whose records he may do what: a program
    asks this first to know what answers will hold."""
    user = request.auth
    kinds = [kind.name for kind in record_types() if user.may(kind.name, "view")]
    return {
        "name": user.name,
        "fields": {kind: list(user.readable(kind)) for kind in kinds},
        "actions": {
            kind: {
                action: user.scope(kind, action).name.lower()
                for action in record_type(kind).actions
                if user.may(kind, action)
            }
            for kind in kinds
        },
    }
