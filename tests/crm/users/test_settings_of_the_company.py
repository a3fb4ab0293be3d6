"""Teams and the company's own settings."""

from __future__ import annotations

import pytest

from guanxi_crm.core.company import company as company_now
from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.users.models import Team
from guanxi_crm.users.services.company import company_change
from guanxi_crm.users.services.teams import team_create, team_delete, team_rename

pytestmark = pytest.mark.django_db
VALUES = {"name": "Half Hill Books", "timezone": "Europe/Berlin", "language": "en"}


def test_an_administrator_changes_the_company(administrator, actor):
    company_change(user=actor(administrator), **VALUES)
    now = company_now()
    assert (now.name, now.timezone, now.language, now.currency) == ("Half Hill Books", "Europe/Berlin", "en", "CNY")
    changes = AuditEntry.objects.get(kind="company").changes
    assert changes["timezone"] == ["Asia/Shanghai", "Europe/Berlin"]


def test_pages_follow_its_clock(administrator, actor, client_of, user_of):
    client = client_of(user_of("administrator"))
    company_change(user=actor(administrator), **{**VALUES, "timezone": "Pacific/Kiritimati"})
    entry = AuditEntry.objects.get(kind="company")
    page = client.get("/settings/audit/").content.decode()
    hours_ahead = (entry.at.hour + 14) % 24
    assert f"{hours_ahead:02}:{entry.at.minute:02}" in page


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"timezone": "../etc/passwd"}, {"language": "fr"}])
def test_what_there_is_not_is_refused(wrong, administrator, actor):
    with pytest.raises(RuleBroken):
        company_change(user=actor(administrator), **{**VALUES, **wrong})
    assert company_now().timezone == "Asia/Shanghai"


@pytest.mark.parametrize("code", ["manager", "sales", "service", "analyst", "viewer"])
def test_others_leave_the_company_as_it_is(code, staff, actor, client_of):
    with pytest.raises(NotAllowed):
        company_change(user=actor(staff[code]), **VALUES)
    assert client_of(staff[code]).post("/settings/company/", VALUES).status_code == 403
    assert company_now().name == "半山书店"


def test_a_team_is_made_renamed_and_deleted(administrator, sales, team, actor, customer_of):
    user = actor(administrator)
    north = team_create(user=user, name=" 华北 ")
    assert team_rename(user=user, team_id=north.pk, name="北方").name == "北方"
    customer = customer_of(owner=sales, team=team)
    team_delete(user=user, team_id=team.pk)
    customer.refresh_from_db()
    assert customer.team is None
    assert not sales.teams.exists()
    actions = AuditEntry.objects.filter(kind="team").order_by("pk").values_list("action", "record_name")
    assert list(actions) == [("create", "华北"), ("change", "北方"), ("delete", "华东")]


@pytest.mark.parametrize("name", ["", "  ", "华东"])
def test_names_of_teams_are_there_and_once(name, administrator, team, actor):
    other = Team.objects.create(name="华北")
    with pytest.raises(RuleBroken):
        team_create(user=actor(administrator), name=name)
    with pytest.raises(RuleBroken):
        team_rename(user=actor(administrator), team_id=other.pk, name=name)
    assert sorted(Team.objects.values_list("name", flat=True)) == ["华东", "华北"]


@pytest.mark.parametrize("code", ["sales", "service", "analyst", "viewer"])
def test_others_leave_teams_as_they_are(code, staff, team, actor, client_of):
    with pytest.raises(NotAllowed):
        team_create(user=actor(staff[code]), name="X")
    with pytest.raises(NotFound):
        team_delete(user=actor(staff[code]), team_id=team.pk)
    client = client_of(staff[code])
    assert client.post("/settings/teams/", {"name": "X"}).status_code == 403
    assert client.post(f"/settings/teams/{team.pk}/", {"name": "X"}).status_code == 404
    assert list(Team.objects.values_list("name", flat=True)) == ["华东"]


def test_a_manager_names_teams_but_deletes_none(manager, team, actor):
    team_rename(user=actor(manager), team_id=team.pk, name="东部")
    with pytest.raises(NotAllowed):
        team_delete(user=actor(manager), team_id=team.pk)
    assert Team.objects.get().name == "东部"
