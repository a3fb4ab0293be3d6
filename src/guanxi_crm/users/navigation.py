"""Where the frame leads to in settings."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

add_place(
    Place(
        "crm_users.staff", "users:staff", "users-group", kind="user", position=10, group="settings",
        found_by="crm_users.staff_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.roles", "users:roles", "shield-lock", kind="role", position=20, group="settings",
        found_by="crm_users.roles_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.teams", "users:teams", "sitemap", kind="team", position=30, group="settings",
        found_by="crm_users.teams_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.company", "users:company", "building", kind="company", position=40, group="settings",
        found_by="crm_users.company_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.tokens", "users:tokens", "key", kind="token", position=50, group="settings",
        found_by="crm_users.tokens_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.audit", "users:audit", "history", kind="audit", position=60, group="settings",
        found_by="crm_users.audit_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_users.invite", "users:invite", "user-plus", kind="user", position=50, group="action", action="create",
        found_by="crm_users.invite_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_core.profile", "users:profile", "user", position=60, group="action",
        found_by="crm_users.profile_found_by",
    )
)  # fmt: skip
