"""Invitations: one link, one week, one use, and no more rights than who has sent it."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.users.models import Invitation, Role, Team, User
from guanxi_crm.users.services.invitations import (
    invitation_accept,
    invitation_create,
    invitation_resend,
    invitation_withdraw,
)

pytestmark = pytest.mark.django_db
PASSWORD = "four other words entirely"  # noqa: S105


@pytest.fixture
def invite(administrator, actor):
    """An administrator invites somebody; returns the invitation and the secret of its link."""

    def make(email="new@example.com", *, code="sales", teams=(), user=None):
        roles = [Role.objects.get(code=code).pk]
        return invitation_create(
            user=actor(user or administrator), email=email, name="新人", roles=roles, teams=[t.pk for t in teams]
        )

    return make


def test_from_the_page_by_mail_to_the_first_sign_in(administrator, password):
    browser = Client(headers={"Accept-Language": "en"})
    browser.post("/account/login/", {"login": administrator.email, "password": password})
    roles = [Role.objects.get(code="viewer").pk]
    form = {"email": "New@Example.com", "name": "新人", "language": "zh", "roles": roles}
    page = browser.post("/settings/staff/invite/", form).content.decode()
    (letter,) = mail.outbox
    assert letter.to == ["new@example.com"]
    assert letter.body.index("邀请您加入") < letter.body.index("invites you")
    link = re.search(r"http://testserver(/account/invitation/\S+)", letter.body).group(1)
    assert link in page

    newcomer = Client(headers={"Accept-Language": "en"})
    assert "new@example.com" in newcomer.get(link).content.decode()
    refused = newcomer.post(link, {"name": "新人", "password": "short"}).content.decode()
    assert "too short" in refused
    newcomer.post(link, {"name": "新人", "password": PASSWORD})
    newcomer.post("/account/login/", {"login": "new@example.com", "password": PASSWORD})
    assert newcomer.get("/settings/").status_code == 200
    user = User.objects.get(email="new@example.com")
    assert (user.name, user.language, [each.code for each in user.roles.all()]) == ("新人", "zh", ["viewer"])
    assert newcomer.get(link).status_code == 404


def test_only_the_hash_of_the_secret_is_kept(invite):
    invitation, secret = invite()
    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert secret not in str(list(AuditEntry.objects.values()))


def test_who_accepts_gets_its_roles_and_teams(invite):
    north = Team.objects.create(name="华北")
    _, secret = invite(teams=[north])
    user = invitation_accept(secret=secret, name="新人", password=PASSWORD)
    assert [each.code for each in user.roles.all()] == ["sales"]
    assert list(user.teams.all()) == [north]
    assert AuditEntry.objects.filter(kind="user", action="create", user=user).count() == 1


@pytest.mark.parametrize("end", ["accept", "withdraw", "resend", "week", "other"])
def test_a_link_ends(end, invite, administrator, actor):
    invitation, secret = invite()
    if end == "accept":
        invitation_accept(secret=secret, name="新人", password=PASSWORD)
    elif end == "withdraw":
        invitation_withdraw(user=actor(administrator), invitation_id=invitation.pk)
    elif end == "resend":
        invitation_resend(user=actor(administrator), invitation_id=invitation.pk)
    elif end == "week":
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    else:
        secret = "0" * 43
    before = User.objects.count()
    with pytest.raises(NotFound, match="taken up already"):
        invitation_accept(secret=secret, name="新人", password=PASSWORD)
    assert User.objects.count() == before


def test_it_is_good_for_a_week(invite):
    invitation, _ = invite()
    assert invitation.expires_at - invitation.created_at == dt.timedelta(days=7)


def test_a_new_link_works(invite, administrator, actor):
    invitation, _ = invite()
    _, secret = invitation_resend(user=actor(administrator), invitation_id=invitation.pk)
    assert invitation_accept(secret=secret, name="新人", password=PASSWORD).email == "new@example.com"


@pytest.mark.parametrize("code", ["manager", "sales", "service", "analyst", "viewer"])
def test_who_may_not_invite_does_not(code, staff, invite, actor):
    with pytest.raises(NotAllowed):
        invite(user=staff[code], code="viewer")
    invitation, _ = invite()
    for change in (invitation_resend, invitation_withdraw):
        with pytest.raises(NotAllowed):
            change(user=actor(staff[code]), invitation_id=invitation.pk)
    assert Invitation.objects.get().withdrawn_at is None


def test_nobody_invites_to_more_than_he_has(invite, user_of, actor):
    Role.objects.create(code="own_x", name="X", grants={"user": {"actions": {"view": "all", "create": "all"}}})
    inviter = user_of("viewer", "own_x")
    for code in ("administrator", "manager", "service"):
        with pytest.raises(NotAllowed):
            invite(user=inviter, code=code)
    invitation, _ = invite(code="manager")
    with pytest.raises(NotAllowed):
        invitation_resend(user=actor(inviter), invitation_id=invitation.pk)
    invite("viewer@x.example", user=inviter, code="viewer")


def test_it_is_to_some_role(administrator, actor):
    with pytest.raises(RuleBroken, match="at least one role"):
        invitation_create(user=actor(administrator), email="new@example.com", name="", roles=[], teams=[])


def test_an_address_is_invited_once_and_has_one_account(invite, sales):
    invite()
    with pytest.raises(RuleBroken, match="open invitation"):
        invite(" NEW@example.com ")
    with pytest.raises(RuleBroken, match="an account with this address"):
        invite(sales.email.upper())


def test_a_password_that_is_easily_guessed_takes_up_nothing(invite):
    invitation, secret = invite()
    with pytest.raises(RuleBroken):
        invitation_accept(secret=secret, name="新人", password="password1234")  # noqa: S106
    assert Invitation.objects.get(pk=invitation.pk).accepted_at is None
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("backend", ["smtp", "filebased"])
def test_the_page_shows_the_link_where_mail_does_not_arrive(backend, administrator, password, settings, tmp_path):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_FILE_PATH = "127.0.0.1", 1, tmp_path
    browser = Client(headers={"Accept-Language": "en"})
    browser.post("/account/login/", {"login": administrator.email, "password": password})
    roles = [Role.objects.get(code="viewer").pk]
    page = browser.post("/settings/staff/invite/", {"email": "new@example.com", "roles": roles}).content.decode()
    assert "could not be sent" in page
    assert "/account/invitation/" in page
