"""The web server: granian with one process and threads, WSGI."""

from __future__ import annotations

import os
from argparse import Namespace

from granian import Granian
from granian.constants import Interfaces

from guanxi_crm.core.process import end_with_parent

__all__ = ["main"]

_THREADS = 8


def main(given: Namespace) -> int:
    """Serve until told to stop."""
    if given.parent:
        end_with_parent(given.parent)
    os.environ.setdefault("GUANXI_ALLOWED_HOSTS", f"127.0.0.1,localhost,[::1],{given.host}")
    Granian(
        "guanxi_crm.serve.application:application",
        address=given.host,
        port=given.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=_THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level="error",  # type: ignore[arg-type]
    ).serve()
    return 0
