"""Changing many customers at once: who may, what is told, what is taken back."""

from __future__ import annotations

import uuid

import pytest
from django.http import QueryDict
from django.urls import reverse

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.jobs.context import JobContext
from guanxi_crm.core.models import AuditEntry, Job, JobState, Undo
from guanxi_crm.core.undo import undo
from guanxi_crm.customers.models import Customer, CustomerTag, HandOver, Tag
from guanxi_crm.customers.selectors.directory import directory_forget
from guanxi_crm.customers.selectors.list_query import ListQuery, list_query
from guanxi_crm.customers.services import bulk as bulk_module
from guanxi_crm.customers.services.bulk import customers_bulk, customers_bulk_job, customers_bulk_tag
from guanxi_crm.customers.services.bulk_actions import Assign, BulkAction, PutTag, TakeTag

pytestmark = pytest.mark.django_db


@pytest.fixture
def tag(db):
    return Tag.objects.create(name="大客户")


@pytest.fixture
def people(customer_of, sales, colleague, team):
    return [customer_of(owner=owner, team=team, city="上海") for owner in (sales, sales, colleague)]


def tagged() -> set[int]:
    return set(CustomerTag.objects.values_list("customer_id", flat=True))


def owners() -> list[int | None]:
    return list(Customer.objects.order_by("pk").values_list("owner_id", flat=True))


def test_a_tag_is_put_on_once_and_taken_back(people, tag, actor, administrator):
    user = actor(administrator)
    CustomerTag.objects.create(customer=people[0], tag=tag)
    done = customers_bulk(user=user, action=PutTag(tag.pk), ids=[each.pk for each in people])
    assert (done.customers, done.left_out) == (2, 0)
    assert tagged() == {each.pk for each in people}
    entries = AuditEntry.objects.filter(kind="customer", action="change")
    assert {entry.record_id for entry in entries} == {str(each.pk) for each in people[1:]}
    assert entries[0].changes == {"tags": [[], ["大客户"]]}
    # Who had it before keeps it.
    assert undo(user=user, undo_id=done.undo.pk) == 2
    assert tagged() == {people[0].pk}
    assert AuditEntry.objects.filter(note__undo=True).count() == 2


def test_a_tag_is_taken_off_and_put_back(people, tag, actor, administrator):
    user = actor(administrator)
    CustomerTag.objects.bulk_create(CustomerTag(customer=each, tag=tag) for each in people[:2])
    done = customers_bulk(user=user, action=TakeTag(tag.pk), query=ListQuery())
    assert (done.customers, tagged()) == (2, set())
    assert undo(user=user, undo_id=done.undo.pk) == 2
    assert tagged() == {each.pk for each in people[:2]}


def test_all_that_match_get_another_owner_and_it_is_taken_back(
    people, actor, administrator, sales, colleague, stranger
):
    user = actor(administrator)
    query = list_query(QueryDict(f"owner.is={sales.pk}"))
    done = customers_bulk(user=user, action=Assign({"owner": stranger.pk}), query=query)
    assert done.customers == 2
    assert owners() == [stranger.pk, stranger.pk, colleague.pk]
    first = Customer.objects.get(pk=people[0].pk)
    assert (first.version, first.edited) == (2, ["owner"])
    handed = HandOver.objects.filter(customer=first).get()
    assert (handed.from_owner, handed.to_owner, handed.by) == (sales, stranger, administrator)
    entry = AuditEntry.objects.filter(record_id=str(first.pk), action="hand_over").get()
    assert entry.changes == {"owner": ["Sam Sales", "Stella Stranger"]}
    # What somebody has changed since stays as it is.
    Customer.objects.filter(pk=people[1].pk).update(owner=colleague)
    assert undo(user=user, undo_id=done.undo.pk) == 1
    assert owners() == [sales.pk, colleague.pk, colleague.pk]
    with pytest.raises(RuleBroken):
        undo(user=user, undo_id=done.undo.pk)


