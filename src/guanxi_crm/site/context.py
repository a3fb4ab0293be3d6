"""What the frame round every page needs to know."""

from __future__ import annotations

from django.http import HttpRequest

from guanxi_crm.core.company import company
from guanxi_crm.core.language import language

__all__ = ["frame"]


def frame(request: HttpRequest) -> dict[str, object]:
    """Variables of every template: the reader's language, theme, actor, and the company."""
    user = getattr(request, "user", None)
    return {
        "lang": language(),
        "html_lang": "zh-CN" if language() == "zh" else "en",
        "theme": getattr(user, "theme", "") or "",
        "actor": getattr(request, "actor", None),
        "company": company(),
    }
