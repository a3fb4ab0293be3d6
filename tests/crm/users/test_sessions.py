"""Where one is signed in, and signing out there."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Door
from guanxi_crm.users.selectors.sessions import sessions_list
from guanxi_crm.users.services.sessions import session_end, sessions_end_others

pytestmark = pytest.mark.django_db
BROWSERS = {
    "Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Safari on iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1",
    "Unknown browser": "curl/8.5.0",
}
SESSIONS = "/settings/sessions/"


def sign_in(user, password, user_agent, *, ip="203.0.113.7", language="en"):
    client = Client(headers={"User-Agent": user_agent, "Accept-Language": language}, REMOTE_ADDR=ip)
    assert client.post("/account/login/", {"login": user.email, "password": password}).status_code == 302
    return client


def is_in(client):
    return client.get(reverse("users:profile")).status_code == 200


@pytest.fixture
def desk(sales, password):
    return sign_in(sales, password, BROWSERS["Firefox on Windows"])


@pytest.fixture
def telephone(sales, password):
    return sign_in(sales, password, BROWSERS["Safari on iPhone"], ip="198.51.100.2")


def session_of(client):
    return UserSession.objects.get(session_key=client.session.session_key)


def test_what_is_over_is_cleared_away_when_one_signs_in_anew(desk, telephone, sales, password):
    over = telephone.session.session_key
    Session.objects.filter(pk=over).update(expire_date=timezone.now() - dt.timedelta(days=1))
    anew = sign_in(sales, password, BROWSERS["Unknown browser"])
    keys = {desk.session.session_key, anew.session.session_key}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == keys
    assert set(Session.objects.values_list("pk", flat=True)) == keys


def test_each_tells_device_place_and_which_one_asks(desk, telephone, sales, password):
    sign_in(sales, password, BROWSERS["Unknown browser"], ip="2001:db8::1")
    page = desk.get(SESSIONS).content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Firefox on Windows this one From 203.0.113.7" in text
    assert "Safari on iPhone From 198.51.100.2" in text
    assert "Unknown browser From 2001:db8::1" in text
    assert page.count("this one") == 1
    assert "3 browsers now" in desk.get(reverse("users:profile")).content.decode()
    chinese = sign_in(sales, password, BROWSERS["Firefox on Windows"], language="zh-CN").get(SESSIONS)
    assert "Windows 上的 Firefox" in chinese.content.decode()
    wechat = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 MicroMessenger/8.0"
    inside = sign_in(sales, password, wechat, language="zh-CN").get(SESSIONS)
    assert "Android 上的微信" in inside.content.decode()


def test_a_session_signed_out_elsewhere_is_over_and_the_trail_says_so(
    desk, telephone, sales, django_capture_on_commit_callbacks
):
    assert is_in(telephone)
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(reverse("users:session_end", args=[session_of(telephone).pk]), follow=True)
    assert "Signed out there." in answer.content.decode()
    assert (is_in(telephone), is_in(desk)) == (False, True)
    entry = AuditEntry.objects.get(action="end_session")
    assert (entry.user_id, entry.record_id) == (sales.pk, str(sales.pk))
    assert entry.note == {"devices": ["Safari, iPhone, 198.51.100.2"]}


def test_all_others_are_signed_out_at_once(desk, telephone, sales, password, django_capture_on_commit_callbacks):
    third = sign_in(sales, password, BROWSERS["Unknown browser"])
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(reverse("users:sessions_end_others"), follow=True)
    assert "Signed out in 2 other browsers." in answer.content.decode()
    assert [is_in(each) for each in (desk, telephone, third)] == [True, False, False]
    assert len(AuditEntry.objects.get(action="end_session").note["devices"]) == 2
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("users:sessions_end_others"))
    assert AuditEntry.objects.filter(action="end_session").count() == 1


def test_nobody_sees_or_ends_anothers(desk, administrator, password, actor):
    others = sign_in(administrator, password, BROWSERS["Safari on iPhone"], ip="198.51.100.99")
    assert "198.51.100.99" not in desk.get(SESSIONS).content.decode()
    theirs = session_of(others).pk
    assert desk.post(reverse("users:session_end", args=[theirs])).status_code == 404
    assert desk.post(reverse("users:session_end", args=[10**9])).status_code == 404
    desk.post(reverse("users:sessions_end_others"))
    assert is_in(others)
    with pytest.raises(NotFound):
        session_end(user=actor(administrator), session_id=session_of(desk).pk)
    assert is_in(desk)


def test_a_program_with_a_token_has_nothing_to_do_with_sessions(desk, sales, actor):
    program = actor(sales, Door.API)
    for act in (
        lambda: sessions_list(user=program, this=None),
        lambda: session_end(user=program, session_id=session_of(desk).pk),
        lambda: sessions_end_others(user=program, this=None),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert is_in(desk)


def test_who_has_not_signed_in_signs_in_first(company):
    assert Client().get(SESSIONS)["Location"].startswith("/account/login/")
    assert Client().post(reverse("users:sessions_end_others"))["Location"].startswith("/account/login/")


def test_only_sessions_that_still_open_a_door_are_told(desk, telephone, sales, password, actor):
    keys = {client: client.session.session_key for client in (desk, telephone)}
    assert {each.is_this for each in sessions_list(user=actor(sales), this=keys[desk])} == {True, False}
    telephone.post("/account/logout/")
    assert [each.is_this for each in sessions_list(user=actor(sales), this=keys[desk])] == [True]
    sales.set_password("four other words entirely")
    sales.save()
    assert sessions_list(user=actor(sales), this=keys[desk]) == []


def test_when_a_session_was_last_used_is_kept_to_the_quarter_of_an_hour(desk, telephone):
    long_ago = timezone.now() - dt.timedelta(days=3)
    UserSession.objects.update(last_seen_at=long_ago)
    desk.get(SESSIONS)
    first = session_of(desk).last_seen_at
    assert first > long_ago
    assert session_of(telephone).last_seen_at == long_ago
    desk.get(SESSIONS)
    assert session_of(desk).last_seen_at == first
    cache.delete(f"seen.{desk.session.session_key}")
    desk.get(SESSIONS)
    assert session_of(desk).last_seen_at > first


def test_the_page_asks_no_more_of_the_database_for_more_sessions(desk, sales, password, django_assert_max_num_queries):
    desk.get(SESSIONS)
    for _ in range(6):
        sign_in(sales, password, BROWSERS["Firefox on Windows"])
    with django_assert_max_num_queries(12):
        page = desk.get(SESSIONS).content.decode()
    assert page.count("Firefox on Windows") == 7


def test_a_shared_file_that_is_broken_refuses_no_page(desk, settings, tmp_path):
    broken = tmp_path / "shared.sqlite3"
    broken.write_bytes(b"no database " * 1000)
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": str(broken)}}
    assert is_in(desk)
