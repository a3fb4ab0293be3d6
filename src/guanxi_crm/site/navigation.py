"""The places of `site`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["API", "HOME"]

HOME = add_place(Place("crm_core.home", "site:home", "home", position=0, found_by="crm_site.home_found_by"))
API = add_place(
    Place(
        "crm_site.api_place", "site:api_docs", "code", kind="token", position=55, group="settings",
        found_by="crm_site.api_found_by",
    )
)  # fmt: skip
