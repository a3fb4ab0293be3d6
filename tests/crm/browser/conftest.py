"""What tests in a real browser share: the browser, and pages that may not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from crm_browser import LOCALES, chromium, listen


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: one process holds one Playwright, and other modules have their own.
    with chromium() as browser:
        yield browser


@pytest.fixture
def said() -> list[str]:
    """What pages have complained of."""
    return []


@pytest.fixture
def window(browser: Browser, said: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """``window("zh")``: a window of somebody who reads Chinese; at the end no page in it may have complained."""
    opened = []

    def window(language: str, **options: object) -> BrowserContext:
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(locale=LOCALES[language], **options)
        context.set_default_timeout(90_000)  # the machine may be busy
        listen(context, said)
        opened.append(context)
        return context

    yield window
    for context in opened:
        context.close()
    assert said == []
