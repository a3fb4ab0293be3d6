"""What happened with a customer, newest first: every kind of event in one list, one query a page.

Each app says what it knows as a `Source`; `timeline_page` joins them. Of each source no more rows are read than the
page has, however many there are.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    F,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils.dateparse import parse_datetime

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.prepared import STAND_IN, Prepared, kept
from guanxi_crm.customers.models import Customer, ScoreVersion
from guanxi_crm.customers.selectors.record import CONTACT_FIELD, FORM_FIELDS

__all__ = ["PAGE_SIZE", "Event", "Source", "TimelinePage", "customer_sources", "timeline_first", "timeline_page"]

PAGE_SIZE = 20
_TOLD_IN_CHANGES = (*FORM_FIELDS, *dict.fromkeys(CONTACT_FIELD.values()), "tags", "files")
"""Notes, consents and hand-overs have events of their own."""
_TEXTS = ("by", "title", "detail", "data", "more")
_NOTHING: Mapping[str, Any] = MappingProxyType({
    **dict.fromkeys(_TEXTS, Value("", TextField())),
    # PostgreSQL has to be told what a NULL would have been.
    "value": Cast(Value(None), BigIntegerField()),
    "day": Cast(Value(None), DateField()),
})  # fmt: skip
"""What a column holds for kinds of events that do not have it."""


@dataclass(frozen=True)
class Source:
    """Events of one kind.

    Parameters
    ----------
    kind : its name
    rows : the customer's, narrowed to what the user may see
    moment : path of the lookup to when it happened
    columns : what an `Event` of this kind says: ``by``, ``title``, ``detail``, ``data``, ``more`` (texts), ``value``
        (a number), ``day`` (a date); paths or expressions
    """

    kind: str
    rows: QuerySet[Any]
    moment: str
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One thing that happened; what its texts mean depends on the kind (see `customer_sources`)."""

    kind: str
    at: dt.datetime
    key: int
    by: str
    title: str
    detail: str
    data: str
    more: str
    value: int | None
    day: dt.date | None
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    """Of ``changes``: field → [before, after], those that the user may see."""


@dataclass(frozen=True)
class TimelinePage:
    """One page of events, and where the next begins."""

    events: list[Event]
    next: str | None


def customer_sources(customer: Customer, *, user: Actor) -> list[Source]:
    """What `customers` itself knows, as far as this user may see it.

    ==============  ====================================================================================================
    ``notes``       by: author; detail: text; data: ``changed`` where corrected; value: key of the author
    ``tasks``       by: assignee; title; data: ``done`` or nothing; day: due
    ``hand_overs``  by; title: to whom; data: from whom; more: to which team; detail: note
    ``consents``    by; title: purpose; data: channel; value: 1 given, 0 withdrawn; detail: proof
    ``segments``    title: segment after; data: before; day: as of
    ``changes``     by; title: action; changes; more: the door
    ==============  ====================================================================================================
    """
    reads = {name: user.may_read("customer", name) for name in ("notes", "owner", "team", "consents", "segment")}
    found = []
    if reads["notes"]:
        changed = Case(When(changed_at__isnull=False, then=Value("changed")), default=Value(""))
        columns = {"by": "author__name", "detail": "text", "data": changed, "value": "author_id"}
        found.append(Source("notes", customer.notes.all(), "at", columns))
    if user.may("task", "view"):
        done = Case(When(done_at__isnull=False, then=Value("done")), default=Value(""))
        by_field = {"assignee": ("by", "assignee__name"), "title": ("title", "title"), "done_at": ("data", done),
                    "due_on": ("day", "due_on")}  # fmt: skip
        columns = dict(told for name, told in by_field.items() if user.may_read("task", name))
        found.append(Source("tasks", user.narrow("task", customer.tasks.all()), "created_at", columns))
    if reads["owner"] and reads["team"]:
        columns = {"by": "by__name", "title": "to_owner__name", "data": "from_owner__name", "more": "to_team__name",
                   "detail": "note"}  # fmt: skip
        found.append(Source("hand_overs", customer.hand_overs.all(), "at", columns))
    if reads["consents"]:
        given = Case(When(is_given=True, then=Value(1)), default=Value(0))
        columns = {"by": "by__name", "title": "purpose", "data": "channel", "value": given, "detail": "proof"}
        found.append(Source("consents", customer.consents.all(), "at", columns))
    if reads["segment"]:
        shown = (ScoreVersion.State.KEPT, ScoreVersion.State.SWEPT)
        told = customer.segment_changes.filter(scored__state__in=shown, scored__published_at__isnull=False)
        columns = {"title": "after", "data": "before", "day": "as_of"}
        found.append(Source("segments", told, "scored__published_at", columns))
    if names := [name for name in _TOLD_IN_CHANGES if user.may_read("customer", name)]:
        told = AuditEntry.objects.filter(kind="customer", record_id=str(customer.pk)).filter(
            Q(action="create") | Q(action="change", changes__has_any_keys=names)
        )
        columns = {"by": "user_name", "title": "action", "data": Cast("changes", TextField()), "more": "door"}
        found.append(Source("changes", told, "at", columns))
    return found


