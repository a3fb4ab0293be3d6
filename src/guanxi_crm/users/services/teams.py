"""Teams: people who look after customers together."""

from __future__ import annotations

from django.db import transaction

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import Team

__all__ = ["team_create", "team_delete", "team_rename"]


@transaction.atomic
def team_create(*, user: Actor, name: str) -> Team:
    """A new team.

    Permission: team.create. Audit: create. Raises: NotAllowed, RuleBroken (no name, or one that there is already).
    """
    user.require("team", "create")
    team = Team.objects.create(name=_free_name(name))
    audit.log(user=user, kind="team", record=team, action="create", name=team.name, changes={"name": ("", team.name)})
    return team


@transaction.atomic
def team_rename(*, user: Actor, team_id: int, name: str) -> Team:
    """Another name for a team.

    Permission: team.change. Audit: change. Raises: NotFound, NotAllowed, RuleBroken (as `team_create`).
    """
    team = _team(user, team_id)
    user.require("team", "change", team)
    user.require_writable("team", ["name"])
    changes = audit.changes_between(team, {"name": _free_name(name, besides=team)})
    if changes:
        team.name = name.strip()
        team.save(update_fields=["name"])
        audit.log(user=user, kind="team", record=team, action="change", name=team.name, changes=changes)
    return team


@transaction.atomic
def team_delete(*, user: Actor, team_id: int) -> None:
    """Delete a team: its members stay, its customers have no team any more.

    Permission: team.delete. Audit: delete. Raises: NotFound, NotAllowed.
    """
    team = _team(user, team_id)
    user.require("team", "delete", team)
    members = sorted(str(member) for member in team.users.all())
    audit.log(user=user, kind="team", record=team, action="delete", name=team.name, note={"members": members})
    team.delete()


def _team(user: Actor, team_id: int) -> Team:
    team = user.narrow("team", Team.objects.select_for_update()).filter(pk=team_id).first()
    if team is None:
        raise NotFound
    return team


def _free_name(name: str, *, besides: Team | None = None) -> str:
    name = name.strip()
    if not name:
        raise RuleBroken("crm_users.name_missing", field="name")
    if Team.objects.filter(name__iexact=name).exclude(pk=besides.pk if besides else None).exists():
        raise RuleBroken("crm_users.name_taken", field="name", name=name)
    return name
