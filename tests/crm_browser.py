"""A real browser for tests of pages: quiet, offline, and with axe, which finds what keeps people out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[1]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TABLER = ROOT / "src/guanxi_crm/core/static/core/vendor/tabler.js"
CHROMIUM = shutil.which("chromium")
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: chromium is not on the PATH"),
    pytest.mark.skipif(not TABLER.is_file() or not AXE.is_file(), reason="assets are not fetched: make assets"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


def listen(heard: Page | BrowserContext, said: list[str]) -> None:
    """Write down whatever pages complain of."""
    heard.on("console", lambda message: said.append(f"{message.page.url if message.page else ''}: {message.text}"))
    if isinstance(heard, BrowserContext):
        heard.on("weberror", lambda problem: said.append(str(problem.error)))
    else:
        heard.on("pageerror", lambda error: said.append(str(error)))


def hurdles(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Through the page of signing in, with a password alone."""
    page.goto(f"{url}/account/login/")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(password)
    page.locator("#id_password").press("Enter")
    page.wait_for_url(lambda address: "/account/login/" not in address)
