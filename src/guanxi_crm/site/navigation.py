"""The places of `site`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["API", "HOME"]

HOME = add_place(Place("crm_core.home", "site:home", "home", position=0))
API = add_place(Place("crm_site.api_place", "site:api_docs", "code", kind="token", position=55, group="settings"))
