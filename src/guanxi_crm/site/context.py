"""What the frame round every page needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest
from django.urls import reverse

from guanxi_crm.core.company import company
from guanxi_crm.core.language import language
from guanxi_crm.core.navigation import places_for

__all__ = ["frame"]


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    code: str
    url: str
    icon: str
    group: str
    is_here: bool


def frame(request: HttpRequest) -> dict[str, object]:
    """Variables of every template: the reader's language, theme, actor, menu, and the company."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "lang": language(),
        "html_lang": "zh-CN" if language() == "zh" else "en",
        "theme": getattr(user, "theme", "") or "",
        "actor": getattr(request, "actor", None),
        "company": company(),
        "menu": partial(_menu, request),
        "frame_template": "core/base.html" if signed_in else "core/entrance.html",
    }


def _menu(request: HttpRequest) -> list[Entry]:
    places = [(place, reverse(place.url_name)) for place in places_for(request.actor)]
    # Everything is below home.
    within = [url for _, url in places if request.path == url or (url != "/" and request.path.startswith(url))]
    here = max(within, key=len, default="")
    return [Entry(place.code, url, place.icon, place.group, url == here) for place, url in places]
