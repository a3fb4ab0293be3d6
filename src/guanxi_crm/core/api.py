"""What every operation of the API does alike: what may be shown, pages, refusals, limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from django.core.cache import cache
from django.http import HttpRequest
from ninja import Query, Schema
from ninja.throttling import BaseThrottle
from pydantic import Field

from guanxi_crm.core.keyset import Page
from guanxi_crm.core.policy import Actor

__all__ = ["PAGE_SIZE", "REFUSED", "ActorThrottle", "Limit", "Problems", "RecordKey", "RecordPage", "page_out", "shown"]

PAGE_SIZE, PAGE_SIZE_MAX = 50, 200
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)]
"""Records on a page."""
RecordKey = Annotated[int, Field(ge=1, lt=2**63)]
"""What a database takes for the key of a record."""

_MINUTE = 60


class RecordPage(Schema):
    """One page of a list; ``next`` is the ``cursor`` of the one after it, null on the last."""

    next: str | None = None


class Problems(Schema):
    """Why a request was refused: a code that stays, a sentence in the language of Accept-Language."""

    code: str
    detail: str


REFUSED = dict.fromkeys((400, 401, 403, 404, 429), Problems)
"""Answers that every operation may give."""


class ActorThrottle(BaseThrottle):
    """So many requests in each minute of the clock for each user, whatever tokens his programs have.

    Counted by each process of the web server for itself. O(1) in time and memory a user.
    """

    def __init__(self, most: int = 1200) -> None:
        self.most = most

    def allow_request(self, request: HttpRequest) -> bool:
        user = getattr(request, "auth", None)
        if not isinstance(user, Actor):
            return True
        key = f"api.{user.user_id}.{int(time.time() // _MINUTE)}"
        cache.add(key, 0, 2 * _MINUTE)
        try:
            return cache.incr(key) <= self.most
        except ValueError:  # thrown out by others meanwhile
            return True

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return _MINUTE - time.time() % _MINUTE


def shown(user: Actor, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a record's values, by field, that the user may see; hidden ones are absent, not null."""
    return {name: value for name, value in values.items() if user.may_read(kind, name)}


def page_out(page: Page, show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A page of records as the API answers it."""
    return {"items": [show(record) for record in page.records], "next": page.next}
