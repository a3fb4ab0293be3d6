"""Lists of customers: those who match, a page of them, how many, and what a line shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from guanxi_crm.core.keyset import COUNT_LIMIT, Order, Page, count_up_to, page_of
from guanxi_crm.core.planner import many_known, many_note
from guanxi_crm.core.policy import Actor, Scope
from guanxi_crm.customers.models import ContactPoint, Customer, CustomerScores, CustomerTag, ScoreVersion
from guanxi_crm.customers.selectors.conditions import SCORE_NAMES, column_of, compiled
from guanxi_crm.customers.selectors.directory import Directory, TagName, directory
from guanxi_crm.customers.selectors.found import finds_everybody, found_page
from guanxi_crm.customers.selectors.keys import these
from guanxi_crm.customers.selectors.list_query import DEFAULT_COLUMNS, NEWEST, ListQuery, default_sort, order_of
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.selectors.search import Search, search_for
from guanxi_crm.customers.selectors.walk import walked

__all__ = [
    "PAGE_SIZE",
    "WIDE",
    "CustomerPage",
    "customer_count",
    "customer_list",
    "customers_matching",
    "lines_of",
    "rows_page",
    "shown_columns",
]

PAGE_SIZE = 50
WIDE = 1000
"""A search that finds more is shown with the newest first: nobody reads on, and to sort them all would take time."""

_CONTACTS = ("phone", "email", "wechat", "address")
_BADGES = ("abc", "is_vip", "is_silent")
"""Shown beside the name."""


@dataclass(frozen=True)
class CustomerPage:
    """One page of a list.

    Parameters
    ----------
    lines : what each line shows, by field; ``id`` besides
    columns : the fields, in order
    sort : how it is sorted, as in `ListQuery`; empty where a search found more than `WIDE`
    count : how many match, at most `COUNT_LIMIT` + 1; None where that takes a query that may be slow: `customer_count`
    next, previous : cursors
    version : whose scores are shown
    """

    lines: list[dict[str, Any]]
    columns: tuple[str, ...]
    sort: str
    count: int | None
    next: str | None
    previous: str | None
    version: ScoreVersion | None

    @property
    def is_more_than_counted(self) -> bool:
        return self.count is not None and self.count > COUNT_LIMIT


def customers_matching(
    *, user: Actor, query: ListQuery, action: str = "view", version: ScoreVersion | None = None
) -> QuerySet[Customer]:
    """Everybody who matches and to whom the user may do this; in no order.

    Permission: customer.ACTION, and reading each field that is filtered by; a search goes only over fields he sees.

    Parameters
    ----------
    version : the current one, where it is known already

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled`.
    """
    user.require("customer", action)
    version = version or current_version()
    conditions = compiled(query.conditions, user=user, currency=version.currency if version else "")
    records = user.narrow("customer", Customer.objects.all(), action).filter(conditions)
    if not query.text:
        return records
    looked_for = search_for(user=user, text=query.text)
    return records.filter(pk__in=looked_for.matching()) if looked_for.is_possible else records.none()


def customer_list(*, user: Actor, query: ListQuery, cursor: str | None = None, size: int = PAGE_SIZE) -> CustomerPage:
    """One page of the customers who match.

    Permission: customer.view, and reading each field that is filtered or sorted by; columns that are hidden from the
    user are left out. Ten queries at most, however many customers there are.

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled` and `page_of`; a sort by a hidden field.
    """
    user.require("customer", "view")
    version = current_version()
    columns = shown_columns(user=user, query=query)
    sort = query.sort or default_sort(user, has_scores=version is not None)
    user.require_readable("customer", [sort.removeprefix("-")] if sort else [])
    order = order_of(sort)
    everybody = finds_everybody(user=user, query=query)
    count: int | None = None
    if query.text:
        looked_for = search_for(user=user, text=query.text)
        found = _found(looked_for, is_first_page=cursor is None)
        if found is None or len(found) > WIDE:
            page = found_page(
                user=user, query=query, looked_for=looked_for, version=version, size=size, cursor=cursor,
                newest=found or (), columns=_paths(columns, NEWEST),
            )  # fmt: skip
            count = looked_for.count(COUNT_LIMIT) if everybody else _counted(page)
            return _page(user, page, columns, "", count, version)
        records = customers_matching(user=user, query=replace(query, text=""), version=version)
        records = records.filter(pk__in=these(found))
        count = len(found) if everybody else None
    else:
        records = walked(user=user, conditions=query.conditions, currency=version.currency if version else "")
        count = count_up_to(Customer.objects.all()) if everybody else None
    page = page_of(records.values(*_paths(columns, order)), order, size=size, cursor=cursor)
    return _page(user, page, columns, sort, count if (whole := _counted(page)) is None else whole, version)


def rows_page(
    *, user: Actor, query: ListQuery, order: Order | None, columns: Collection[str], size: int,
    cursor: str | None = None,
) -> Page:  # fmt: skip
    """A page of the customers who match, as rows of ``values()``: for programs, whose order always holds.

    Permission: as `customer_list`; whoever calls has asked for each of the columns. Four queries at most.

    Parameters
    ----------
    order : None for the newest first
    columns : paths from the customer, among them that of the order

    Raises
    ------
    NotAllowed, RuleBroken : of `compiled` and `page_of`.
    """
    user.require("customer", "view")
    version = current_version()
    if query.text and order is None:
        looked_for = search_for(user=user, text=query.text)
        return found_page(
            user=user, query=query, looked_for=looked_for, version=version, size=size, cursor=cursor, columns=columns
        )
    if query.text:
        records = customers_matching(user=user, query=query, version=version)
    else:
        records = walked(user=user, conditions=query.conditions, currency=version.currency if version else "")
    return page_of(records.values(*columns), order or NEWEST, size=size, cursor=cursor)


def customer_count(*, user: Actor, query: ListQuery) -> int:
    """How many match, at most `COUNT_LIMIT` + 1. For a list whose page has not told.

    Permission: as `customer_list`.
    """
    user.require("customer", "view")
    if user.scope("customer", "view") is Scope.ALL and not query.text and _is_of_scores(query):
        version = current_version()
        conditions = compiled(
            query.conditions, user=user, currency=version.currency if version else "", column=lambda name: name
        )
        # The scores' indexes hold it all: no customer is read.
        return count_up_to(CustomerScores.objects.filter(conditions, scored=version))
    return count_up_to(customers_matching(user=user, query=query))


def _found(looked_for: Search, *, is_first_page: bool) -> list[int] | None:
    """Keys of the newest who are found, as many as decide what is shown; None for a further page, which is read by
    itself, where it was seen within the last minute that there are more than `WIDE`."""
    if not is_first_page and many_known("search", looked_for, WIDE):
        return None
    found = looked_for.first(WIDE + 1)
    if len(found) > WIDE:
        many_note("search", looked_for, WIDE)
    return found


def _is_of_scores(query: ListQuery) -> bool:
    """Whether only those match who have scores, and only those decide."""
    conditions = query.conditions.of
    return bool(conditions) and all(
        each.field in SCORE_NAMES and each.operator not in {"is_not", "empty"} for each in conditions
    )


def lines_of(*, user: Actor, records: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[dict[str, Any]]:
    """What lines show, by field, from rows of ``values()``: names for keys, contact points and tags besides.

    At most two queries for all, and one of the directory of staff in a while.
    """
    keys = [each["pk"] for each in records]
    contacts = _contacts_of(keys, [name for name in columns if name in _CONTACTS and user.may_read("customer", name)])
    known = directory()
    wants_tags = "tags" in columns and user.may_read("customer", "tags")
    tags = _tags_of(keys, known) if wants_tags else {}
    lines = []
    for each in records:
        line = {name: each.get(column_of(name)) for name in columns}
        line["id"] = each["pk"]
        if "owner" in line:
            line["owner"] = known.users.get(line["owner"], "")
        if "team" in line:
            line["team"] = known.teams.get(line["team"], "")
        if wants_tags:
            line["tags"] = tags.get(each["pk"], [])
        for name in _CONTACTS:
            if name in line:
                line[name] = contacts.get((each["pk"], name), "")
        lines.append(line)
    return lines


def shown_columns(*, user: Actor, query: ListQuery) -> tuple[str, ...]:
    """The columns of a list that the user may see, in order; who may not see names is given numbers."""
    shown = tuple(name for name in query.columns or DEFAULT_COLUMNS if user.may_read("customer", name))
    nameless = not user.may_read("customer", "name") and user.may_read("customer", "number")
    return ("number", *shown) if nameless and "number" not in shown else shown


def _counted(page: Page) -> int | None:
    """How many there are, where this page has them all."""
    return len(page.records) if page.next is None and page.previous is None else None


def _page(
    user: Actor, page: Page, columns: tuple[str, ...], sort: str, count: int | None, version: ScoreVersion | None
) -> CustomerPage:
    extra = _badges(user, columns)
    lines = lines_of(user=user, records=page.records, columns=[*columns, *extra])
    return CustomerPage(lines, columns, sort, count, page.next, page.previous, version)


def _paths(columns: Sequence[str], order: Order) -> tuple[str, ...]:
    """What a line is made of, from the customer, and his place in the order."""
    names = [name for name in columns if name not in _CONTACTS and name != "tags"]
    return tuple({column_of(name) for name in (*names, *_BADGES)} | {"name", "number", order.column, "pk"})


def _badges(user: Actor, columns: Sequence[str]) -> list[str]:
    """What belongs to the name's cell: the number where there is no name, and the badges."""
    return [name for name in ("number", *_BADGES) if name not in columns and user.may_read("customer", name)]


def _contacts_of(keys: Sequence[int], kinds: Sequence[str]) -> Mapping[tuple[int, str], str]:
    """One of each kind: the primary one, or the first."""
    found: dict[tuple[int, str], str] = {}
    if kinds and keys:
        points = ContactPoint.objects.filter(customer_id__in=these(keys), kind__in=kinds).order_by("-is_primary", "pk")
        for key, kind, value in points.values_list("customer_id", "kind", "value"):
            found.setdefault((key, kind), value)
    return found


def _tags_of(keys: Sequence[int], known: Directory) -> Mapping[int, list[TagName]]:
    """In the order of their names, which is the directory's."""
    found: dict[int, list[TagName]] = defaultdict(list)
    if keys:
        for key, tag in CustomerTag.objects.filter(customer_id__in=these(keys)).values_list("customer_id", "tag_id"):
            if tag in known.tags:
                found[key].append(known.tags[tag])
    place = {key: at for at, key in enumerate(known.tags)}
    for several in found.values():
        several.sort(key=lambda tag: place[tag.id])
    return found
