"""The report in a real browser: drawn, quiet, offline; on a screen, in the dark, on a telephone, on paper."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from guanxi.report.page import render
from report.sample import sample

ASSET = Path(__file__).parents[2] / "src/guanxi/report/assets/echarts.min.js"
CHROMIUM = shutil.which("chromium")
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: chromium is not on the PATH"),
    pytest.mark.skipif(not ASSET.is_file(), reason="the chart library is not fetched: make assets"),
]
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def open_report(browser, tmp_path):
    """Open the sample; at the end the page must have said nothing and asked for nothing."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_report(language="en", look="light"):
        file = tmp_path / f"report-{language}.html"
        file.write_text(render(sample(), language), encoding="utf-8")
        context = browser.new_context(**LOOKS[look])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("file:") and url != "data:,"] == []


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_chart_is_drawn_and_the_page_fits(open_report, tmp_path, language, look):
    page = open_report(language, look)
    drawn = page.eval_on_selector_all(
        ".chart",
        "all => all.map(each => [each.querySelectorAll('svg path').length, each.querySelectorAll('svg text').length])",
    )
    assert len(drawn) == 13
    assert all(paths > 1 and texts > 1 for paths, texts in drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look]["viewport"]["width"]
    page.screenshot(path=tmp_path / f"{language}-{look}.png", full_page=True)


@pytest.mark.parametrize("look", ["light", "phone"])
def test_no_label_of_a_chart_is_cut_off(open_report, look):
    page = open_report("en", look)
    outside = page.eval_on_selector_all(
        ".chart",
        """all => all.flatMap(chart => {
          const frame = chart.getBoundingClientRect();
          return [...chart.querySelectorAll('svg text')].filter(text => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1
              || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
          }).map(text => `${chart.dataset.chart}: ${text.textContent}`);
        })""",
    )
    assert outside == []


def test_charts_are_described_for_those_who_cannot_see_them(open_report):
    page = open_report("zh")
    labels = page.eval_on_selector_all(".chart", "all => all.map(each => each.getAttribute('aria-label'))")
    assert labels[0] == "每月销售额。11 月销售额最高，达 £110,540，约为此前月均的两倍。"
    assert all(labels)


def test_the_numbers_are_folded_and_open_on_a_click(open_report):
    page = open_report()
    numbers = page.locator("#sales-by-month details")
    assert numbers.get_attribute("open") is None
    numbers.locator("summary").click()
    assert numbers.locator("tbody tr").first.inner_text().split() == ["2023-12", "£43,120"]


def test_without_scripts_the_numbers_stand_open(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(render(sample(), "en"), encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator("#sales-by-month tbody").is_visible()
    assert page.locator(".control:visible").count() == 0
    page.context.close()


def test_a_click_sorts_a_table_the_next_turns_it_and_the_third_gives_it_back(open_report):
    page = open_report()
    table = page.locator("#segments .tabled table")
    names = table.locator("tbody th")
    given = names.all_inner_texts()
    heading = table.locator("thead th").nth(1)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert names.first.inner_text() == "Hibernating"
    heading.locator("button").click()
    assert names.first.inner_text() == "No purchase yet"
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert names.all_inner_texts() == given
    assert table.locator("tfoot th").inner_text() == "All"


def links(page):
    """How many lines of the web are drawn, and how many points are not faded."""
    return page.evaluate("""() => {
      const { series } = echarts.getInstanceByDom(document.querySelector('[data-chart=web]')).getOption();
      return [series[0].links.length, series[0].data.filter(each => each.label?.show !== false).length];
    }""")


def test_the_slider_of_a_web_leaves_the_strong_lines_standing(open_report):
    page = open_report()
    slider = page.locator("#web input[type=range]")
    says = page.locator("#web output")
    assert links(page) == [6, 7]
    assert says.inner_text() == "33 and more: 6 links shown"
    slider.focus()
    slider.press("ArrowRight")
    assert says.inner_text() == "40 and more: 5 links shown"
    assert slider.get_attribute("aria-valuetext") == "40 and more: 5 links shown"
    assert links(page) == [5, 6]
    slider.press("End")
    assert links(page) == [1, 2]
    slider.press("Home")
    assert links(page) == [6, 7]


def test_the_slider_stays_where_it_is_in_the_dark_and_paper_shows_every_line(open_report, tmp_path):
    page = open_report()
    slider = page.locator("#web input[type=range]")
    slider.press("End")
    page.emulate_media(color_scheme="dark")
    page.locator("[data-chart=web] path[fill='#6cc0de']").first.wait_for(state="attached")
    assert links(page) == [1, 2]
    page.evaluate("""addEventListener('beforeprint', () => {
      const chart = echarts.getInstanceByDom(document.querySelector('[data-chart=web]'));
      window.printed = chart.getOption().series[0].links.length;
    })""")
    page.pdf(path=tmp_path / "report.pdf")
    assert page.evaluate("window.printed") == 6
    assert links(page) == [1, 2]


def test_points_of_a_web_stand_where_they_were_put_whatever_the_slider_says(open_report):
    page = open_report()
    where = """() => echarts.getInstanceByDom(document.querySelector('[data-chart=web]'))
      .getOption().series[0].data.map(each => [each.x, each.y])"""
    before = page.evaluate(where)
    page.locator("#web input[type=range]").press("End")
    assert page.evaluate(where) == before


def test_a_search_narrows_a_table_and_an_empty_one_gives_it_back(open_report):
    page = open_report("zh")
    field = page.get_by_label("查找商品")
    rows = page.locator("#together .tabled tbody tr")
    shown = page.locator("#together .tabled tbody tr:visible")
    field.fill("紫砂")
    assert shown.count() == 1
    field.fill("TASTING cups")
    assert shown.all_inner_texts()[0].split("\t")[0].strip() == "Tasting cups"
    field.fill("nothing like it")
    assert shown.count() == 0
    field.fill("")
    assert shown.count() == rows.count() == 7


def test_a_tooltip_says_the_value_and_shows_a_name_with_markup_as_text(open_report):
    page = open_report()
    chart = page.locator("[data-chart=products]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 280, box["y"] + box["height"] * 0.7)
    tip = chart.locator(".chart-tip")
    tip.wait_for()
    assert "</script><script>alert('1')</script>" in tip.inner_text()
    assert "£9,120" in tip.inner_text()


def test_charts_follow_the_reader_into_the_dark(open_report):
    page = open_report()
    first = page.locator("[data-chart=sales-by-month] svg").first
    assert "#0b5c7d" in first.inner_html()
    page.emulate_media(color_scheme="dark")
    page.locator("[data-chart=sales-by-month] path[fill='#6cc0de']").first.wait_for(state="attached")


def test_a_dark_page_is_printed_light_on_a4_and_is_dark_again_afterwards(open_report, tmp_path):
    page = open_report("en", "dark")
    page.evaluate("""addEventListener('beforeprint', () => {
      const chart = document.querySelector('[data-chart=sales-by-month]');
      window.printed = { html: chart.innerHTML, width: chart.clientWidth };
    })""")
    pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True, print_background=True)
    printed = page.evaluate("window.printed")
    assert "#0b5c7d" in printed["html"]
    assert printed["width"] == pytest.approx(178 / 25.4 * 96, abs=1)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    assert "#6cc0de" in page.locator("[data-chart=sales-by-month] svg").first.inner_html()
