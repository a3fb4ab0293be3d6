"""Where `sources` is found in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["CREATE", "PLACE"]

PLACE = add_place(Place("crm_sources.place", "sources:list", "database-import", kind="import", position=60))
CREATE = add_place(
    Place("crm_sources.new", "sources:create", "upload", kind="import", position=20, group="action", action="create")
)
