"""Customers as a CSV file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from guanxi.words import Money, has, say
from guanxi_crm.core import sheet
from guanxi_crm.core.audit import log
from guanxi_crm.core.language import language
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.selectors.conditions import column_of
from guanxi_crm.customers.selectors.list_query import COLUMNS, ListQuery
from guanxi_crm.customers.selectors.lists import customers_matching, lines_of
from guanxi_crm.customers.selectors.scores import current_version
from guanxi_crm.customers.words_of import choice_code

__all__ = ["customers_export"]

_BATCH = 1000
_BESIDE = {"phone", "email", "wechat", "address", "tags"}
"""What is not a column of the customer or his scores."""


def customers_export(*, user: Actor, query: ListQuery, all_columns: bool = False) -> Iterator[str]:
    """The lines of a CSV file of everybody who matches: UTF-8 with a byte order mark, one customer a line.

    Nothing is kept in memory: customers are read a thousand at a time while the file is sent. Texts that a spreadsheet
    would run are made inert (see `guanxi_crm.core.sheet`), and the import takes that off again. Amounts are in whole
    units, shares as fractions, days and moments in ISO 8601 on the company's clock; segments and groups in words.

    Permission: customer.export, and reading each field: hidden ones are left out. Audit: export, with the number of
    customers, the filter and the columns. Raises: NotAllowed, RuleBroken, before the first line.
    """
    user.require("customer", "export")
    names = COLUMNS if all_columns or not query.columns else ("number", *(n for n in query.columns if n != "number"))
    columns = [name for name in names if user.may_read("customer", name)]
    version = current_version()
    with transaction.atomic():
        matching = customers_matching(user=user, query=query, action="export", version=version)
        log(
            user=user, kind="customer", record=None, action="export",
            note={"customers": matching.count(), "filter": query.as_data(), "columns": columns},
        )  # fmt: skip
    # Taken now: the file is sent when the request is over, and its time zone with it.
    zone = timezone.get_current_timezone()
    return _lines(user, matching, columns, language(), version.currency if version else "", zone)


def _lines(
    user: Actor, matching: Any, columns: list[str], language: str, currency: str, zone: dt.tzinfo
) -> Iterator[str]:
    declared = record_type("customer")
    yield sheet.BOM + sheet.line(say(declared.field_label(name), language) for name in columns)
    kinds = [(name, declared.field(name).kind) for name in columns]
    paths = {"pk", *(column_of(name) for name in columns if name not in _BESIDE)}
    after = 0
    while batch := list(matching.filter(pk__gt=after).order_by("pk").values(*paths)[:_BATCH]):
        with timezone.override(zone):
            lines = lines_of(user=user, records=batch, columns=columns)
            told = [
                sheet.line(_cell(name, kind, each[name], language, currency) for name, kind in kinds) for each in lines
            ]
        yield "".join(told)
        after = batch[-1]["pk"]


def _cell(name: str, kind: str, value: Any, language: str, currency: str) -> object:
    if value is None or value == "":
        return None
    if kind == "money":
        return Money(value, currency).major
    if kind == "list":
        return ", ".join(str(each) for each in value) or None
    if kind == "choice":
        code = choice_code(name, str(value))
        return say(code, language) if code and has(code) else str(value)
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).isoformat(" ", "seconds")
    elif isinstance(value, bool):
        value = int(value)
    return value if isinstance(value, int | float) else str(value)
