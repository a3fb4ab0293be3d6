"""What every operation of the API does alike: what may be shown, pages, refusals, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Schema
from ninja.throttling import SimpleRateThrottle

from guanxi_crm.core.keyset import Page
from guanxi_crm.core.policy import Actor

__all__ = ["PAGE_SIZE", "PAGE_SIZE_MAX", "ActorThrottle", "Problems", "RecordPage", "page_out", "shown"]

PAGE_SIZE, PAGE_SIZE_MAX = 50, 200
Record = TypeVar("Record")


class RecordPage(Schema):
    """One page of a list; ``next`` is the ``cursor`` of the one after it, null on the last."""

    next: str | None = None


class Problems(Schema):
    """Why a request was refused: a code that stays, a sentence in the language of Accept-Language."""

    code: str
    detail: str


class ActorThrottle(SimpleRateThrottle):
    """So many requests a minute for each user, whatever tokens his programs have."""

    scope = "api"

    def __init__(self, rate: str = "1200/m") -> None:
        super().__init__(rate)

    def get_cache_key(self, request: HttpRequest) -> str | None:
        user = getattr(request, "auth", None)
        return f"api.{user.user_id}" if isinstance(user, Actor) else None


def shown(user: Actor, kind: str, values: Mapping[str, Any], *, also: Iterable[str] = ()) -> dict[str, Any]:
    """Those of a record's values that the user may see; hidden ones are absent, not null.

    Parameters
    ----------
    values : by field of the record type; names that are no fields must be in ``also``
    also : names that carry no information of their own (keys, the currency of amounts)
    """
    readable = {*user.readable(kind), *also}
    return {name: value for name, value in values.items() if name in readable}


def page_out(page: Page, show: Callable[[Any], Record]) -> dict[str, Any]:
    """A page of records as the API answers it."""
    return {"items": [show(record) for record in page.records], "next": page.next}
