"""Staff of the simulated company, to look around with in other roles."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from guanxi_crm.core import audit
from guanxi_crm.users.models import Role, Team, User
from guanxi_crm.users.policy import system

__all__ = ["DOMAIN", "Placed", "demo_staff_ensure", "demo_staff_remove"]

DOMAIN = "demo.guanxi.local"
"""Mail domain of everybody who belongs to the simulated company."""

_STAFF = (
    ("manager", "林悦", "manager", ""),
    ("wang", "王磊", "sales", "华东 East"),
    ("chen", "陈静", "sales", "华东 East"),
    ("mia", "Mia Keller", "sales", "海外 Overseas"),
    ("service", "赵敏", "service", "华东 East"),
    ("analyst", "Sam Doyle", "analyst", ""),
)
"""Mail name, name, role, team."""


@dataclass(frozen=True)
class Placed:
    """A member of the sales staff and his team."""

    user_id: int
    team_id: int


@transaction.atomic
def demo_staff_ensure(*, password: str) -> list[Placed]:
    """Make the staff of the simulated company, all with one password; returns those who look after customers.

    Permission: none is asked; the server's owner does this on its console. Audit: create, one entry each.
    """
    teams = {name: Team.objects.get_or_create(name=name)[0] for _, _, _, name in _STAFF if name}
    roles = {role.code: role for role in Role.objects.all()}
    placed = []
    for mail, name, role, team in _STAFF:
        email = f"{mail}@{DOMAIN}"
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, password, name=name)
            audit.log(user=system(), kind="user", record=user, action="create", name=name,
                      changes={"email": ("", email), "roles": ([], [role])})  # fmt: skip
        user.roles.add(roles[role])
        if team:
            user.teams.add(teams[team])
            if role == "sales":
                placed.append(Placed(user.pk, teams[team].pk))
    return placed


@transaction.atomic
def demo_staff_remove() -> int:
    """Take the staff of the simulated company out, and their teams where nobody else is in them; returns how many.

    Permission: as `demo_staff_ensure`. Audit: delete, one entry each.
    """
    staff = list(User.objects.filter(email__endswith=f"@{DOMAIN}"))
    for user in staff:
        audit.log(user=system(), kind="user", record=user, action="delete", name=user.name)
        user.delete()
    for team in Team.objects.filter(name__in={team for _, _, _, team in _STAFF if team}, users=None):
        team.delete()
    return len(staff)
