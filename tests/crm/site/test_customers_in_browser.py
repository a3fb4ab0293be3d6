"""The list of customers and one of them in a real browser: keys, choices, what leads on to what."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm_browser import NEEDS_BROWSER, hurdles
from guanxi_crm.customers.models import Customer, CustomerTag
from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.sales.models import Order

pytestmark = [
    *NEEDS_BROWSER,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def people(customer_of, manager):
    """Three in Shanghai and one elsewhere, who comes between them by name."""
    cities = {"丁": "上海", "丙": "杭州", "乙": "上海", "甲": "上海"}
    found = {name: customer_of(name=name, city=city, owner=manager) for name, city in cities.items()}
    search_index([each.pk for each in found.values()])
    return found


@pytest.mark.parametrize(("look", "language"), [("desk", "zh"), ("dark", "en"), ("phone", "en")])
def test_one_walks_through_the_list_from_which_one_came(open_as, manager, people, look, language):
    page = open_as(manager, "/customers/?city.is=上海&sort=name", look=look, language=language)
    names = page.locator("a.line-name").all_inner_texts()
    assert sorted(names) == sorted(("丁", "乙", "甲"))
    page.locator("a.line-name").first.click()
    heading = page.locator("h1")
    expect(heading).to_contain_text(names[0])
    assert hurdles(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    for name in names[1:]:
        page.keyboard.press("j")
        expect(heading).to_contain_text(name)
    expect(page.locator("[rel=next]")).to_have_count(0)
    # A note, and one is still in that list.
    page.keyboard.press("n")
    page.keyboard.type("来电")
    page.locator(".composer button[type=submit]").first.click()
    expect(page.locator("#timeline")).to_contain_text("来电")
    page.locator("body").press("k")
    expect(heading).to_contain_text(names[1])
    page.locator(".neighbours a").first.click()
    expect(page.locator("a.line-name")).to_have_count(3)


def test_keys_lead_to_task_and_hand_over_and_are_told_of(open_as, manager, people):
    page = open_as(manager, f"/customers/{people['甲'].pk}/")
    page.keyboard.press("?")
    keys = page.locator("#keyboard")
    expect(keys).to_contain_text("hand over")
    assert keys.locator("kbd").all_inner_texts()[-5:] == ["j", "k", "n", "t", "h"]
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#task_title")).to_be_focused()
    # While one types, a letter is a letter.
    page.keyboard.type("hjk")
    expect(page.locator("#task_title")).to_have_value("hjk")
    page.locator("h1").click()
    page.locator("body").press("h")
    page.wait_for_url("**/hand-over/")


def test_a_hand_over_is_taken_back_where_it_was_done(open_as, manager, sales, people):
    page = open_as(manager, f"/customers/{people['甲'].pk}/hand-over/")
    page.locator("[name=owner]").select_option(label="Sam Sales")
    page.locator("main form.card button[type=submit]").click()
    expect(page.locator(".customer-badges")).to_contain_text("Sam Sales")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(".customer-badges")).to_contain_text("Mei Manager")
    assert Customer.objects.get(pk=people["甲"].pk).owner == manager


def test_filters_are_ticked_and_narrowed_by_typing(open_as, manager, people):
    page = open_as(manager, "/customers/?segment.is=loyal", look="phone")
    page.locator(".list-tools [hx-get*=filters]").click()
    choices = page.locator("#f-segment")
    expect(choices.get_by_label("Loyal customers")).to_be_checked()
    choices.get_by_role("searchbox").fill("risk")
    # What is chosen stays in sight.
    expect(choices.locator(".form-check:visible")).to_have_count(2)
    choices.get_by_label("At risk").check()
    assert hurdles(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#list-panel").get_by_role("button", name="Apply").click()
    expect(page.locator(".list-chips")).to_contain_text("At risk")
    assert "segment.is=loyal&segment.is=at_risk" in page.url


def test_the_first_tag_is_made_while_many_are_given_it(open_as, manager, people):
    page = open_as(manager, "/customers/?city.is=上海")
    page.locator(".list-tools [hx-get*=bulk]").click()
    panel = page.locator("#list-panel")
    panel.locator("[name=action][value=tag]").check()
    # Without a word it is not sent.
    panel.get_by_role("button").click()
    expect(panel.locator("[name=tag_name]:invalid")).to_have_count(1)
    panel.locator("[name=action][value=assign]").check()
    panel.locator("[name=tag_name]").fill("大客户")
    expect(panel.locator("[name=action][value=tag]")).to_be_checked()
    panel.get_by_role("button").click()
    expect(page.locator("#toasts")).to_contain_text("3")
    assert CustomerTag.objects.filter(tag__name="大客户").count() == 3


def test_the_command_bar_leads_to_an_order_and_to_the_export(open_as, manager, people, live_server):
    now = timezone.now()
    order = Order.objects.create(
        key="k", source="shop", number="SO-7001", customer=people["甲"], ordered_at=now, ordered_on=now.date(), lines_count=1,
        items=1, amount=100, currency="CNY",
    )  # fmt: skip
    page = open_as(manager, "/customers/")
    page.keyboard.press("Control+k")
    expect(page.locator("#command").get_by_role("option").first).to_be_visible()
    page.keyboard.type("导出客户")
    # At once: what still stands there was the answer to nothing.
    page.keyboard.press("Enter")
    # The page is there already: the bar goes, and what it was about is open.
    expect(page.locator("#command")).to_be_hidden()
    expect(page.locator("#export .dropdown-menu")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("so-7001")
    expect(page.locator("#command").get_by_role("option", name="SO-7001")).to_be_visible()
    assert hurdles(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/sales/orders/{order.pk}/$"))
