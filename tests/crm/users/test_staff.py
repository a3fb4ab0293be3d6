"""Members of staff: nobody gives more than he has, and somebody always may everything."""

from __future__ import annotations

import pytest

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.policy import Door, Scope
from guanxi_crm.users.models import ApiToken, Invitation, Role, Team, User
from guanxi_crm.users.policy import system
from guanxi_crm.users.selectors.staff import colleagues, staff_list
from guanxi_crm.users.services.invitations import invitation_create
from guanxi_crm.users.services.staff import (
    administrator_ensure,
    profile_update,
    staff_activate,
    staff_deactivate,
    staff_update,
)
from guanxi_crm.users.services.tokens import token_create

pytestmark = pytest.mark.django_db


def role(code):
    return Role.objects.get(code=code).pk


@pytest.fixture
def head(user_of):
    """May change staff, but is no administrator: a manager with a role of the company's own."""
    grants = {"user": {"actions": {"view": "all", "create": "all", "change": "all"}}}
    Role.objects.create(code="own_head", name="Head", grants=grants)
    return user_of("manager", "own_head", name="Hugo Head")


class TestChanging:
    def test_an_administrator_changes_roles_and_teams(self, administrator, sales, actor):
        north = Team.objects.create(name="华北")
        staff_update(
            user=actor(administrator), staff_id=sales.pk, name="Sam", roles=[role("manager")], teams=[north.pk]
        )
        sales.refresh_from_db()
        assert sales.name == "Sam"
        assert [each.code for each in sales.roles.all()] == ["manager"]
        assert list(sales.teams.all()) == [north]
        entry = AuditEntry.objects.get(kind="user", action="change")
        assert entry.changes == {
            "name": ["Sam Sales", "Sam"], "roles": [["sales"], ["manager"]], "teams": [["华东"], ["华北"]],
        }  # fmt: skip

    def test_it_holds_from_the_next_request_on(self, administrator, sales, actor, client_of):
        client = client_of(sales)
        assert client.get("/settings/audit/").status_code == 403
        staff_update(user=actor(administrator), staff_id=sales.pk, name="Sam", roles=[role("manager")], teams=[])
        assert client.get("/settings/audit/").status_code == 200

    @pytest.mark.parametrize("code", ["sales", "service", "analyst", "viewer"])
    def test_who_does_not_see_staff_does_not_change_it(self, code, staff, actor):
        other = staff["manager"]
        with pytest.raises(NotFound):
            staff_update(user=actor(staff[code]), staff_id=other.pk, name="X", roles=[role(code)], teams=[])
        with pytest.raises(NotFound):
            staff_deactivate(user=actor(staff[code]), staff_id=other.pk)
        other.refresh_from_db()
        assert (other.name, other.is_active) == ("Mei Manager", True)
        assert not AuditEntry.objects.filter(kind="user").exists()

    def test_who_sees_staff_only_sees_it(self, manager, sales, actor):
        with pytest.raises(NotAllowed):
            staff_update(user=actor(manager), staff_id=sales.pk, name="X", roles=[role("sales")], teams=[])

    def test_nobody_gives_a_role_of_which_he_has_not_all(self, head, sales, actor):
        for code in ("administrator", "own_all"):
            if code == "own_all":
                Role.objects.create(code=code, name="All", grants={"role": {"actions": {"change": "all"}}})
            with pytest.raises(NotAllowed):
                staff_update(user=actor(head), staff_id=sales.pk, name="Sam Sales", roles=[role(code)], teams=[])
        assert [each.code for each in sales.roles.all()] == ["sales"]

    def test_nobody_makes_himself_an_administrator(self, head, actor):
        with pytest.raises(NotAllowed):
            staff_update(user=actor(head), staff_id=head.pk, name="Hugo Head", roles=[role("administrator")], teams=[])
        assert not head.roles.filter(is_administrator=True).exists()

    def test_nobody_touches_who_may_more(self, head, administrator, user_of, actor):
        user_of("administrator")
        with pytest.raises(NotAllowed):
            staff_update(user=actor(head), staff_id=administrator.pk, name="X", roles=[role("viewer")], teams=[])
        with pytest.raises(NotAllowed):
            staff_deactivate(user=actor(head), staff_id=administrator.pk)
        administrator.refresh_from_db()
        assert administrator.is_active
        assert administrator.roles.filter(is_administrator=True).exists()

    def test_what_one_has_one_may_give(self, head, viewer, actor):
        staff_update(user=actor(head), staff_id=viewer.pk, name="Vic", roles=[role("manager")], teams=[])
        assert [each.code for each in viewer.roles.all()] == ["manager"]


