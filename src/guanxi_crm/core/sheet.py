"""CSV for people: opens rightly in a Chinese Excel, runs no formula, and reads back as it was."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

__all__ = ["BOM", "inert", "line", "original"]

BOM = "\ufeff"
"""Before the first line: without it Excel takes UTF-8 for the code page of its country."""

_RUNS = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*\s*[\t\r]")
_MADE_INERT = re.compile(r"'+\s*[=+\-@＝＋－＠]|'+\s*[\t\r]")


def inert(text: str) -> str:
    """A text that a spreadsheet would run as a formula, made text by an apostrophe before it.

    Examples
    --------
    >>> inert("=1+1"), inert(" +1"), inert("'=1"), inert("Wang")
    ("'=1+1", "' +1", "''=1", 'Wang')
    """
    return f"'{text}" if _RUNS.match(text) else text


def original(text: str) -> str:
    """What `inert` was given.

    Examples
    --------
    >>> original("'=1+1"), original("''=1"), original("'s-Gravenhage")
    ('=1+1', "'=1", "'s-Gravenhage")
    """
    return text[1:] if _MADE_INERT.match(text) else text


def line(values: Iterable[object]) -> str:
    """One line, ended as Excel ends it. Texts are made inert; numbers stay numbers, nothing is an empty cell."""
    return _WRITER.writerow(
        ["" if value is None else inert(value) if isinstance(value, str) else value for value in values]
    )


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


_WRITER = csv.writer(_Echo())
