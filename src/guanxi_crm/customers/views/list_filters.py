"""What the panel of filters offers, and how a filter that is set is told above the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guanxi.words import has
from guanxi_crm.core.language import told
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.models import ScoreVersion
from guanxi_crm.customers.selectors.conditions import FILTERS, Condition
from guanxi_crm.customers.selectors.directory import Directory, directory
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.owners import owners_now
from guanxi_crm.customers.words_of import CHOICES, choice_code

__all__ = ["Chip", "chips_of", "filter_fields"]

_FIRST = (
    "segment", "value_group", "churn_band", "is_vip", "is_silent", "owner", "team", "tags", "amount", "expected_amount",
    "last_order_at", "city", "level",
)  # fmt: skip
"""What most people filter by; the rest is behind "more"."""
_KEYS = {"owner", "team", "tags"}
_MANY = 8
"""With more choices there is a field to search among them."""
_INPUT = {"date": "date", "time": "date", "number": "number", "share": "number", "money": "number"}


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the address of the list without it."""

    words: str
    address: str


def chips_of(query: ListQuery, *, user: Actor, version: ScoreVersion | None, view: str) -> list[Chip]:
    """The filters that are set, in words."""
    names = directory() if query.conditions.of else None
    return [
        Chip(_sentence(each, user, names, version), query.without(each).address(view=view))
        for each in query.conditions.of
        if names
    ]


def filter_fields(query: ListQuery, *, user: Actor, names: Directory) -> list[dict[str, Any]]:
    """The fields that the user may filter by, with their controls and what is set now; the usual ones first."""
    set_now = {(each.field, each.operator): each.values for each in query.conditions.of}
    fields = []
    for name in (*_FIRST, *(name for name in FILTERS if name not in _FIRST)):
        if not user.may_read("customer", name):
            continue
        kind = record_type("customer").field(name).kind
        options = _options(name, names, user)
        if name == "owner":
            owners = {str(key) for key in owners_now(user=user)} | set(set_now.get(("owner", "is"), ()))
            options = [(value, words) for value, words in options if value == "me" or value in owners]
        if name in _KEYS and not options:
            continue
        if kind == "flag":
            options = [("yes", told("crm_customers.yes")), ("no", told("crm_customers.no"))]
        operators: tuple[str, ...] = ("is",)
        if not options and kind in _INPUT:
            operators = ("at_least", "at_most")
        elif not options and kind == "text" and name not in {"wechat", "address"}:
            operators = ("starts",)
        fields.append({
            "name": name,
            "label": record_type("customer").field_label(name),
            "is_first": name in _FIRST,
            "is_money": kind == "money",
            "is_share": kind == "share",
            "is_flag": kind == "flag",
            "input": _INPUT.get(kind, "text"),
            "is_searched": len(options) > _MANY,
            "options": [(value, words, value in set_now.get((name, "is"), ())) for value, words in options],
            "operators": [
                {"name": each, "code": f"crm_customers.operator_{each}", "value": set_now.get((name, each), ("",))[0]}
                for each in operators
            ],
            "is_set": any(field == name for field, _ in set_now),
        })  # fmt: skip
    return fields


def _options(name: str, names: Directory, user: Actor) -> list[tuple[str, str]]:
    if name == "owner":
        return [("me", told("crm_customers.me")), *((str(key), words) for key, words in names.users.items())]
    if name == "team":
        mine = [("mine", told("crm_customers.my_teams"))] if user.team_ids else []
        return [*mine, *((str(key), words) for key, words in names.teams.items())]
    if name == "tags":
        return [(str(key), tag.name) for key, tag in names.tags.items()]
    return [(value, _called(name, value)) for value in CHOICES.get(name, ())]


def _sentence(condition: Condition, user: Actor, names: Directory, version: ScoreVersion | None) -> str:
    field = record_type("customer").field_label(condition.field)
    if condition.operator in {"filled", "empty"}:
        return told(f"crm_customers.filter_{condition.operator}", field=field)
    known = dict(_options(condition.field, names, user))
    unit = ""
    kind = record_type("customer").field(condition.field).kind
    if kind == "money" and version:
        unit = f" {version.currency}"
    elif kind == "share":
        unit = " %"
    flags = {"yes": told("crm_customers.yes"), "no": told("crm_customers.no")} if kind == "flag" else {}
    values = [known.get(value) or flags.get(value) or f"{value}{unit}" for value in condition.values]
    return told(f"crm_customers.filter_{condition.operator}", field=field, values=values)


def _called(name: str, value: str) -> str:
    code = choice_code(name, value)
    return told(code) if code and has(code) else value