def test_many_are_given_to_nobody_who_may_not_own_them(people, actor, administrator, sales, service, analyst, viewer):
    user, before = actor(administrator), owners()
    for other in (analyst, viewer):
        with pytest.raises(RuleBroken) as refused:
            customers_bulk(user=user, action=Assign({"owner": other.pk}), query=ListQuery())
        assert refused.value.code == "crm_customers.no_such_colleague"
    assert (owners(), AuditEntry.objects.count()) == (before, 0)
    done = customers_bulk(user=user, action=Assign({"owner": service.pk}), query=ListQuery())
    assert owners() == [service.pk] * 3
    # It is taken back whoever may own customers now.
    service.roles.clear()
    sales.roles.clear()
    assert undo(user=user, undo_id=done.undo.pk) == 3
    assert owners() == before


def test_another_cannot_take_it_back(people, tag, actor, administrator, manager):
    done = customers_bulk(user=actor(administrator), action=PutTag(tag.pk), query=ListQuery())
    with pytest.raises(NotFound):
        undo(user=actor(manager), undo_id=done.undo.pk)
    assert len(tagged()) == 3


def test_customers_of_others_are_left_out(people, tag, actor, sales, colleague):
    # Sales staff see the team's customers, and change their own.
    done = customers_bulk(user=actor(sales), action=PutTag(tag.pk), ids=[each.pk for each in people])
    assert (done.customers, done.left_out) == (2, 1)
    assert people[2].pk not in tagged()
    with pytest.raises(NotAllowed):
        customers_bulk(user=actor(sales), action=PutTag(tag.pk), ids=[people[2].pk])
    done = customers_bulk(user=actor(sales), action=Assign({"owner": colleague.pk}), query=ListQuery())
    assert (done.customers, owners()) == (2, [colleague.pk] * 3)
    # They were his, so he may take them back.
    assert undo(user=actor(sales), undo_id=done.undo.pk) == 2
    assert owners() == [sales.pk, sales.pk, colleague.pk]


def test_what_is_not_allowed_changes_nothing(people, tag, actor, viewer, analyst, stranger, service):
    ids = [each.pk for each in people]
    refused = [
        (viewer, PutTag(tag.pk), NotAllowed), (viewer, Assign({"owner": None}), NotAllowed),
        (analyst, PutTag(tag.pk), NotAllowed), (service, Assign({"owner": None}), NotAllowed),
        (stranger, PutTag(tag.pk), NotFound),
    ]  # fmt: skip
    for user, action, problem in refused:
        with pytest.raises(problem):
            customers_bulk(user=actor(user), action=action, ids=ids)
    assert (tagged(), AuditEntry.objects.count(), Undo.objects.count()) == (set(), 0, 0)


def test_what_makes_no_sense_is_refused(people, tag, actor, administrator):
    user = actor(administrator)
    administrator_gone = Assign({"owner": 10**9})
    for action in (PutTag(10**9), Assign({}), administrator_gone, Assign({"team": 10**9})):
        with pytest.raises(RuleBroken):
            customers_bulk(user=user, action=action, query=ListQuery())
    with pytest.raises(RuleBroken):
        customers_bulk(user=user, action=PutTag(tag.pk), ids=list(range(1001)))
    assert customers_bulk(user=user, action=TakeTag(tag.pk), query=ListQuery()).undo is None
    assert tagged() == set()


def test_more_than_a_transaction_should_hold_is_a_job(people, tag, actor, administrator, monkeypatch):
    monkeypatch.setattr(bulk_module, "AT_ONCE", 2)
    monkeypatch.setattr(bulk_module, "_BATCH", 2)
    user = actor(administrator)
    done = customers_bulk(user=user, action=PutTag(tag.pk), query=list_query(QueryDict("city.is=上海")))
    assert (done.customers, tagged()) == (3, set())
    lease = uuid.uuid4()
    Job.objects.filter(pk=done.job.pk).update(state=JobState.RUNNING, lease=lease)
    job = Job.objects.get(pk=done.job.pk)
    assert customers_bulk_job(JobContext(job, lease, user)) == {"customers": 3}
    # Killed and tried again it changes nothing more.
    assert customers_bulk_job(JobContext(job, lease, user)) == {"customers": 0}
    assert len(tagged()) == 3
    assert undo(user=user, undo_id=done.undo.pk) == 3
    assert tagged() == set()
    monkeypatch.setattr(bulk_module, "MOST", 2)
    with pytest.raises(RuleBroken):
        customers_bulk(user=user, action=PutTag(tag.pk), query=ListQuery())


