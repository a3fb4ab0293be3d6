"""How the fields of a customer are asked for and shown: choices, labels, values in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache

from babel import Locale
from django import forms

from guanxi.words import country_name, has
from guanxi_crm.core.language import language, told
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.core.templatetags.words import on, plain
from guanxi_crm.customers.models import Customer
from guanxi_crm.users.models import Team, User
from guanxi_crm.users.selectors.staff import colleagues

__all__ = ["colleague_choices", "form_field", "label_of", "shown", "team_choices"]

_GENDERS = ("female", "male", "other")
_COUNTRY_CODE_LENGTH = 2


def label_of(name: str, kind: str = "customer") -> str:
    """What a field is called."""
    return told(record_type(kind).field_label(name))


def shown(name: str, value: object) -> str:
    """A value as people read it: a country by its name, a choice in words, a day, a list joined."""
    if value is None or value in ("", []):
        return plain(None)
    if name == "country":
        return country_name(str(value), language())
    if has(code := f"crm_customers.{name}_{value}"):
        return told(code)
    if isinstance(value, dt.date):
        return on(value)
    return told("crm_customers.listed", words=value) if isinstance(value, list) else plain(value)


def form_field(name: str, current: object = None) -> forms.Field:
    """The control for a field; a choice offers what the customer has now too, though we did not think of it."""
    label = label_of(name)
    if name in {"born_on", "joined_on"}:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        messages = {"invalid": told("crm_customers.not_a_date", value="")}
        return forms.DateField(label=label, required=False, widget=widget, error_messages=messages)
    if name in {"kind", "gender", "country"}:
        return forms.ChoiceField(
            label=label, required=name == "kind", choices=_with(current, _choices(name)), error_messages=_messages()
        )
    column = Customer._meta.get_field(name)
    return forms.CharField(
        label=label, required=False, max_length=column.max_length, error_messages=_messages(most=column.max_length)
    )


def colleague_choices(
    *, user: Actor, current: User | None = None, among: Collection[int] | None = None
) -> list[tuple[str, str]]:
    """Who works here, or those of them who are among some, by name, oneself first; with whoever it is now, though he
    has left."""
    people = {
        each.pk: str(each) for each in colleagues(user=user).only("name", "email") if among is None or each.pk in among
    }
    if current is not None:
        people.setdefault(current.pk, str(current))
    me = {user.user_id: people.pop(user.user_id)} if user.user_id in people else {}
    return [(str(key), name) for key, name in {**me, **people}.items()]


def team_choices() -> list[tuple[str, str]]:
    """All teams, by name."""
    return [(str(team.pk), team.name) for team in Team.objects.order_by("name")]


def _choices(name: str) -> list[tuple[str, str]]:
    if name == "country":
        return [("", plain(None)), *_countries(language())]
    values = [value for value, _ in Customer._meta.get_field("kind").choices] if name == "kind" else list(_GENDERS)
    empty = [] if name == "kind" else [("", plain(None))]
    return [*empty, *((value, shown(name, value)) for value in values)]


def _with(current: object, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    known = {value for value, _ in choices}
    return choices if not current or current in known else [*choices, (str(current), str(current))]


@cache
def _countries(lang: str) -> list[tuple[str, str]]:
    names = (str(code) for code in Locale("en").territories)
    codes = [code for code in names if len(code) == _COUNTRY_CODE_LENGTH and code.isalpha()]
    return sorted(((code, country_name(code, lang)) for code in codes), key=lambda each: each[1])


def _messages(**parameters: object) -> dict[str, str]:
    """What Django would say in its own words."""
    messages = {
        "required": told("crm_customers.needed"),
        "invalid_choice": told("crm_customers.not_a_choice", value=""),
    }
    return {**messages, "max_length": told("crm_customers.too_long", **parameters)} if parameters else messages
