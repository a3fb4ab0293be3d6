"""What a report says, before it is put into a language or onto a page.

Studies fill these, `guanxi.report.page` renders them, and the CRM shows the same figures. Every worded thing is a
`Message`, so that one document is read in Chinese and in English; plain strings are data (a product's name, the number
of a customer) and are shown as they are, escaped.

Values have a *kind*, the same word in tables, tiles and charts:

=============  ==================================================================================
``text``       a string or a `Message`
``int``        a count
``number``     a decimal number, one place shown
``percent``    a share in 0 … 1, one place of a percentage shown
``date``       a date, shown as 2011-12-09
``money:CUR``  money in **minor units** of the currency (ISO 4217): 1234 with ``money:GBP`` is £12.34
=============  ==================================================================================

Examples
--------
>>> from guanxi.report import charts
>>> from guanxi.words import Message, Money
>>> example = Message("report.example")
>>> figure = Figure(
...     id="sales",
...     title=example,
...     finding=example,
...     chart=charts.columns(["2011-10", "2011-11"], [123456, 234567], kind="money:GBP", name=example),
...     caption=example,
... )
>>> figure.chart.option["series"][0]["data"]
[1234.56, 2345.67]
>>> figure.option("en")["series"][0]["name"]
'An example'
>>> document = Document(
...     title=example,
...     subtitle=example,
...     facts=[Fact(label=example, value=Money(358023, "GBP"))],
...     sections=[Section(id="overview", title=example, figures=[figure])],
... )
>>> [section.id for section in document.sections]
['overview']
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guanxi.words import Message, Money, say

__all__ = [
    "Advice",
    "Chart",
    "Column",
    "DataTable",
    "Document",
    "Fact",
    "Figure",
    "Section",
    "Slider",
    "Text",
    "Value",
    "in_language",
    "money_kind",
    "require_kind",
    "say_value",
]

Text = str | Message
"""Data as it is (a string), or words in the reader's language (a `Message`)."""
Value = str | Message | int | float | Decimal | dt.date | Money | None
"""What may stand in a cell or a tile."""

_ID = re.compile(r"[a-z][a-z0-9-]*")
_KIND = re.compile(r"text|int|number|percent|date|money:[A-Z]{3}")


@dataclass(frozen=True)
class Column:
    """A column of a `DataTable`; ``bar`` draws the value as a bar behind the number, to be compared at a glance."""

    key: str
    label: Text
    kind: str = "text"
    bar: bool = False

    def __post_init__(self) -> None:
        require_kind(self.kind)


@dataclass(frozen=True)
class DataTable:
    """Rows under named columns; readers sort it by a click on a heading.

    Parameters
    ----------
    title : heading above the table
    columns : one `Column` each
    rows : one tuple a row, as many values as columns; None is shown as a dash
    caption : how it was counted, from which rows
    total : one more tuple, set apart below the rows and never sorted among them
    search : what the field above the table asks for, by which readers narrow the rows; None for no such field

    Raises
    ------
    ValueError : a row has more or fewer values than there are columns.
    """

    title: Text
    columns: Sequence[Column]
    rows: Sequence[tuple[Value, ...]]
    caption: Message | None = None
    total: tuple[Value, ...] | None = None
    search: Message | None = None

    def __post_init__(self) -> None:
        for row in [*self.rows, self.total]:
            if row is not None and len(row) != len(self.columns):
                raise ValueError(f"{len(row)} values for {len(self.columns)} columns: {row!r}")


@dataclass(frozen=True)
class Slider:
    """A control below a chart that leaves out links below a value, from the first step (all of them) to the last.

    Parameters
    ----------
    label : what it sets
    least : the value of each step, rising
    says : what each step says beside the control
    """

    label: Text
    least: Sequence[int]
    says: Sequence[Message]

    def __post_init__(self) -> None:
        if len(self.least) != len(self.says):
            raise ValueError(f"{len(self.says)} sentences for {len(self.least)} steps")


