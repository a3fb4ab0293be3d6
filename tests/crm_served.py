"""A CRM that runs as people run it: real processes on a free port, in a directory of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

GUANXI = str(Path(sys.executable).with_name("guanxi"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "GUANXI", "DATABASE"))}
    return {**kept, "LC_ALL": "C.UTF-8", "DJANGO_SETTINGS_MODULE": "guanxi_crm.settings"}


def processes_of(directory: Path) -> dict[int, str]:
    """Every living process that works in this directory, with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"GUANXI_DATA_DIR={directory}".encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if command:
                    found[int(entry.name)] = command
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def children(parent: int) -> list[int]:
    """Processes that this one has started. Linux only."""
    return [int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()]


def gone(directory: Path, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while processes_of(directory) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes_of(directory)


class Served:
    """A running CRM."""

    def __init__(self, directory: Path, *arguments: str, port: int | None = None) -> None:
        self.directory, self.port = directory, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory.parent / f"{directory.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [GUANXI, "serve", "--data", str(directory), "--port", str(self.port), *arguments],
                env=environment(), stdout=log, stderr=log,
            )  # fmt: skip
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait(self, seconds: float = 90) -> Served:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if "csrfmiddlewaretoken" in self.get("/account/login/"):
                    return self
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"no answer from {self.url}; it said:\n{self.said}")

    def get(self, path: str) -> str:
        with self.opener.open(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def sign_in(self, email: str, password: str) -> str:
        page = self.get("/account/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = urlencode({"csrfmiddlewaretoken": token, "login": email, "password": password}).encode()
        asked = urllib.request.Request(self.url + "/account/login/", form, {"Referer": self.url})  # noqa: S310
        with self.opener.open(asked, timeout=20) as answer:
            return answer.geturl()


@contextmanager
def served(directory: Path, *arguments: str) -> Iterator[Served]:
    running = Served(directory, *arguments)
    try:
        yield running.wait()
    finally:
        running.process.kill()
        running.process.wait()
        for each in processes_of(directory):
            os.kill(each, signal.SIGKILL)


def guanxi(*arguments: str, seconds: float = 300) -> str:
    """Run a command to its end; what it said."""
    done = subprocess.run(
        [GUANXI, *arguments], env=environment(), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
