"""Where the frame leads to in settings."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

add_place(Place("crm_users.staff", "users:staff", "users-group", kind="user", position=10, group="settings"))
add_place(Place("crm_users.roles", "users:roles", "shield-lock", kind="role", position=20, group="settings"))
add_place(Place("crm_users.teams", "users:teams", "sitemap", kind="team", position=30, group="settings"))
add_place(Place("crm_users.company", "users:company", "building", kind="company", position=40, group="settings"))
add_place(Place("crm_users.tokens", "users:tokens", "key", kind="token", position=50, group="settings"))
add_place(Place("crm_users.audit", "users:audit", "history", kind="audit", position=60, group="settings"))
