"""The places of `site`."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["HOME"]

HOME = add_place(Place("crm_core.home", "site:home", "home", position=0))
