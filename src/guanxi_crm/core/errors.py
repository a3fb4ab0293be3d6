"""What a service or selector may refuse, and with which answer a door passes it on.

::

    Problem                 a sentence of `guanxi.words`, and an HTTP status
    ├── NotFound        404 there is no such record, or this user may not know of it
    ├── NotAllowed      403 the user may know of it, but not do this
    ├── RuleBroken      400 the input breaks a rule; ``field`` says where
    └── Conflict        409 somebody else has changed it meanwhile; ``current`` is what is there now
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from guanxi.words import say

__all__ = ["Conflict", "NotAllowed", "NotFound", "Problem", "RuleBroken"]


class Problem(Exception):
    """Something that people are told in words: a code of `guanxi.words` with its parameters."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, *, field: str | None = None, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.parameters = parameters

    def say(self, language: str) -> str:
        return say(self.code, language, **self.parameters)

    def __str__(self) -> str:
        return self.say("en")


class NotFound(Problem):
    """There is no such record, or none that this user may know of."""

    status = 404

    def __init__(self, code: str = "crm_core.not_found", *, field: str | None = None, **parameters: object) -> None:
        super().__init__(code, field=field, **parameters)


class NotAllowed(Problem):
    """The user's roles do not allow it."""

    status = 403

    def __init__(self, code: str = "crm_core.not_allowed", *, field: str | None = None, **parameters: object) -> None:
        super().__init__(code, field=field, **parameters)


class RuleBroken(Problem):
    """Input that breaks a rule; nothing was changed."""


class Conflict(Problem):
    """The record was changed by somebody else since it was read; nothing was changed."""

    status = 409

    def __init__(
        self,
        code: str = "crm_core.conflict",
        *,
        field: str | None = None,
        current: Mapping[str, object] | None = None,
        **parameters: object,
    ) -> None:
        super().__init__(code, field=field, **parameters)
        self.current = dict(current or {})
