"""What somebody prefers for himself."""

from __future__ import annotations

from django.db import transaction

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.models import User

__all__ = ["user_set_preferences"]

_LANGUAGES = {"", "zh", "en"}
_THEMES = {"", "light", "dark"}


@transaction.atomic
def user_set_preferences(*, user: Actor, language: str | None = None, theme: str | None = None) -> None:
    """Keep one's own language and theme; None leaves one as it is, empty means: as the browser, as the system.

    Permission: oneself. Audit: none, it is nobody else's business. Raises: NotAllowed (not signed in), RuleBroken.
    """
    chosen = {name: value for name, value in (("language", language), ("theme", theme)) if value is not None}
    if user.user_id is None:
        raise NotAllowed
    for name, known in (("language", _LANGUAGES), ("theme", _THEMES)):
        if chosen.get(name, "") not in known:
            raise RuleBroken("crm_core.bad_request", field=name)
    if chosen:
        User.objects.filter(pk=user.user_id).update(**chosen)
