"""Processes that do not outlive whoever started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

__all__ = ["end_with_parent"]

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 1.0


def end_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """End this process soon after its parent is gone, also when that was killed.

    Linux is told to send the signal at once; elsewhere, and where the parent had died before this was called, a thread
    looks once a second.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.kill(os.getpid(), how)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
