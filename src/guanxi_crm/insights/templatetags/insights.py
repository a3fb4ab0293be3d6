"""Words and look-ups of the studies' pages: ``{% load insights %}``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from guanxi.words import has

register = template.Library()

_GRADES = {"A": "green", "B": "azure", "C": "yellow", "D": "secondary"}


@register.filter
def looked_up(values: Mapping[str, Any], key: str) -> Any:
    """The value of a key that is only known on the page; None where there is none."""
    return values.get(key) if values else None


@register.filter
def grade_words(letter: str) -> str:
    """The code of what a grade means."""
    return f"crm_core.grade_{letter.lower()}"


@register.filter
def grade_colour(letter: str) -> str:
    """The colour of its badge."""
    return f"bg-{_GRADES.get(letter, 'secondary')}-lt"


@register.filter
def study_words(name: str) -> str:
    """The code of a study's name."""
    return f"crm_insights.study_{name}"


@register.filter
def rule_words(rule: str) -> str:
    """The code of why rows were kept out of a study."""
    return f"studies.rule_{rule}"


@register.filter
def measure_words(measure: str) -> str:
    """The code of a measure's name."""
    code = f"crm_insights.measure_{measure}"
    return code if has(code) else "crm_insights.measure_other"


@register.filter
def measure_help(measure: str) -> str:
    """The code of what a measure says."""
    code = f"crm_insights.measure_{measure}_help"
    return code if has(code) else "crm_insights.measure_other_help"


@register.filter
def file_words(name: str) -> str:
    """The code of what a file holds."""
    return f"crm_insights.file_{name.replace('.', '_')}"


@register.filter
def json_data(value: Any) -> SafeString:
    """Data for a script of the page."""
    return json_script(value)


@register.filter
def hour(moment: dt.time) -> str:
    """A time of the day, to the minute."""
    return moment.strftime("%H:%M")
