"""A study's page in a real browser: tables that are sorted, a web that is cleared, charts that show all they say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from crm_browser import NEEDS_BROWSER, sign_in
from crm_served import Served, served
from guanxi_crm.serve.login import login_of

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("studies")]
SORTED = ("none", "descending", "ascending", "none")
CLIPPED = """() => [...document.querySelectorAll("[data-chart]")].flatMap((chart) => {
  const edge = chart.querySelector("svg").getBoundingClientRect().right + 1;
  return [...chart.querySelectorAll("svg text")].filter((text) => text.getBoundingClientRect().right > edge)
    .map((text) => `${chart.getAttribute("aria-label")}: ${text.textContent}`);
})"""


@pytest.fixture(scope="module")
def crm(demo_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("studies") / "data"
    shutil.copytree(demo_directory, directory)
    with served(directory) as crm:
        yield crm


@pytest.fixture
def page(crm: Served, window, request) -> Page:
    page = window(getattr(request, "param", "en")).new_page()
    sign_in(page, crm.url, *login_of(crm.directory))
    return page


def opened(page: Page, crm: Served, study: str) -> None:
    page.goto(f"{crm.url}/studies/{study}/")
    for chart in page.locator("[data-chart]").all():
        expect(chart.locator("svg")).to_be_attached()


def values(table: Locator, place: int) -> list[float]:
    cells = table.locator(f"tbody tr > :nth-child({place})")
    return cells.evaluate_all("(cells) => cells.map((cell) => Number(cell.dataset.sort))")


def test_a_table_is_sorted_by_mouse_and_keyboard_and_says_so(page, crm):
    opened(page, crm, "overview")
    table = page.locator("[data-sortable]:visible").first
    heading = table.locator("thead th:has(button)").nth(1)
    before = values(table, 2)
    assert len(set(before)) > 2
    orders = {"none": before, "descending": sorted(before, reverse=True), "ascending": sorted(before)}
    heading.get_by_role("button").focus()
    for order in SORTED:
        assert (heading.get_attribute("aria-sort") or "none") == order
        assert values(table, 2) == orders[order]
        page.keyboard.press("Enter")
    table.locator("thead th").first.get_by_role("button").click()
    names = table.locator("tbody tr > :first-child").all_inner_texts()
    assert table.locator("thead th").first.get_attribute("aria-sort") == "ascending"
    assert table.locator("[aria-sort]").count() == 1
    assert names[0].casefold() <= names[-1].casefold()


@pytest.mark.parametrize("page", ["en", "zh"], indirect=True)
def test_the_web_of_products_is_cleared_of_its_weak_lines(page, crm):
    opened(page, crm, "affinity")
    figure = page.locator("figure:has([data-slides])")
    slider = figure.get_by_role("slider")
    lines = figure.locator("svg path")
    all_lines, all_said = lines.count(), figure.locator("output").inner_text()
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_value(slider.get_attribute("max"))
    assert lines.count() < all_lines
    said = figure.locator("output").inner_text()
    assert said != all_said
    expect(slider).to_have_attribute("aria-valuetext", said)
    page.keyboard.press("Home")
    assert (lines.count(), figure.locator("output").inner_text()) == (all_lines, all_said)


@pytest.mark.parametrize("page", ["en", "zh"], indirect=True)
def test_no_chart_is_cut_at_its_edge(page, crm):
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for study in ("overview", "value", "segments", "churn"):
            opened(page, crm, study)
            assert page.evaluate(CLIPPED) == [], (width, study)
