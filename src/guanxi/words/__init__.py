"""Every sentence that people read, in Chinese and in English, under one code.

A code is ``area.name``: ``area`` is the TOML file beside this module, ``name`` a table in it that holds the sentence
in every language, so that a translator sees them side by side. Parameters stand in braces and are written as the
reader's language writes them::

    [rows_set_aside]
    en = "{rows} of {total} rows ({share:percent}) were set aside."
    zh = "共 {total} 行，其中 {rows} 行（{share:percent}）被搁置。"

Forms after the colon: none (integers with separators, others as they are), ``percent``, ``percent1`` (one decimal),
``number1`` … ``number4`` (that many decimals), ``plain`` (no separators), ``date``, ``words`` (the parameter is itself
a code, or a `Message`), ``country`` (an ISO 3166-1 code), ``list`` (a list, joined as the language joins). An amount of
money is given as a `Money` value, without a form. No sentence is ever built from pieces elsewhere.

English tells one from many, Chinese does not: ``{rows:count row|rows}`` is "1 row" or "1,200 rows", and
``{rows:plural is|are}`` the word alone, by the plural rules of the Unicode CLDR. Of a list its length counts.
"""

from __future__ import annotations

import datetime as dt
import decimal
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from babel import Locale, dates, lists, numbers

LANGUAGES = ("en", "zh")
_HOMES = [resources.files(__name__)]
_LOCALES = {"en": Locale("en"), "zh": Locale("zh", script="Hans")}

__all__ = ["LANGUAGES", "Message", "Money", "codes", "country_name", "currency_digits", "has", "include", "say"]


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents, fen) of a currency, to be written as the reader's language writes it."""

    minor: int | decimal.Decimal | float
    currency: str

    @property
    def major(self) -> decimal.Decimal:
        return decimal.Decimal(self.minor).scaleb(-currency_digits(self.currency))


@dataclass(frozen=True)
class Message:
    """A sentence that has not been put into a language yet.

    Examples
    --------
    >>> Message("words.example", {"rows": 1200, "share": 0.5}).say("en")
    '1,200 rows, which is 50%.'
    """

    code: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def say(self, language: str) -> str:
        return say(self.code, language, **self.parameters)

    def as_data(self) -> dict[str, object]:
        """The message as plain data, for ``result.json``."""
        return {"code": self.code, **{name: _plain(value) for name, value in self.parameters.items()}}


def say(code: str, language: str, /, **parameters: object) -> str:
    """The sentence of ``code`` in ``language`` with its parameters filled in.

    Raises
    ------
    KeyError : no such code, or a parameter is missing. Both are mistakes in Guanxi, found by its tests.
    """
    sentence = _sentence(code, language)
    # Most labels have nothing to be filled in, and a page has hundreds of them.
    return _Form(language).format(sentence, **parameters) if "{" in sentence else sentence


def codes(area: str | None = None) -> list[str]:
    """All codes, or those of one area, in the order in which they are written."""
    areas = [area] if area else sorted(_areas())
    return [f"{each}.{name}" for each in areas for name in _area(each)]


def has(code: str) -> bool:
    """Whether there is a sentence for this code."""
    area, _, name = code.partition(".")
    return area in _areas() and name in _area(area)


def include(package: str) -> None:
    """Add the areas of another package's TOML files, once; its areas must have names of their own."""
    home = resources.files(package)
    if home not in _HOMES:
        _HOMES.append(home)
        _areas.cache_clear()


@cache
def currency_digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit (ISO 4217, through the Unicode CLDR): 2 for EUR, 0 for JPY.

    Also 2 for none (""): before the first import has told which, amounts are written without a sign.
    """
    return numbers.get_currency_precision(currency)


def country_name(code: str, language: str) -> str:
    """The name of a country (ISO 3166-1 alpha-2 code) in a language; the code itself where it is unknown."""
    return _LOCALES[language].territories.get(code, code)


@cache
def _areas() -> dict[str, Traversable]:
    return {
        entry.name.removesuffix(".toml"): entry
        for home in _HOMES
        for entry in home.iterdir()
        if entry.name.endswith(".toml")
    }


@cache
def _area(area: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(_areas()[area].read_text(encoding="utf-8"))


def _sentence(code: str, language: str) -> str:
    area, _, name = code.partition(".")
    if area not in _areas():
        raise KeyError(code)
    return _area(area)[name][language]


class _Form(string.Formatter):
    """Fill braces as the language writes numbers, dates, money and lists."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = _LOCALES[language]

    def format_field(self, value: object, form: str) -> str:
        if form == "words" and not isinstance(value, Message):
            value = Message(str(value))
        if isinstance(value, Message):
            return value.say(self.language)
        if isinstance(value, Money):
            return self._money(value)
        if form == "country":
            value = country_name(str(value), self.language)
        if form == "list" or (isinstance(value, list | tuple) and not form):
            return self._list(value)  # type: ignore[arg-type]
        if isinstance(value, dt.date):
            # Chinese and English readers of business reports both expect the unambiguous order.
            return value.isoformat() if form != "long" else dates.format_date(value, "long", locale=self.locale)
        if isinstance(value, bool) or value is None or form == "plain" or isinstance(value, str):
            return str(value)
        return self._number(value, form)  # type: ignore[arg-type]

    def _money(self, value: Money) -> str:
        major = value.major
        # Nobody reads the cents of a large sum.
        whole = abs(major) >= 1000
        pattern = "¤#,##0;-¤#,##0" if whole else None
        return numbers.format_currency(
            major, value.currency, format=pattern, locale=self.locale, currency_digits=not whole
        )

    def _list(self, values: Iterable[object]) -> str:
        words = [self.format_field(each, "") for each in values]
        return lists.format_list(words, locale=self.locale) if words else "–"

    def _number(self, value: float | decimal.Decimal | list[object], form: str) -> str:
        if isinstance(value, list | tuple):
            value = len(value)
        if form.startswith(("count ", "plural ")):
            kind, _, words = form.partition(" ")
            one, _, other = words.partition("|")
            word = one if self.locale.plural_form(value) == "one" else other
            return word if kind == "plural" else f"{numbers.format_decimal(value, locale=self.locale)} {word}"
        if form.startswith("percent"):
            places = form.removeprefix("percent") or "0"
            return numbers.format_percent(value, _decimals(int(places)) + "%", locale=self.locale)
        if form.startswith("number"):
            return numbers.format_decimal(value, _decimals(int(form.removeprefix("number") or "0")), locale=self.locale)
        return numbers.format_decimal(value, locale=self.locale)


def _decimals(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")


def _plain(value: object) -> object:
    if isinstance(value, Message):
        return value.as_data()
    if isinstance(value, Money):
        return {"amount": str(value.major), "currency": value.currency}
    if isinstance(value, dt.date | decimal.Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
