"""What roles grant, as a table that people can read and change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.policy import Actor, Grant, Mode, Scope
from guanxi_crm.core.records import RecordType, record_types
from guanxi_crm.users.labels import action_label, field_label, kind_label
from guanxi_crm.users.models import Role
from guanxi_crm.users.policy import grants_of

__all__ = ["Cell", "KindTable", "grants_posted", "role_one", "role_table", "roles_list"]


@dataclass(frozen=True)
class Cell:
    """One choice of a role's table: an action with its scope, or a field with its mode."""

    name: str
    """Of its control in the form."""
    label: str
    value: str
    choices: tuple[tuple[str, str], ...]
    """value → code of its name in words."""
    personal: bool = False


@dataclass(frozen=True)
class KindTable:
    """What a role grants on one record type."""

    kind: str
    label: str
    actions: list[Cell]
    fields: list[Cell]

    @property
    def limited(self) -> int:
        """How many fields are not open."""
        return sum(field.value != field.choices[-1][0] for field in self.fields)

    @property
    def is_granted(self) -> bool:
        return any(action.value != "none" for action in self.actions)


def roles_list(*, user: Actor) -> QuerySet[Role]:
    """Roles, in the order in which they were made, with ``members``: how many active members have each."""
    user.require("role", "view")
    members = Count("users", filter=Q(users__is_active=True))
    return user.narrow("role", Role.objects.all()).annotate(members=members).order_by("pk")


def role_one(*, user: Actor, role_id: int) -> Role:
    """One role. Raises: NotFound."""
    role = roles_list(user=user).filter(pk=role_id).first()
    if role is None:
        raise NotFound
    return role


def role_table(role: Role) -> list[KindTable]:
    """Record type by record type: each action with its scope, each field with its mode."""
    granted = grants_of(role.grants)
    # The company's records before staff and settings.
    kinds = sorted(record_types(), key=lambda kind: kind.area == "crm_users")
    return [_table(kind, granted.get(kind.name, Grant()), role.is_administrator) for kind in kinds]


def grants_posted(posted: Mapping[str, Any]) -> dict[str, Any]:
    """A role's grants from the form of `role_table`: all record types, and of fields those that are not open."""
    grants: dict[str, Any] = {}
    for table in role_table(Role(grants={})):
        actions = {cell.name: posted.get(cell.name, "none") for cell in table.actions}
        fields = {cell.name: posted.get(cell.name, cell.choices[-1][0]) for cell in table.fields}
        opened = {cell.name: cell.choices[-1][0] for cell in table.fields}
        grants[table.kind] = {
            "actions": {_last(name): scope for name, scope in actions.items() if scope != "none"},
            "fields": {_last(name): mode for name, mode in fields.items() if mode != opened[name]},
        }
    return grants


def _table(kind: RecordType, grant: Grant, is_everything: bool) -> KindTable:
    scopes = [Scope.NONE, Scope.ALL] if kind.owner is None else [Scope.NONE, Scope.OWN, Scope.TEAM, Scope.ALL]
    if kind.team is None and Scope.TEAM in scopes:
        scopes.remove(Scope.TEAM)
    scope_choices = tuple((scope.name.lower(), f"crm_users.scope_{scope.name.lower()}") for scope in scopes)
    actions = []
    for action in kind.actions:
        scope = Scope.ALL if is_everything else grant.scope(action)
        # What is stored may name a scope that means nothing here: it is shown as the policy takes it.
        if scope not in scopes:
            scope = Scope.ALL if kind.owner is None else Scope.OWN
        name = f"{kind.name}.action.{action}"
        actions.append(Cell(name, action_label(kind.name, action), scope.name.lower(), scope_choices))
    fields = []
    for field in kind.fields:
        modes = [Mode.HIDDEN, Mode.READ, Mode.WRITE] if field.writable else [Mode.HIDDEN, Mode.READ]
        mode = min(Mode.WRITE if is_everything else grant.mode(field.name), modes[-1])
        choices = tuple((each.name.lower(), f"crm_users.mode_{each.name.lower()}") for each in modes)
        label = field_label(kind.name, field.name)
        fields.append(Cell(f"{kind.name}.field.{field.name}", label, mode.name.lower(), choices, field.personal))
    return KindTable(kind.name, kind_label(kind.name), actions, fields)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
