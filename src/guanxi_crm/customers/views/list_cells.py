"""The cells of a list of customers as HTML.

Fifty lines of ten cells are most of what a list page costs, and Django's template language takes many times as long
over them: so they are put together here, every value escaped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from guanxi.words import Money, has, say
from guanxi_crm.core.records import record_type
from guanxi_crm.core.templatetags.words import at, country, on
from guanxi_crm.customers.selectors.list_query import SORTS, ListQuery
from guanxi_crm.customers.selectors.lists import CustomerPage
from guanxi_crm.customers.selectors.neighbours import MOST_ADDRESS
from guanxi_crm.customers.words_of import choice_code

__all__ = ["Column", "columns_of", "lines_as_html"]

_SEGMENT = {
    "champions": "green", "loyal": "teal", "potential_loyal": "cyan", "new": "azure", "promising": "blue",
    "need_attention": "yellow", "about_to_sleep": "orange", "at_risk": "orange", "cannot_lose": "red",
}  # fmt: skip
_GROUP = {"high": "green", "potential": "azure"}
_BAND = {"high": "red", "medium": "yellow", "low": "green"}
_ABC = {"A": "green", "B": "azure"}
_NUMERIC = {"money", "number", "share"}
_NOTHING = '<span class="text-secondary">–</span>'
Cell = Callable[[Mapping[str, Any], str, str], str]


@dataclass(frozen=True)
class Column:
    """The head of one column."""

    name: str
    label: str
    is_numeric: bool
    address: str
    """Of the list sorted by it; empty where it cannot be."""
    direction: str
    """``ascending`` or ``descending``, if the list is sorted by it: for ``aria-sort``."""


def columns_of(page: CustomerPage, query: ListQuery, *, language: str, view: str) -> list[Column]:
    """The heads; a second click on the same one turns the order round."""
    declared = record_type("customer")
    heads = []
    for name in page.columns:
        kind = declared.field(name).kind
        direction, address = "", ""
        if name in SORTS:
            # What is high, late or likely is what one looks for first; names begin with A.
            first = "" if kind == "text" else "-"
            turned = {f"-{name}": name, name: f"-{name}"}.get(page.sort, f"{first}{name}")
            direction = {name: "ascending", f"-{name}": "descending"}.get(page.sort, "")
            address = query.address(sort=turned, view=view)
        heads.append(Column(name, say(declared.field_label(name), language), kind in _NUMERIC, address, direction))
    return heads


def lines_as_html(
    page: CustomerPage, *, language: str, may_edit: bool, may_select: bool, address: str = ""
) -> SafeString:
    """The lines of a page: the body of the table.

    ``address``, of the list, goes along to the customers' pages, from where one goes on to the next in the same list.
    """
    currency = page.version.currency if page.version else ""
    # Addresses and sentences are made once, and the lines' own from them.
    show, edit = (reverse(name, args=[0]).split("0") for name in ("site:customer", "customers:edit"))
    along = f"?{urlencode({'list': address})}" if address and len(address) <= MOST_ADDRESS else ""
    select = escape(say("crm_customers.list_select", language, name="\0")).split("\0")
    declared = record_type("customer")
    heads = []
    for name in page.columns:
        kind = declared.field(name).kind
        css = ' class="number"' if kind in _NUMERIC else ""
        label = escape(say(declared.field_label(name), language))
        heads.append((name, _BY_NAME.get(name) or _BY_KIND[kind], f'<td{css} data-label="{label}">'))
    named = "name" if "name" in page.columns else page.columns[0] if page.columns else ""
    rows = []
    for line in page.lines:
        url = f"{show[0]}{line['id']}{show[1]}{along}"
        name = escape(line.get("name") or line.get("number") or f"#{line['id']}")
        row = [f'<tr data-row data-url="{url}"']
        row.append(f' data-edit-url="{edit[0]}{line["id"]}{edit[1]}{along}">' if may_edit else ">")
        if may_select:
            row.append(
                '<td class="list-select"><input class="form-check-input" type="checkbox" name="ids" data-select'
                f' value="{line["id"]}" aria-label="{select[0]}{name}{select[1]}"></td>'
            )
        for field, cell, opening in heads:
            value = line[field]
            if field == "name":
                told = name
            elif value is None or value in ("", []):
                told = _NOTHING
            else:
                told = _money(value, currency, language) if cell is None else cell(line, field, language)
            if field == named:
                told = f'<a class="line-name" href="{url}">{told}</a>{_badges(line, language)}'
            row.append(f"{opening}{told}</td>")
        row.append("</tr>")
        rows.append("".join(row))
    # Every value in it is escaped by its cell.
    return mark_safe("\n".join(rows))  # noqa: S308


def _badge(colour: str, words: str) -> str:
    return f'<span class="badge bg-{colour}-lt">{escape(words)}</span>'


def _choice(line: Mapping[str, Any], name: str, language: str) -> str:
    value = str(line[name])
    return _called(name, value, language)


@lru_cache(maxsize=500)
def _called(name: str, value: str, language: str) -> str:
    code = choice_code(name, value)
    words = say(code, language) if code and has(code) else value
    colours = {"segment": _SEGMENT, "value_group": _GROUP, "churn_band": _BAND, "abc": _ABC}.get(name)
    return escape(words) if colours is None else _badge(colours.get(value, "secondary"), words)


def _badges(line: Mapping[str, Any], language: str) -> str:
    """Who matters most: at a glance, wherever the name stands."""
    told = ""
    if line.get("is_vip"):
        told += " " + _fixed("crm_customers.badge_vip", "purple", language)
    if line.get("is_silent"):
        told += " " + _fixed("crm_customers.badge_silent", "orange", language)
    if line.get("abc") == "A":
        told += " " + _fixed("crm_customers.badge_abc", "green", language)
    return told


@lru_cache(maxsize=20)
def _fixed(code: str, colour: str, language: str) -> str:
    return _badge(colour, say(code, language))


@lru_cache(maxsize=20_000)
def _money(minor: int, currency: str, language: str) -> str:
    return escape(say("crm_core.money", language, amount=Money(minor, currency)))


@lru_cache(maxsize=5_000)
def _number(value: float, places: int, language: str) -> str:
    return escape(say(f"crm_core.number{places}", language, value=value))


@lru_cache(maxsize=1_000)
def _percent(share: float, language: str) -> str:
    return escape(say("crm_core.percent0", language, value=share))


def _text(line: Mapping[str, Any], name: str, language: str) -> str:
    del language
    return escape(line[name])


def _count(line: Mapping[str, Any], name: str, language: str) -> str:
    value = line[name]
    return _number(value, 0, language) if isinstance(value, int) else _number(round(value, 1), 1, language)


def _share(line: Mapping[str, Any], name: str, language: str) -> str:
    # Rounded first, so that a hundred sentences serve all.
    return _percent(round(line[name], 2), language)


def _flag(line: Mapping[str, Any], name: str, language: str) -> str:
    return _yes(language) if line[name] else _NOTHING


@lru_cache(maxsize=2)
def _yes(language: str) -> str:
    return format_html(
        '<svg class="icon" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" role="img"'
        ' aria-label="{}"><use href="{}#check"></use></svg>',
        say("crm_customers.yes", language),
        static("core/vendor/icons.svg"),
    )


def _day(line: Mapping[str, Any], name: str, language: str) -> str:
    del language
    value = line[name]
    return str(on(value)) if isinstance(value, dt.datetime) else value.isoformat()


def _moment(line: Mapping[str, Any], name: str, language: str) -> str:
    del language
    return str(at(line[name]))


def _country(line: Mapping[str, Any], name: str, language: str) -> str:
    del language
    return escape(country(line[name]))


def _tags(line: Mapping[str, Any], name: str, language: str) -> str:
    del language
    return " ".join(_badge(each.colour, each.name) for each in line[name])


_BY_NAME: Mapping[str, Cell] = {
    "country": _country, "tags": _tags, "first_order_at": _day, "last_order_at": _day, "created_at": _moment,
    "owner": _text, "team": _text,
}  # fmt: skip
_BY_KIND: Mapping[str, Cell | None] = {
    "text": _text, "phone": _text, "email": _text, "date": _day, "time": _day, "number": _count, "share": _share,
    "money": None, "flag": _flag, "choice": _choice, "list": _tags,
}  # fmt: skip
"""None: money, which needs the currency."""
