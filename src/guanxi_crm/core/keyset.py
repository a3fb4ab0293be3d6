"""Paging without offsets: the next page begins where this one ended, at the same cost however deep."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from guanxi_crm.core.errors import RuleBroken

__all__ = ["COUNT_LIMIT", "Order", "Page", "count_up_to", "page_of"]

COUNT_LIMIT = 10_000
"""Beyond this a list says "10,000+": nobody needs the rest, and counting it costs as much as reading it."""


@dataclass(frozen=True)
class Order:
    """By which column a list is sorted; the key breaks ties. Empty values come last, either way."""

    column: str
    descending: bool = False
    key: str = "pk"


@dataclass(frozen=True)
class Page:
    """One page of records, and where its neighbours begin."""

    records: list[Any]
    next: str | None
    previous: str | None


def page_of(records: QuerySet[Any], order: Order, *, size: int, cursor: str | None = None) -> Page:
    """One page of a narrowed and filtered queryset.

    Two queries at most, each of ``size`` + 1 rows, given an index on (column, key). ``cursor`` is opaque: what `Page.next` or
    `Page.previous` gave before.

    Raises
    ------
    RuleBroken : the cursor is not one of ours.
    """
    value, key, backwards = _decoded(cursor) if cursor else (None, None, False)
    descending = order.descending != backwards
    # Backwards empty values come first.
    first = {"nulls_first": True} if backwards else {"nulls_last": True}
    column, by_key = F(order.column), F(order.key)
    sorting = [column.desc(**first) if descending else column.asc(**first)]
    if order.column not in {order.key, "pk", "id"}:
        sorting.append(by_key.desc() if descending else by_key.asc())
    if key is not None:
        records = records.filter(_after(order, value, key, descending=descending, backwards=backwards))
    found = list(records.order_by(*sorting)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (key is not None, more) if backwards else (more, key is not None)
    return Page(
        found,
        next=_encoded(order, found[-1], backwards=False) if found and has_next else None,
        previous=_encoded(order, found[0], backwards=True) if found and has_previous else None,
    )


def count_up_to(records: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """How many there are, but at most ``limit`` + 1."""
    return records.order_by()[: limit + 1].count()


def _after(order: Order, value: Any, key: Any, *, descending: bool, backwards: bool) -> Q:
    side = "lt" if descending else "gt"
    if order.column in {order.key, "pk", "id"}:
        return Q(**{f"{order.key}__{side}": key})
    here = Q(**{f"{order.column}__isnull": True}) if value is None else Q(**{order.column: value})
    after = here & Q(**{f"{order.key}__{side}": key})
    if value is not None:
        after |= Q(**{f"{order.column}__{side}": value})
        if not backwards:
            after |= Q(**{f"{order.column}__isnull": True})
    elif backwards:
        after |= Q(**{f"{order.column}__isnull": False})
    return after


def _encoded(order: Order, record: Any, *, backwards: bool) -> str:
    content = [_read(record, order.column), _read(record, order.key), int(backwards)]
    return base64.urlsafe_b64encode(json.dumps(content, default=str).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[Any, Any, bool]:
    try:
        value, key, backwards = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError) as error:
        raise RuleBroken("crm_core.bad_cursor", field="cursor") from error
    if isinstance(value, list | dict) or isinstance(key, list | dict | type(None)):
        raise RuleBroken("crm_core.bad_cursor", field="cursor")
    return value, key, bool(backwards)


def _read(record: Any, path: str) -> Any:
    if isinstance(record, dict):
        return record[path]
    for name in path.split("__"):
        record = getattr(record, name, None)
    return record
