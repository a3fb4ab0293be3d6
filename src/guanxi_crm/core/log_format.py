"""Lines of the log without what opens a door."""

from __future__ import annotations

import logging
import re

__all__ = ["WithoutSecrets"]

_SLASH = "(?:/|%2F)"
_SECRET = re.compile(
    rf"(gx_|{_SLASH}invitation{_SLASH}|{_SLASH}reset{_SLASH}key{_SLASH}\w+?-)[\w%~-]{{8,}}", re.IGNORECASE
)
"""API tokens, and links of invitations and password resets, wherever they stand: in an address that was not found, say,
also as part of another address."""


class WithoutSecrets(logging.Formatter):
    """Masks secrets in the whole line, with the traceback where there is one.

    Examples
    --------
    >>> line = logging.makeLogRecord({"msg": "Not Found: %s", "args": ("/api/v1/gx_Zm9vYmFyYmF6",)})
    >>> WithoutSecrets("%(message)s").format(line)
    'Not Found: /api/v1/gx_…'
    >>> line = logging.makeLogRecord({"msg": "next=%2Faccount%2Finvitation%2FZm9vYmFyYmF6"})
    >>> WithoutSecrets("%(message)s").format(line)
    'next=%2Faccount%2Finvitation%2F…'
    """

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1…", super().format(record))
