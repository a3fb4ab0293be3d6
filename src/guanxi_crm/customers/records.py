"""Record types of `customers`."""

from __future__ import annotations

from guanxi_crm.core.records import Field, RecordType, register

__all__ = ["CUSTOMER", "SCORE_FIELDS", "TASK"]

SCORE_FIELDS = (
    Field("first_order_at", "time", writable=False), Field("last_order_at", "time", writable=False),
    Field("orders", "number", writable=False), Field("items", "number", writable=False),
    Field("amount", "money", writable=False), Field("returns_amount", "money", writable=False),
    Field("days_since_last_order", "number", writable=False),
    Field("mean_days_between_orders", "number", writable=False),
    Field("r", "number", writable=False), Field("f", "number", writable=False), Field("m", "number", writable=False),
    Field("segment", "choice", writable=False), Field("value_group", "choice", writable=False),
    Field("abc", "choice", writable=False), Field("is_vip", "flag", writable=False),
    Field("is_silent", "flag", writable=False), Field("p_alive", "share", writable=False),
    Field("expected_orders", "number", writable=False), Field("expected_amount", "money", writable=False),
    Field("next_order_on", "date", writable=False), Field("next_order_amount", "money", writable=False),
    Field("churn_probability", "share", writable=False), Field("churn_band", "choice", writable=False),
)  # fmt: skip
"""Columns of `CustomerScores`. The bounds of an interval go with its value, reasons with their study's main score."""

CUSTOMER = register(
    RecordType(
        "customer", "crm_customers",
        (
            Field("number", writable=False), Field("kind", "choice"), Field("name", personal=True),
            Field("phone", "phone", personal=True), Field("email", "email", personal=True),
            Field("wechat", personal=True), Field("address", personal=True), Field("gender", "choice", personal=True),
            Field("born_on", "date", personal=True), Field("country"), Field("region"), Field("city"),
            Field("postal_code", personal=True), Field("language"), Field("level"), Field("joined_on", "date"),
            Field("owner", "choice"), Field("team", "choice"), Field("tags", "list"), Field("consents", "list"),
            Field("notes", "list"), Field("files", "list"), Field("created_at", "time", writable=False),
            Field("updated_at", "time", writable=False), *SCORE_FIELDS,
        ),
        actions=("view", "create", "change", "delete", "export", "assign"),
        owner="owner_id", team="team_id",
    )
)  # fmt: skip
TASK = register(
    RecordType(
        "task", "crm_customers",
        (Field("title"), Field("assignee", "choice"), Field("due_on", "date"), Field("done_at", "time")),
        actions=("view", "create", "change", "delete"), owner="assignee_id",
    )
)  # fmt: skip
