"""The company's own settings."""

from __future__ import annotations

import zoneinfo

from django.db import transaction

from guanxi_crm.core import audit
from guanxi_crm.core.company import company, company_update
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.models import Company
from guanxi_crm.core.policy import Actor

__all__ = ["company_change"]


@transaction.atomic
def company_change(
    *, user: Actor, name: str | None = None, timezone: str | None = None, language: str | None = None
) -> Company:
    """Change the company's name, its clock and the language of its mail; what is None stays.

    Permission: company.change and the fields. Audit: change.
    Raises: NotAllowed, RuleBroken (a time zone or language that there is not).
    """
    user.require("company", "change")
    if timezone is not None and timezone not in zoneinfo.available_timezones():
        raise RuleBroken("crm_users.unknown_choice", field="timezone")
    if language not in {None, "zh", "en"}:
        raise RuleBroken("crm_users.unknown_choice", field="language")
    given = {"name": None if name is None else name.strip(), "timezone": timezone, "language": language}
    values = {field: value for field, value in given.items() if value is not None}
    current = company()
    changes = audit.changes_between(current, values)
    user.require_writable("company", changes)
    if not changes:
        return current
    audit.log(user=user, kind="company", record=current, action="change", name=current.name, changes=changes)
    return company_update(**values)
