"""What each role that comes with Guanxi may, as one table to be read and approved: ``matrix.txt``.

Made anew with ``GUANXI_WRITE_SNAPSHOTS=1``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guanxi_crm.core.policy import Mode
from guanxi_crm.core.records import record_types
from guanxi_crm.users.models import User

pytestmark = pytest.mark.django_db
SNAPSHOT = Path(__file__).with_name("matrix.txt")
MARKS = {Mode.HIDDEN: "-", Mode.READ: "r", Mode.WRITE: "w"}


def matrix(actors):
    """Per record type: actions with the scope of each role, fields with the mode of each role that sees any."""
    lines = []
    for kind in record_types():
        lines.append(_line(kind.name, actors))
        for action in kind.actions:
            scopes = [actor.scope(kind.name, action).name.lower() for actor in actors.values()]
            lines.append(_line(f"  {action}", scopes))
        for name in kind.names:
            modes = [_mark(actor, kind.name, name) for actor in actors.values()]
            lines.append(_line(f"    {name}", modes))
        lines.append("")
    return "\n".join(lines)


def _mark(actor, kind, name):
    """``.`` no record is seen, ``-`` the field is hidden, ``r`` read, ``w`` written on some record."""
    if not actor.may(kind, "view"):
        return "."
    if actor.may(kind, "create") or actor.may(kind, "change"):
        return MARKS[actor.mode(kind, name)]
    return MARKS[min(actor.mode(kind, name), Mode.READ)]


def _line(name, cells):
    return (f"{name:<30}" + "".join(f"{cell:<15}" for cell in cells)).rstrip()


def test_the_table_is_as_it_was_approved(staff, actor):
    table = matrix({code: actor(user) for code, user in staff.items()})
    if os.environ.get("GUANXI_WRITE_SNAPSHOTS"):
        SNAPSHOT.write_text(table, encoding="utf-8")
    assert table == SNAPSHOT.read_text(encoding="utf-8")


def test_only_administrators_change_staff_roles_and_the_company(staff, actor):
    for code, user in staff.items():
        changing = {
            (kind, action)
            for kind in ("user", "role", "company")
            for action in ("create", "change", "delete")
            if actor(user).may(kind, action)
        }
        assert bool(changing) is (code == "administrator")


def test_nobody_may_change_what_he_may_not_see(staff, actor):
    for user in staff.values():
        who = actor(user)
        for kind in record_types():
            widest = max(who.scope(kind.name, action) for action in kind.actions if action != "create")
            assert widest <= who.scope(kind.name, "view")


def test_whoever_has_no_role_may_nothing(user_of, actor):
    assert actor(user_of()).sees() == ()
    assert User.objects.count() == 1