@pytest.mark.parametrize("action", [PutTag(3), TakeTag(4), Assign({"owner": None}), Assign({"owner": 1, "team": 2})])
def test_actions_fit_into_a_job(action):
    assert BulkAction.from_data(action.as_data()) == action


def test_the_page_changes_and_offers_to_take_back(people, tag, client_of, administrator):
    client = client_of(administrator)
    url = f"{reverse('customers:bulk')}?city.is=上海"
    answer = client.post(
        url, {"which": "ids", "ids": [people[0].pk], "action": "tag", "tag_name": tag.name}, follow=True
    )
    assert tagged() == {people[0].pk}
    kept = Undo.objects.get()
    assert str(kept.pk) in answer.content.decode()
    client.post(url, {"which": "all", "action": "assign", "owner": "none", "team": ""})
    assert owners() == [None] * 3
    client.post(reverse("core:undo", args=[Undo.objects.order_by("-at")[0].pk]))
    assert None not in owners()


@pytest.mark.parametrize(
    "data", [{}, {"which": "ids", "action": "tag"}, {"which": "all"}, {"which": "all", "action": "tag", "tag_name": "x" * 41},
             {"which": "all", "action": "untag", "tag": "x"},
             {"which": "all", "action": "assign"}, {"which": "all", "action": "assign", "owner": "abc"},
             {"which": "ids", "ids": "1 OR 1", "action": "untag"}],
)  # fmt: skip
def test_the_page_refuses_nonsense(people, tag, client_of, administrator, data):
    before = owners()
    assert client_of(administrator).post(reverse("customers:bulk"), data).status_code == 400
    assert (owners(), tagged()) == (before, set())


def test_the_page_asks_for_a_form_of_ours(people, tag, administrator, client_of):
    client = client_of(administrator, enforce_csrf_checks=True)
    data = {"which": "all", "action": "tag", "tag_name": tag.name}
    assert client.post(reverse("customers:bulk"), data).status_code == 403
    assert tagged() == set()


def test_the_first_tag_of_all_is_made_where_it_is_put_on(people, client_of, administrator):
    client = client_of(administrator)
    panel = client.get(reverse("customers:bulk")).content.decode()
    assert 'name="tag_name"' in panel
    assert 'value="untag"' not in panel
    data = {"which": "ids", "ids": [people[0].pk], "action": "tag", "tag_name": "  大客户 "}
    client.post(reverse("customers:bulk"), data)
    assert (Tag.objects.get().name, tagged()) == ("大客户", {people[0].pk})
    client.post(reverse("core:undo", args=[Undo.objects.get().pk]))
    assert tagged() == set()
    directory_forget()
    assert 'value="untag"' in client.get(reverse("customers:bulk")).content.decode()


def test_no_tag_is_made_by_who_may_put_none_on(people, actor, client_of, viewer, analyst, stranger):
    for user in (viewer, analyst):
        data = {"which": "all", "action": "tag", "tag_name": "大客户"}
        assert client_of(user).post(reverse("customers:bulk"), data).status_code == 403
    with pytest.raises(NotFound):
        customers_bulk_tag(user=actor(stranger), name="大客户", ids=[people[0].pk])
    assert customers_bulk_tag(user=actor(stranger), name="大客户", query=ListQuery()).customers == 0
    assert not Tag.objects.exists()
    assert not AuditEntry.objects.exists()


def test_many_are_given_to_those_who_look_after_customers(people, client_of, administrator, analyst, viewer):
    panel = client_of(administrator).get(reverse("customers:bulk")).content.decode()
    assert "Sam Sales" in panel
    assert "Ann Analyst" not in panel
    assert "Vic Viewer" not in panel


def test_who_may_give_nobody_away_is_told_no_names(people, client_of, service, administrator):
    assert client_of(administrator).get(reverse("customers:bulk")).context["staff"]
    assert client_of(service).get(reverse("customers:bulk")).context["staff"] == []
