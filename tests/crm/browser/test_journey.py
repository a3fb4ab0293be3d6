"""What a new company does on its first day, from the first sign-in to an export, in either language.

Everything is real: `guanxi serve` with its worker, a browser, and the files of a real shop. The English company brings
the shop's whole year in as it is; the Chinese one brings a part of it, as a Chinese cash register would write it.
"""

from __future__ import annotations

import base64
import csv
import hmac
import io
import re
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from crm_browser import NEEDS_BROWSER, sign_in
from crm_served import Served, served
from data import real_file
from guanxi.words import say

pytestmark = [*NEEDS_BROWSER, pytest.mark.xdist_group("journey"), pytest.mark.slow]
SHOP = "online_retail_ii_year1/online_retail_ii_2009_2010.parquet"
LONG_MS = 900_000  # a whole year's import on a machine that is busy with other things
PERIOD_SECONDS = 30
WANTED, FORMULA, THIRD = "沈默", "=1+1", "欧阳小雨"
COLLEAGUE = {"email": "fang@example.com", "name": "方圆", "password": "a horse, a battery and a staple"}
TAG = {"en": "Call first", "zh": "优先回访"}
CHINESE_HEADERS = {
    "Invoice": "订单编号", "StockCode": "商品编码", "Description": "商品名称", "Quantity": "数量",
    "InvoiceDate": "下单时间", "Price": "单价", "CustomerID": "客户编号", "Country": "国家",
}  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """Two files and who is in them: customers who bought often and have been silent for long."""

    orders: Path
    customers: Path
    lines: int
    numbers: tuple[int, ...]


def _often_and_silent(shop: pa.Table) -> tuple[int, ...]:
    """Three customers with many orders and none in the last eighty days."""
    known = shop.filter(pc.is_valid(shop["CustomerID"]))
    each = known.group_by("CustomerID").aggregate([("Invoice", "count_distinct"), ("InvoiceDate", "max")])
    end = pc.max(known["InvoiceDate"])
    silent = pc.greater(pc.days_between(each["InvoiceDate_max"], end), 80)
    return tuple(each.filter(silent).sort_by([("Invoice_count_distinct", "descending")])["CustomerID"].to_pylist()[:3])


