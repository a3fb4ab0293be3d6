"""Record types of `insights`."""

from __future__ import annotations

from guanxi_crm.core.records import Field, RecordType, register

__all__ = ["RUN"]

RUN = register(
    RecordType(
        "run", "crm_insights",
        (Field("studies", "list"), Field("as_of", "date"), Field("horizon_days", "number"), Field("results", "list"),
         Field("schedule", "list")),
        actions=("view", "create", "cancel", "publish", "schedule"),
    )
)  # fmt: skip
