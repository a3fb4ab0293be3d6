"""Icons, charts, badges and form controls in templates."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test.html import parse_html
from django.utils import translation

import guanxi_crm
from guanxi_crm.core.keyset import Page
from guanxi_crm.core.templatetags import ui

ROOT = Path(guanxi_crm.__file__).parent
SPRITE = ROOT / "core" / "static" / "core" / "vendor" / "icons.svg"
ICON = re.compile(r"""{%\s*icon\s+["']([a-z0-9-]+)["']|\bicon=["']([a-z0-9-]+)["']""")


def drawn(template: str, **context: object) -> str:
    return Template("{% load ui %}" + template).render(Context(context))


def test_an_icon_is_an_ornament_from_the_sprite():
    text = drawn('{% icon "users" class_="icon-sm" %}')
    assert 'class="icon icon-sm"' in text
    assert 'aria-hidden="true"' in text
    assert 'core/vendor/icons.svg#users"' in text


def test_every_icon_that_a_template_names_is_in_the_sprite():
    assert SPRITE.is_file(), "run make assets"
    there = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))
    named = {
        name
        for path in ROOT.rglob("templates/**/*.html")
        for found in ICON.findall(path.read_text(encoding="utf-8"))
        for name in found
        if name
    }
    assert named
    assert named - there == set()


def test_a_chart_is_data_with_a_name():
    options = {"title": {"text": "</script><b>王</b>"}, "series": [{"data": [1, 2]}]}
    text = drawn("{% chart options height=240 label=label %}", options=options, label='Orders "by month"')
    assert 'data-height="240" role="img" aria-label="Orders &quot;by month&quot;"' in text
    held = re.search(r'<script type="application/json">(.*)</script></div>', text)[1]
    assert "</script>" not in held
    assert json.loads(held) == options


@pytest.mark.parametrize(
    ("name", "letters"),
    [("王小明", "王"), ("欧阳 锋", "欧"), ("Ada Lovelace", "AL"), ("ada king lovelace", "AL"), ("Ada", "A"), ("", "·")],
)
def test_an_avatar_has_one_chinese_character_or_two_letters(name, letters):
    assert re.search(r">([^<]+)</span>", ui.avatar(name))[1] == letters


def test_an_avatar_keeps_its_colour():
    assert ui.avatar("王小明") == ui.avatar("王小明")
    assert len({re.search(r"bg-(\w+)-lt", ui.avatar(f"{number}"))[1] for number in range(40)}) > 4


def test_a_grade_says_what_it_means():
    assert "clearly better than the plain rule" in ui.grade("A")
    with translation.override("zh-hans"):
        assert "明显优于简单规则" in ui.grade("A")
    assert ui.grade("") == ""


def test_a_segment_has_its_name_and_an_own_one_too():
    assert ">Champions</span>" in ui.segment("champions")
    assert "&lt;b&gt;" in ui.segment("<b>")
    assert ui.segment("") == ""


class Form(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the invoice")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], required=False)
    agreed = forms.BooleanField(label="Agreed", required=False)
    colour = forms.ChoiceField(label="Colour", choices=[("r", "Red"), ("b", "Blue")], widget=forms.RadioSelect)


class Choices(forms.Form):
    plain = forms.ChoiceField(choices=[("", "–"), ("a", "<b>A</b>"), ("b", "B")], initial="b", help_text="One of them")
    grouped = forms.ChoiceField(choices=[("x", "X"), ("Group <1>", [("y", "Y"), ("z", "Z")])], initial="z")
    typed = forms.TypedChoiceField(choices=[("1", "One")], coerce=int, required=False, initial=1)
    several = forms.MultipleChoiceField(choices=[("1", "One"), ("2", "Two")], initial=["2"])


@pytest.mark.parametrize("data", [None, {}, {"plain": "nothing", "grouped": "y"}])
@pytest.mark.parametrize("name", ["plain", "grouped", "typed", "several"])
def test_a_list_of_choices_is_what_django_would_draw(name, data):
    field = Choices(data)[name]
    told = {"class": "form-select is-invalid" if field.errors else "form-select"}
    if field.help_text or field.errors:
        parts = ("help", field.help_text), ("problem", field.errors)
        told["aria-describedby"] = " ".join(f"id_{name}_{part}" for part, is_there in parts if is_there)
    if field.errors:
        told["aria-invalid"] = "true"
    assert parse_html(ui.control(field)) == parse_html(field.as_widget(attrs=told))


class Written(forms.Form):
    line = forms.CharField(initial='say "1 < 2"', max_length=9)
    text = forms.CharField(widget=forms.Textarea({"rows": 4, "placeholder": "…"}), initial="<b>\n", required=False)
    day = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), initial=dt.date(2026, 1, 2)
    )
    mail = forms.EmailField()
    count = forms.IntegerField(min_value=0, initial=0, disabled=True)
    secret = forms.CharField(widget=forms.PasswordInput)


@pytest.mark.parametrize("data", [None, {}, {"line": "a&b", "text": " x", "day": "1.2.", "secret": "s", "count": "7"}])
@pytest.mark.parametrize("name", Written.base_fields)
def test_what_one_writes_into_is_what_django_would_draw(name, data):
    field = Written(data)[name]
    told = {"class": "form-control is-invalid" if field.errors else "form-control"}
    if field.errors:
        told |= {"aria-describedby": f"id_{name}_problem", "aria-invalid": "true"}
    drawn_here, by_django = ui.control(field), field.as_widget(attrs=told)
    assert parse_html(drawn_here) == parse_html(by_django)
    # What stands in a text is compared by the letter: as HTML, white space counts as one.
    assert re.findall(r">(.*)</textarea>", drawn_here, re.S) == re.findall(r">(.*)</textarea>", by_django, re.S)


def test_a_form_has_a_label_for_every_control_and_says_what_is_wrong_beside_it():
    text = drawn('{% include "core/form.html" %}', form=Form({}))
    assert '<label class="form-label required" for="id_name">Name</label>' in text
    assert re.search(r'<input type="text"[^>]* class="form-control is-invalid"', text)
    assert 'aria-describedby="id_name_help id_name_problem" aria-invalid="true"' in text
    assert 'id="id_name_problem"><div>This field is required.</div>' in text
    assert '<select name="kind" class="form-select" id="id_kind">' in text
    assert re.search(r'<input type="checkbox"[^>]*class="form-check-input"', text)
    assert re.search(r"<fieldset[^>]*>\s*<legend", text)
    assert len(re.findall(r'<input type="radio"[^>]*class="form-check-input is-invalid"', text)) == 2


def test_what_was_typed_is_kept():
    assert 'value="&lt;王&gt;"' in drawn('{% include "core/form.html" %}', form=Form({"name": "<王>"}))


@pytest.mark.django_db
def test_a_pager_keeps_the_rest_of_the_address(rf, viewer):
    request = rf.get("/customers/", {"q": "王", "cursor": "old"})
    request.user = viewer
    text = render_to_string("core/pager.html", {"page": Page([], next="new", previous=None)}, request)
    assert 'rel="next" href="?q=%E7%8E%8B&amp;cursor=new"' in text
    assert 'rel="prev"' not in text
    assert render_to_string("core/pager.html", {"page": Page([], None, None)}, request).strip() == ""


def test_an_empty_list_teaches():
    text = drawn(
        '{% include "core/empty.html" with icon="users" title="None yet" text="Bring" url="/data/" label="Go" %}'
    )
    assert '<h2 class="empty-title">None yet</h2>' in text
    assert '<a class="btn btn-primary" href="/data/">Go</a>' in text
