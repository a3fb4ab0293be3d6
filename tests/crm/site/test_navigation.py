"""The menu, and the switches of language and theme."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from guanxi_crm.core.navigation import Place, actions_for, add_place, places_for
from guanxi_crm.site.context import frame
from guanxi_crm.users.models import User

pytestmark = pytest.mark.django_db


def menu_of(client, url="/") -> dict[str, bool]:
    """Address → whether it is marked as the one where we are."""
    nav = re.search(r"<nav aria-label.*?</nav>", client.get(url).content.decode(), re.DOTALL)[0]
    return {
        found[1]: 'aria-current="page"' in found[0]
        for found in re.finditer(r'<a class="nav-link" href="([^"]+)"[^>]*>', nav)
    }


def test_an_administrator_goes_everywhere(client_of, administrator):
    entries = menu_of(client_of(administrator))
    assert {"/", "/customers/", "/data/", "/studies/", "/settings/staff/", "/settings/audit/"} <= set(entries)


def test_sales_staff_are_not_led_where_they_may_not_go(client_of, sales):
    entries = menu_of(client_of(sales))
    assert "/customers/" in entries
    assert not {"/data/", "/studies/", "/settings/roles/", "/settings/audit/"} & set(entries)


def test_the_menu_tells_where_one_is(client_of, manager):
    assert [url for url, is_here in menu_of(client_of(manager)).items() if is_here] == ["/"]
    assert [url for url, is_here in menu_of(client_of(manager), "/studies/").items() if is_here] == ["/studies/"]


def test_settings_come_last(actor, administrator):
    groups = [place.group for place in places_for(actor(administrator))]
    assert groups == sorted(groups)
    assert set(groups) == {"main", "settings"}


@pytest.fixture
def an_action(monkeypatch):
    monkeypatch.setattr("guanxi_crm.core.navigation._PLACES", {})
    return add_place(Place("crm_core.home", "site:home", "plus", kind="customer", action="create", group="action"))


def test_an_action_is_offered_to_who_may_do_it(actor, an_action, sales, viewer):
    assert actions_for(actor(sales)) == [an_action]
    assert actions_for(actor(viewer)) == []
    assert places_for(actor(sales)) == []


def test_the_frame_costs_nothing_where_it_is_not_drawn(django_assert_num_queries, administrator):
    request = RequestFactory().get("/")
    request.user = administrator
    frame(request)
    with django_assert_num_queries(0):
        assert callable(frame(request)["menu"])


# Language and theme


def choose(client, **chosen):
    return client.post(reverse("site:preferences"), {"next": "/customers/?q=1", **chosen})


def test_a_language_is_kept_with_its_user_and_for_the_pages_before_he_signs_in(client_of, viewer):
    client = client_of(viewer, language="en")
    response = choose(client, language="zh")
    assert (response.status_code, response["Location"]) == (302, "/customers/?q=1")
    assert User.objects.get(pk=viewer.pk).language == "zh"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
    assert '<html lang="zh-CN"' in client.get("/").content.decode()


def test_a_theme_is_kept_and_given_up_again(client_of, viewer):
    client = client_of(viewer)
    choose(client, theme="dark")
    assert User.objects.get(pk=viewer.pk).theme == "dark"
    choose(client, theme="")
    assert (User.objects.get(pk=viewer.pk).theme, User.objects.get(pk=viewer.pk).language) == ("", "")


def test_who_has_not_signed_in_chooses_a_language_for_this_browser(client, company):
    choose(client, language="zh")
    assert '<html lang="zh-CN"' in client.get("/nowhere/").content.decode()


@pytest.mark.parametrize("chosen", [{"language": "fr"}, {"theme": "pink"}])
def test_what_is_neither_changes_nothing(client_of, viewer, chosen):
    response = choose(client_of(viewer), **chosen)
    assert response.status_code == 400
    user = User.objects.get(pk=viewer.pk)
    assert (user.language, user.theme) == ("", "")


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com/", "javascript:alert(1)"])
def test_a_choice_leads_nowhere_else(client_of, viewer, elsewhere):
    assert choose(client_of(viewer), theme="dark", next=elsewhere)["Location"] == "/"
