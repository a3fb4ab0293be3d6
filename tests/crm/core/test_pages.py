"""The frame round every page, what is said in passing, and the pages of refusals."""

from __future__ import annotations

import re

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from guanxi_crm.core.errors import Conflict, NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.middleware import ProblemMiddleware, ToastMiddleware
from guanxi_crm.core.models import Undo
from guanxi_crm.core.pages import toast
from guanxi_crm.core.undo import undo_keep
from guanxi_crm.core.views import bad_request, forbidden, server_error
from guanxi_crm.users.models import User

pytestmark = pytest.mark.django_db


def page(client, url="/", **headers):
    return client.get(url, headers=headers)


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize(("language", "code"), [("en", "en"), ("zh-CN", "zh-CN")])
def test_a_page_says_its_language(client_of, viewer, language, code):
    assert f'<html lang="{code}"' in text_of(page(client_of(viewer, language=language)))


def test_a_page_has_a_title_one_heading_and_a_way_past_the_menu(client_of, viewer):
    text = text_of(page(client_of(viewer)))
    assert re.search(r"<title>Home · 半山书店</title>", text)
    assert len(re.findall(r"<h1\b", text)) == 1
    assert '<a class="skip-link" href="#content">' in text
    assert '<main id="content"' in text


def test_a_page_allows_no_script_or_style_but_its_own(client_of, viewer):
    response = page(client_of(viewer))
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    nonce = re.search(r"script-src [^;]*'nonce-([^']+)'", policy)[1]
    text = text_of(response)
    inline = [tag for tag in re.findall(r"<script\b[^>]*>", text) if "application/json" not in tag]
    assert inline
    assert all(f'nonce="{nonce}"' in tag for tag in inline)
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=", text)


def test_a_page_asks_nothing_of_other_machines(client_of, viewer):
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text_of(page(client_of(viewer))))


def test_a_page_is_not_kept_by_browsers(client_of, viewer):
    assert "no-store" in page(client_of(viewer))["Cache-Control"]


def test_who_has_not_signed_in_is_asked_to_and_comes_back(client, company):
    response = page(client, "/?q=1")
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next=/%3Fq%3D1"


def test_a_part_asked_for_after_the_session_leads_the_page_to_the_sign_in(client, company):
    response = client.get(
        "/search/?q=1", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?q=2"}
    )
    assert response["HX-Redirect"] == f"{reverse('account_login')}?next=%2Fcustomers%2F%3Fq%3D2"
    assert response.content == b""


def test_the_theme_is_the_users_or_left_to_the_browser(client_of, viewer):
    assert 'data-chosen="" data-bs-theme="light"' in text_of(page(client_of(viewer)))
    User.objects.filter(pk=viewer.pk).update(theme="dark")
    assert 'data-chosen="dark" data-bs-theme="dark"' in text_of(page(client_of(viewer)))


# What is said in passing


@pytest.fixture
def kept(manager, actor) -> Undo:
    return undo_keep(user=actor(manager), kind="nothing", before={})


def request_of(user, actor, **headers):
    request = RequestFactory().get("/", headers=headers)
    request.user, request.actor = user, actor(user)
    request.htmx = HtmxDetails(request)
    request._messages = CookieStorage(request)
    return request


def test_a_toast_can_be_taken_back_where_it_has_an_undo(manager, actor, kept):
    request = request_of(manager, actor)
    toast(request, "crm_core.undone", records=2, undo=kept)
    told = render_to_string("core/toasts.html", {"messages": get_messages(request)})
    assert "Taken back: 2 records." in told
    assert f'<form method="post" action="{reverse("core:undo", args=[kept.pk])}">' in told


def test_a_toast_without_an_undo_has_no_button(manager, actor):
    request = request_of(manager, actor)
    toast(request, "crm_core.undone", records=2)
    assert "<form" not in render_to_string("core/toasts.html", {"messages": get_messages(request)})


