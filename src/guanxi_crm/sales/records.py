"""Record types of `sales`."""

from __future__ import annotations

from guanxi_crm.core.records import Field, RecordType, register

__all__ = ["ORDER", "PRODUCT"]

PRODUCT = register(
    RecordType(
        "product", "crm_sales",
        (Field("code", writable=False), Field("name", writable=False), Field("category", writable=False),
         Field("item_kind", "choice", writable=False), Field("unit_cost", "money", writable=False)),
        actions=("view", "export"),
    )
)  # fmt: skip
ORDER = register(
    RecordType(
        "order", "crm_sales",
        (Field("number", writable=False), Field("customer", "choice", personal=True, writable=False),
         Field("ordered_at", "time", writable=False), Field("lines", "list", writable=False),
         Field("items", "number", writable=False), Field("amount", "money", writable=False),
         Field("returns_amount", "money", writable=False), Field("country", writable=False),
         Field("channel", writable=False), Field("source", writable=False)),
        actions=("view", "export"),
        owner="customer__owner_id", team="customer__team_id",
    )
)  # fmt: skip
