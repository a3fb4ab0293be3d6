"""Icons, charts, badges and form controls in templates: ``{% load ui %}``.

::

    {% icon "users" %}                                      from the sprite; add class_="icon-sm" where needed
    {% chart options height=300 label=sentence %}           an ECharts option
    {% avatar customer.name %}                              round, with initials
    {% grade result.grade %}  {% segment scores.segment %}  badges
    {% control field %}                                     a form's field as Tabler draws it
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString

from guanxi.words import has
from guanxi_crm.core.language import language, told
from guanxi_crm.core.models import Job

register = template.Library()

_CJK = "\u2e80"
_COLOURS = ("blue", "azure", "indigo", "purple", "pink", "orange", "teal", "cyan", "green")
_GRADES = {"A": "green", "B": "azure", "C": "yellow", "D": "secondary"}
_SEGMENTS = {
    "champions": "green",
    "loyal": "teal",
    "potential_loyal": "cyan",
    "new": "azure",
    "promising": "blue",
    "need_attention": "yellow",
    "about_to_sleep": "orange",
    "at_risk": "orange",
    "cannot_lose": "red",
    "hibernating": "secondary",
}


@register.simple_tag
@cache
def icon(name: str, class_: str = "") -> SafeString:
    """One of Tabler's icons, as an ornament beside words."""
    return format_html(
        '<svg class="icon {}" width="24" height="24" fill="{}" stroke="{}" stroke-width="2" stroke-linecap="round"'
        ' stroke-linejoin="round" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        class_,
        "currentColor" if name.endswith("-filled") else "none",
        "none" if name.endswith("-filled") else "currentColor",
        static("core/vendor/icons.svg"),
        name,
    )


@register.simple_tag
def chart(options: Mapping[str, Any], *, height: int = 300, label: str = "") -> SafeString:
    """A chart: an ECharts option, drawn by ``core/charts.js`` in the page's theme."""
    return format_html(
        '<div class="chart" data-chart data-height="{}" role="img" aria-label="{}">'
        '<div class="chart-canvas"></div>{}</div>',
        height,
        label,
        json_script(dict(options)),
    )


@register.simple_tag
def avatar(name: str, class_: str = "") -> SafeString:
    """A round badge with the initials of a name: one Chinese character or two Latin letters; its colour goes by it."""
    words = str(name).split()
    # A Chinese family name comes first and is told by its first character; Latin names have two ends.
    ends = words[:1] + words[1:][-1:] if words and words[0][0] < _CJK else words[:1]
    letters = "".join(word[0] for word in ends).upper()
    colour = _COLOURS[zlib.crc32(str(name).encode()) % len(_COLOURS)]
    return format_html(
        '<span class="avatar avatar-rounded bg-{}-lt {}" aria-hidden="true">{}</span>', colour, class_, letters or "·"
    )


@register.simple_tag
def grade(letter: str) -> SafeString:
    """The grade of a study, with what it means as its title."""
    if letter not in _GRADES:
        return SafeString("")
    meaning = told(f"crm_core.grade_{letter.lower()}")
    return format_html(
        '<span class="badge bg-{}-lt grade" title="{}"><span class="visually-hidden">{}</span>'
        '<span aria-hidden="true">{}</span></span>',
        _GRADES[letter], meaning, meaning, letter,
    )  # fmt: skip


@register.simple_tag
def segment(code: str) -> SafeString:
    """A customer's segment by its code, in words."""
    if not code:
        return SafeString("")
    name = told(f"segments.{code}") if has(f"segments.{code}") else code
    return format_html('<span class="badge bg-{}-lt">{}</span>', _SEGMENTS.get(code, "secondary"), name)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A field's control with Tabler's class, and what describes it for who does not see the page."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        shape = "form-check-input"
    elif isinstance(widget, forms.Select):
        shape = "form-select"
    else:
        shape = "form-control"
    described = [f"{field.auto_id}_help"] * bool(field.help_text) + [f"{field.auto_id}_problem"] * bool(field.errors)
    attributes = {"class": f"{widget.attrs.get('class', '')} {shape}{' is-invalid' * bool(field.errors)}".strip()}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if field.errors:
        attributes["aria-invalid"] = "true"
    drawn = _DRAWN.get(type(widget))
    if drawn is None:
        return field.as_widget(attrs=attributes)
    attrs = field.build_widget_attrs(attributes, widget)
    if field.auto_id and "id" not in widget.attrs:
        attrs.setdefault("id", field.auto_id)
    return drawn(widget.get_context(field.html_name, field.value(), attrs)["widget"])


def _input(told: Mapping[str, Any]) -> SafeString:
    value = SafeString("") if told["value"] is None else format_html(' value="{}"', told["value"])
    return format_html('<input type="{}" name="{}"{}{}>', told["type"], told["name"], value, flatatt(told["attrs"]))


def _textarea(told: Mapping[str, Any]) -> SafeString:
    return format_html(
        '<textarea name="{}"{}>\n{}</textarea>', told["name"], flatatt(told["attrs"]), told["value"] or ""
    )


def _select(told: Mapping[str, Any]) -> SafeString:
    parts = []
    for group, options, _ in told["optgroups"]:
        lines = format_html_join(
            "", '<option value="{}"{}>{}</option>',
            ((each["value"], flatatt(each["attrs"]), each["label"]) for each in options),
        )  # fmt: skip
        parts.append(format_html('<optgroup label="{}">{}</optgroup>', group, lines) if group else lines)
    return format_html(
        '<select name="{}"{}>{}</select>',
        told["name"],
        flatatt(told["attrs"]),
        format_html_join("", "{}", ((each,) for each in parts)),
    )


_DRAWN: Mapping[type[forms.Widget], Callable[[Mapping[str, Any]], SafeString]] = MappingProxyType({
    forms.TextInput: _input, forms.EmailInput: _input, forms.NumberInput: _input, forms.DateInput: _input,
    forms.PasswordInput: _input, forms.Textarea: _textarea, forms.Select: _select,
})  # fmt: skip
"""What `BoundField.as_widget` gives, from what a widget says of itself. Its own way by templates of templates takes ten
times as long, one for each option of a list, and there are hundreds of countries and colleagues."""


@register.simple_tag
def choices(field: BoundField) -> list[BoundWidget]:
    """The controls of a field that is several under one name."""
    # The fields of a form are its own copies, so that this holds for this page alone.
    field.field.widget.attrs["class"] = "form-check-input" + " is-invalid" * bool(field.errors)
    return list(field)


@register.filter
def is_check(field: BoundField) -> bool:
    """Whether its label stands behind it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether it is several controls under one name."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def job_words(state: str) -> str:
    """The code of a job's state in words."""
    return f"crm_core.job_{state}"


@register.filter
def job_colour(state: str) -> str:
    """The colour of its badge."""
    return {"running": "blue", "done": "green", "failed": "red"}.get(state, "secondary")


@register.filter
def job_problem(job: Job) -> str:
    """Why it failed, in the reader's language."""
    if "sentences" in job.problem:
        return str(job.problem["sentences"][language()])
    return told(job.problem["code"], **job.problem.get("parameters", {}))


@register.filter
def unlocalized(number: float | None) -> str:
    """A number for machines: an attribute of HTML."""
    return "" if number is None else str(number)
