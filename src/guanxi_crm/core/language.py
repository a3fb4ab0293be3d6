"""The language of whoever reads, as `guanxi.words` names it."""

from __future__ import annotations

from django.utils.translation import get_language

from guanxi.words import say

__all__ = ["DJANGO_LANGUAGE", "language", "told"]

DJANGO_LANGUAGE = {"zh": "zh-hans", "en": "en"}
"""What Django calls each language that Guanxi speaks."""


def language() -> str:
    """``zh`` or ``en``: of the request, or what a job has activated."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def told(code: str, /, **parameters: object) -> str:
    """The sentence of a code in the reader's language."""
    return say(code, language(), **parameters)
