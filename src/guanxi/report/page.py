"""A document as one HTML file that opens without a network, on a screen, on a telephone and on paper.

Everything is inside: styles, scripts, the chart library, the numbers. A Content-Security-Policy forbids the page any
request and any script but its own, by hash, so that a name in somebody's order file can do nothing but be read.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from guanxi.errors import MissingExtra
from guanxi.report.document import DataTable, Document, Slider, Text, Value, say_value
from guanxi.report.palette import DARK, LIGHT
from guanxi.words import Money, say

__all__ = ["render", "require_library"]

_HTML_LANGUAGE = {"en": "en", "zh": "zh-Hans"}
_LOCALE = {"en": "en", "zh": "zh-CN"}
_LIBRARY = "assets/echarts.min.js"


def render(document: Document, language: str) -> str:
    """One self-contained HTML file of a document.

    Parameters
    ----------
    document : what to show
    language : "en" or "zh"

    Returns
    -------
    str : the file, to be written as UTF-8. The same document gives the same text.

    Raises
    ------
    MissingExtra : the chart library has not been fetched (``make assets``).
    """
    style = _inline(_style(document, language), "style")
    scripts = [_inline(text, "script") for text in (_library(), _part("charts.js"), _part("report.js"))]
    template = _environment().get_template("report.html.j2")
    return template.render(
        document=document,
        html_language=_HTML_LANGUAGE[language],
        policy=_policy(style, scripts),
        style=style,
        scripts=scripts,
        data=_json(_chart_data(document, language)),
        say=functools.partial(_say, language),
        words=functools.partial(_words, language),
        cell=functools.partial(_cell, language),
        bar_scales=_bar_scales,
        bar_width=_bar_width,
        sort_value=_sort_value,
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("guanxi.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _chart_data(document: Document, language: str) -> dict[str, Any]:
    figures = [figure for section in document.sections for figure in section.figures]
    return {
        "locale": _LOCALE[language],
        "palette": {"light": dict(LIGHT), "dark": dict(DARK)},
        "charts": {
            figure.id: {
                "option": figure.option(language),
                "height": figure.chart.height,
                "minWidth": figure.chart.min_width,
                **_slider_data(figure.chart.slider, language),
            }
            for figure in figures
        },
    }


def _slider_data(slider: Slider | None, language: str) -> dict[str, Any]:
    if slider is None:
        return {}
    return {"slider": {"least": list(slider.least), "says": [each.say(language) for each in slider.says]}}


def _style(document: Document, language: str) -> str:
    """The theme, with the palette as custom properties and the title at the foot of every printed page."""
    foot = _css_string(f"{_say(language, document.title)} · {_say(language, document.subtitle)}")
    return "\n".join(
        [
            f":root {{ color-scheme: light dark; {_properties(LIGHT)} }}",
            f"@media screen and (prefers-color-scheme: dark) {{ :root:not(.printing) {{ {_properties(DARK)} }} }}",
            f"@page {{ @bottom-left {{ content: {foot}; }} }}",
            _part("theme.css"),
        ]
    )


def _properties(palette: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in palette.items())


def _css_string(text: str) -> str:
    """A string of CSS that ends neither itself nor the style element, whatever is in it."""
    return '"' + "".join(c if c.isalnum() or c in " .,-·" else f"\\{ord(c):x} " for c in text) + '"'


def require_library() -> None:
    """Raise `MissingExtra` unless a report can be drawn: asked before hours of work whose last step is the report."""
    _library()


def _library() -> str:
    try:
        return _read(_LIBRARY)
    except FileNotFoundError as error:
        raise MissingExtra("report.no_chart_library", path=f"guanxi/report/{_LIBRARY}") from error


def _part(name: str) -> str:
    return _read(f"templates/{name}")


@functools.cache
def _read(name: str) -> str:
    return resources.files("guanxi.report").joinpath(name).read_text(encoding="utf-8")


def _inline(text: str, element: str) -> Markup:
    """Our own text, to stand in a script or style element as it is."""
    if f"</{element}" in text.lower():
        raise ValueError(f"the text would end its {element} element")
    return Markup(text)  # noqa: S704 - our own files and escaped strings, checked above


def _policy(style: str, scripts: list[Markup]) -> str:
    """No request, no frame, no form; these scripts and this style only. Images may be drawn in place (``data:``)."""
    hashes = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Any) -> Markup:
    """JSON for a script element: a ``<`` of a name cannot end it, or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - escaped in the line above


def _say(language: str, text: Text) -> str:
    return text if isinstance(text, str) else text.say(language)


def _words(language: str, name: str, **parameters: object) -> str:
    return say(f"report.{name}", language, **parameters)


def _cell(language: str, value: Value, kind: str) -> str:
    return say_value(value, kind, language)


def _number(value: Value) -> float | None:
    if isinstance(value, Money):
        return float(value.minor)
    return float(value) if isinstance(value, int | float | Decimal) else None


def _sort_value(value: Value) -> str | None:
    """What a column is sorted by where that is not the text shown."""
    if isinstance(value, dt.date):
        return str(value.toordinal())
    number = _number(value)
    return None if number is None else f"{number:.12g}"


def _bar_scales(table: DataTable) -> list[float | None]:
    """What the bars of each column are measured by: its largest value; None for a column without bars."""
    return [
        max((_number(row[index]) or 0.0 for row in table.rows), default=0.0) if column.bar else None
        for index, column in enumerate(table.columns)
    ]


def _bar_width(value: Value, scale: float) -> str:
    share = max(_number(value) or 0.0, 0.0) / scale if scale > 0 else 0.0
    return f"{share * 100:.1f}%"
