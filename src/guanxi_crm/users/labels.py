"""What roles, record types, fields and actions are called, in the reader's language."""

from __future__ import annotations

from guanxi.words import has
from guanxi_crm.core.language import told
from guanxi_crm.core.records import RecordType, record_types
from guanxi_crm.users.models import Role

__all__ = ["action_label", "field_kind", "field_label", "grant_label", "kind_label", "note_label", "role_label"]


def role_label(role: Role) -> str:
    """The name that a company gave it, or that of a role that comes with Guanxi."""
    return role.name or _told(f"crm_users.role_{role.code}", role.code)


def kind_label(kind: str) -> str:
    """The name of a record type, also of one that is no longer there."""
    declared = _declared(kind)
    return _told(declared.label, kind) if declared else kind


def field_label(kind: str, name: str) -> str:
    """The name of a field."""
    declared = _declared(kind)
    return _told(declared.field_label(name), name) if declared else name


def field_kind(kind: str, name: str) -> str:
    """Of which kind a field is (`guanxi_crm.core.records.Field`); empty where there is none of that name."""
    declared = _declared(kind)
    return declared.by_name[name].kind if declared and name in declared.by_name else ""


def grant_label(part: str, word: str) -> str:
    """A scope (of ``actions``) or a mode (of ``fields``)."""
    return _told(f"crm_users.scope_{word}" if part == "actions" else f"crm_users.mode_{word}", word)


def action_label(kind: str, action: str) -> str:
    """What is done: in the words of the record type's own area where it has some, else in those of all."""
    declared = _declared(kind)
    own = f"{declared.area}.action_{action}" if declared else ""
    return told(own) if own and has(own) else _told(f"crm_users.action_{action}", action)


def note_label(key: str) -> str:
    """What else is told of an entry of the audit trail."""
    return _told(f"crm_users.note_{key}", key)


def _declared(kind: str) -> RecordType | None:
    return next((each for each in record_types() if each.name == kind), None)


def _told(code: str, otherwise: str) -> str:
    return told(code) if has(code) else otherwise
