"""The OpenAPI document of the API as a person reads it: operations, what they take, what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

__all__ = ["Operation", "Value", "operations_of"]

_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "customers": {"segment": "at_risk", "sort": "-amount"},
    "orders": {"ordered_from": "2026-01-01"},
    "products": {"q": "tea"},
}
"""By operation, parameters of the example."""


@dataclass(frozen=True)
class Value:
    """One parameter, or one field of an answer.

    Parameters
    ----------
    name : with dots where it is a field of a field
    kind : type and format as OpenAPI names them; ``…[]`` of a list
    choices : where only these are taken
    default : what it is where nothing is given
    """

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    default: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Operation:
    """One operation."""

    id: str
    method: str
    path: str
    parameters: tuple[Value, ...]
    answer: tuple[Value, ...]
    refusals: tuple[int, ...]

    @property
    def code(self) -> str:
        """What it is for: a code of `guanxi.words`."""
        return f"crm_site.api_does_{self.id}"

    @property
    def example(self) -> str:
        """An address that works, as far as there is such a record."""
        path = self.path.replace("{run_id}", "2f1c0e52-6d0b-4c7e-9a55-0d3f3d1c7a10")
        for parameter in self.parameters:
            path = path.replace(f"{{{parameter.name}}}", "42")
        given = urlencode(_EXAMPLES.get(self.id, {}))
        return f"{path}?{given}" if given else path


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """All operations of an OpenAPI document, in its order; answers without the fields of what is nested twice."""
    schemas = document["components"]["schemas"]
    found = []
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            answers = {int(status): answer for status, answer in told["responses"].items()}
            schema = answers[200]["content"]["application/json"]["schema"]
            found.append(
                Operation(
                    told["operationId"], method.upper(), path,
                    tuple(_parameter(each) for each in told.get("parameters", ())),
                    tuple(_fields(schema, schemas)),
                    tuple(sorted(status for status in answers if status != 200)),
                )
            )  # fmt: skip
    return found


def _parameter(told: Mapping[str, Any]) -> Value:
    schema = told["schema"]
    default = schema.get("default")
    return Value(
        told["name"], _kind(schema), _choices(schema), "" if default in (None, "") else str(default),
        is_required=told["required"],
    )  # fmt: skip


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[Value]:
    there = _resolved(schema, schemas)
    required = there.get("required", ())
    for name, each in there.get("properties", {}).items():
        inner = each.get("items", {}) if each.get("type") == "array" else next(iter(_meanings(each)), each)
        inner = inner.get("items", inner)
        yield Value(f"{before}{name}", _kind(each), is_required=name in required)
        if "$ref" in inner and depth < 2:
            yield from _fields(inner, schemas, f"{before}{name}.", depth + 1)


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _meanings(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its alternatives without "null"."""
    return [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]


def _kind(schema: Mapping[str, Any]) -> str:
    if several := _meanings(schema):
        return " | ".join(dict.fromkeys(_kind(each) for each in several))
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}[]"
    return str(schema.get("format") or schema.get("type", "any"))


def _choices(schema: Mapping[str, Any]) -> tuple[str, ...]:
    among = next((each["enum"] for each in (schema, *_meanings(schema)) if "enum" in each), ())
    return tuple(str(each) for each in among)
