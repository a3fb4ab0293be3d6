"""What somebody asks of a list, as data: conditions, words, order, columns. It fits into an address, to be shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.keyset import Order
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.current import CurrentKey
from guanxi_crm.customers.selectors.conditions import FILTERS, MOST_CONDITIONS, MOST_VALUES, AllOf, Condition, from_data

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "NEWEST",
    "SORTS",
    "ListQuery",
    "Parameters",
    "default_sort",
    "list_query",
    "order_of",
]

DEFAULT_COLUMNS = (
    "name", "segment", "value_group", "churn_band", "amount", "expected_amount", "last_order_at", "owner", "tags",
)  # fmt: skip
COLUMNS = tuple(name for name in record_type("customer").names if name not in {"consents", "notes", "files"})
"""Fields that a list can show."""
SORTS: Mapping[str, Order] = {
    "name": Order("name"),
    "created_at": Order("created_at"),
    "number": Order("number"),
    "amount": Order("current__amount", tie=CurrentKey()),
    "expected_amount": Order("current__expected_amount", tie=CurrentKey()),
    "churn_probability": Order("current__churn_probability", tie=CurrentKey()),
    "last_order_at": Order("current__last_order_at", tie=CurrentKey()),
}
"""Fields that a list can be sorted by: those with an index. A minus before the name: the highest first."""
NEWEST = Order("pk", descending=True)
_MOST_TEXT = 200


class Parameters(Protocol):
    """Names with several values each, as Django's ``request.GET``."""

    def getlist(self, key: str) -> list[str]: ...
    def __iter__(self) -> Any: ...


_EVERYBODY = AllOf()


@dataclass(frozen=True)
class ListQuery:
    """What is asked of a list.

    Parameters
    ----------
    conditions : which records
    text : words to search for
    sort : of `SORTS`, with a minus for the highest first; empty: `default_sort`
    columns : of `COLUMNS`; empty: `DEFAULT_COLUMNS`
    """

    conditions: AllOf = _EVERYBODY
    text: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it leaves nobody out."""
        return not self.conditions.of and not self.text

    def as_data(self) -> dict[str, Any]:
        """As JSON: for a saved view, a job."""
        return {
            "filters": self.conditions.as_data(), "text": self.text, "sort": self.sort, "columns": list(self.columns),
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ListQuery:
        """From `as_data`. Raises `RuleBroken` where it is no such thing."""
        columns = data.get("columns", [])
        if not isinstance(columns, list):
            raise RuleBroken("crm_customers.bad_filter")
        return _checked(
            cls(
                from_data(data.get("filters", [])), str(data.get("text", "")), str(data.get("sort", "")),
                tuple(str(each) for each in columns),
            )
        )  # fmt: skip

    def address(self, **more: str) -> str:
        """As the parameters of an address, without a question mark."""
        named = [
            (f"{each.field}.{each.operator}", value) for each in self.conditions.of for value in each.values or ("1",)
        ]
        rest = {"q": self.text, "sort": self.sort, "columns": ",".join(self.columns), **more}
        return urlencode([*named, *((name, value) for name, value in rest.items() if value)])

    def without(self, condition: Condition) -> ListQuery:
        """The same without one condition."""
        return replace(self, conditions=AllOf(tuple(each for each in self.conditions.of if each != condition)))


def list_query(parameters: Parameters) -> ListQuery:
    """From the parameters of an address: ``FIELD.OPERATOR=VALUE`` as often as there are values, ``q``, ``sort``,
    ``columns``. Empty values say nothing, as an empty field of a form. Other parameters are others' matter.

    Raises
    ------
    RuleBroken : something that this list does not know.
    """
    conditions = []
    for name in parameters:
        field, dot, operator = name.partition(".")
        values = tuple(value.strip() for value in parameters.getlist(name) if value.strip())
        if not dot or not values:
            continue
        if field not in FILTERS or len(values) > MOST_VALUES:
            raise RuleBroken("crm_customers.bad_filter", field=field)
        conditions.append(Condition(field, operator, () if operator in {"filled", "empty"} else values))
    if len(conditions) > MOST_CONDITIONS:
        raise RuleBroken("crm_customers.bad_filter")

    def last(name: str) -> str:
        return (parameters.getlist(name) or [""])[-1].strip()

    columns = tuple(dict.fromkeys(each for each in ",".join(parameters.getlist("columns")).split(",") if each))
    return _checked(ListQuery(AllOf(tuple(conditions)), last("q")[:_MOST_TEXT], last("sort"), columns))


def default_sort(user: Actor, *, has_scores: bool) -> str:
    """Who brings most comes first, once that is known; else the newest; of what the user may see."""
    candidates = ("-amount", "-created_at", "number") if has_scores else ("-created_at", "number")
    return next((each for each in candidates if user.may_read("customer", each.removeprefix("-"))), "")


def order_of(sort: str) -> Order:
    """The order of a sort as `ListQuery` has it; without one the newest come first."""
    return replace(SORTS[sort.removeprefix("-")], descending=sort.startswith("-")) if sort else NEWEST


def _checked(query: ListQuery) -> ListQuery:
    if query.sort and query.sort.removeprefix("-") not in SORTS:
        raise RuleBroken("crm_customers.bad_sort", field="sort", value=query.sort)
    _known(query.columns, COLUMNS)
    return query


def _known(names: Iterable[str], among: tuple[str, ...]) -> None:
    for name in names:
        if name not in among:
            raise RuleBroken("crm_core.no_such_field", field="columns", field_name=name)
