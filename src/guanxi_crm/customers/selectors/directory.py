"""Names of staff, teams and tags by their keys: few, asked for on every list, and so kept for some seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import caches

from guanxi_crm.customers.models import Tag
from guanxi_crm.users.models import Team, User

__all__ = ["Directory", "TagName", "directory", "directory_forget"]

_KEY = "customers.directory"
_SECONDS = 15


@dataclass(frozen=True)
class TagName:
    """A tag as a list shows it."""

    id: int
    name: str
    colour: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Directory:
    """Key → name; of staff, those who left too."""

    users: Mapping[int | None, str]
    teams: Mapping[int | None, str]
    tags: Mapping[int, TagName]


def directory() -> Directory:
    """All names, at most 15 seconds old. For showing, not for deciding."""
    cache = caches["process"]
    known = cache.get(_KEY)
    if known is None:
        staff = list(User.objects.order_by("name", "pk").values_list("pk", "name", "email"))
        known = Directory(
            {key: name or email for key, name, email in staff},
            dict(Team.objects.order_by("name").values_list("pk", "name")),
            {key: TagName(key, name, colour) for key, name, colour in Tag.objects.order_by("name").values_list()},
        )
        cache.set(_KEY, known, _SECONDS)
    return known


def directory_forget() -> None:
    """Names have changed in this process."""
    caches["process"].delete(_KEY)
