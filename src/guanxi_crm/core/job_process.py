"""One attempt at one job, in a process of its own: ``python -m guanxi_crm.core.job_process JOB LEASE PARENT``.

Outside the package `jobs`, which cannot be imported before Django is set up.
"""

from __future__ import annotations

import os
import signal
import sys
import uuid
from types import FrameType
from typing import NoReturn

import django
from django.utils.module_loading import import_string

from guanxi_crm.core.process import end_with_parent

__all__ = ["main"]


def main(job_id: str, lease: str, parent: int) -> int:
    """Run the handler; 0 when how it ended is written down (also a failure), else it is to be tried again."""
    # Its lease runs out, and another attempt begins.
    end_with_parent(parent)
    # Ctrl-C reaches every process of a terminal: the worker decides what becomes of its jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi_crm.settings")
    django.setup()
    signal.signal(signal.SIGTERM, _cancel)
    return import_string("guanxi_crm.core.jobs.attempt.attempt")(uuid.UUID(job_id), uuid.UUID(lease))


def _cancel(_: int, __: FrameType | None) -> NoReturn:
    # Once: what follows is tidying up, which a second signal must not break.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise import_string("guanxi_crm.core.jobs.context.Cancelled")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
