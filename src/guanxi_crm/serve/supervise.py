"""The process that starts the others, keeps them going, and takes them down with it: web server and worker.

Knows neither Django nor the mine, so that it costs next to nothing while it waits.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from guanxi_crm.serve.told import tell, warn

__all__ = ["main"]

_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.2
_STEADY_SECONDS = 60.0
"""A process that has run for so long has started well: its next restart is immediate again."""
_BUSY, _HELD = 2, 4


@dataclass
class _Child:
    """One process that is to be there always."""

    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    not_before: float = 0.0

    def tend(self, now: float) -> None:
        """Start it, or start it again; after repeated failures with longer and longer pauses."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            self.restarts = 0 if now - self.started > _STEADY_SECONDS else self.restarts + 1
            self.not_before = now + min(2.0**self.restarts - 1, 30.0)
            warn("crm_serve.child_ended", name=self.command[0], code=self.process.returncode)
            self.process = None
        if now >= self.not_before:
            self.process, self.started = _spawn(self.command), now


def main(given: Namespace) -> int:
    """Prepare the directory, then serve until told to stop."""
    directory = Path(os.environ["GUANXI_DATA_DIR"])
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(directory / "serve.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        warn("crm_serve.held", path=str(directory))
        return _HELD
    with lock:
        if _is_busy(given.host, given.port):
            warn("crm_serve.busy", host=given.host, port=given.port)
            return _BUSY
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT, *_also()):
            signal.signal(number, lambda got, _: stopping.append(got))
        prepared = _wait_or_stop(
            _spawn(
                [
                    "prepare",
                    "--host",
                    given.host,
                    "--port",
                    str(given.port),
                    *(each for path in given.bring for each in ("--bring", path)),
                ]
            ),
            stopping,
        )
        if prepared or stopping:
            return prepared
        children = [
            _Child(["web", "--host", given.host, "--port", str(given.port)]),
            _Child(["worker"]),
        ]
        try:
            while not stopping:
                for child in children:
                    child.tend(time.monotonic())
                time.sleep(_POLL_SECONDS)
        finally:
            _take_down([child.process for child in children if child.process is not None])
        tell("crm_serve.stopped")
    return 0


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: the terminal's Ctrl-C reaches us alone, and we end them in order."""
    line = [sys.executable, "-m", "guanxi_crm.serve", *command, "--parent", str(os.getpid())]
    return subprocess.Popen(line, start_new_session=True)  # noqa: S603


def _wait_or_stop(process: subprocess.Popen[bytes], stopping: list[int]) -> int:
    while process.poll() is None:
        if stopping:
            _take_down([process])
        time.sleep(_POLL_SECONDS)
    return process.returncode


def _take_down(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, and after a while make them, with whatever they have started."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in processes:
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _kill_group(process.pid)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError, AttributeError):
        return


def _is_busy(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _also() -> tuple[signal.Signals, ...]:
    return (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
