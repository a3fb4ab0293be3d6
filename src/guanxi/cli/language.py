"""In which language to speak: what was asked for, else what the terminal is set to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum

__all__ = ["Language", "asked_language", "environment_language"]


class Language(StrEnum):
    """The languages that Guanxi speaks."""

    en = "en"
    zh = "zh"


def environment_language() -> Language:
    """The language of GUANXI_LANG, LC_ALL, LC_MESSAGES or LANG, the first that is set; English if none says Chinese."""
    for name in ("GUANXI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return Language.zh if value.lower().startswith("zh") else Language.en
    return Language.en


def asked_language(arguments: Sequence[str]) -> Language:
    """The language that ``--lang`` asks for, before the command line is taken apart; else that of the environment."""
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or "".join(arguments[place + 1 : place + 2])
            if value in set(Language):
                return Language(value)
    return environment_language()
