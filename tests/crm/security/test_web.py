"""What every address keeps to: signing in, forms of our own, headers, cookies, hosts, redirects, limits."""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from crm_addresses import addresses
from crm_served import environment
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import Customer

pytestmark = pytest.mark.django_db

OPEN = {
    "account_login", "account_signup", "account_logout", "account_inactive", "account_reset_password",
    "account_reset_password_done", "account_set_password", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "account_invitation", "mfa_authenticate", "site:preferences", "api:openapi-json", "api:api-root",
}  # fmt: skip
"""Where one need not have signed in: ways in (setting a password leads to changing it, which asks for it), the choice
of a language, and the description of the API."""
ADDRESSES = [
    (name, url)
    for name, url in addresses()
    if not url.startswith("/api/v1/") or name in {"api:openapi-json", "api:api-root", "site:api_docs"}
]
INSIDE = [(name, url) for name, url in ADDRESSES if name not in OPEN]


def is_way_in(answer):
    return answer.status_code == 302 and answer["Location"].startswith(("/account/login/", "/account/reauthenticate/"))


@pytest.mark.usefixtures("company")
def test_without_signing_in_every_address_leads_to_the_way_in():
    assert len(INSIDE) > 70
    wrong = []
    for name, url in INSIDE:
        for method in ("get", "post"):
            answer = getattr(Client(), method)(url)
            if not is_way_in(answer) and answer.status_code != 405:
                wrong.append((name, method, answer.status_code))
    assert wrong == []


@pytest.mark.usefixtures("company")
def test_the_open_ones_are_there():
    assert {name for name, _ in ADDRESSES} >= {
        "account_login",
        "site:preferences",
        "api:openapi-json",
        "account_invitation",
    }


def test_no_form_is_taken_that_is_not_ours(there, administrator, client_of):
    """A POST without the form's secret is refused at every address, and nothing changes."""
    browser, entries, wrong = client_of(administrator, enforce_csrf_checks=True), AuditEntry.objects.count(), []
    for name, url in ADDRESSES:
        if name.startswith("api:"):
            continue
        answer = browser.post(url, {"name": "x", "title": "x", "text": "x"})
        if answer.status_code not in {403, 405}:
            wrong.append((name, answer.status_code))
    assert wrong == []
    assert AuditEntry.objects.count() == entries
    assert Customer.objects.filter(pk=there.customer.pk, name="Zqname").exists()


def test_a_form_from_elsewhere_is_refused(administrator, client_of):
    browser = client_of(administrator, enforce_csrf_checks=True)
    browser.get("/settings/")
    token = browser.cookies["csrftoken"].value
    posted = {"theme": "dark", "csrfmiddlewaretoken": token}
    assert browser.post("/preferences/", posted, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert browser.post("/preferences/", posted, headers={"Origin": "http://testserver"}).status_code == 302


@pytest.mark.parametrize(
    "url", ["/", "/customers/", "/account/login/", "/nowhere/", "/api/v1/me", "/api/v1/docs", "/settings/"]
)
def test_every_answer_carries_its_headers(url, client_of, manager):
    answer = client_of(manager).get(url)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    policy = answer["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    for loose in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*"):
        assert loose not in policy


@pytest.mark.parametrize("url", ["/", "/customers/", "/settings/tokens/"])
def test_pages_with_data_are_not_kept_by_browsers(url, client_of, manager):
    assert "no-store" in client_of(manager).get(url)["Cache-Control"]


def test_nonces_are_never_the_same(client_of, manager):
    browser = client_of(manager)
    nonces = {re.search(r"'nonce-([^']+)'", browser.get("/")["Content-Security-Policy"])[1] for _ in range(3)}
    assert len(nonces) == 3


# Cookies


def test_the_session_is_no_business_of_scripts_and_other_sites(manager, password, client):
    answer = client.post("/account/login/", {"login": manager.email, "password": password})
    session = answer.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert answer.cookies["csrftoken"]["httponly"]
    assert settings.SESSION_COOKIE_AGE <= 12 * 3600


def test_behind_https_cookies_are_secure_and_it_stays_https():
    script = (
        "from guanxi_crm import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_HSTS_SECONDS >= 31536000, s.CSRF_TRUSTED_ORIGINS)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={**environment(), "GUANXI_HTTPS": "1", "GUANXI_ALLOWED_HOSTS": "crm.example.com", "GUANXI_DATA_DIR": str(settings.DATA_DIR)},
    )  # fmt: skip
    assert told.stdout.strip() == "True True True ['https://crm.example.com']"


def test_signing_in_gives_a_new_session(manager, password, client):
    client.get("/account/login/")
    client.cookies["sessionid"] = "a" * 32
    client.post("/account/login/", {"login": manager.email, "password": password})
    assert client.cookies["sessionid"].value != "a" * 32


# Signing in


def test_guessing_is_stopped(manager, password, client):
    """Five wrong passwords for one account, and the right one is not taken either for a while."""
    for guess in range(6):
        client.post("/account/login/", {"login": manager.email, "password": f"wrong {guess}"})
    answer = client.post("/account/login/", {"login": manager.email, "password": password})
    assert answer.status_code != 302
    assert client.get("/").status_code == 302


def test_who_has_an_account_is_not_told(manager, client):
    def answer(login):
        text = client.post("/account/login/", {"login": login, "password": "wrong"}).content.decode()
        return re.sub(r'nonce="[^"]*"|csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"', "", text).replace(
            login, ""
        )

    assert answer(manager.email) == answer("nobody@example.com")


ELSEWHERE = [
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "/\\elsewhere.example/",
    "javascript:alert(1)",
    "http:///elsewhere.example",
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_nowhere_else(elsewhere, manager, password, client):
    answer = client.post(
        f"/account/login/?next={quote(elsewhere)}", {"login": manager.email, "password": password, "next": elsewhere}
    )
    assert "elsewhere" not in answer.get("Location", "")
    assert "javascript" not in answer.get("Location", "")


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize("url", ["/preferences/", "/core-undo"])
def test_coming_back_leads_nowhere_else(elsewhere, url, manager, client_of):
    if url == "/core-undo":
        url = reverse("core:undo", args=["00000000-0000-0000-0000-000000000001"])
    answer = client_of(manager).post(url, {"next": elsewhere, "theme": "dark"}, headers={"Referer": elsewhere})
    assert "elsewhere" not in answer.get("Location", "")


# Hosts


def test_another_host_is_refused(settings, client):
    settings.ALLOWED_HOSTS = ["crm.example.com"]
    answer = client.get("/account/login/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert b"elsewhere" not in answer.content


def test_links_in_mail_are_not_made_from_a_strangers_host(settings, client, manager, mailoutbox):
    settings.ALLOWED_HOSTS = ["crm.example.com"]
    client.post("/account/password/reset/", {"email": manager.email}, headers={"Host": "elsewhere.example"})
    assert mailoutbox == []
    client.post(
        "/account/password/reset/", {"email": manager.email},
        headers={"Host": "crm.example.com", "X-Forwarded-Host": "elsewhere.example"},
    )  # fmt: skip
    assert "crm.example.com" in mailoutbox[0].body
    assert "elsewhere" not in mailoutbox[0].body


# What goes wrong tells nothing


def test_what_breaks_is_not_shown(client_of, manager, monkeypatch):
    browser = client_of(manager)
    browser.raise_request_exception = False
    monkeypatch.setattr("guanxi_crm.customers.views.lists.customer_list", lambda **_: 1 / 0)
    answer = browser.get("/customers/")
    assert answer.status_code == 500
    assert b"ZeroDivisionError" not in answer.content
    assert b"Traceback" not in answer.content
