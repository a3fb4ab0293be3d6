"""API tokens: made by people on pages, shown once, revoked at will."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotAllowed, NotFound, RuleBroken
from guanxi_crm.core.policy import Actor, Door
from guanxi_crm.core.records import record_types
from guanxi_crm.users.models import ApiToken

__all__ = ["DAYS_AT_MOST", "TOKEN_START", "token_create", "token_hash", "token_revoke", "token_scopes"]

DAYS_AT_MOST = 365
TOKEN_START = "gx_"  # noqa: S105  so that a token that got lost in a file is recognised


def token_scopes(user: Actor) -> list[str]:
    """What a token of this user may be allowed, ``RECORD_TYPE.ACTION`` each: what he may himself, of the company's
    records. Staff, roles and settings are no business of programs."""
    return [
        f"{kind.name}.{action}"
        for kind in record_types()
        if kind.area != "crm_users"
        for action in kind.actions
        if user.may(kind.name, action)
    ]


@transaction.atomic
def token_create(*, user: Actor, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """A program's way in, for ``days`` days.

    Permission: token.create, on a page: a token makes no tokens. Audit: create.
    Raises: NotAllowed, RuleBroken (no name; no scope, or one that he has not himself; more than a year).

    Returns
    -------
    The token's record, and the token itself, which is kept nowhere: only its hash is.
    """
    user.require("token", "create")
    if user.door is not Door.PAGE or user.user_id is None:
        raise NotAllowed
    scopes = sorted(set(scopes))
    if not name.strip():
        raise RuleBroken("crm_users.name_missing", field="name")
    if not scopes:
        raise RuleBroken("crm_users.scope_missing", field="scopes")
    if not set(scopes) <= set(token_scopes(user)):
        raise RuleBroken("crm_users.scope_not_own", field="scopes")
    if not 1 <= days <= DAYS_AT_MOST:
        raise RuleBroken("crm_users.token_too_long", field="days", days=DAYS_AT_MOST)
    secret = TOKEN_START + secrets.token_urlsafe(32)
    now = timezone.now()
    token = ApiToken.objects.create(
        user_id=user.user_id, name=name.strip(), prefix=secret[:10], token_hash=token_hash(secret), scopes=scopes,
        created_at=now, expires_at=now + dt.timedelta(days=days),
    )  # fmt: skip
    audit.log(
        user=user, kind="token", record=token, action="create", name=token.name, at=now,
        changes={"scopes": ([], scopes), "expires_at": (None, token.expires_at)}, note={"prefix": token.prefix},
    )  # fmt: skip
    return token, secret


@transaction.atomic
def token_revoke(*, user: Actor, token_id: int) -> ApiToken:
    """End a token at once.

    Permission: token.delete on it: one's own, or with "all" anybody's. Audit: revoke. Raises: NotFound, NotAllowed.
    """
    token = user.narrow("token", ApiToken.objects.select_for_update()).filter(pk=token_id).first()
    if token is None:
        raise NotFound
    user.require("token", "delete", token)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.log(
            user=user, kind="token", record=token, action="revoke", name=token.name, note={"prefix": token.prefix}
        )
    return token


def token_hash(token: str) -> str:
    """What is kept of a token. 256 random bits need no salt, and are looked up by their hash: how long that takes tells
    nothing of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
