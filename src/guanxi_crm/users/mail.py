"""Mail to staff: each in both languages, the reader's first."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from guanxi.words import say
from guanxi_crm.core.company import company

__all__ = ["mail_send"]

_LOG = logging.getLogger(__name__)


def mail_send(*, to: str, subject: str, text: str, language: str = "", **parameters: object) -> bool:
    """Send a mail whose ``subject`` and ``text`` are codes of `guanxi.words`.

    Returns whether a server has taken it; where it has not, the reason is in the log, without what the mail says. Where
    none is set up, mail waits in a folder, and it has not.
    """
    first = language or company().language
    second = "en" if first == "zh" else "zh"
    named = {"company": company().name or "Guanxi", **parameters}
    line = f"{say(subject, first, **named)} · {say(subject, second, **named)}"
    body = f"{say(text, first, **named)}\n\n· · ·\n\n{say(text, second, **named)}\n"
    try:
        sent = EmailMessage(" ".join(line.split()), body, to=[to]).send()
    except (OSError, SMTPException):
        _LOG.exception("mail was not sent")
        return False
    return bool(sent) and not settings.EMAIL_BACKEND.endswith(".filebased.EmailBackend")
