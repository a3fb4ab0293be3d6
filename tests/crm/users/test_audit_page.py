"""The page of the audit trail: who, what, when; nothing that is hidden from its reader."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.users.models import Role
from guanxi_crm.users.selectors.audit import audit_page
from guanxi_crm.users.services.roles import role_update

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def trail(sales, service, customer_of, actor):
    """Twelve changes of customers by two members of staff, an hour apart."""
    customer = customer_of(name="王小明", owner=sales)
    for number in range(12):
        audit.log(
            user=actor((sales, service)[number % 2]), kind="customer", record=customer, action="change", name="王小明",
            changes={"phone": ("13800138000", f"1390013{number:04}"), "level": ("", "gold")},
            at=DAY + dt.timedelta(hours=number),
        )  # fmt: skip


@pytest.fixture
def curious(user_of):
    """An analyst who may read the trail: personal fields are hidden from him."""
    Role.objects.create(code="own_curious", name="Curious", grants={"audit": {"actions": {"view": "all"}}})
    return user_of("analyst", "own_curious")


def test_it_is_read_page_by_page_newest_first(trail, manager, actor):
    user = actor(manager)
    first = audit_page(user=user, size=5)
    second = audit_page(user=user, size=5, cursor=first.next)
    third = audit_page(user=user, size=5, cursor=second.next)
    moments = [line.entry.at for page in (first, second, third) for line in page.records]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 12
    assert third.next is None
    back = audit_page(user=user, size=5, cursor=second.previous)
    assert [line.entry.pk for line in back.records] == [line.entry.pk for line in first.records]


def test_it_is_read_by_who_did_it(trail, manager, sales, actor):
    page = audit_page(user=actor(manager), who=sales.pk)
    assert {line.entry.user_id for line in page.records} == {sales.pk}
    assert len(page.records) == 6


def test_it_is_read_by_days_of_the_companys_clock(trail, manager, actor):
    # In Shanghai the entries are from 20:00 on the fifth to 07:00 on the sixth.
    with timezone.override("Asia/Shanghai"):
        fifth = audit_page(user=actor(manager), since=dt.date(2026, 3, 5), until=dt.date(2026, 3, 5))
        sixth = audit_page(user=actor(manager), since=dt.date(2026, 3, 6))
    assert (len(fifth.records), len(sixth.records)) == (4, 8)


def test_it_is_read_by_record_type(trail, manager, actor):
    assert audit_page(user=actor(manager), kind="order").records == []
    assert len(audit_page(user=actor(manager), kind="customer").records) == 12


def test_the_page_filters(trail, manager, sales, client_of):
    client = client_of(manager)
    everything = client.get("/settings/audit/").content.decode()
    assert everything.count("王小明") == 12
    his = client.get("/settings/audit/", {"who": sales.pk, "kind": "customer"}).content.decode()
    assert his.count("王小明") == 6
    assert client.get("/settings/audit/", {"who": "x", "since": "y", "kind": "z"}).status_code == 200


def test_hidden_fields_stay_hidden_in_it(trail, curious, client_of, actor):
    page = client_of(curious).get("/settings/audit/").content.decode()
    assert "gold" in page
    assert "王小明" not in page
    assert "13800138000" not in page
    assert "1390013" not in page
    ((what, _, _),) = audit_page(user=actor(curious), size=1).records[0].changes
    assert "phone" not in what.lower()


@pytest.mark.parametrize("code", ["sales", "service", "analyst", "viewer"])
def test_who_may_not_read_it_does_not(code, staff, trail, actor, client_of):
    with pytest.raises(NotAllowed):
        audit_page(user=actor(staff[code]))
    answer = client_of(staff[code]).get("/settings/audit/")
    assert answer.status_code == 403
    assert "王小明" not in answer.content.decode()


@pytest.mark.parametrize("cursor", ["x", "%%%", "WzFd", "bnVsbA", "e30"])
def test_a_damaged_link_is_told(cursor, trail, manager, actor, client_of):
    with pytest.raises(RuleBroken):
        audit_page(user=actor(manager), cursor=cursor)
    assert client_of(manager).get("/settings/audit/", {"cursor": cursor}).status_code == 400


def test_moments_are_told_on_the_companys_clock(administrator, actor):
    with timezone.override("Asia/Shanghai"):
        changes = {"expires_at": (None, DAY)}
        audit.log(user=actor(administrator), kind="token", record=None, action="create", changes=changes)
        (line,) = audit_page(user=actor(administrator), kind="token").records
    assert line.changes == [("Ends on", "–", "2026-03-05 20:00")]


def test_of_a_roles_permissions_it_shows_what_differs(administrator, actor):
    viewer = Role.objects.get(code="viewer")
    customer = {"actions": {"view": "team"}, "fields": viewer.grants["customer"]["fields"]}
    role_update(
        user=actor(administrator), role_id=viewer.pk, grants={**viewer.grants, "customer": customer},
        require_second_factor=False,
    )  # fmt: skip
    (line,) = audit_page(user=actor(administrator), kind="role").records
    ((_, before, after),) = line.changes
    assert (before, after) == ("all", "team’s")
