"""What the panel of filters offers, and how filters that are set are told."""

from __future__ import annotations

import re
from functools import partial

import pytest
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.customers.models import Tag
from guanxi_crm.customers.selectors.directory import directory, directory_forget
from guanxi_crm.customers.selectors.list_query import ListQuery
from guanxi_crm.customers.selectors.owners import may_own, owner_choices, owners_now
from guanxi_crm.customers.views.list_filters import filter_fields

pytestmark = pytest.mark.django_db


def panel(client, **asked) -> str:
    return client.get(reverse("customers:filters"), asked).content.decode()


def offered(text: str, field: str) -> list[str]:
    """The choices of a field in words."""
    part = re.search(rf'<fieldset class="list-field" id="f-{field}">.*?</fieldset>', text, re.DOTALL)
    return re.findall(r'form-check-label">(.*?)<', part[0]) if part else []


def ticked(text: str, field: str) -> list[str]:
    return re.findall(rf'name="{field}\.is" value="([^"]*)" checked', text)


def test_choices_are_boxes_to_tick_with_those_ticked_that_are_set(client_of, manager):
    text = panel(client_of(manager), **{"segment.is": ["loyal", "new"], "is_vip.is": "yes"})
    assert ticked(text, "segment") == ["loyal", "new"]
    assert "multiple" not in text
    assert '<option value="yes" selected>' in text
    # Among many choices one searches.
    assert 'data-narrows="f-segment"' in text
    assert 'data-narrows="f-churn_band"' not in text


@pytest.mark.parametrize(("language", "me"), [("en", "me"), ("zh", "我")])
def test_owners_are_those_who_look_after_customers_and_who_still_has_some(
    language, me, client_of, actor, manager, sales, analyst, viewer, service, user_of, customer_of
):
    customer_of(owner=user_of("sales", name="Gone Gina", is_active=False))
    user_of("sales", name="Gone Gus", is_active=False)
    customer_of(owner=analyst)
    text = panel(client_of(manager, language=language))
    assert offered(text, "owner") == [me, "Ann Analyst", "Gone Gina", "Mei Manager", "Sam Sales", "Sue Service"]
    user = actor(manager)
    assert may_own(user=user) == {manager.pk, sales.pk, service.pk}
    assert viewer.pk not in owners_now(user=user)
    assert {each for each, _ in owner_choices(directory(), user=user)} == may_own(user=user)


def test_an_owner_who_is_set_stays_whoever_he_is(client_of, manager, viewer):
    text = panel(client_of(manager), **{"owner.is": viewer.pk})
    assert "Vic Viewer" in offered(text, "owner")
    assert ticked(text, "owner") == [str(viewer.pk)]


def test_without_tags_and_teams_there_is_nothing_to_choose(client_of, manager):
    assert "tags.is" not in panel(client_of(manager))
    assert "team.is" not in panel(client_of(manager))
    Tag.objects.create(name="大客户")
    directory_forget()
    assert offered(panel(client_of(manager)), "tags") == ["大客户"]


def test_a_hidden_field_is_not_offered(client_of, manager, sales, customer_of):
    role = manager.roles.get()
    role.grants["customer"]["fields"]["owner"] = "hidden"
    role.save()
    text = panel(client_of(manager))
    assert offered(text, "owner") == []
    assert "Sam Sales" not in text


def test_nobody_is_told_of_owners_who_may_not_read_them(actor, manager, django_assert_num_queries):
    role = manager.roles.get()
    role.grants["customer"]["fields"]["owner"] = "hidden"
    role.save()
    user, names = actor(manager), directory()
    for told in (may_own, owners_now, partial(owner_choices, names)):
        with pytest.raises(NotAllowed):
            told(user=user)
    with django_assert_num_queries(0):
        filter_fields(ListQuery(), user=user, names=names)


def test_the_panel_asks_as_often_for_many_as_for_few(
    client_of, manager, user_of, customer_of, django_assert_max_num_queries
):
    for _ in range(12):
        customer_of(owner=user_of("sales"))
    client = client_of(manager)
    panel(client)
    with django_assert_max_num_queries(12):
        panel(client)
