"""Record types of `users`."""

from __future__ import annotations

from guanxi_crm.core.records import Field, RecordType, register

__all__ = ["AUDIT", "COMPANY", "ROLE", "TEAM", "TOKEN", "USER"]

_EDIT = ("view", "create", "change", "delete")

USER = register(
    RecordType(
        "user", "crm_users",
        (Field("name"), Field("email", "email", personal=True), Field("roles", "list"), Field("teams", "list"),
         Field("language", "choice"), Field("is_active", "flag")),
        actions=("view", "create", "change"),
    )
)  # fmt: skip
TEAM = register(RecordType("team", "crm_users", (Field("name"),), actions=_EDIT))
ROLE = register(
    RecordType(
        "role",
        "crm_users",
        (Field("name"), Field("grants", "list"), Field("require_second_factor", "flag")),
        actions=_EDIT,
    )
)
TOKEN = register(
    RecordType(
        "token", "crm_users", (Field("name"), Field("scopes", "list"), Field("expires_at", "time")),
        actions=("view", "create", "delete"), owner="user_id",
    )
)  # fmt: skip
COMPANY = register(
    RecordType(
        "company", "crm_users", (Field("name"), Field("timezone", "choice"), Field("language", "choice")),
        actions=("view", "change"),
    )
)  # fmt: skip
AUDIT = register(RecordType("audit", "crm_users", (), actions=("view",)))
