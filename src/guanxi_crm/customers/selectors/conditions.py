"""What a list may be filtered by: a closed tree of field, operator and value, and nothing that is evaluated.

A tree is data (JSON in views and jobs, parameters in the address of a list) until `compiled` makes a `Q` of it for
one user. Operators are fixed by the kind of the field; each is one function here. What is not in the tables below
cannot be asked. Other nodes than "all of" go where `AllOf` is.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from guanxi.words import currency_digits
from guanxi_crm.core.cjk import digits
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.models import ContactPoint, CustomerTag
from guanxi_crm.customers.records import SCORE_FIELDS

__all__ = [
    "FILTERS",
    "OPERATORS",
    "SCORE_NAMES",
    "AllOf",
    "Condition",
    "column_of",
    "compiled",
    "from_data",
    "tag_keys",
]

MOST_CONDITIONS = 30
MOST_VALUES = 200
_INT64 = 2**63

_TEXT = ("is", "is_not", "starts", "filled", "empty")
_RANGE = ("at_least", "at_most", "is", "filled", "empty")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": _TEXT,
    "phone": ("is", "filled", "empty"),
    "email": ("is", "filled", "empty"),
    "date": _RANGE,
    "time": _RANGE,
    "number": _RANGE,
    "share": _RANGE,
    "money": _RANGE,
    "flag": ("is",),
    "choice": ("is", "is_not", "filled", "empty"),
    "list": ("is", "is_not", "filled", "empty"),
}
"""By kind of field."""

SCORE_NAMES = frozenset(field.name for field in SCORE_FIELDS)
"""Fields that are columns of the scores."""
_CONTACTS = {"phone", "email", "wechat", "address"}
_KEYS = {"owner", "team", "tags"}
"""Fields whose values are keys of other records; ``me`` and ``mine`` mean the reader himself and his teams."""
_NOT_YET = {"consents", "notes", "files"}

FILTERS = tuple(name for name in record_type("customer").names if name not in _NOT_YET)
"""Fields that a list can be filtered by, in the order of the record type."""


@dataclass(frozen=True)
class Condition:
    """One leaf: a field, an operator of its kind, and the values, of which one is enough (text, as in an address)."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}


@dataclass(frozen=True)
class AllOf:
    """Everything of this holds; of nothing, always."""

    of: tuple[Condition, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.field for each in self.of))

    def as_data(self) -> list[dict[str, Any]]:
        return [each.as_data() for each in self.of]


def from_data(data: object) -> AllOf:
    """A tree from JSON.

    Raises
    ------
    RuleBroken : it is not one.
    """
    if not isinstance(data, list) or len(data) > MOST_CONDITIONS:
        raise RuleBroken("crm_customers.bad_filter")
    found = []
    for each in data:
        known = isinstance(each, dict) and isinstance(values := each.get("values", []), list)
        if not known or not all(isinstance(value, str) for value in values) or len(values) > MOST_VALUES:
            raise RuleBroken("crm_customers.bad_filter")
        found.append(Condition(str(each.get("field")), str(each.get("operator")), tuple(values)))
    return AllOf(tuple(found))


def column_of(name: str) -> str:
    """The path of a field's column from the customer."""
    if name in SCORE_NAMES:
        return f"current__{name}"
    return f"{name}_id" if name in {"owner", "team"} else name


def compiled(
    tree: AllOf, *, user: Actor, currency: str, one_by_one: bool = False, column: Callable[[str], str] = column_of
) -> Q:
    """The tree as Django's condition on customers, for this user.

    Parameters
    ----------
    currency : of the scores' amounts; a value is typed in whole units of it
    one_by_one : for a query that goes through customers in an order of its own until it has enough: what is not a
        column is then looked up for each, instead of being listed first
    column : field → its path, from another table than the customers'

    Raises
    ------
    NotAllowed : a field is hidden from him, or is none.
    RuleBroken : an operator that the field does not have, or a value that is not of its kind; names the field.
    """
    user.require_readable("customer", tree.fields)
    found = Q()
    for each in tree.of:
        found &= _leaf(each, user, currency, one_by_one, column)
    return found


def tag_keys(condition: Condition, *, user: Actor) -> list[int]:
    """Keys of the tags that a condition on tags names.

    Raises
    ------
    NotAllowed, RuleBroken : as `compiled`.
    """
    user.require_readable("customer", ["tags"])
    if not condition.values:
        raise RuleBroken("crm_customers.bad_filter_value", field="tags", value="")
    return [key for value in condition.values for key in _key("tags", value, user)]


