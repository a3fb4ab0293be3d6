"""How allauth behaves here: nobody signs up, the second factor names the company."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

__all__ = ["Adapter", "SecondFactor"]


class Adapter(DefaultAccountAdapter):
    """Staff are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False


class SecondFactor(DefaultMFAAdapter):
    """TOTP and recovery codes."""