def test_what_is_said_is_text_and_never_markup(manager, actor):
    request = request_of(manager, actor)
    toast(request, "crm_core.found_nothing", text="<img src=x onerror=alert(1)>")
    told = render_to_string("core/toasts.html", {"messages": get_messages(request)})
    assert "&lt;img" in told
    assert "<img" not in told


def answered(request, response):
    toast(request, "crm_core.undone", records=1)
    return ToastMiddleware(lambda _: response)(request).content.decode()


def test_a_toast_goes_along_with_a_part_of_a_page(manager, actor):
    said = answered(request_of(manager, actor, HX_Request="true"), HttpResponse("<p>part</p>"))
    assert said.startswith("<p>part</p>")
    assert 'hx-swap-oob="beforeend"' in said
    assert "Taken back: 1 record." in said


def test_a_toast_waits_for_the_next_page_where_this_answer_leads_there(manager, actor):
    request = request_of(manager, actor, HX_Request="true")
    assert answered(request, HttpResponse("", headers={"HX-Redirect": "/"})) == ""
    assert len(get_messages(request)) == 1
    assert answered(request_of(manager, actor), HttpResponse("<p>page</p>")) == "<p>page</p>"


# Refusals


def refused(problem, user, actor, **headers):
    return ProblemMiddleware(HttpResponse).process_exception(request_of(user, actor, **headers), problem)


@pytest.mark.parametrize(
    ("problem", "status", "title"),
    [
        (NotFound(), 404, "Nothing here"),
        (NotAllowed(), 403, "Not allowed"),
        (RuleBroken("crm_core.bad_cursor"), 400, "That could not be understood"),
        (Conflict(), 409, "Changed meanwhile"),
    ],
)
def test_a_refusal_is_a_page_that_says_what_to_do(manager, actor, problem, status, title):
    response = refused(problem, manager, actor)
    assert response.status_code == status
    assert f'<h1 class="empty-title">{title}</h1>' in text_of(response)
    assert str(problem).split("“")[0] in text_of(response)


def test_a_refusal_is_a_part_for_a_part_and_data_for_a_script(manager, actor):
    part = refused(NotFound(), manager, actor, HX_Request="true")
    assert text_of(part).startswith('<div class="alert alert-danger" role="alert" data-status="404">')
    data = refused(NotFound(), manager, actor, Accept="application/json")
    assert (data.status_code, data["Content-Type"]) == (404, "application/json")
    assert b'"code": "crm_core.not_found"' in data.content


def test_an_address_that_is_none_has_the_frame_for_who_has_signed_in_and_no_menu_for_others(client, client_of, viewer):
    within, without = page(client_of(viewer), "/nowhere/"), page(client, "/nowhere/")
    assert (within.status_code, without.status_code) == (404, 404)
    assert 'id="menu"' in text_of(within)
    assert 'id="menu"' not in text_of(without)
    assert "crm_core" not in text_of(within) + text_of(without)
    assert [text_of(each).count("<h1") for each in (within, without)] == [1, 1]


def test_djangos_own_refusal_has_our_page(manager, actor):
    response = forbidden(request_of(manager, actor), PermissionDenied())
    assert response.status_code == 403
    assert "Ask your administrator" in text_of(response)


@pytest.mark.parametrize(("view", "status"), [(server_error, 500), (bad_request, 400)])
def test_what_has_broken_is_told_without_the_database(django_assert_num_queries, company, view, status):
    with django_assert_num_queries(0):
        response = view(RequestFactory().get("/"))
    assert response.status_code == status
    assert '<html lang="en">' in text_of(response)
    assert '<a href="/">' in text_of(response)


def test_a_form_from_elsewhere_is_refused_with_a_page(viewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(reverse("site:preferences"), {"theme": "dark"})
    assert response.status_code == 403
    assert "load the page again" in text_of(response)
    assert User.objects.get(pk=viewer.pk).theme == ""


def test_too_many_attempts_have_a_page(company, rf):
    request = rf.get("/")
    request.user = None
    assert "Too many attempts" in render_to_string("429.html", request=request)
