"""Paging without offsets: the next page begins where this one ended, at the same cost however deep."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan, TupleLookupMixin

from guanxi_crm.core.errors import RuleBroken

__all__ = ["COUNT_LIMIT", "Order", "Page", "around", "count_up_to", "cursor_at", "page_of", "page_of_keys"]

COUNT_LIMIT = 10_000
"""Beyond this a list says "10,000+": nobody needs the rest, and counting it costs as much as reading it."""

_KEYS = {"pk", "id"}
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Order:
    """By which column a list is sorted; the key breaks ties in the same direction. Empty values are last either way."""

    column: str
    descending: bool = False
    key: str = "pk"
    tie: F | None = None
    """The key as its column's own table has it, where that is a joined one: an index on both gives the whole order,
    instead of all records of one value having to be read and sorted. Only where the column has a value."""

    @property
    def is_by_key(self) -> bool:
        return self.column == self.key or {self.column, self.key} <= _KEYS


@dataclass(frozen=True)
class Page:
    """One page of records, and where its neighbours begin."""

    records: list[Any]
    next: str | None
    previous: str | None


class _RowValues(TupleLookupMixin):
    """(a, b) < (x, y) as such, which an index answers; Django takes it apart on SQLite, which knows it since 3.15."""

    def get_fallback_sql(self, compiler: Any, connection: Any) -> Any:
        # Past the mixin, which would take it apart.
        return super(TupleLookupMixin, self).as_sql(compiler, connection)


class _Before(_RowValues, TupleLessThan):
    pass


class _After(_RowValues, TupleGreaterThan):
    pass


@dataclass(frozen=True)
class _Place:
    """Beyond which record a page begins, and whether it is read from there towards the front."""

    value: Any
    key: Any
    backwards: bool


def page_of(records: QuerySet[Any], order: Order, *, size: int, cursor: str | None = None) -> Page:
    """One page of a narrowed and filtered queryset, of models or of ``values()`` that hold the column and the key.

    First come the records that have a value, then those that have none, each part by a query of its own: so one plain
    index on (column, key) serves both directions on every database. Two queries at most, of ``size`` + 1 rows together.

    Parameters
    ----------
    records : without an order of its own
    order : the key must be unique among the records
    size : records on a page
    cursor : opaque: what `Page.next` or `Page.previous` gave before; None for the first page

    Raises
    ------
    RuleBroken : the cursor is not one of ours.
    """
    place = _decoded(cursor) if cursor else None
    backwards = place is not None and place.backwards
    found: list[Any] = []
    for part in _parts(records, order, place):
        found += part[: size + 1 - len(found)]
        if len(found) > size:
            break
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    return Page(
        found,
        next=cursor_at(order, found[-1], backwards=False) if found and has_next else None,
        previous=cursor_at(order, found[0], backwards=True) if found and has_previous else None,
    )


def page_of_keys(read: Callable[[int | None, bool, int], list[int]], *, size: int, cursor: str | None = None) -> Page:
    """One page of keys from an index of its own, the highest first; its cursors are those of ``Order("pk", True)``.

    Parameters
    ----------
    read : beyond which key (None: from the end), whether towards higher ones, how many → keys in the order of reading

    Raises
    ------
    RuleBroken : the cursor is not one of ours.
    """
    place = _decoded(cursor) if cursor else None
    if place is not None and not isinstance(place.key, int):
        raise RuleBroken("crm_core.bad_cursor", field="cursor")
    backwards = place is not None and place.backwards
    found = read(place.key if place else None, backwards, size + 1)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    return Page(
        found,
        next=_token(found[-1], found[-1], backwards=False) if found and has_next else None,
        previous=_token(found[0], found[0], backwards=True) if found and has_previous else None,
    )


def around(records: QuerySet[Any], order: Order, record: Any) -> tuple[Any | None, Any | None]:
    """The records right before and after one, which need not be among them: its own place in the order decides.

    Parameters
    ----------
    record : a model, or a row of ``values()``, that has the column and the key of the order
    """

    def beyond(*, backwards: bool) -> Any | None:
        cursor = cursor_at(order, record, backwards=backwards)
        return next(iter(page_of(records, order, size=1, cursor=cursor).records), None)

    return beyond(backwards=True), beyond(backwards=False)


def count_up_to(records: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """How many there are, but at most ``limit`` + 1."""
    return records.order_by()[: limit + 1].count()


def _parts(records: QuerySet[Any], order: Order, place: _Place | None) -> list[QuerySet[Any]]:
    """What is left to read from the place on, in the order of reading."""
    backwards = place is not None and place.backwards
    descending = order.descending != backwards
    sign = "-" if descending else ""
    if order.is_by_key:
        rest = records if place is None else _beyond_key(records, order, place, descending=descending)
        return [rest.order_by(f"{sign}{order.key}")]
    tie = order.tie or F(order.key)
    valued = records.filter(**{f"{order.column}__isnull": False}).order_by(
        f"{sign}{order.column}", tie.desc() if descending else tie.asc()
    )
    empty = records.filter(**{f"{order.column}__isnull": True}).order_by(f"{sign}{order.key}")
    if place is None:
        return [valued, empty]
    if place.value is None:
        empty = _beyond_key(empty, order, place, descending=descending)
        return [empty, valued] if backwards else [empty]
    valued = _beyond(valued, order, place, descending=descending)
    return [valued] if backwards else [valued, empty]


def _beyond_key(records: QuerySet[Any], order: Order, place: _Place, *, descending: bool) -> QuerySet[Any]:
    try:
        return records.filter(**{f"{order.key}__{'lt' if descending else 'gt'}": place.key})
    except (ValueError, TypeError, ValidationError) as error:
        raise RuleBroken("crm_core.bad_cursor", field="cursor") from error


def _beyond(records: QuerySet[Any], order: Order, place: _Place, *, descending: bool) -> QuerySet[Any]:
    side, beyond = ("lte", _Before) if descending else ("gte", _After)
    try:
        # A comparison of pairs does not check the types of its values. The column's condition stays: it says less.
        records.filter(**{order.key: place.key})
        return records.filter(
            Q(**{f"{order.column}__{side}": place.value}),
            beyond((F(order.column), order.tie or F(order.key)), (place.value, place.key)),
        )
    except (ValueError, TypeError, ValidationError) as error:
        raise RuleBroken("crm_core.bad_cursor", field="cursor") from error


def cursor_at(order: Order, record: Any, *, backwards: bool) -> str:
    """The cursor of what comes right after a record, or before it."""
    return _token(_read(record, order.column), _read(record, order.key), backwards=backwards)


def _token(value: Any, key: Any, *, backwards: bool) -> str:
    content = [value, key, int(backwards)]
    return base64.urlsafe_b64encode(json.dumps(content, default=str).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> _Place:
    try:
        value, key, backwards = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError) as error:
        raise RuleBroken("crm_core.bad_cursor", field="cursor") from error
    for each in (value, key):
        if isinstance(each, list | dict | bool) or (isinstance(each, int) and each not in _INT64) or _is_infinite(each):
            raise RuleBroken("crm_core.bad_cursor", field="cursor")
    if key is None:
        raise RuleBroken("crm_core.bad_cursor", field="cursor")
    return _Place(value, key, bool(backwards))


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _read(record: Any, path: str) -> Any:
    if isinstance(record, dict):
        return record[path]
    for name in path.split("__"):
        record = getattr(record, name, None)
    return record
