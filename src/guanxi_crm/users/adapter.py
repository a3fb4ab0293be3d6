"""How allauth behaves here: nobody signs up, mail is in both languages, what touches sign-in is in the audit trail."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import lazy

from guanxi_crm.core import audit
from guanxi_crm.core.company import company
from guanxi_crm.core.language import told
from guanxi_crm.users.mail import mail_send
from guanxi_crm.users.models import User
from guanxi_crm.users.policy import actor_for
from guanxi_crm.users.services.sessions import sessions_sweep

__all__ = ["Adapter", "SecondFactor"]

_LOG = logging.getLogger(__name__)
_lazily = lazy(told, str)


class Adapter(DefaultAccountAdapter):
    """Staff are invited; what they are told is in our words."""

    error_messages = {  # noqa: RUF012  allauth's own name
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _lazily("crm_users.not_signed_in"),
        "email_password_mismatch": _lazily("crm_users.not_signed_in"),
        "incorrect_password": _lazily("crm_users.wrong_password"),
        "enter_current_password": _lazily("crm_users.wrong_password"),
        "too_many_login_attempts": _lazily("crm_users.too_many_attempts"),
        "rate_limited": _lazily("crm_users.too_many_attempts"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Password and second factor were right."""
        super().login(request, user)
        sessions_sweep(user)
        audit.log(user=actor_for(user), kind="user", record=user, action="sign_in", name=user.name)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """To the log, for those who watch it: the trail keeps what was done, not what strangers typed."""
        _LOG.warning("sign-in failed: %r from %s", credentials.get("email"), self.get_client_ip(request))

    def is_reauthentication_required(self, *, app: str, **named: Any) -> bool:
        """Before what is sensitive, unless he has signed in or proved himself a short while ago."""
        records = get_authentication_records(self.request, self.request.user)
        recent = any(time.time() - each["at"] < account_settings.REAUTHENTICATION_TIMEOUT for each in records)
        return not recent and super().is_reauthentication_required(app=app, **named)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The link to set a new password. An address without an account gets nothing."""
        if template_prefix == "account/email/password_reset_key":
            mail_send(
                to=email, subject="crm_users.mail_reset_subject", text="crm_users.mail_reset",
                language=context["user"].language, link=context["password_reset_url"],
            )  # fmt: skip

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,  # noqa: ARG002
        email: str | None = None,  # noqa: ARG002
    ) -> None:
        """allauth calls this after whatever touches an account: it is written down, and the account's owner is told."""
        what = template_prefix.rpartition("/")[2]
        if what in _TOLD:
            audit.log(user=actor_for(user), kind="user", record=user, action=what, name=user.name)
            mail_send(
                to=user.email,
                subject="crm_users.mail_account_subject",
                text=f"crm_users.mail_{what}",
                language=user.language,
            )


_TOLD = {"password_changed", "password_reset", "totp_activated", "totp_deactivated", "recovery_codes_generated"}


class SecondFactor(DefaultMFAAdapter):
    """TOTP and recovery codes; their secrets are encrypted: the database alone does not tell them."""

    error_messages = {  # noqa: RUF012  allauth's own name
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _lazily("crm_users.wrong_code"),
    }

    def get_totp_issuer(self) -> str:
        return company().name or "Guanxi"

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    key = hashlib.sha256(b"second factor" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
