"""What a report holds, and how its values are said."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Document, Fact, Figure, Section, in_language, say_value
from guanxi.words import Money
from report.sample import Said, said, sample

WORD = said("Sales", "销售额")


@pytest.mark.parametrize(
    ("value", "kind", "english", "chinese"),
    [
        (1234567, "int", "1,234,567", "1,234,567"),
        (0.2346, "percent", "23.5%", "23.5%"),
        (2.345, "number", "2.3", "2.3"),
        (123456, "money:GBP", "£1,235", "£1,235"),
        (1234, "money:CNY", "CN¥12.34", "¥12.34"),
        (1500, "money:JPY", "¥1,500", "JP¥1,500"),
        (Money(1234, "GBP"), "text", "£12.34", "£12.34"),
        (dt.date(2011, 12, 9), "date", "2011-12-09", "2011-12-09"),
        (Decimal("0.5"), "percent", "50.0%", "50.0%"),
        ("0042", "text", "0042", "0042"),
        (WORD, "text", "Sales", "销售额"),
        (None, "money:GBP", "–", "–"),
    ],
)
def test_a_value_is_said_as_the_language_writes_it(value, kind, english, chinese):
    assert say_value(value, kind, "en") == english
    assert say_value(value, kind, "zh") == chinese


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="1 values for 2 columns"):
        DataTable(title=WORD, columns=[Column("a", "A"), Column("b", "B", "int")], rows=[("x",)])


def test_a_total_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="3 values for 1 columns"):
        DataTable(title=WORD, columns=[Column("a", "A")], rows=[("x",)], total=("x", 1, 2))


@pytest.mark.parametrize("kind", ["money", "money:gbp", "euro", ""])
def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(ValueError, match="no such kind"):
        Column("a", "A", kind)
    with pytest.raises(ValueError, match="no such kind"):
        Fact(WORD, 1, kind)


@pytest.mark.parametrize("ids", [["sales", "sales"], ["Sales"], ["sales by month"], ["1st"]])
def test_an_id_is_plain_and_used_once(ids):
    with pytest.raises(ValueError, match="not an id"):
        Document(title=WORD, subtitle=WORD, facts=[], sections=[Section(id=each, title=WORD) for each in ids])


def test_a_figure_and_a_section_do_not_share_an_id():
    chart = charts.bar(["a"], [1], kind="int", name=WORD, by=WORD)
    figure = Figure(id="sales", title=WORD, chart=chart, caption=WORD)
    with pytest.raises(ValueError, match="sales"):
        Document(title=WORD, subtitle=WORD, facts=[], sections=[Section(id="sales", title=WORD, figures=[figure])])


def test_words_are_put_into_the_language_and_data_left_alone():
    nested = {"name": WORD, "data": [1, None, {"title": WORD, "day": dt.date(2024, 2, 29)}], "@ink": "@ink"}
    assert in_language(nested, "zh") == {
        "name": "销售额",
        "data": [1, None, {"title": "销售额", "day": "2024-02-29"}],
        "@ink": "@ink",
    }
    assert isinstance(nested["name"], Said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_figure_is_json_and_described_for_those_who_cannot_see_it(language):
    figures = [figure for section in sample().sections for figure in section.figures]
    assert len(figures) == 13
    for figure in figures:
        option = json.loads(json.dumps(figure.option(language), allow_nan=False))
        described = option["aria"]["label"]["description"]
        assert option["aria"]["enabled"] is True
        assert figure.title.say(language) in described
        assert figure.finding is None or figure.finding.say(language) in described
        assert figure.chart.table.rows