def timeline_page(
    sources: Iterable[Source], *, user: Actor, kinds: Iterable[str] = (), cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> TimelinePage:  # fmt: skip
    """One page of the events of all sources, or of some kinds; the latest first. One query.

    Parameters
    ----------
    cursor : what `TimelinePage.next` gave before

    Raises
    ------
    RuleBroken : the cursor is not one of ours.

    Notes
    -----
    Events of one moment are in the order of their kinds' names, backwards, and then of their keys: so that no event is
    shown twice or left out, whatever has the same time.
    """
    wanted = set(kinds)
    chosen = [source for source in sources if not wanted or source.kind in wanted]
    if not chosen:
        return TimelinePage([], None)
    after = _decoded(cursor) if cursor else None
    return _page(list(_newest(chosen, after, size)), user, size)


def timeline_first(
    customer: Customer, *, user: Actor, sources_of: Callable[[Customer, Actor], Sequence[Source]],
    size: int = PAGE_SIZE,
) -> tuple[TimelinePage, tuple[str, ...]]:  # fmt: skip
    """The first page of all events, and the kinds that there are for this user: `timeline_page`, its query written once
    for each user and kept in this process.

    Parameters
    ----------
    sources_of : the sources of a customer for a user, the same for every customer but for his key; a function of a
        module, as what it has written is kept with it
    """
    prepared, kinds = kept(_first_page, user, sources_of, size)
    return _page(prepared.rows(customer.pk) if prepared else [], user, size), kinds


def _first_page(
    user: Actor, sources_of: Callable[[Customer, Actor], Sequence[Source]], size: int
) -> tuple[Prepared | None, tuple[str, ...]]:
    sources = sources_of(Customer(pk=STAND_IN), user)
    prepared = Prepared(_newest(sources, None, size)) if sources else None
    return prepared, tuple(source.kind for source in sources)


def _newest(sources: Sequence[Source], after: tuple[dt.datetime, str, int] | None, size: int) -> QuerySet[Any]:
    """The newest events of all, one more than a page has."""
    first, *others = [_rows(source, after, size + 1) for source in sources]
    return first.union(*others, all=True).order_by("-event_at", "-event_kind", "-event_key")[: size + 1]


def _page(rows: Sequence[Mapping[str, Any]], user: Actor, size: int) -> TimelinePage:
    events = [_event(row, user) for row in rows[:size]]
    return TimelinePage(events, _encoded(events[-1]) if len(rows) > size else None)


def _rows(source: Source, after: tuple[dt.datetime, str, int] | None, size: int) -> QuerySet[Any]:
    rows = source.rows
    if after is not None:
        rows = rows.filter(_beyond(source, *after))
    # A limit inside of a UNION is not in the SQL of every database; inside of IN (…) it is.
    newest = rows.order_by(f"-{source.moment}", "-pk").values("pk")[:size]
    columns: dict[str, Any] = {
        "event_kind": Value(source.kind, CharField()),
        "event_at": F(source.moment),
        "event_key": F("pk"),
    }
    for name, nothing in _NOTHING.items():
        told = source.columns.get(name, nothing)
        columns[f"event_{name}"] = F(told) if isinstance(told, str) else told
    return source.rows.model.objects.filter(pk__in=newest).order_by().values(**columns)


def _beyond(source: Source, at: dt.datetime, kind: str, key: int) -> Q:
    """What comes after the event at which the page before ended."""
    earlier, not_later = Q(**{f"{source.moment}__lt": at}), Q(**{f"{source.moment}__lte": at})
    if source.kind == kind:
        # Said twice, so that the database begins there in its index.
        return not_later & (earlier | Q(pk__lt=key))
    return not_later if source.kind < kind else earlier


def _event(row: Mapping[str, Any], user: Actor) -> Event:
    texts = {name: row[f"event_{name}"] or "" for name in _TEXTS}
    changes: dict[str, list[Any]] = {}
    if row["event_kind"] == "changes":
        known = json.loads(texts.pop("data"))
        names = [name for name in _TOLD_IN_CHANGES if name in known and user.may_read("customer", name)]
        changes, texts["data"] = {name: known[name] for name in names}, ""
    return Event(
        row["event_kind"], row["event_at"], row["event_key"], value=row["event_value"], day=row["event_day"],
        changes=changes, **texts,
    )  # fmt: skip


def _encoded(event: Event) -> str:
    content = json.dumps([event.at.isoformat(), event.kind, event.key])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[dt.datetime, str, int]:
    try:
        at, kind, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = parse_datetime(at)
    except (ValueError, binascii.Error, TypeError) as error:
        raise RuleBroken("crm_core.bad_cursor", field="cursor") from error
    if moment is None or moment.tzinfo is None or not isinstance(kind, str) or not isinstance(key, int):
        raise RuleBroken("crm_core.bad_cursor", field="cursor")
    return moment, kind, key