def _leaf(condition: Condition, user: Actor, currency: str, one_by_one: bool, path: Callable[[str], str]) -> Q:
    declared = record_type("customer").field(condition.field)
    if condition.field in _NOT_YET or condition.operator not in OPERATORS[declared.kind]:
        raise RuleBroken("crm_customers.bad_filter", field=condition.field)
    if condition.field in _CONTACTS:
        return _contact(condition, one_by_one)
    if condition.operator in {"filled", "empty"}:
        filled = _filled(condition.field, path, one_by_one)
        return filled if condition.operator == "filled" else ~filled
    if not condition.values:
        raise RuleBroken("crm_customers.bad_filter_value", field=condition.field, value="")
    if condition.field in _KEYS:
        values: list[Any] = [_key(condition.field, value, user) for value in condition.values]
        flat = [key for each in values for key in each]
        if condition.field == "tags":
            return _tagged(condition, flat, one_by_one)
        return _one_of(condition, flat, path)
    convert = _CONVERT[declared.kind]
    try:
        values = [convert(value, currency) for value in condition.values]
    except (ValueError, ArithmeticError) as error:
        raise RuleBroken("crm_customers.bad_filter_value", field=condition.field, value=condition.values[0]) from error
    if declared.kind == "time":
        return _moments(condition, values, path)
    return _one_of(condition, values, path)


def _one_of(condition: Condition, values: list[Any], path: Callable[[str], str]) -> Q:
    column = path(condition.field)
    if condition.operator == "starts":
        return _any(Q(**{f"{column}__istartswith": value}) for value in values)
    if condition.operator == "at_least":
        return Q(**{f"{column}__gte": min(values)})
    if condition.operator == "at_most":
        return Q(**{f"{column}__lte": max(values)})
    same = Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": values})
    if condition.operator == "is":
        return same
    # "Is not" is also true where nothing is known.
    return ~same | Q(**{f"{column}__isnull": True})


def _moments(condition: Condition, days: list[dt.date], path: Callable[[str], str]) -> Q:
    """Days of the company's clock as moments."""
    column = path(condition.field)
    if condition.operator == "at_least":
        return Q(**{f"{column}__gte": _midnight(min(days))})
    if condition.operator == "at_most":
        return Q(**{f"{column}__lt": _midnight(max(days) + dt.timedelta(days=1))})
    return _any(
        Q(**{f"{column}__gte": _midnight(day), f"{column}__lt": _midnight(day + dt.timedelta(days=1))}) for day in days
    )


def _among(rows: QuerySet[Any], one_by_one: bool) -> Q:
    """Customers of whom there is such a row."""
    if one_by_one:
        return Q(Exists(rows.filter(customer_id=OuterRef("pk"))))
    return Q(pk__in=rows.values("customer_id"))


def _contact(condition: Condition, one_by_one: bool) -> Q:
    points = ContactPoint.objects.filter(kind=condition.field)
    if condition.operator == "empty":
        return ~_among(points, one_by_one)
    if condition.operator == "is":
        normal = [digits(value) if condition.field == "phone" else value.strip().lower() for value in condition.values]
        points = points.filter(normal__in=[each for each in normal if each])
    elif condition.operator != "filled":
        raise RuleBroken("crm_customers.bad_filter", field=condition.field)
    return _among(points, one_by_one)


def _tagged(condition: Condition, keys: list[int], one_by_one: bool) -> Q:
    tagged = _among(CustomerTag.objects.filter(tag_id__in=keys), one_by_one)
    return tagged if condition.operator == "is" else ~tagged


def _filled(name: str, path: Callable[[str], str], one_by_one: bool) -> Q:
    if name == "tags":
        return _among(CustomerTag.objects.all(), one_by_one)
    column = path(name)
    kind = record_type("customer").field(name).kind
    known = Q(**{f"{column}__isnull": False})
    return known & ~Q(**{column: ""}) if kind in {"text", "choice"} and name not in _KEYS else known


def _key(name: str, value: str, user: Actor) -> list[int]:
    if value == "me" and name == "owner":
        return [user.user_id or 0]
    if value == "mine" and name == "team":
        return sorted(user.team_ids) or [0]
    if not value.isascii() or not value.isdigit() or int(value) >= _INT64:
        raise RuleBroken("crm_customers.bad_filter_value", field=name, value=value)
    return [int(value)]


def _text(value: str, currency: str) -> str:
    del currency
    if not value or "\0" in value:
        raise ValueError
    return value


def _number(value: str, currency: str) -> float:
    del currency
    number = float(value)
    if not abs(number) < _INT64:
        raise ValueError
    return number


def _percent(value: str, currency: str) -> float:
    """Typed as people see it: 66 is 66 %."""
    return _number(value.strip().removesuffix("%"), currency) / 100


def _minor(value: str, currency: str) -> int:
    minor = decimal.Decimal(value.replace(",", "")).scaleb(currency_digits(currency))
    if not minor.is_finite() or abs(minor) >= _INT64:
        raise ValueError
    return int(minor.to_integral_value())


def _flag(value: str, currency: str) -> bool:
    del currency
    return {"yes": True, "no": False}[value] if value in {"yes", "no"} else _refused()


def _day(value: str, currency: str) -> dt.date:
    del currency
    return dt.date.fromisoformat(value)


def _refused() -> bool:
    raise ValueError


_CONVERT: Mapping[str, Callable[[str, str], Any]] = {
    "text": _text, "choice": _text, "number": _number, "share": _percent, "money": _minor, "flag": _flag, "date": _day,
    "time": _day,
}  # fmt: skip


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())


def _any(several: Iterable[Q]) -> Q:
    found = Q()
    for each in several:
        found |= each
    return found
