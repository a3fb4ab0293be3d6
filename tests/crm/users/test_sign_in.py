"""Signing in: password, second factor, reset by mail, limits, and what ends a session."""

from __future__ import annotations

import re
import socket
import time
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from guanxi_crm.core.models import AuditEntry
from guanxi_crm.users.models import Role, User

pytestmark = pytest.mark.django_db
NEW = "four other words entirely"
LOGIN = "/account/login/"


def type_password(client, user, password):
    return client.post(LOGIN, {"login": user.email, "password": password})


def is_in(client):
    return client.get(reverse("users:profile")).status_code == 200


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def browser(company):
    return Client(headers={"Accept-Language": "en"})


@pytest.fixture
def with_second_factor(sales, password, django_capture_on_commit_callbacks):
    """``sales`` with a second factor: his secret, and his recovery codes as the page has shown them."""
    client = Client()
    type_password(client, sales, password)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert 'src="data:image/svg+xml' in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    shown = re.findall(r'<li class="col">([^<]+)</li>', answer.content.decode())
    assert "***" not in shown[0]
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert shown[0] not in again
    return secret, shown


def test_with_the_right_password(browser, sales, password):
    assert type_password(browser, sales, password).status_code == 302
    assert is_in(browser)


def test_it_is_in_the_audit_trail_and_so_is_what_failed_in_the_log(browser, sales, password, caplog):
    type_password(browser, sales, "not this one, certainly")
    assert sales.email in caplog.text
    assert "not this one" not in caplog.text
    assert not AuditEntry.objects.filter(action="sign_in").exists()
    type_password(browser, sales, password)
    assert AuditEntry.objects.get(action="sign_in").user_id == sales.pk


def test_an_address_is_known_in_any_case(browser, sales, password):
    browser.post(LOGIN, {"login": sales.email.upper(), "password": password})
    assert is_in(browser)


def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(browser, sales):
    wrong = type_password(browser, sales, "not this one, certainly")
    unknown = browser.post(LOGIN, {"login": "nobody@example.com", "password": "not this one, certainly"})
    for answer in (wrong, unknown):
        assert "Address or password is wrong." in answer.content.decode()
    assert not is_in(browser)


def test_the_page_is_in_chinese_for_a_chinese_browser(sales):
    browser = Client(headers={"Accept-Language": "zh-CN"})
    assert "邮箱或密码不正确" in type_password(browser, sales, "错误的密码").content.decode()


def test_after_five_wrong_passwords_the_right_one_has_to_wait(browser, sales, password):
    for _ in range(5):
        type_password(browser, sales, "not this one, certainly")
    answer = type_password(browser, sales, password)
    assert "Too many attempts" in answer.content.decode()
    assert not is_in(browser)


def test_nobody_signs_up(browser):
    form = {"email": "new@example.com", "password1": NEW, "password2": NEW}
    for answer in (browser.get("/account/signup/"), browser.post("/account/signup/", form)):
        assert "are invited by an administrator" in answer.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()
    assert browser.get("/account/email/").status_code == 404


def test_one_is_not_sent_to_another_site(browser, sales, password):
    answer = browser.post(LOGIN + "?next=https://evil.example/", {"login": sales.email, "password": password})
    assert "evil.example" not in answer["Location"]


def test_the_session_gets_another_key(browser, sales, password):
    browser.get(LOGIN)
    browser.session.save()
    browser.cookies["sessionid"] = browser.session.session_key
    before = browser.session.session_key
    type_password(browser, sales, password)
    assert browser.cookies["sessionid"].value != before


def test_signing_out_ends_the_session(browser, sales, password):
    type_password(browser, sales, password)
    kept = browser.cookies["sessionid"].value
    browser.post(reverse("account_logout"))
    browser.cookies["sessionid"] = kept
    assert not is_in(browser)


def test_who_is_deactivated_is_out_at_once(browser, sales, password):
    type_password(browser, sales, password)
    sales.is_active = False
    sales.save()
    assert not is_in(browser)
    type_password(browser, sales, password)
    assert not is_in(browser)