class TestLastAdministrator:
    def test_he_cannot_give_up_the_role(self, administrator, actor):
        with pytest.raises(RuleBroken, match="last active administrator"):
            staff_update(
                user=actor(administrator), staff_id=administrator.pk, name="Ada", roles=[role("manager")], teams=[]
            )
        assert administrator.roles.filter(is_administrator=True).exists()

    def test_nor_can_the_console_shut_him_out(self, administrator):
        with pytest.raises(RuleBroken, match="last active administrator"):
            staff_deactivate(user=system(), staff_id=administrator.pk)

    def test_one_who_is_not_active_does_not_count(self, administrator, user_of, actor):
        user_of("administrator", is_active=False)
        with pytest.raises(RuleBroken, match="last active administrator"):
            staff_update(user=actor(administrator), staff_id=administrator.pk, name="Ada", roles=[], teams=[])

    def test_one_of_two_may_go(self, administrator, user_of, actor):
        second = user_of("administrator")
        staff_deactivate(user=actor(administrator), staff_id=second.pk)
        second.refresh_from_db()
        assert not second.is_active

    def test_nobody_deactivates_himself(self, administrator, user_of, actor):
        user_of("administrator")
        with pytest.raises(RuleBroken, match="himself"):
            staff_deactivate(user=actor(administrator), staff_id=administrator.pk)


class TestLeaving:
    def test_sessions_tokens_and_invitations_end(self, administrator, analyst, user_of, actor, client_of):
        client = client_of(analyst)
        token, _ = token_create(user=actor(analyst), name="x", scopes=["customer.view"], days=1)
        second = user_of("administrator")
        invitation, _ = invitation_create(
            user=actor(second), email="n@example.com", name="", roles=[role("viewer")], teams=[]
        )
        staff_deactivate(user=actor(administrator), staff_id=analyst.pk)
        staff_deactivate(user=actor(administrator), staff_id=second.pk)
        assert client.get("/settings/").status_code == 302
        assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
        assert Invitation.objects.get(pk=invitation.pk).withdrawn_at is not None
        assert actor(analyst).sees() == ()

    def test_who_returns_has_his_roles_but_not_his_tokens(self, administrator, analyst, actor):
        token, _ = token_create(user=actor(analyst), name="x", scopes=["customer.view"], days=1)
        staff_deactivate(user=actor(administrator), staff_id=analyst.pk)
        staff_activate(user=actor(administrator), staff_id=analyst.pk)
        assert actor(analyst).may("customer", "view")
        assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
        assert list(AuditEntry.objects.filter(kind="user").values_list("action", flat=True)) == [
            "activate",
            "deactivate",
        ]


class TestProfile:
    def test_one_changes_ones_own(self, sales, actor):
        profile_update(user=actor(sales), name="山姆", language="zh", theme="dark")
        sales.refresh_from_db()
        assert (sales.name, sales.language, sales.theme) == ("山姆", "zh", "dark")

    @pytest.mark.parametrize("wrong", [{"name": " "}, {"language": "fr"}, {"theme": "pink"}])
    def test_what_there_is_not_is_refused(self, sales, actor, wrong):
        with pytest.raises(RuleBroken):
            profile_update(user=actor(sales), **{"name": "S", "language": "en", "theme": "", **wrong})
        sales.refresh_from_db()
        assert sales.name == "Sam Sales"

    def test_guanxi_itself_has_no_profile(self):
        with pytest.raises(NotFound):
            profile_update(user=system(), name="S", language="en", theme="")


@pytest.mark.usefixtures("db")
class TestFirstAdministrator:
    def test_he_is_made_with_a_password_that_is_told_once(self, client):
        user, password = administrator_ensure(email="Boss@Example.com")
        assert user.email == "boss@example.com"
        assert user.check_password(password)
        assert len(password) >= 16
        client.post("/account/login/", {"login": "boss@example.com", "password": password})
        assert client.get("/settings/").status_code == 200
        assert administrator_ensure(email="boss@example.com") == (user, None)
        assert administrator_ensure(email="other@example.com") == (user, None)
        assert User.objects.count() == 1

    def test_he_gets_the_password_that_is_given(self):
        user, password = administrator_ensure(email="boss@example.com", password="correct horse")  # noqa: S106
        assert password is None
        assert user.check_password("correct horse")

    def test_he_is_made_before_the_roles_are(self):
        Role.objects.all().delete()
        user, _ = administrator_ensure(email="boss@example.com")
        assert user.roles.get().is_administrator


class TestReading:
    def test_everybody_may_know_his_colleagues(self, staff, sales, actor):
        sales.is_active = False
        sales.save()
        names = [each.name for each in colleagues(user=actor(staff["viewer"]))]
        assert "Sam Sales" not in names
        assert names == sorted(names)
        assert len(names) == 5

    def test_who_has_not_signed_in_may_not(self, sales, actor):
        sales.is_active = False
        sales.save()
        with pytest.raises(NotAllowed):
            colleagues(user=actor(sales))

    def test_the_list_is_for_who_sees_staff(self, staff, actor):
        assert staff_list(user=actor(staff["manager"])).count() == 6
        with pytest.raises(NotAllowed):
            staff_list(user=actor(staff["sales"]))


def test_a_job_acts_with_what_its_user_may_now(sales, actor):
    assert actor(sales, Door.JOB).scope("customer", "view") is Scope.TEAM
    sales.roles.clear()
    assert actor(sales, Door.JOB).scope("customer", "view") is Scope.NONE
