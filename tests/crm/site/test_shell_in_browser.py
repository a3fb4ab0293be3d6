"""The frame in a real browser: quiet, reachable by keyboard, in light and dark, on a desk and on a telephone."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm_browser import NEEDS_BROWSER, hurdles
from guanxi_crm.customers.models import Task
from guanxi_crm.customers.services.search_index import search_index

pytestmark = [
    *NEEDS_BROWSER,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def people(customer_of, manager):
    found = [customer_of(name=name, owner=manager) for name in ("王小明", "李雷", "Ada Lovelace")]
    search_index([each.pk for each in found])
    Task.objects.create(customer=found[0], title="回访", assignee=manager, created_at=timezone.now())
    return found


@pytest.mark.parametrize(("look", "language"), [("desk", "zh"), ("dark", "en"), ("phone", "zh")])
def test_home_keeps_nobody_out(open_as, manager, people, look, language):
    page = open_as(manager, look=look, language=language)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark" if look == "dark" else "light")
    assert hurdles(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_on_a_telephone_the_menu_opens(open_as, manager, people):
    page = open_as(manager, look="phone")
    tasks = page.locator("#menu").get_by_role("link", name="Tasks")
    expect(tasks).to_be_hidden()
    page.locator(".navbar-toggler").click()
    expect(tasks).to_be_visible()


def test_the_command_bar_finds_a_customer_by_two_characters_and_opens_him(open_as, manager, people, live_server):
    page = open_as(manager)
    page.keyboard.press("Control+k")
    bar = page.locator("#command")
    expect(bar).to_be_visible()
    expect(bar.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.type("小明")
    found = bar.get_by_role("option", name="王小明")
    expect(found).to_be_visible()
    assert hurdles(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/customers/{people[0].pk}/")


def test_the_command_bar_is_chosen_from_with_the_keyboard(open_as, manager, people):
    page = open_as(manager)
    page.keyboard.press("/")
    options = page.locator("#command").get_by_role("option")
    expect(options.nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(options.nth(0)).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#command")).to_be_hidden()


def test_lines_are_walked_with_keys_but_not_while_typing(open_as, manager, people):
    page = open_as(manager)
    current = page.locator(".is-current")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(current).to_contain_text(page.locator("[data-row]").first.inner_text().split("\n")[0])
    page.keyboard.press("?")
    expect(page.locator("#keyboard")).to_be_visible()
    page.keyboard.press("j")
    expect(current).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#keyboard")).to_be_hidden()


def test_language_and_theme_are_switched_in_the_users_menu(open_as, manager, people):
    page = open_as(manager)
    page.locator(".user-button").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".user-button").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".user-button").click()
    assert hurdles(page) == []


def test_a_part_that_is_refused_says_so_on_the_page(open_as, manager, people, said):
    page = open_as(manager)
    page.evaluate("htmx.ajax('GET', '/jobs/00000000-0000-4000-8000-000000000000/', {target: '#content'})")
    toast = page.locator("#toasts .toast")
    expect(toast).to_contain_text("There is nothing here")
    expect(page.locator("h1")).to_contain_text("Hello")
    assert hurdles(page) == []
    # The browser itself tells of the answer 404.
    assert all("404" in each for each in said)
    said.clear()


def test_what_cannot_be_undone_is_asked_first_and_a_no_sends_nothing(open_as, manager, people):
    page = open_as(manager)
    page.evaluate("""() => {
        const form = document.createElement("form");
        form.dataset.confirm = "Delete 王小明?";
        form.action = "/customers/";
        form.innerHTML = "<button>Delete</button>";
        document.getElementById("content").append(form);
    }""")
    page.locator("#content form button", has_text="Delete").click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("Delete 王小明?")
    assert hurdles(page) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("Hello")
    page.locator("#content form button", has_text="Delete").click()
    dialog.get_by_role("button", name="Go on").click()
    expect(page.locator("h1")).to_have_text("Customers")


def test_a_chart_is_drawn_again_in_the_other_theme(open_as, manager, people):
    page = open_as(manager)
    page.evaluate("""() => {
        const option = { xAxis: { type: "category", data: ["一月"] }, yAxis: {}, tooltip: {}, series: [{ type: "bar", data: [3] }] };
        const chart = document.createElement("div");
        chart.dataset.chart = "";
        chart.dataset.height = "200";
        chart.innerHTML = `<div class="chart-canvas"></div><script type="application/json">${JSON.stringify(option)}</scr` + `ipt>`;
        document.getElementById("content").append(chart);
        htmx.process(chart);
        chart.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: chart } }));
    }""")
    bar = page.locator('[data-chart] svg path[fill="#0b5c7d"]')
    expect(bar).to_have_count(1)
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    expect(page.locator('[data-chart] svg path[fill="#6cc0de"]')).to_have_count(1)
    expect(page.locator("[data-chart] svg")).to_have_count(1)
