"""Ending sessions of one's own: a browser left open elsewhere, a telephone that is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from guanxi_crm.core import audit
from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.policy import Actor
from guanxi_crm.users.devices import device_of
from guanxi_crm.users.models import User
from guanxi_crm.users.selectors.sessions import own_sessions

__all__ = ["session_end", "session_mark_seen", "sessions_end_others", "sessions_sweep"]


@transaction.atomic
def session_end(*, user: Actor, session_id: int) -> None:
    """Sign a session of one's own out, at once.

    Permission: oneself, on a page. Audit: end_session, with the device. Raises: NotAllowed, NotFound (over already, or
    another's).
    """
    found = [each for each in own_sessions(user=user) if each.pk == session_id]
    if not found:
        raise NotFound
    _end(user, found)


@transaction.atomic
def sessions_end_others(*, user: Actor, this: str | None) -> int:
    """Sign out everywhere but here; returns how many sessions that were.

    Permission: oneself, on a page. Audit: end_session, with the devices. Raises: NotAllowed.
    """
    others = [each for each in own_sessions(user=user) if each.session_key != this]
    if others:
        _end(user, others)
    return len(others)


def session_mark_seen(request: HttpRequest) -> None:
    """Note when and from where the session that asks was last used. One write, two where it was not known yet.

    Permission: none is asked, it is the session's own. Audit: none.
    """
    key = request.session.session_key
    seen = {
        "user_id": request.user.pk,
        "ip": get_adapter(request).get_client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[: UserSession._meta.get_field("user_agent").max_length],
        "last_seen_at": timezone.now(),
    }
    if not UserSession.objects.filter(session_key=key).update(**seen):
        UserSession.objects.bulk_create([UserSession(session_key=key, **seen)], ignore_conflicts=True)


def sessions_sweep(user: User) -> None:
    """Clear away sessions that are over: everybody's, and what is noted of this user's. For when he signs in.

    Permission: none is asked, they open nothing any more. Audit: none.
    """
    SessionStore.clear_expired()
    UserSession.objects.filter(user=user).exclude(session_key__in=Session.objects.values("pk")).delete()


def _end(user: Actor, sessions: Sequence[UserSession]) -> None:
    keys = [each.session_key for each in sessions]
    Session.objects.filter(pk__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    # Not before others find it gone from the database: whoever missed it in the cache sooner would put it there again.
    transaction.on_commit(lambda: _forget(keys))
    member = User.objects.get(pk=user.user_id)
    audit.log(
        user=user, kind="user", record=member, action="end_session", name=member.name,
        note={"devices": sorted(_device(each) for each in sessions)},
    )  # fmt: skip


def _forget(keys: Iterable[str]) -> None:
    for key in keys:
        SessionStore().delete(key)


def _device(session: UserSession) -> str:
    return ", ".join(each for each in (*device_of(session.user_agent), session.ip) if each)
