"""Which function does which kind of job. Apps register theirs in ``handlers.py``, imported when Django is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guanxi_crm.core.jobs.context import JobContext

__all__ = ["Handler", "handlers", "handles"]

Handler = Callable[[JobContext], Mapping[str, object]]
"""Gets the context, does the work, returns what there is to say of it (JSON)."""

_HANDLERS: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register a handler::

    @handles("sources.import")
    def run(context): ...
    """

    def register(handler: Handler) -> Handler:
        if _HANDLERS.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers of {kind}")
        return handler

    return register


def handlers() -> Mapping[str, Handler]:
    """All, by kind."""
    return _HANDLERS
