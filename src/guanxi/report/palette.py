"""The colours of every page and chart, by what they are for.

A chart names a colour (``"@series-1"``), the page defines it (``--series-1``), so that one option is drawn in light, in
dark and on paper. The series colours are told apart with every common colour blindness and stand in the order in which
they are to be used; text meets WCAG 2.2 AA on its ground. Both are tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["DARK", "HEAT_LEVELS", "LIGHT", "SERIES_COLOURS"]

SERIES_COLOURS = 6
"""How many series a chart can tell apart; a seventh is drawn in the first colour again."""
HEAT_LEVELS = 6
"""Levels of a heat grid, 0 (nothing) to 5."""

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#ffffff",
        "ground": "#f6f7f8",
        "ink": "#16202a",
        "ink-soft": "#55616d",
        "line": "#dfe4e8",
        "line-strong": "#8b97a2",
        "accent": "#0b5c7d",
        "accent-soft": "#dcebf1",
        "series-1": "#0b5c7d",
        "series-2": "#d98a00",
        "series-3": "#50acd0",
        "series-4": "#832d4f",
        "series-5": "#318d69",
        "series-6": "#9aa3ab",
        "heat-0": "#f1f4f6",
        "heat-1": "#d6e7ee",
        "heat-2": "#a9cfde",
        "heat-3": "#6aabc4",
        "heat-4": "#2b7c9c",
        "heat-5": "#08445e",
        "heat-ink-0": "#55616d",
        "heat-ink-1": "#16202a",
        "heat-ink-2": "#16202a",
        "heat-ink-3": "#0b151d",
        "heat-ink-4": "#ffffff",
        "heat-ink-5": "#ffffff",
    }
)

DARK: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#11171c",
        "ground": "#1a2229",
        "ink": "#e8edf1",
        "ink-soft": "#a3b0bb",
        "line": "#2c3740",
        "line-strong": "#6d7b87",
        "accent": "#6cc0de",
        "accent-soft": "#173543",
        "series-1": "#6cc0de",
        "series-2": "#f2b04a",
        "series-3": "#3a83a3",
        "series-4": "#d87475",
        "series-5": "#5fee9e",
        "series-6": "#8b959f",
        "heat-0": "#1a2229",
        "heat-1": "#173543",
        "heat-2": "#1b5169",
        "heat-3": "#2a7899",
        "heat-4": "#57abcb",
        "heat-5": "#a8dcee",
        "heat-ink-0": "#a3b0bb",
        "heat-ink-1": "#e8edf1",
        "heat-ink-2": "#ffffff",
        "heat-ink-3": "#ffffff",
        "heat-ink-4": "#0b151d",
        "heat-ink-5": "#0b151d",
    }
)