def _delivery(language: str, directory: Path) -> Delivery:
    """The shop's file as it is, or the lines of every eighth customer in Chinese; and names for three of its customers."""
    orders = real_file(SHOP)
    shop = pq.read_table(orders)
    if language == "zh":
        shop = shop.filter(pc.equal(pc.bit_wise_and(shop["CustomerID"], 7), 0))
        orders = directory / "销售明细.csv"
        rows = (shop.set_column(4, "InvoiceDate", pc.strftime(shop["InvoiceDate"], "%Y-%m-%d %H:%M:%S"))).to_pylist()
        _write_csv(orders, CHINESE_HEADERS.values(), (row.values() for row in rows), encoding="gb18030")
    numbers = _often_and_silent(shop)
    people = zip(numbers, (WANTED, FORMULA, THIRD), ("13800138000", "13911112222", "13733334444"), strict=True)
    customers = directory / {"en": "customers.csv", "zh": "客户.csv"}[language]
    headers = {"en": ("CustomerID", "Name", "Phone"), "zh": ("客户编号", "姓名", "手机号")}[language]
    _write_csv(customers, headers, people, encoding={"en": "utf-8", "zh": "gb18030"}[language])
    return Delivery(orders, customers, shop.num_rows, numbers)


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]], *, encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _code_now(secret: str) -> str:
    """The six digits that an authenticator shows now (RFC 6238, section 4; RFC 4226, section 5.3)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // PERIOD_SECONDS), "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass(frozen=True)
class Reader:
    """Somebody at a page, who finds things by what is written on them."""

    page: Page
    url: str
    language: str

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def words(self, code: str, **parameters: object) -> str:
        return say(code, self.language, **parameters)

    def press(self, code: str, **parameters: object) -> None:
        self.page.locator("main").get_by_role("button", name=self.words(code, **parameters), exact=True).first.click()

    def read_path(self, pattern: str) -> re.Match:
        self.page.wait_for_url(re.compile(pattern))
        return re.search(pattern, self.page.url)


def _sign_out(reader: Reader) -> None:
    reader.page.locator(".user-button").click()
    reader.page.get_by_role("button", name=reader.words("crm_core.sign_out")).click()
    reader.page.wait_for_url("**/account/login/**")


def _set_up_second_factor(reader: Reader) -> tuple[str, str]:
    """The secret and one recovery code."""
    reader.open("/account/2fa/totp/activate/")
    secret = reader.page.locator("#id_secret").input_value()
    reader.page.locator("#id_code").fill(_code_now(secret))
    reader.press("crm_users.totp_turn_on")
    return secret, reader.page.locator("main li.col").first.inner_text()


def _sign_in_with_second_factor(reader: Reader, email: str, password: str, code: Callable[[], str]) -> None:
    sign_in(reader.page, reader.url, email, password)
    reader.page.wait_for_url("**/account/2fa/authenticate/**")
    reader.page.locator("#id_code").fill("000000")
    reader.page.get_by_role("button", name=reader.words("crm_users.sign_in")).click()
    expect(reader.page.get_by_role("alert")).to_be_visible()
    reader.page.locator("#id_code").fill(code())
    reader.page.get_by_role("button", name=reader.words("crm_users.sign_in")).click()
    reader.page.wait_for_url(f"{reader.url}/")


def _bring_in(reader: Reader, delivery: Delivery) -> None:
    """Look at what every column was taken for, try, bring in, read what became of the rows."""
    page = reader.page
    reader.open("/data/new/")
    page.locator("#files").set_input_files([delivery.orders, delivery.customers])
    reader.press("crm_sources.upload")
    page.locator("button[name=then][value=import]").wait_for(timeout=LONG_MS)
    kinds = page.locator("select[name^=kind-]")
    expect(kinds).to_have_count(2)
    assert [kinds.nth(number).input_value() for number in range(2)] == ["orders", "customers"]
    named = {"en": "CustomerID", "zh": "客户编号"}[reader.language]
    for table in range(2):
        role = page.locator("section").nth(table).get_by_label(named, exact=True)
        assert role.input_value() == "customer_id"
    page.locator("#currency").fill({"en": "GBP", "zh": "CNY"}[reader.language])
    page.locator("#timezone").select_option({"en": "Europe/London", "zh": "Asia/Shanghai"}[reader.language])
    reader.press("crm_sources.try")
    expect(page.locator("#trial")).to_be_visible(timeout=LONG_MS)
    reader.press("crm_sources.import")
    expect(page.locator("main .job")).to_be_visible()
    expect(page.locator("main .job [role=status]")).not_to_be_empty(timeout=LONG_MS)
    expect(page.locator("#result")).to_be_visible(timeout=LONG_MS)
    lines = f"{delivery.lines:,}"
    expect(page.locator("section[aria-labelledby=result]")).to_contain_text(lines)


def _run_the_studies(reader: Reader) -> None:
    """Run them, see them go on, read what was found."""
    page = reader.page
    reader.press("crm_sources.run_studies")
    reader.read_path(r"/studies/runs/[0-9a-f-]{36}/")
    expect(page.locator(".run-steps [aria-current=step]")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".run-steps .is-done").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#found-title")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text(reader.words("crm_insights.current"), exact=True).first).to_be_visible()


def _find(reader: Reader, name: str) -> str:
    """By the command bar, from the keyboard alone; the address of his page."""
    page = reader.page
    reader.open("/")
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    expect(page.locator("#command").get_by_role("option").first).to_contain_text(name)
    page.keyboard.press("Enter")
    found = reader.read_path(r"/customers/\d+/$")
    expect(page.locator("h1")).to_have_text(re.compile(name))
    return found[0]


def _understand(reader: Reader) -> None:
    """What he is worth, from where to where, how good the forecast is, and in words why he may leave."""
    page = reader.page
    worth = page.locator("section[aria-labelledby=value-title]")
    sign = {"en": "£", "zh": "¥"}[reader.language]
    expect(worth.locator(".figure")).to_contain_text(sign)
    expect(worth).to_contain_text(reader.words("crm_site.customer_interval"))
    expect(worth.locator(".card-actions")).to_have_text(re.compile("[A-D]"))
    leaving = page.locator("section#churn")
    expect(leaving.locator(".card-actions")).to_have_text(re.compile("[A-D]"))
    expect(leaving.locator(".figure")).to_have_text(re.compile(r"^\d+%$"))
    silence = reader.words("churn.reason_silence", value=987654).replace("987,654", r"\d+")
    expect(leaving).to_contain_text(re.compile(silence))


def _invite(reader: Reader) -> str:
    """Invite a colleague; the link for him."""
    page = reader.page
    reader.open("/settings/staff/invite/")
    page.locator("[name=email]").fill(COLLEAGUE["email"])
    page.get_by_label(reader.words("crm_users.role_sales"), exact=True).check()
    reader.press("crm_users.invite_send")
    return page.locator("#id_link").input_value()


def _accept(context: BrowserContext, link: str, language: str) -> None:
    page = context.new_page()
    page.goto(link)
    page.locator("[name=name]").fill(COLLEAGUE["name"])
    page.locator("[name=password]").fill(COLLEAGUE["password"])
    page.get_by_role("button", name=say("crm_users.invitation_accept", language)).click()
    page.wait_for_url(lambda address: "/invitation/" not in address)
    page.close()


def _hand_over(reader: Reader, path: str) -> None:
    page = reader.page
    reader.open(f"{path}hand-over/")
    page.locator("[name=owner]").select_option(label=COLLEAGUE["name"])
    with page.expect_navigation():
        page.locator("main form.card button[type=submit]").click()
    expect(page.locator(".customer-badges")).to_contain_text(COLLEAGUE["name"])
    expect(page.locator("#timeline")).to_contain_text(COLLEAGUE["name"])


def _tag(reader: Reader, path: str) -> None:
    reader.open(f"{path}tags/")
    reader.page.locator("[name=name]").fill(TAG[reader.language])
    with reader.page.expect_navigation():
        reader.page.locator("main form.card button[type=submit]").click()
    expect(reader.page.locator(".customer-badges .tag")).to_contain_text(TAG[reader.language])


def _tag_in_bulk(reader: Reader, *names: str) -> None:
    """Tick customers in the list of all, and put the tag on them."""
    page = reader.page
    reader.open("/customers/?q=13")
    for name in names:
        page.locator("tr[data-row]", has_text=name).locator("[data-select]").check()
    page.locator(".list-tools [hx-get*=bulk]").click()
    page.locator("#list-panel [name=tag_name]").fill(TAG[reader.language])
    expect(page.locator("#list-panel [name=action][value=tag]")).to_be_checked()
    reader.press("crm_customers.bulk_do")


def _tagged(reader: Reader) -> list[str]:
    """Names in the list, which is filtered by the tag."""
    page = reader.page
    reader.open("/customers/")
    page.locator(".list-tools [hx-get*=filters]").click()
    field = page.locator("#f-tags")
    if not field.is_visible():
        page.locator("#list-panel details summary").click()
    field.get_by_label(TAG[reader.language], exact=True).check()
    reader.press("crm_customers.list_apply")
    expect(page.locator(".list-chips")).to_contain_text(TAG[reader.language])
    return [name for name in (WANTED, FORMULA, THIRD) if page.locator("tr[data-row]", has_text=name).count()]


def _export(reader: Reader) -> list[list[str]]:
    """The list as it is filtered now, as a spreadsheet would read it."""
    page = reader.page
    page.locator(".list-tools .dropdown-toggle").click()
    with page.expect_download() as download:
        reader.press("crm_customers.list_export_all")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def shop(tmp_path: Path) -> Iterable[Served]:
    with served(tmp_path / "data") as running:
        yield running


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_new_company_learns_who_may_leave_and_acts_on_it(language, shop, window, tmp_path):
    delivery = _delivery(language, tmp_path)
    email, password = re.search(r"Sign in as (\S+) with the password (\S+)", shop.said).groups()
    reader = Reader(window(language).new_page(), shop.url, language)

    sign_in(reader.page, shop.url, email, password)
    secret, recovery_code = _set_up_second_factor(reader)
    activated_at = time.time()
    _bring_in(reader, delivery)
    _run_the_studies(reader)

    def code_of_the_next_period() -> str:
        # Each code serves once; after all that was done since the first, the next has mostly come.
        time.sleep(max(0, PERIOD_SECONDS - (time.time() - activated_at) + 1))
        return _code_now(secret)

    codes = {"en": code_of_the_next_period, "zh": lambda: recovery_code}
    _sign_out(reader)
    _sign_in_with_second_factor(reader, email, password, codes[language])

    customer = _find(reader, WANTED)
    _understand(reader)

    link = _invite(reader)
    _accept(window(language), link, language)
    _hand_over(reader, customer)

    _tag(reader, customer)
    _tag_in_bulk(reader, FORMULA)
    undo = reader.page.locator("#toasts").get_by_role("button", name=reader.words("crm_core.undo"))
    with reader.page.expect_navigation():
        undo.click()
    assert _tagged(reader) == [WANTED]
    _tag_in_bulk(reader, FORMULA)
    assert _tagged(reader) == [WANTED, FORMULA]

    header, *rows = _export(reader)
    names = header.index(reader.words("crm_customers.field_name"))
    assert [row[names] for row in rows] == [WANTED, f"'{FORMULA}"]
