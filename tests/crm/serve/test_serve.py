"""`guanxi serve` as people start it: real processes, a real port, a real Ctrl-C."""

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

import pytest

GUANXI = str(Path(sys.executable).with_name("guanxi"))
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
pytestmark = pytest.mark.xdist_group("serve")


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


@linux_only
def test_the_first_start_prints_a_login_that_works_and_ctrl_c_stops_everything(tmp_path):
    with served(tmp_path / "data") as crm:
        email, password = re.search(r"Sign in as (\S+) with the password (\S+)", crm.said).groups()
        assert crm.url in crm.said
        assert "/account/login" not in crm.sign_in(email, password)
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        crm.process.send_signal(signal.SIGINT)
        assert crm.process.wait(20) == 0
        assert gone(tmp_path / "data")
        assert "stopped" in crm.said
    with served(tmp_path / "data") as again:
        assert "with the password" not in again.said.split("stopped")[-1]
        assert "/account/login" not in again.sign_in(email, password)


@linux_only
def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path):
    with served(tmp_path / "data") as crm:
        assert len(processes_of(tmp_path / "data")) >= 4
        crm.process.kill()
        assert gone(tmp_path / "data")


@linux_only
def test_a_web_server_or_a_worker_that_was_killed_is_started_again(tmp_path):
    with served(tmp_path / "data") as crm:
        for name in ("guanxi_crm.serve web", "guanxi_crm.serve worker"):
            victim = next(pid for pid, command in processes_of(tmp_path / "data").items() if name in command)
            os.kill(victim, signal.SIGKILL)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                now = [pid for pid, command in processes_of(tmp_path / "data").items() if name in command]
                if now and victim not in now:
                    break
                time.sleep(0.1)
            assert now
            assert victim not in now
        crm.wait()


@linux_only
def test_an_idle_installation_is_small_and_holds_no_mining_library(tmp_path):
    with served(tmp_path / "data") as crm:
        crm.get("/account/login/")
        kib, loaded = 0, set()
        for pid in processes_of(tmp_path / "data"):
            status = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            kib += int(re.search(r"^Pss:\s+(\d+)", status, re.MULTILINE)[1])
            maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
            loaded |= {name for name in ("duckdb", "pyarrow", "numpy", "scipy", "numba") if f"/{name}/" in maps}
        assert loaded == set()
        assert kib / 1024 < 300


def test_a_second_one_in_the_same_directory_is_told_who_has_it(tmp_path):
    with served(tmp_path / "data"):
        second = subprocess.run(
            [GUANXI, "serve", "--data", str(tmp_path / "data"), "--port", str(free_port())],
            env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 10
        assert "another `guanxi serve`" in second.stderr


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = subprocess.run(
            [GUANXI, "serve", "--data", str(tmp_path / "data"), "--port", str(port)],
            env={**environment(), "LC_ALL": "zh_CN.UTF-8"}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert told.returncode == 9
    assert f"端口 {port} 已被" in told.stderr


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path):
    code = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'django' else found(name, *a)\n"
        "from guanxi.cli import main; sys.argv = ['guanxi', 'serve']; main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 8
    assert told.stderr.strip() == "The CRM is not installed. Install it with: pip install 'guanxi[crm]'"
    assert list(tmp_path.iterdir()) == []
