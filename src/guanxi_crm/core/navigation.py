"""The places that the frame offers to go to; apps add theirs in ``navigation.py``, imported when Django is ready."""

from __future__ import annotations

from dataclasses import dataclass

from guanxi_crm.core.policy import Actor

__all__ = ["Place", "add_place", "places_for"]


@dataclass(frozen=True)
class Place:
    """One entry of the menu and of the command bar."""

    code: str
    """Of its name in `guanxi.words`."""
    url_name: str
    icon: str
    """Of Tabler's icons."""
    kind: str | None = None
    """Shown to who may see some of these records; None: to everybody."""
    position: int = 50
    group: str = "main"
    """``main`` or ``settings``."""


_PLACES: dict[str, Place] = {}


def add_place(place: Place) -> Place:
    """Offer a place."""
    _PLACES[place.url_name] = place
    return place


def places_for(user: Actor) -> list[Place]:
    """Those where this user may go, in order."""
    allowed = (place for place in _PLACES.values() if place.kind is None or user.may(place.kind, "view"))
    return sorted(allowed, key=lambda place: (place.group != "main", place.position))
