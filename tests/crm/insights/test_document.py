"""What is kept of a study's document, and what a page makes of it."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest

from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Fact, Figure, Section
from guanxi.words import Message, Money
from guanxi_crm.insights.shown import chapters_shown, compared, lists_shown
from guanxi_crm.insights.work.document import MOST_ROWS, chapter, fact, table

WORD = Message("report.example")


def some_table(rows, *, key="product"):
    columns = [Column(key, WORD), Column("amount", WORD, "money:EUR", bar=True)]
    return DataTable(WORD, columns, rows, caption=WORD, total=("", 300))


def test_a_table_is_written_as_its_language_writes():
    told = table(some_table([("tea", 200), ("pot", 100), ("cup", None)]), "zh")
    assert (told["title"], told["rows"]) == ("示例", [["tea", "€2.00"], ["pot", "€1.00"], ["cup", "–"]])
    assert told["bars"] == {"1": [100.0, 50.0, 0.0]}
    assert told["sorts"] == {"1": [200.0, 100.0, None]}
    (shown,) = lists_shown({"lists": [told]}, everybody=True)
    assert [[cell.sort for cell in row] for row in shown["rows"]] == [[None, 200.0], [None, 100.0], [None, None]]
    assert told["total"] == ["", "€3.00"]
    assert [column["is_number"] for column in told["columns"]] == [False, True]
    assert (told["of"], told["is_personal"]) == (3, False)


def test_a_long_table_is_cut_and_says_so():
    told = table(some_table([(str(number), number) for number in range(MOST_ROWS + 7)]), "en")
    assert (len(told["rows"]), told["of"], len(told["bars"]["1"])) == (MOST_ROWS, MOST_ROWS + 7, MOST_ROWS)
    (shown,) = lists_shown({"lists": [told]}, everybody=True)
    assert shown["is_cut"]


def test_dates_are_sorted_as_days_and_older_runs_by_their_text():
    column = Column("day", WORD, "date")
    told = table(DataTable(WORD, [column], [(dt.date(2026, 1, 2),), (None,)]), "zh")
    assert told["sorts"] == {"0": [float(dt.date(2026, 1, 2).toordinal()), None]}
    del told["sorts"]
    (shown,) = lists_shown({"lists": [told]}, everybody=True)
    assert [row[0].sort for row in shown["rows"]] == [None, None]


def test_a_web_keeps_its_slider_in_the_readers_language():
    links = [charts.Link(0, 1, 30, 2.5), charts.Link(1, 2, 10, 1.5)]
    web = charts.web(
        ["tea", "cup", "pot"], [90, 40, 20], links, name=WORD, strength=WORD, one=WORD, other=WORD, least=WORD
    )
    told = chapter(Section("web", WORD, figures=[Figure("web", WORD, web, WORD)]), "zh")
    slider = told["figures"][0]["slider"]
    assert (slider["label"], slider["least"], len(slider["says"])) == ("示例", [10, 30], 2)
    assert "30" in slider["says"][1]


def test_a_chapter_is_plain_data_in_each_language():
    figure = Figure(
        "sales", WORD, charts.columns(["2026-01"], [12345], kind="money:EUR", name=WORD), WORD, finding=WORD
    )
    section = Section("sales", WORD, intro=[WORD], figures=[figure], tables=[some_table([("tea", 1)])], notes=[WORD])
    told = {language: chapter(section, language) for language in ("en", "zh")}
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["en"]["title"], told["zh"]["title"]) == ("An example", "示例")
    assert told["en"]["figures"][0]["option"]["series"][0]["data"] == [123.45]
    assert fact(Fact(WORD, Money(500, "JPY")), "zh") == {"label": "示例", "value": "JP¥500", "note": ""}


def test_tables_that_name_customers_are_shown_to_who_sees_everybody():
    personal = table(some_table([("100001", 1)], key="customer_id"), "en")
    other = table(some_table([("tea", 1)]), "en")
    document = {
        "chapters": [{"figures": [], "tables": [personal, other], "notes": ["said", "new"]}], "lists": [personal]
    }  # fmt: skip
    (seen,) = chapters_shown(document, everybody=True, said="said")
    (unseen,) = chapters_shown(document, everybody=False)
    assert [each["is_personal"] for each in seen["tables"]] == [True, False]
    assert [each["is_personal"] for each in unseen["tables"]] == [False]
    assert (seen["notes"], unseen["notes"]) == (["new"], ["said", "new"])
    assert lists_shown(document, everybody=False) == []
    (shown,) = lists_shown(document, everybody=True)
    assert (shown["customer_column"], shown["rows"][0][0].is_customer) == (0, True)


def comparison(**values):
    return {
        "measure": "log_loss", "method": 0.4, "baseline": 0.5, "gain": 0.1, "gain_low": 0.05, "gain_high": 0.15,
        "customers": 900, "confidence": 0.95, **values,
    }  # fmt: skip


def test_a_gain_is_drawn_with_its_interval_and_zero():
    (told,) = compared([comparison()])
    assert [round(each, 6) for each in (told.gain, told.low, told.high)] == [0.2, 0.1, 0.3]
    assert 0 < told.zero_at < told.low_at < told.gain_at < told.high_at < 100
    # Lengths are in proportion: from zero to the gain as far as the whole interval is wide.
    assert math.isclose(told.gain_at - told.zero_at, told.width, abs_tol=0.2)
    assert (told.form, told.width) == ("number", round(told.high_at - told.low_at, 1))


def test_a_loss_stands_left_of_zero():
    (told,) = compared([comparison(gain=-0.1, gain_low=-0.2, gain_high=0.05)])
    assert told.low_at < told.gain_at < told.zero_at < told.high_at


@pytest.mark.parametrize("baseline", [0.0, 0])
def test_against_a_baseline_of_nothing_no_share_is_told(baseline):
    (told,) = compared([comparison(baseline=baseline)])
    assert (told.gain, told.low, told.high) == (None, None, None)
