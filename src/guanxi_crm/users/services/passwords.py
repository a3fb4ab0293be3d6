"""Which passwords are refused."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.users.models import User

__all__ = ["password_check"]


def password_check(password: str, user: User, *, field: str = "password") -> None:
    """Raise `RuleBroken` for a password that is short, common, all digits, or like the user's name or address."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise RuleBroken("crm_users.password_refused", field=field, reasons=" ".join(error.messages)) from error
