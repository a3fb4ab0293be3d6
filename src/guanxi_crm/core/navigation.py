"""The places that the frame offers to go to; apps add theirs in ``navigation.py``, imported when Django is ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from guanxi_crm.core.policy import Actor

__all__ = ["Place", "actions_for", "add_place", "places_for"]


@dataclass(frozen=True)
class Place:
    """One entry of the menu and of the command bar."""

    code: str
    """Of its name in `guanxi.words`."""
    url_name: str
    icon: str
    """Of Tabler's icons."""
    kind: str | None = None
    """Shown to who may do ``action`` to some of these records; None: to everybody."""
    position: int = 50
    group: str = "main"
    """``main`` or ``settings`` in the menu; ``action``: in the command bar only, as something to do."""
    action: str = "view"
    """What one must be allowed to do to records of ``kind``."""
    fragment: str = ""
    """The part of the page that it leads to."""
    found_by: str = ""
    """Code of further words by which the command bar finds it."""

    @property
    def address(self) -> str:
        return reverse(self.url_name) + (f"#{self.fragment}" if self.fragment else "")


_PLACES: dict[str, Place] = {}


def add_place(place: Place) -> Place:
    """Offer a place."""
    _PLACES[place.code] = place
    return place


def places_for(user: Actor) -> list[Place]:
    """Those of the menu where this user may go, in order: main, then settings."""
    return sorted(
        (place for place in _allowed(user) if place.group != "action"),
        key=lambda place: (place.group != "main", place.position),
    )


def actions_for(user: Actor) -> list[Place]:
    """What the command bar offers to do, in order."""
    return sorted((place for place in _allowed(user) if place.group == "action"), key=lambda place: place.position)


def _allowed(user: Actor) -> Iterator[Place]:
    return (place for place in _PLACES.values() if place.kind is None or user.may(place.kind, place.action))
