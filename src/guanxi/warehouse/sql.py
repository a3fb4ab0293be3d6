"""Named queries: SQL files with a header, in the part of SQL that every engine reads the same way.

A query is a file beside the code that names it, ``queries/NAME.sql``, in DuckDB's dialect, restricted to what
`guanxi.warehouse.lint` allows. Its header states what a reader needs to know, and is checked::

    -- Orders of known customers before a date.
    -- grain: one customer x order
    -- key: customer_id, order_id
    -- tables: order_lines
    -- parameters: as_of date
    -- columns: customer_id string, order_id string, amount int64
    SELECT ...
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from guanxi.errors import QueryError

__all__ = ["Query", "load_query", "parse_query"]

_TYPES: Mapping[str, set[type]] = {
    "string": {str}, "int64": {int}, "double": {float, int}, "date": {dt.date}, "timestamp": {dt.datetime},
    "bool": {bool},
}  # fmt: skip
_FIELDS = ("grain", "key", "tables", "parameters", "columns")


@dataclass(frozen=True)
class Query:
    """A named query and what its header promises."""

    name: str
    purpose: str
    text: str
    grain: str
    key: tuple[str, ...]
    tables: tuple[str, ...]
    parameters: Mapping[str, str]
    columns: Mapping[str, str]

    def bind(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values for the query's parameters; `QueryError` where one is missing or of another type."""
        for name, kind in self.parameters.items():
            value = values.get(name)
            if name not in values or not (value is None or type(value) in _TYPES[kind]):
                raise QueryError("errors.query_parameter", query=self.name, parameter=name, kind=kind, value=str(value))
        return {name: values[name] for name in self.parameters}


@cache
def load_query(package: str, name: str) -> Query:
    """Read ``queries/NAME.sql`` of a package.

    Examples
    --------
    >>> query = load_query("guanxi.features", "customer_orders")
    >>> query.key
    ('customer_id', 'order_id', 'source')
    """
    text = resources.files(package).joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
    return parse_query(name, text)


def parse_query(name: str, text: str) -> Query:
    """Take a query's header apart; `QueryError` where a line of it is missing."""
    lines = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    found: dict[str, str] = {}
    purpose: list[str] = []
    field = ""
    for line in lines:
        match = re.match(rf"({'|'.join(_FIELDS)}):\s*(.*)", line)
        if match:
            field = match[1]
            found[field] = match[2]
        elif field:
            found[field] += " " + line
        else:
            purpose.append(line)
    missing = [each for each in _FIELDS if each not in found]
    if missing:
        raise QueryError("errors.query_header", query=name, missing=missing)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip().rstrip(";")
    return Query(
        name,
        " ".join(purpose),
        body,
        found["grain"],
        _names(found["key"]),
        _names(found["tables"]),
        _typed(found["parameters"]),
        _typed(found["columns"]),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip() and name.strip() != "-")


def _typed(text: str) -> dict[str, str]:
    return dict(pair.split(maxsplit=1) for pair in _names(text))
