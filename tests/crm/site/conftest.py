"""Pages of the site in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from crm_browser import LOCALES, chromium, listen
from guanxi_crm.users.models import User

LOOKS = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop, in which Django would not ask the database.
    with pytest.MonkeyPatch.context() as patch, chromium() as browser:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield browser


@pytest.fixture
def said() -> list[str]:
    """What pages have complained of."""
    return []


@pytest.fixture
def open_as(browser, live_server, said):
    """``open_as(user, "/")``: a page in which somebody has signed in; at the end no page may have complained."""
    contexts = []

    def open_as(user: User, path: str = "/", *, look: str = "desk", language: str = "en") -> Page:
        context = browser.new_context(locale=LOCALES[language], **LOOKS[look])
        contexts.append(context)
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        listen(page, said)
        page.goto(live_server.url + path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert said == []
