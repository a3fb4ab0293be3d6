"""A study's chapters as plain data in one language, to be kept in the database and shown by templates.

The shapes, all JSON::

    chapter   id, title, intro [str], advice [advice], figures [figure], tables [table], notes [str]
    figure    id, title, finding, caption, option (ECharts), height, min_width, table, slider
    slider    label, least [number], says [str]; empty where a figure has none
    table     title, caption, columns [column], rows [[str]], bars {place of column: [percent]},
              sorts {place of column: [number]} (of those that are not sorted by their text), total [str], of,
              is_personal
    column    key, label, is_number
    fact      label, value, note

Values are written as the language writes them, as in the printed report. A table of customers is marked
``is_personal``: it is shown to who may see all of them. Tables are cut after `MOST_ROWS` rows; ``of`` says how many
there were.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from guanxi.report.document import DataTable, Fact, Figure, Section, Slider, Text, Value, say_value
from guanxi.words import Message, Money

__all__ = ["MOST_ROWS", "chapter", "fact", "table"]

MOST_ROWS = 200
"""Of a table on a page; the files of the run hold all of them."""
_CUSTOMER = "customer_id"


def chapter(section: Section, language: str) -> dict[str, Any]:
    """A chapter in a language; its advice stands with the run (`guanxi_crm.insights.work.found`)."""
    return {
        "id": section.id,
        "title": section.title.say(language),
        "intro": _said(section.intro, language),
        "figures": [_figure(each, language) for each in section.figures],
        "tables": [table(each, language) for each in section.tables],
        "notes": _said(section.notes, language),
    }


def table(told: DataTable, language: str) -> dict[str, Any]:
    """A table in a language, with the customers in it told apart from other text."""
    shown = told.rows[:MOST_ROWS]
    keys = [column.key for column in told.columns]
    return {
        "title": _text(told.title, language),
        "caption": told.caption.say(language) if told.caption else "",
        "columns": [
            {"key": column.key, "label": _text(column.label, language), "is_number": column.kind != "text"}
            for column in told.columns
        ],
        "rows": [_row(row, told, language) for row in shown],
        "bars": {
            str(place): _bars([row[place] for row in shown]) for place, column in enumerate(told.columns) if column.bar
        },
        "sorts": {
            str(place): [_sort_number(row[place]) for row in shown]
            for place, column in enumerate(told.columns)
            if column.kind != "text"
        },
        "total": _row(told.total, told, language) if told.total else [],
        "of": len(told.rows),
        "is_personal": _CUSTOMER in keys,
    }


def fact(told: Fact, language: str) -> dict[str, Any]:
    """A headline figure in a language."""
    return {
        "label": told.label.say(language),
        "value": say_value(told.value, told.kind, language),
        "note": told.note.say(language) if told.note else "",
    }


def _figure(figure: Figure, language: str) -> dict[str, Any]:
    return {
        "id": figure.id,
        "title": figure.title.say(language),
        "finding": figure.finding.say(language) if figure.finding else "",
        "caption": figure.caption.say(language),
        "option": figure.option(language),
        "height": figure.chart.height,
        "min_width": figure.chart.min_width,
        "table": table(figure.chart.table, language),
        "slider": _slider(figure.chart.slider, language),
    }


def _slider(slider: Slider | None, language: str) -> dict[str, Any]:
    if slider is None:
        return {}
    return {"label": _text(slider.label, language), "least": list(slider.least), "says": _said(slider.says, language)}


def _row(row: Sequence[Value], told: DataTable, language: str) -> list[str]:
    return [say_value(value, column.kind, language) for value, column in zip(row, told.columns, strict=True)]


def _bars(values: Sequence[Value]) -> list[float]:
    """Percent of the largest, as the printed report draws them."""
    numbers = [max(_number(value), 0.0) for value in values]
    largest = max(numbers, default=0.0)
    return [round(100 * number / largest, 1) if largest else 0.0 for number in numbers]


def _number(value: Value) -> float:
    return _sort_number(value) or 0.0


def _sort_number(value: Value) -> float | None:
    if isinstance(value, Money):
        return float(value.minor)
    if isinstance(value, dt.date):
        return float(value.toordinal())
    return float(value) if isinstance(value, int | float | Decimal) else None


def _said(messages: Sequence[Message], language: str) -> list[str]:
    return [message.say(language) for message in messages]


def _text(text: Text, language: str) -> str:
    return text if isinstance(text, str) else text.say(language)
