"""One attempt at one job, in a process of its own: ``python -m guanxi_crm.core.jobs.child JOB LEASE PARENT``."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import uuid

import django
from django.utils.module_loading import import_string

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main(job_id: str, lease: str, parent: int) -> int:
    """Run the handler; 0 when how it ended is written down (also a failure), else it is to be tried again."""
    _die_with(parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi_crm.settings")
    django.setup()
    return import_string("guanxi_crm.core.jobs.attempt.attempt")(uuid.UUID(job_id), uuid.UUID(lease))


def _die_with(parent: int) -> None:
    """End when the worker is gone: its lease runs out, and another attempt begins."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
