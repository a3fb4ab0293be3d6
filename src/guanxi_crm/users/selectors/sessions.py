"""Where somebody is signed in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.core.policy import Actor, Door
from guanxi_crm.users.devices import device_of
from guanxi_crm.users.models import User

__all__ = ["SignedIn", "own_sessions", "sessions_list"]


@dataclass(frozen=True)
class SignedIn:
    """One browser in which somebody is signed in."""

    id: int
    browser: str
    system: str
    ip: str
    signed_in_at: dt.datetime
    last_seen_at: dt.datetime
    """To the quarter of an hour."""
    is_this: bool
    """The one that asks."""


def sessions_list(*, user: Actor, this: str | None) -> list[SignedIn]:
    """One's own sessions that are not over: the one that asks first, then the last seen first. Three queries.

    ``this`` is the key of the session that asks. Raises: NotAllowed (not on a page).
    """
    found = [_signed_in(each, this) for each in own_sessions(user=user)]
    return sorted(found, key=lambda each: (not each.is_this, -each.last_seen_at.timestamp(), each.id))


def own_sessions(*, user: Actor) -> list[UserSession]:
    """Those of one's own that still open a door: neither over nor from before the password was changed."""
    if user.user_id is None or user.door is not Door.PAGE:
        raise NotAllowed
    there = list(UserSession.objects.filter(user_id=user.user_id))
    valid = User.objects.get(pk=user.user_id).get_session_auth_hash()
    open_now = {
        each.pk
        for each in Session.objects.filter(pk__in=[each.session_key for each in there], expire_date__gt=timezone.now())
        if constant_time_compare(each.get_decoded().get(HASH_SESSION_KEY, ""), valid)
    }
    return [each for each in there if each.session_key in open_now]


def _signed_in(session: UserSession, this: str | None) -> SignedIn:
    return SignedIn(
        session.pk, *device_of(session.user_agent), session.ip, session.created_at, session.last_seen_at,
        session.session_key == this,
    )  # fmt: skip