class TestSecondFactor:
    def test_it_is_asked_for_after_the_password(self, browser, sales, password, with_second_factor):
        secret, _ = with_second_factor
        answer = type_password(browser, sales, password)
        assert answer.url == reverse("mfa_authenticate")
        assert not is_in(browser)
        browser.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert not is_in(browser)
        browser.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        assert is_in(browser)

    def test_a_code_is_good_once(self, browser, sales, password, with_second_factor):
        secret, _ = with_second_factor
        code = code_of(secret)
        type_password(browser, sales, password)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(browser)
        other = Client()
        type_password(other, sales, password)
        answer = other.post(reverse("mfa_authenticate"), {"code": code})
        assert "has been used already" in answer.content.decode()
        assert not is_in(other)

    def test_a_recovery_code_is_good_once(self, sales, password, with_second_factor):
        _, codes = with_second_factor
        for attempt, expected in ((codes[0], True), (codes[0], False), (codes[1], True)):
            client = Client()
            type_password(client, sales, password)
            client.post(reverse("mfa_authenticate"), {"code": attempt})
            assert is_in(client) is expected

    def test_its_secret_is_not_in_the_database_as_it_is(self, with_second_factor):
        secret, codes = with_second_factor
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in stored
        assert not any(code in stored for code in codes)

    @pytest.mark.usefixtures("with_second_factor")
    def test_it_is_in_the_audit_trail_and_in_his_mail(self, sales, mailoutbox):
        entry = AuditEntry.objects.get(action="totp_activated")
        assert (entry.user_id, entry.record_id) == (sales.pk, str(sales.pk))
        assert mailoutbox[0].to == [sales.email]

    @pytest.mark.usefixtures("with_second_factor")
    def test_turning_it_off_asks_for_the_password_again(self, sales, client_of):
        client = client_of(sales)
        answer = client.post(reverse("mfa_deactivate_totp"))
        assert answer.url.startswith(reverse("account_reauthenticate"))
        assert Authenticator.objects.filter(user=sales, type="totp").exists()

    def test_whose_role_requires_it_gets_nowhere_without(self, browser, sales, password):
        Role.objects.filter(code="sales").update(require_second_factor=True)
        type_password(browser, sales, password)
        for page in ("users:profile", "users:tokens"):
            assert browser.get(reverse(page)).url == reverse("mfa_activate_totp")
        page = browser.get(reverse("mfa_activate_totp"))
        browser.post(reverse("mfa_activate_totp"), {"code": code_of(page.context["form"].secret)})
        assert is_in(browser)


class TestPassword:
    def test_changing_it_signs_out_everywhere(self, browser, sales, password):
        elsewhere = Client()
        type_password(elsewhere, sales, password)
        type_password(browser, sales, password)
        form = {"oldpassword": password, "password1": NEW, "password2": NEW}
        browser.post(reverse("account_change_password"), form)
        assert not is_in(browser)
        assert not is_in(elsewhere)
        type_password(browser, sales, NEW)
        assert is_in(browser)

    @pytest.mark.parametrize("weak", ["short", "123456789012", "password1234", "sales@example.com"])
    def test_one_that_is_easily_guessed_is_refused(self, browser, sales, password, weak):
        type_password(browser, sales, password)
        browser.post(
            reverse("account_change_password"), {"oldpassword": password, "password1": weak, "password2": weak}
        )
        sales.refresh_from_db()
        assert sales.check_password(password)

    def test_it_needs_the_present_one(self, browser, sales, password):
        type_password(browser, sales, password)
        form = {"oldpassword": "not this one, certainly", "password1": NEW, "password2": NEW}
        assert "This is not your password." in browser.post(reverse("account_change_password"), form).content.decode()
        sales.refresh_from_db()
        assert sales.check_password(password)

    def test_it_is_set_anew_through_a_link_in_a_mail_once(self, browser, sales, letters):
        browser.post(reverse("account_reset_password"), {"email": sales.email})
        (letter,) = letters
        assert letter["To"] == sales.email
        text = letter.get_payload(decode=True).decode()
        assert "set a new password" in text
        assert "设置新密码" in text
        link = re.search(r"http://testserver(/account/\S+)", text).group(1)
        page = browser.get(link, follow=True)
        browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
        type_password(browser, sales, NEW)
        assert is_in(browser)
        again = Client().get(link, follow=True)
        assert "has been used already or is too old" in again.content.decode()
        assert AuditEntry.objects.filter(action="password_reset", record_id=str(sales.pk)).count() == 1

    def test_an_unknown_address_is_told_the_same_and_gets_no_mail(self, browser, letters):
        answer = browser.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
        assert answer.url == reverse("account_reset_password_done")
        assert letters == []

    def test_a_mail_server_that_is_away_breaks_nothing(self, browser, sales, settings, caplog):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        answer = browser.post(reverse("account_reset_password"), {"email": sales.email})
        assert answer.url == reverse("account_reset_password_done")
        assert "mail was not sent" in caplog.text
        assert "password/reset/key" not in caplog.text


@pytest.fixture
def letters(settings):
    """A real mail server; what it has got."""
    got = []

    class Box:
        async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
            got.append(message_from_bytes(envelope.content))
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(Box(), hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield got
    server.stop()
