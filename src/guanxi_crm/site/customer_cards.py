"""What the customer's page makes of the mine's answers and of his orders: fields in words, reasons, a chart."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi.words import Money
from guanxi_crm.core.language import language, told
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.forms.fields import label_of, shown
from guanxi_crm.customers.models import Consent, Customer
from guanxi_crm.customers.selectors.consents import consent_matrix
from guanxi_crm.customers.selectors.mined import Mined
from guanxi_crm.customers.selectors.record import FORM_FIELDS
from guanxi_crm.customers.selectors.timeline import Event
from guanxi_crm.sales.selectors.of_customer import OrderMonth

__all__ = [
    "FieldRow", "ToldEvent", "ToldReasons", "field_rows", "marketing_words", "months_chart", "reasons_in_words",
    "told_events",
]  # fmt: skip

_MONTHS_SHOWN = 36
_REASONS_SHOWN = 4
"""In each direction."""
_WEAKEST_SHOWN = 0.05
"""Of the strongest: a reason that weighs less explains nothing."""
_ALWAYS_TOLD = ("email", "phone")
"""Channels of which the header says also that the customer was never asked."""
_CHANGES_TOLD = 400
"""Characters of a value in the timeline."""


@dataclass(frozen=True)
class FieldRow:
    """One field of the customer: what it is called, its value in words, whether this user may write it."""

    name: str
    label: str
    value: str
    may_write: bool


@dataclass(frozen=True)
class ToldReasons:
    """Why a score is what it is, as sentences, the strongest first: all, those that raise it, those that lower it."""

    every: list[str]
    raising: list[str]
    lowering: list[str]


@dataclass(frozen=True)
class ToldEvent:
    """An event with what its template needs beside it."""

    event: Event
    changes: list[tuple[str, str, str]]
    """Label, before, after; empty where there was or is nothing."""
    is_own: bool


def field_rows(customer: Customer, *, user: Actor) -> list[FieldRow]:
    """The fields that the user may see; those without a value only where he may fill them in."""
    may_change = user.may("customer", "change", customer)
    rows = []
    for name in FORM_FIELDS:
        may_write = may_change and user.may_write("customer", name)
        value = getattr(customer, name)
        if user.may_read("customer", name) and name != "name" and (may_write or value):
            rows.append(FieldRow(name, label_of(name), shown(name, value), may_write))
    return rows


def marketing_words(history: list[Consent]) -> list[tuple[str, Consent | None]]:
    """Channels on which a customer has allowed or refused marketing, with his last word; where there is any, mail and
    telephone are told of in any case."""
    (marketing,) = (row for row in consent_matrix(history) if row.purpose == "marketing")
    if not marketing.is_known:
        return []
    told = [(channel, word) for channel, word in marketing.cells if word or channel in _ALWAYS_TOLD]
    return sorted(told, key=lambda each: each[0] not in _ALWAYS_TOLD)


def reasons_in_words(mined: Mined | None, study: str) -> ToldReasons:
    """Why a score is what it is, as far as the user may see what each reason tells of."""
    reasons = mined.reasons.get(study, []) if mined else []
    strongest = max((abs(reason.effect) for reason in reasons), default=0.0)
    said = [
        (reason.raises, reason.message.say(language()))
        for reason in reasons
        if abs(reason.effect) >= strongest * _WEAKEST_SHOWN
    ]
    return ToldReasons(
        [sentence for _, sentence in said][:_REASONS_SHOWN],
        [sentence for raises, sentence in said if raises][:_REASONS_SHOWN],
        [sentence for raises, sentence in said if not raises][:_REASONS_SHOWN],
    )


def told_events(events: Sequence[Event], *, user: Actor) -> list[ToldEvent]:
    """Events with their field changes in words."""
    return [
        ToldEvent(event, _told_changes(event), is_own=event.kind == "notes" and event.value == user.user_id)
        for event in events
    ]


def months_chart(months: Sequence[OrderMonth]) -> Mapping[str, Any] | None:
    """Amount and number of orders by month as an ECharts option: up to three years, months without an order as zero.

    Where orders are in several currencies, those of the most frequent one. None without orders.
    """
    if not months:
        return None
    orders_by_currency: Counter[str] = Counter()
    for each in months:
        orders_by_currency[each.currency] += each.orders
    currency = orders_by_currency.most_common(1)[0][0]
    there = {each.month: each for each in months if each.currency == currency}
    shown_months = _months(min(there), max(there))[-_MONTHS_SHOWN:]
    amounts = [float(Money(there[month].amount, currency).major) if month in there else 0.0 for month in shown_months]
    counts = [there[month].orders if month in there else 0 for month in shown_months]
    amount_name = told("crm_site.customer_chart_amount", currency=currency)
    orders_name = told("crm_site.customer_chart_orders")
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": [amount_name, orders_name], "bottom": 0},
        "grid": {"left": 8, "right": 8, "top": 16, "bottom": 36, "containLabel": True},
        "xAxis": {"type": "category", "data": [f"{month:%Y-%m}" for month in shown_months]},
        "yAxis": [
            {"type": "value"},
            {"type": "value", "minInterval": 1, "splitLine": {"show": False}},
        ],
        "series": [
            {"name": amount_name, "type": "bar", "data": amounts, "barMaxWidth": 22},
            {"name": orders_name, "type": "line", "yAxisIndex": 1, "data": counts, "symbolSize": 5},
        ],
    }


def _told_changes(event: Event) -> list[tuple[str, str, str]]:
    changes = event.changes.items()
    return [(label_of(name), _cut(name, before), _cut(name, after)) for name, (before, after) in changes]


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]


def _cut(name: str, value: object) -> str:
    if value in (None, "", []):
        return ""
    text = shown(name, value)
    return text if len(text) <= _CHANGES_TOLD else text[:_CHANGES_TOLD] + "…"
