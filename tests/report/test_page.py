"""One file, in the reader's language, that nothing in the data can break."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from guanxi.errors import MissingExtra
from guanxi.report import page
from guanxi.words import codes
from report.sample import EVIL, sample

ROOT = Path(__file__).parents[2]
ASSET = ROOT / "src/guanxi/report/assets/echarts.min.js"
needs_asset = pytest.mark.skipif(not ASSET.is_file(), reason="the chart library is not fetched: make assets")
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


class Reading(HTMLParser):
    """The page as a reader has it: words, headings, attributes; styles and scripts apart."""

    VOID = frozenset({"meta", "link", "rect", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        if tag in self.inline:
            self.inline[tag].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.inline:
            self.inline[self.open[-1]][-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module", params=["en", "zh"])
def read(request):
    if not ASSET.is_file():
        pytest.skip("the chart library is not fetched: make assets")
    return Reading(page.render(sample(), request.param))


@needs_asset
@LANGUAGES
def test_the_same_document_gives_the_same_page(language):
    assert page.render(sample(), language) == page.render(sample(), language)


def test_without_the_chart_library_the_error_says_what_to_run(monkeypatch):
    monkeypatch.setattr(page, "_LIBRARY", "assets/not-fetched.js")
    with pytest.raises(MissingExtra) as raised:
        page.render(sample(), "en")
    assert "make assets" in raised.value.say("en")
    assert "make assets" in raised.value.say("zh")
    assert raised.value.exit_code == 5


def test_every_element_is_closed(read):
    assert read.open == []


def test_a_name_with_markup_is_only_read(read):
    assert " ".join(EVIL.split()) in read.text
    assert len(read.inline["script"]) == 4
    assert not any("alert" in script for script in read.inline["script"][1:])
    data = json.loads(read.inline["script"][0])
    assert EVIL in data["charts"]["products"]["option"]["yAxis"]["data"]


def test_quotes_of_a_name_do_not_leave_an_attribute():
    escaped = page._environment().from_string('<p title="{{ name }}">').render(name='" onload="x')
    assert escaped == '<p title="&#34; onload=&#34;x">'


def test_the_policy_allows_these_scripts_and_no_request(read):
    policy = next(attrs["content"] for tag, attrs in read.tags if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    for text in [*read.inline["script"][1:], *read.inline["style"]]:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_nothing_is_fetched_from_anywhere(read):
    assert read.attributes("src") == []
    assert {link for link in read.attributes("href") if not link.startswith("#")} == {"data:,"}
    assert not re.search(r"url\(|@import|https?:", "".join(read.inline["style"]))
    assert not re.search(r"https?:|fetch\(|import\(", "".join([read.inline["script"][0], *read.inline["script"][2:]]))
    assert read.attributes("style") == []
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]


def test_no_code_of_a_sentence_is_left_untranslated(read):
    data = read.inline["script"][0]
    assert [code for code in codes() if code in read.text or f'"{code}"' in data] == []
    assert "Message(" not in read.text + data
    assert not re.search(r"\{[a-z_]+(:\w+)?\}", read.text)


def test_headings_go_down_one_step_at_a_time(read):
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(read.headings, read.headings[1:], strict=False))


def test_every_cell_has_headings_with_a_scope(read):
    scopes = [attrs.get("scope") for tag, attrs in read.tags if tag == "th"]
    assert set(scopes) == {"row", "col"}
    assert None not in scopes


def test_ids_are_unique_and_every_link_and_label_leads_somewhere(read):
    ids = read.attributes("id")
    assert len(ids) == len(set(ids))
    wanted = [link[1:] for link in read.attributes("href") if link.startswith("#")]
    wanted += read.attributes("aria-labelledby") + read.attributes("for") + read.attributes("data-searches")
    assert set(wanted) <= set(ids)


def test_every_figure_has_its_numbers_as_a_table(read):
    tags = [tag for tag, _ in read.tags]
    assert tags.count("figure") == tags.count("details") == tags.count("figcaption") == 13


@needs_asset
def test_the_page_is_in_the_language_asked_for():
    english, chinese = (Reading(page.render(sample(), language)) for language in ("en", "zh"))
    assert ("html", {"lang": "en"}) in english.tags
    assert ("html", {"lang": "zh-Hans"}) in chinese.tags
    assert "目录" in chinese.text
    assert "Contents" not in chinese.text
    assert "Contents" in english.text
    assert "先做什么" not in english.text


@needs_asset
def test_cells_carry_the_number_they_are_sorted_by():
    html = page.render(sample(), "en")
    assert '<td class="number" data-sort="642"><span>642</span></td>' in html
    assert 'data-sort="41238055"' in html
    assert '<td class="date" data-sort="739138"><span>2024-09-09</span></td>' in html


def test_a_title_cannot_leave_the_style_element():
    assert page._css_string('</style> "x" \\ 关系') == '"\\3c \\2f style\\3e  \\22 x\\22  \\5c  关系"'


def test_a_script_that_would_end_its_element_is_refused():
    with pytest.raises(ValueError, match="script"):
        page._inline("'</SCRIPT>'", "script")
