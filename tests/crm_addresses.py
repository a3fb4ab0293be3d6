"""All addresses of the CRM, from its URLconf, with something in every place that wants a value."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

KEY = "1"
FILLED = {"int": KEY, "str": "x", "slug": "name", "uuid": str(uuid.UUID(int=1)), "path": "x"}


def addresses() -> Iterator[tuple[str, str]]:
    """(name, address) of every pattern."""
    yield from _of(get_resolver().url_patterns, "/", "")


def _of(patterns: list[URLPattern | URLResolver], before: str, space: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        here = before + _filled(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _of(each.url_patterns, here, f"{space}{each.namespace}:" if each.namespace else space)
        else:
            yield f"{space}{each.name or each.callback.__name__}", here


def _filled(pattern: str) -> str:
    # Those of allauth are regular expressions.
    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "x", pattern).removeprefix("^").removesuffix("$")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: FILLED[found[1] or "str"], plain)
