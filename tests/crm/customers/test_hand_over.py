"""A customer passes from one member of staff to another."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode, urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry, Undo
from guanxi_crm.core.undo import undo
from guanxi_crm.customers.models import HandOver
from guanxi_crm.customers.selectors.record import hand_overs_received
from guanxi_crm.customers.services.hand_over import customer_hand_over

pytestmark = pytest.mark.django_db


def test_the_receiver_finds_the_customer_and_the_word_about_him(sales, colleague, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    handed = customer_hand_over(
        user=actor(sales), customer_id=customer.pk, owner_id=colleague.pk, team_id=team.pk, note=" 请多关照 "
    ).record
    customer.refresh_from_db()
    assert (customer.owner, customer.team, customer.version) == (colleague, team, 2)
    assert customer.edited == ["owner"]
    assert (handed.from_owner, handed.to_owner, handed.note, handed.by) == (sales, colleague, "请多关照", sales)
    assert list(hand_overs_received(user=actor(colleague))) == [handed]
    assert list(hand_overs_received(user=actor(sales))) == []
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes) == ("hand_over", {"owner": ["Sam Sales", "Carl Colleague"]})


def test_it_no_longer_waits_with_who_has_passed_it_on(sales, colleague, manager, actor, customer_of):
    customer = customer_of(owner=sales)
    for user, owner in ((manager, colleague), (manager, sales)):
        customer_hand_over(user=actor(user), customer_id=customer.pk, owner_id=owner.pk, team_id=None)
    assert [each.to_owner for each in hand_overs_received(user=actor(sales))] == [sales]
    assert list(hand_overs_received(user=actor(colleague))) == []


def test_to_where_he_is_already_is_no_hand_over(sales, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    assert customer_hand_over(user=actor(sales), customer_id=customer.pk, owner_id=sales.pk, team_id=team.pk) is None
    assert not HandOver.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_may_not_assign_changes_nothing(sales, colleague, stranger, service, team, actor, customer_of):
    customer = customer_of(owner=sales, team=team)
    for user, refusal in ((colleague, NotAllowed), (service, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            customer_hand_over(user=actor(user), customer_id=customer.pk, owner_id=user.pk, team_id=None)
    customer.refresh_from_db()
    assert (customer.owner, customer.team) == (sales, team)
    assert not HandOver.objects.exists()


def test_a_role_that_only_reads_the_owner_hands_nobody_over(sales, colleague, actor, customer_of):
    role = sales.roles.get()
    role.grants["customer"]["fields"]["owner"] = "read"
    role.save()
    customer = customer_of(owner=sales)
    with pytest.raises(NotAllowed):
        customer_hand_over(user=actor(sales), customer_id=customer.pk, owner_id=colleague.pk, team_id=None)
    customer.refresh_from_db()
    assert customer.owner == sales


def test_nobody_receives_who_has_left_and_no_team_that_is_gone(sales, colleague, actor, customer_of):
    colleague.is_active = False
    colleague.save()
    customer = customer_of(owner=sales)
    for owner_id, team_id in ((colleague.pk, None), (10**6, None), (sales.pk, 10**6)):
        with pytest.raises(RuleBroken):
            customer_hand_over(user=actor(sales), customer_id=customer.pk, owner_id=owner_id, team_id=team_id)
    assert not HandOver.objects.exists()


def test_the_page_hands_over_and_returns_to_what_one_still_sees(sales, stranger, team, client_of, customer_of):
    customer, client = customer_of(owner=sales, team=team), client_of(sales)
    address = reverse("customers:hand_over", args=[customer.pk])
    assert "Stella Stranger" in client.get(address).content.decode()
    answer = client.post(address, {"owner": stranger.pk, "team": "", "note": "已约好下周见面"})
    assert answer["Location"] == reverse("customers:list")
    customer.refresh_from_db()
    assert (customer.owner, customer.team) == (stranger, None)
    assert client.get(reverse("site:customer", args=[customer.pk])).status_code == 404
    assert "已约好下周见面" in client_of(stranger).get(reverse("customers:tasks")).content.decode()


def test_a_hand_over_is_taken_back_though_one_sees_the_customer_no_more(sales, stranger, team, client_of, customer_of):
    customer, client = customer_of(owner=sales, team=team), client_of(sales)
    answer = client.post(
        reverse("customers:hand_over", args=[customer.pk]), {"owner": stranger.pk, "team": ""}, follow=True
    )
    back = reverse("core:undo", args=[Undo.objects.get().pk])
    assert back in answer.content.decode()
    # Nobody else's to take back.
    assert client_of(stranger).post(back).status_code == 404
    client.post(back)
    customer.refresh_from_db()
    assert (customer.owner, customer.team) == (sales, team)
    assert HandOver.objects.order_by("pk").last().to_owner == sales
    assert AuditEntry.objects.filter(action="hand_over", note__undo=True).count() == 1


def test_what_was_handed_on_since_is_left_where_it_is(sales, colleague, stranger, manager, actor, customer_of):
    customer = customer_of(owner=sales)
    handed = customer_hand_over(user=actor(manager), customer_id=customer.pk, owner_id=colleague.pk, team_id=None)
    customer_hand_over(user=actor(manager), customer_id=customer.pk, owner_id=stranger.pk, team_id=None)
    assert undo(user=actor(manager), undo_id=handed.undo.pk) == 0
    customer.refresh_from_db()
    assert customer.owner == stranger


def test_who_may_no_longer_assign_takes_nothing_back(sales, colleague, actor, customer_of):
    customer = customer_of(owner=sales)
    handed = customer_hand_over(user=actor(sales), customer_id=customer.pk, owner_id=colleague.pk, team_id=None)
    role = sales.roles.get()
    role.grants["customer"]["actions"]["assign"] = "none"
    role.save()
    with pytest.raises(NotAllowed):
        undo(user=actor(sales), undo_id=handed.undo.pk)
    customer.refresh_from_db()
    assert customer.owner == colleague


def test_a_customer_is_offered_to_those_who_look_after_customers(
    sales, analyst, viewer, service, client_of, customer_of
):
    page = client_of(sales).get(reverse("customers:hand_over", args=[customer_of(owner=sales).pk])).content.decode()
    assert "Sue Service" in page
    assert "Ann Analyst" not in page
    assert "Vic Viewer" not in page


def test_who_looks_after_customers_receives_one_and_nobody_else(sales, service, analyst, viewer, actor, customer_of):
    customer = customer_of(owner=sales)
    given = {"user": actor(sales), "customer_id": customer.pk, "team_id": None}
    for user in (analyst, viewer):
        with pytest.raises(RuleBroken) as refused:
            customer_hand_over(**given, owner_id=user.pk)
        assert refused.value.code == "crm_customers.no_such_colleague"
    assert not HandOver.objects.exists()
    assert customer_hand_over(**given, owner_id=service.pk).record.to_owner == service


def test_a_hand_over_is_taken_back_whoever_may_own_customers_now(
    sales, colleague, analyst, manager, actor, customer_of
):
    user, customer = actor(manager), customer_of(owner=analyst)
    handed = customer_hand_over(user=user, customer_id=customer.pk, owner_id=colleague.pk, team_id=None)
    colleague.is_active = False
    colleague.save()
    assert undo(user=user, undo_id=handed.undo.pk) == 1
    customer.refresh_from_db()
    assert customer.owner == analyst


@pytest.mark.parametrize("told", ["", "city.is=上海&sort=-created_at&view=all", "what.is=1"])
def test_afterwards_one_is_in_the_list_from_which_one_came(told, sales, manager, stranger, client_of, customer_of):
    for user in (sales, manager):
        customer, client = customer_of(owner=sales), client_of(user)
        address = reverse("customers:hand_over", args=[customer.pk])
        page = f"{reverse('site:customer', args=[customer.pk])}?{urlencode({'list': told})}"
        hidden = re.search(
            r'name="back" value="([^"]*)"', client.get(address, headers={"Referer": page}).content.decode()
        )
        given = {"owner": stranger.pk, "team": "", "back": html.unescape(hidden[1])}
        again = client.post(address, {**given, "note": "x" * 1001})
        assert (again.status_code, hidden[0] in again.content.decode()) == (400, True)
        answer = client.post(address, given)
        parts = urlsplit(answer["Location"])
        if user == manager:
            assert (parts.path, QueryDict(parts.query).get("list", "")) == (urlsplit(page).path, told)
        else:
            known = "" if "what" in told else told
            assert (parts.path, QueryDict(parts.query)) == (reverse("customers:list"), QueryDict(known))
