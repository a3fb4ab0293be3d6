"""Small figures of imports: ``{% load sources %}``."""

from __future__ import annotations

import re

from django import template

from guanxi_crm.sources.models import Import

register = template.Library()

_DETAIL = re.compile(r"[:;,：；，（]|\s\(")

_COLOURS = {"done": "green", "ready": "azure", "failed": "red", "stopped": "orange", "undone": "secondary"}


@register.filter
def rows_in(delivered: Import) -> int:
    """How many rows an import has brought."""
    return sum(each["loaded"] for each in delivered.result.get("tables", ()))


@register.filter
def name_alone(told: str) -> str:
    """What a column means, without what is added to say it exactly: short enough for a line of a list."""
    return _DETAIL.split(told, maxsplit=1)[0]


@register.filter
def megabytes(size: int) -> float:
    """Bytes as MB."""
    return size / 1e6


@register.filter
def state_code(where: str) -> str:
    """The code of where an import stands."""
    return f"crm_sources.state_{where}"


@register.filter
def state_colour(where: str) -> str:
    """The colour of its badge; blue while something is under way."""
    return _COLOURS.get(where, "blue")
