"""What a column of a delivered file can mean, for each kind of file.

A *role* says what a column holds; ``words/mapping.toml`` explains each in both languages.

Examples
--------
>>> ROLES["orders"]["ordered_at"].meaning("zh")
'下单时间：日期，或日期加时刻'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from guanxi.words import say

__all__ = ["REQUIRED", "ROLES", "Kind", "Role", "Value"]

Kind = Literal["orders", "customers", "products"]
Value = Literal["id", "text", "instant", "time", "date", "decimal"]


@dataclass(frozen=True)
class Role:
    """What a column can mean in a kind of file."""

    name: str
    value: Value
    """How its values are read: see `guanxi.intake.parse`."""
    personal: bool = False

    def meaning(self, language: str) -> str:
        return say(f"mapping.role_{self.name}", language)


def _roles(*roles: Role) -> Mapping[str, Role]:
    return MappingProxyType({role.name: role for role in roles})


_CONTACT = (Role("phone", "id", personal=True), Role("email", "id", personal=True))
_PLACE = (Role("country", "text"), Role("region", "text"), Role("city", "text"))
_PRODUCT = (Role("product_id", "id"), Role("description", "text"), Role("category", "text"))

ROLES: Mapping[Kind, Mapping[str, Role]] = MappingProxyType({
    "orders": _roles(
        Role("customer_id", "id", personal=True), Role("order_id", "id"), Role("line_no", "id"), *_PRODUCT,
        Role("ordered_at", "instant"), Role("ordered_time", "time"), Role("quantity", "decimal"),
        Role("unit_price", "decimal"), Role("amount", "decimal"), Role("discount", "decimal"), Role("cost", "decimal"),
        Role("unit_cost", "decimal"), Role("profit", "decimal"), *_PLACE, Role("channel", "text"),
        Role("status", "text"), Role("currency", "id"), Role("customer_name", "text", personal=True), *_CONTACT,
    ),
    "customers": _roles(
        Role("customer_id", "id", personal=True), Role("name", "text", personal=True),
        Role("gender", "text", personal=True), Role("born_on", "date", personal=True), *_CONTACT, *_PLACE,
        Role("postal_code", "id", personal=True), Role("language", "text"), Role("level", "text"),
        Role("joined_on", "date"),
    ),
    "products": _roles(*_PRODUCT, Role("unit_cost", "decimal"), Role("unit_price", "decimal")),
})  # fmt: skip
"""The roles of each kind of file, in the order in which they are shown."""

REQUIRED: Mapping[Kind, tuple[tuple[tuple[str, ...], ...], ...]] = MappingProxyType(
    {
        "orders": ((("ordered_at",),), (("amount",), ("quantity", "unit_price"))),
        "customers": ((("customer_id",),),),
        "products": ((("product_id",),),),
    }
)
"""What a file cannot do without: of every group, one of the alternatives in full."""
