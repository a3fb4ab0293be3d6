"""What every operation of the API does alike: what may be shown, pages, refusals, limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from typing import Annotated, Any

from django.core.cache import cache
from django.http import HttpRequest
from ninja import Path, Query
from ninja.throttling import BaseThrottle
from pydantic import BaseModel, Field

from guanxi_crm.core.keyset import Page
from guanxi_crm.core.policy import Actor

__all__ = [
    "PAGE_SIZE", "REFUSED", "ActorThrottle", "Answer", "Cursor", "Limit", "Problems", "RecordId", "RecordKey",
    "RecordPage", "page_out", "shown",
]  # fmt: skip

PAGE_SIZE, PAGE_SIZE_MAX = 50, 200
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX, description="Records on a page.", examples=[PAGE_SIZE])]
Cursor = Annotated[str | None, Query(description="`next` of the page before; without it, the first page.")]
RecordKey = Annotated[int, Field(ge=1, lt=2**63)]
"""What a database takes for the key of a record."""
RecordId = Annotated[
    int, Path(ge=1, lt=2**63, description="The record's `id`, as lists give it; not its number.", examples=[42])
]
"""Which record, in the address."""

_MINUTE = 60


class Answer(BaseModel):
    """Base of what the API answers. Of pydantic itself: django-ninja's own reads values from models and querysets, one
    by one in Python, which takes half the time of a page; ours are dictionaries already."""


class RecordPage(Answer):
    """One page of a list; ``next`` is the ``cursor`` of the one after it, null on the last."""

    next: str | None = None


class Problems(Answer):
    """Why a request was refused: a code that stays, a sentence in the language of Accept-Language."""

    code: str
    detail: str


REFUSED = dict.fromkeys((400, 401, 403, 404, 429), Problems)
"""Answers that every operation may give."""


class ActorThrottle(BaseThrottle):
    """So many requests in each minute of the clock for each user, whatever tokens his programs have.

    Counted over all processes of one server. One write, O(1) memory a user.
    """

    def __init__(self, most: int = 1200) -> None:
        self.most = most

    def allow_request(self, request: HttpRequest) -> bool:
        user = getattr(request, "auth", None)
        if not isinstance(user, Actor):
            return True
        key = f"api.{user.user_id}.{int(time.time() // _MINUTE)}"
        try:
            return cache.incr(key) <= self.most
        except ValueError:
            # The first of this minute; unless another process was just quicker, and then the second.
            return cache.add(key, 1, 2 * _MINUTE) or cache.incr(key) <= self.most

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return _MINUTE - time.time() % _MINUTE


def shown(readable: Container[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a record's values that the user may see; hidden ones are absent, not null.

    Parameters
    ----------
    readable : ``frozenset(user.readable(kind))``, made once for all records of a page
    values : by field of the record type
    """
    return {name: value for name, value in values.items() if name in readable}


def page_out(page: Page, show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A page of records as the API answers it."""
    return {"items": [show(record) for record in page.records], "next": page.next}
