"""The places of `insights` in the menu and the command bar."""

from __future__ import annotations

from guanxi_crm.core.navigation import Place, add_place

__all__: list[str] = []

add_place(
    Place(
        "crm_insights.place", "insights:list", "bulb", kind="run", position=40,
        found_by="crm_insights.place_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_insights.run_now", "insights:list", "player-play", kind="run", position=30, group="action",
        action="create", fragment="run-now", found_by="crm_insights.run_now_found_by",
    )
)  # fmt: skip
add_place(
    Place(
        "crm_insights.schedule", "insights:schedule", "calendar-repeat", kind="run", position=35, group="action",
        action="schedule", found_by="crm_insights.schedule_found_by",
    )
)  # fmt: skip