@dataclass(frozen=True)
class Chart:
    """A chart and the numbers in it, made by a function of `guanxi.report.charts`.

    Parameters
    ----------
    option : an Apache ECharts option of plain values; words in it are still `Message`
    table : the same numbers as a table, for those who cannot see the chart
    height : pixels
    min_width : pixels below which the chart is scrolled sideways instead of squeezed
    slider : the control of a chart of links
    """

    option: dict[str, Any]
    table: DataTable
    height: int = 320
    min_width: int = 0
    slider: Slider | None = None


@dataclass(frozen=True)
class Figure:
    """A chart with what it shows (title), what is to be seen in it (finding) and how it was counted (caption)."""

    id: str
    title: Message
    chart: Chart
    caption: Message
    finding: Message | None = None

    def option(self, language: str) -> dict[str, Any]:
        """The ECharts option in a language, ready for ``json.dumps``, described for those who cannot see it."""
        spoken = [each.say(language) for each in (self.title, self.finding) if each is not None]
        described = say("report.chart_description", language, title=spoken[0], finding=" ".join(spoken[1:]))
        aria = {"enabled": True, "label": {"description": described.strip()}}
        return {**in_language(self.chart.option, language), "aria": aria}


@dataclass(frozen=True)
class Fact:
    """One number worth a tile at the top: a label, the value, and perhaps what it is compared with."""

    label: Message
    value: Value
    kind: str = "text"
    note: Message | None = None

    def __post_init__(self) -> None:
        require_kind(self.kind)


@dataclass(frozen=True)
class Advice:
    """One thing to do, with the customers and the money behind it. Advice is numbered in the order given."""

    title: Message
    text: Message
    customers: int | None = None
    amount: Money | None = None


@dataclass(frozen=True)
class Section:
    """One chapter, read from top to bottom: intro, advice, figures, tables, notes (limits, what was missing)."""

    id: str
    title: Message
    intro: Sequence[Message] = ()
    advice: Sequence[Advice] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[DataTable] = ()
    notes: Sequence[Message] = ()


@dataclass(frozen=True)
class Document:
    """A report.

    Parameters
    ----------
    title : what it is about
    subtitle : which shop, which period, as of when
    facts : the tiles at the top, four to eight
    sections : the chapters, in order
    footer : the last line: which snapshot, which parameters

    Raises
    ------
    ValueError : an id of a section or figure occurs twice or is not of lower-case letters, digits and hyphens.
    """

    title: Text
    subtitle: Text
    facts: Sequence[Fact]
    sections: Sequence[Section]
    footer: Message | None = None

    def __post_init__(self) -> None:
        ids = [section.id for section in self.sections]
        ids += [figure.id for section in self.sections for figure in section.figures]
        wrong = [each for each, times in Counter(ids).items() if times > 1 or not _ID.fullmatch(each)]
        if wrong:
            raise ValueError(f"not an id, or used twice: {', '.join(wrong)}")


def require_kind(kind: str) -> None:
    """Raise ValueError unless ``kind`` is one of the kinds at the top of this module."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"no such kind of value: {kind!r}")


def money_kind(currency: str) -> str:
    """The kind of money in minor units of a currency.

    >>> money_kind("CNY")
    'money:CNY'
    """
    return f"money:{currency}"


def in_language(value: Any, language: str) -> Any:
    """A copy of nested lists and dictionaries in which every `Message` is a sentence and every date ISO 8601.

    >>> in_language({"name": Message("report.example"), "data": [1, 2]}, "zh")
    {'name': '示例', 'data': [1, 2]}
    """
    if isinstance(value, Message):
        return value.say(language)
    if isinstance(value, Mapping):
        return {key: in_language(each, language) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [in_language(each, language) for each in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def say_value(value: Value, kind: str, language: str) -> str:
    """A value as the reader's language writes it.

    >>> say_value(1234567, "money:GBP", "en"), say_value(0.256, "percent", "zh"), say_value(None, "int", "en")
    ('£12,346', '25.6%', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, Message):
        return value.say(language)
    if kind.startswith("money:") and isinstance(value, int | float | Decimal):
        value = Money(value, kind.removeprefix("money:"))
    form = kind if kind in {"number", "percent"} and isinstance(value, int | float | Decimal) else "plain_value"
    return say(f"report.{form}", language, value=value)
