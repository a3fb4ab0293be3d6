"""Where `sources` is found in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__ = ["CREATE", "PLACE"]

PLACE = add_place(
    Place(
        "crm_sources.place", "sources:list", "database-import", kind="import", position=60,
        found_by="crm_sources.place_found_by",
    )
)  # fmt: skip
CREATE = add_place(
    Place(
        "crm_sources.new", "sources:create", "upload", kind="import", position=20, group="action", action="create",
        found_by="crm_sources.new_found_by",
    )
)  # fmt: skip
