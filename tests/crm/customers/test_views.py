"""Views of the list: kept, shared, forgotten."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.customers.models import SavedView
from guanxi_crm.customers.selectors.list_query import list_query
from guanxi_crm.customers.selectors.views import DEFAULT_VIEWS, views_for
from guanxi_crm.customers.services.views import view_delete, view_save
from guanxi_crm.users.policy import nobody

pytestmark = pytest.mark.django_db

QUERY = list_query(QueryDict("segment.is=new&sort=-amount&columns=name,city"))


def names(user) -> list[str]:
    return [each.name for each in views_for(user=user) if each.name]


def test_a_view_is_kept_for_oneself_and_comes_back_as_it_was(actor, sales, colleague):
    view_save(user=actor(sales), name="  Spring   list ", query=QUERY)
    (kept,) = [each for each in views_for(user=actor(sales)) if each.name]
    assert (kept.name, kept.query, kept.is_own) == ("Spring list", QUERY, True)
    assert names(actor(colleague)) == []
    view_save(user=actor(sales), name="Spring list", query=QUERY, is_shared=True)
    assert names(actor(colleague)) == ["Spring list"]
    assert SavedView.objects.count() == 1
    assert AuditEntry.objects.filter(action="save_view").count() == 2


def test_a_shared_view_by_a_hidden_field_is_not_offered(actor, administrator, analyst):
    view_save(user=actor(administrator), name="A", query=list_query(QueryDict("name.starts=王")), is_shared=True)
    view_save(user=actor(administrator), name="B", query=list_query(QueryDict("sort=name")), is_shared=True)
    view_save(user=actor(administrator), name="C", query=QUERY, is_shared=True)
    assert names(actor(analyst)) == ["C"]
    with pytest.raises(NotAllowed):
        view_save(user=actor(analyst), name="mine", query=list_query(QueryDict("name.starts=王")))


def test_only_the_owner_forgets_a_view(actor, sales, colleague, administrator):
    view = view_save(user=actor(sales), name="A", query=QUERY, is_shared=True)
    with pytest.raises(NotFound):
        view_delete(user=actor(colleague), view_id=view.pk)
    assert SavedView.objects.exists()
    view_delete(user=actor(administrator), view_id=view.pk)
    own = view_save(user=actor(sales), name="B", query=QUERY)
    with pytest.raises(NotFound):
        view_delete(user=actor(administrator), view_id=own.pk)
    view_delete(user=actor(sales), view_id=own.pk)
    assert not SavedView.objects.exists()


def test_what_cannot_be_kept(actor, sales):
    for name in ("", "   ", "x" * 101):
        with pytest.raises(RuleBroken):
            view_save(user=actor(sales), name=name, query=QUERY)
    with pytest.raises(NotAllowed):
        view_save(user=nobody(), name="A", query=QUERY)
    SavedView.objects.bulk_create(SavedView(user=sales, name=str(number)) for number in range(50))
    with pytest.raises(RuleBroken):
        view_save(user=actor(sales), name="one more", query=QUERY)
    assert SavedView.objects.count() == 50


def test_a_view_of_fields_that_are_no_more_is_passed_over(actor, sales):
    SavedView.objects.create(user=sales, name="old", query={"sort": "gone"})
    assert names(actor(sales)) == []


def test_the_views_that_come_with_guanxi_are_lists(actor, administrator, client_of):
    for view in views_for(user=actor(administrator)):
        assert client_of(administrator).get(f"{reverse('customers:list')}?{view.address}").status_code == 200
    assert [each.key for each in views_for(user=actor(administrator))] == list(DEFAULT_VIEWS)


def test_the_pages(client_of, sales, colleague):
    client = client_of(sales)
    answer = client.post(
        f"{reverse('customers:view_keep')}?segment.is=new", {"name": "Neue", "shared": "1"}, follow=True
    )
    text = answer.content.decode()
    view = SavedView.objects.get()
    assert "Neue" in text
    assert f"view={view.pk}" in answer.redirect_chain[0][0]
    assert "Neue" in client_of(colleague).get(reverse("customers:list")).content.decode()
    forget = reverse("customers:view_forget", args=[view.pk])
    assert client_of(colleague).post(forget).status_code == 404
    assert client.get(forget).status_code == 405
    client.post(forget)
    assert not SavedView.objects.exists()
