"""The places of `insights` in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__: list[str] = []

add_place(Place("crm_insights.place", "insights:list", "bulb", kind="run", position=40))
