"""Every kind of page of the simulated company, looked at in a real browser, in both languages.

With ``GUANXI_WRITE_PICTURES=1`` what the documentation shows of it is written anew, ``docs/images/crm-*.png``;
``GUANXI_PICTURED`` may name the directory of a bigger company than the tests', which is copied and left alone.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from crm_browser import NEEDS_BROWSER, ROOT, hurdles, sign_in
from crm_pictures import take_picture
from crm_served import served
from guanxi_crm.serve.login import login_of

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("pictures")]
WRITES = os.environ.get("GUANXI_WRITE_PICTURES") == "1"
PAGES = (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "README.zh-CN.md")
SHOWN = {name for page in PAGES for name in re.findall(r"images/(crm-[\w-]+\.png)", page.read_text(encoding="utf-8"))}
"""Pictures that the documentation has."""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DARK = {"color_scheme": "dark"}
TALL = {"viewport": {"width": 1440, "height": 1500}}
MANAGER, ADMINISTRATOR = "manager@demo.guanxi.local", "admin@guanxi.local"
HEAVIEST_BYTES = 200_000
NOTES = (
    "Called: the last parcel came late, so they buy elsewhere meanwhile. Offered free delivery on the next order.",
    "电话回访：上次包裹到得晚，最近在别家买。答应下一单包邮，下周再联系。",
)
TASK = "回访 Call back about the late parcel"
TAG = "重点客户 Key account"
TEAS = (
    ("T100", "明前龙井 100 克", 128),
    ("T205", "白瓷盖碗", 86),
    ("T310", "玻璃茶壶", 159),
    ("T412", "桂花乌龙 250 克", 72),
)


@dataclass(frozen=True)
class Shot:
    """A page worth looking at."""

    name: str
    path: str | Callable[[Company], str]
    look: dict[str, object] = field(default_factory=dict)
    """Options of the window."""
    prepare: Callable[[Page], None] = lambda _: None
    who: str = MANAGER

    def address(self, company: Company) -> str:
        return self.path if isinstance(self.path, str) else self.path(company)


@dataclass(frozen=True)
class Company:
    """The simulated company on its own port, who has signed in, and the addresses that are different each time."""

    url: str
    cookies: dict[str, dict]
    customer: str
    product: str
    order: str
    run: str
    role: str
    review: str
    result: str


def _open_the_command_bar(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#command").get_by_role("option").first).to_be_visible()
    page.keyboard.type("王")
    expect(page.locator("#command").get_by_role("option").first).to_contain_text("王")


SHOTS = [
    Shot("home", "/"),
    Shot("customers", "/customers/?value_group.is=high&churn_band.is=high&sort=-amount"),
    Shot("customer", lambda company: company.customer, look=TALL),
    Shot("hand-over", lambda company: f"{company.customer}hand-over/"),
    Shot("data", "/data/", who=ADMINISTRATOR),
    Shot("import-review", lambda company: company.review, who=ADMINISTRATOR),
    Shot("import-result", lambda company: company.result, who=ADMINISTRATOR),
    Shot("studies", "/studies/"),
    Shot("churn", "/studies/churn/"),
    Shot("value", "/studies/value/"),
    Shot("affinity", "/studies/affinity/"),
    Shot("run", lambda company: company.run),
    Shot("orders", "/sales/orders/"),
    Shot("order", lambda company: company.order),
    Shot("product", lambda company: company.product),
    Shot("tasks", "/customers/tasks/"),
    Shot("role", lambda company: company.role, who=ADMINISTRATOR),
    Shot("staff", "/settings/staff/", who=ADMINISTRATOR),
    Shot("audit", "/settings/audit/", who=ADMINISTRATOR),
    Shot("sessions", "/settings/sessions/"),
    Shot("sign-in", "/account/login/", who=""),
    Shot("command-bar", "/", prepare=_open_the_command_bar),
    Shot("home-phone", "/", look=PHONE),
    Shot("customer-phone", lambda company: company.customer, look=PHONE),
    Shot("home-dark", "/", look=DARK),
    Shot("customer-dark", lambda company: company.customer, look=DARK),
]


def _first(database: Path, query: str) -> object:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchone()[0]


def _send(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form.card button[type=submit]").click()


def _delivered(day: int) -> bytes:
    """What a shop in Chinese exports of a day; of two lines nobody knows how many pieces they were."""
    lines = ["订单编号,下单时间,客户编号,商品编码,商品名称,数量,单价"]
    for number in range(80):
        code, name, price = TEAS[number * 7 % 4]
        pieces = "一把" if number % 50 == 7 else number % 3 + 1
        order = f"P{day}{number // 2:03}"
        lines.append(
            f"{order},2026-01-0{day} {9 + number // 8:02}:15:00,{100012 + number // 2},{code},{name},{pieces},{price}.00"
        )
    return "\r\n".join(lines).encode("gb18030")


def _upload(page: Page, url: str, *, day: int) -> str:
    page.goto(f"{url}/data/new/")
    file = {"name": f"orders-2026-01-0{day}.csv", "mimeType": "text/csv", "buffer": _delivered(day)}
    page.locator("#files").set_input_files(file)
    page.locator("form[data-upload] button[type=submit]").click()
    page.locator("button[name=then][value=import]").wait_for()
    return urlsplit(page.url).path


def _enliven(page: Page, url: str, customer: str) -> None:
    """Notes, a task and a tag at the customer."""
    for note in NOTES:
        page.goto(url + customer)
        page.locator("#note_text").fill(note)
        with page.expect_navigation():
            page.locator(".composer form").first.locator("button[type=submit]").click()
    page.goto(f"{url}{customer}tasks/")
    page.locator("[name=title]").fill(TASK)
    _send(page)
    page.goto(f"{url}{customer}tags/")
    page.locator("[name=name]").fill(TAG)
    _send(page)


def _deliver(page: Page, url: str) -> tuple[str, str]:
    """One delivery to look over, and one that was brought in."""
    result = _upload(page, url, day=5)
    page.locator("button[name=then][value=import]").click()
    page.locator("#result").wait_for()
    return _upload(page, url, day=6), result


@pytest.fixture(scope="module")
def company(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Company]:
    """Served; the customer is one who buys for much and may well leave."""
    chosen = os.environ.get("GUANXI_PICTURED")
    source = Path(chosen) if chosen else request.getfixturevalue("demo_directory")
    directory = tmp_path_factory.mktemp("pictured") / "data"
    shutil.copytree(source, directory)
    database = directory / "guanxi.sqlite3"
    customer_id = _first(
        database,
        "SELECT customer_id FROM customers_customerscores JOIN customers_contactpoint USING (customer_id)"
        " WHERE churn_probability BETWEEN 0.4 AND 0.95 AND orders BETWEEN 6 AND 60 ORDER BY amount DESC LIMIT 1",
    )
    order_id = _first(database, f"SELECT max(id) FROM sales_order WHERE customer_id = {customer_id}")
    product_id = _first(database, "SELECT product_id FROM sales_orderline GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    run_id = _first(database, "SELECT id FROM insights_run WHERE published_id IS NOT NULL LIMIT 1")
    role_id = _first(database, "SELECT id FROM users_role WHERE code = 'sales'")
    with served(directory) as running:
        _, password = login_of(directory)
        pages = {}
        for email in (MANAGER, ADMINISTRATOR):
            pages[email] = browser.new_context(locale="en-GB").new_page()
            pages[email].set_default_timeout(180_000)  # the machine may be busy
            sign_in(pages[email], running.url, email, password)
        customer = f"/customers/{customer_id}/"
        _enliven(pages[MANAGER], running.url, customer)
        review, result = _deliver(pages[ADMINISTRATOR], running.url)
        cookies = {email: page.context.storage_state() for email, page in pages.items()}
        yield Company(
            url=running.url, cookies=cookies, customer=customer, product=f"/sales/products/{product_id}/",
            order=f"/sales/orders/{order_id}/", run=f"/studies/runs/{UUID(run_id)}/",
            role=f"/settings/roles/{role_id}/", review=review, result=result,
        )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_page_is_whole_quiet_and_open_to_everybody(company, window, shot, language):
    context = window(language, **shot.look, **({"storage_state": company.cookies[shot.who]} if shot.who else {}))
    page = context.new_page()
    answer = page.goto(company.url + shot.address(company))
    assert answer.status == 200
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-CN"}[language])
    expect(page.locator("h1")).to_have_count(1)
    page.wait_for_function(
        "[...document.querySelectorAll('.chart-canvas')].every((each) => each.querySelector('svg, canvas'))"
    )
    shot.prepare(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert hurdles(page) == []
    picture = ROOT / "docs" / "images" / f"crm-{shot.name}-{language}.png"
    if WRITES and picture.name in SHOWN:
        take_picture(page, picture)
        assert picture.stat().st_size <= HEAVIEST_BYTES
