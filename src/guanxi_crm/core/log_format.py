"""Lines of the log without what opens a door."""

from __future__ import annotations

import logging
import re

__all__ = ["WithoutSecrets"]

_SECRET = re.compile(r"(\bgx_|/invitation/|/reset/key/\w+-)[\w%~-]{8,}")
"""API tokens, and links of invitations and password resets, wherever they stand: an address that was not found, say."""


class WithoutSecrets(logging.Formatter):
    """Masks secrets in the whole line, with the traceback where there is one.

    Examples
    --------
    >>> line = logging.makeLogRecord({"msg": "Not Found: %s", "args": ("/api/v1/gx_Zm9vYmFyYmF6",)})
    >>> WithoutSecrets("%(message)s").format(line)
    'Not Found: /api/v1/gx_…'
    """

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1…", super().format(record))
