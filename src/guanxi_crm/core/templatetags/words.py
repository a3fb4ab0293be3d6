"""Sentences, numbers, money and times in templates. Built in: no ``{% load %}`` is needed.

::

    {% say "crm_customers.title" %}                 a sentence
    {% say "crm_customers.found" customers=total as found %}
    {{ value|money:customer.currency }}             minor units → ¥1,234.50
    {{ share|percent }}  {{ number|number:1 }}  {{ moment|at }}  {{ day|on }}  {{ code|words }}
"""

from __future__ import annotations

import datetime as dt
import decimal
from functools import lru_cache

from django import template
from django.utils import timezone

from guanxi.words import Message, Money, country_name, has
from guanxi.words import say as said
from guanxi_crm.core.language import language

register = template.Library()

_NOTHING = "–"


@register.simple_tag
def say(code: str, **parameters: object) -> str:
    """A sentence in the reader's language."""
    return said(code, language(), **parameters)


@register.filter
def words(code: str) -> str:
    """What a code is called; the code itself where it has no sentence (a segment that somebody named himself)."""
    return said(code, language()) if code and has(code) else code or _NOTHING


@register.filter
def money(minor: float | None, currency: str) -> str:
    """Minor units as money."""
    return _NOTHING if minor is None else _money(minor, currency, language())


@lru_cache(maxsize=20_000)
def _money(minor: float, currency: str, lang: str) -> str:
    """Kept, as prices and amounts recur, and their writing takes longer than all else in a line of a list."""
    return said("crm_core.money", lang, amount=Money(minor, currency))


@register.filter
def number(value: float | None, places: int = 0) -> str:
    """A number with separators."""
    return _NOTHING if value is None else said(f"crm_core.number{places}", language(), value=value)


@register.filter
def percent(share: float | None, places: int = 0) -> str:
    """A share of 0 … 1 as percent."""
    return _NOTHING if share is None else said(f"crm_core.percent{places}", language(), value=share)


@register.filter
def at(moment: dt.datetime | None) -> str:
    """A moment on the company's clock, to the minute."""
    return _NOTHING if moment is None else timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


@register.filter
def machine(moment: dt.datetime) -> str:
    """A moment for machines (ISO 8601), on the company's clock."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


@register.filter
def on(day: dt.date | None) -> str:
    """A day; of a moment, its day on the company's clock."""
    if isinstance(day, dt.datetime):
        day = timezone.localtime(day).date()
    return _NOTHING if day is None else day.isoformat()


@register.filter
def country(code: str) -> str:
    """The name of a country by its ISO code."""
    return country_name(code, language()) if code else _NOTHING


@register.filter
def plain(value: object) -> str:
    """A value as people write it: dates, decimals and messages without ornament."""
    if isinstance(value, Message):
        return value.say(language())
    if isinstance(value, decimal.Decimal):
        return f"{value.normalize():f}"
    return _NOTHING if value is None or value == "" else str(value)
