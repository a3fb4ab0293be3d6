"""`guanxi serve` as people start it: real processes, a real port, a real Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm_served import GUANXI, environment, free_port, gone, processes_of, served
from intake.sources.servers import postgresql

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
pytestmark = pytest.mark.xdist_group("serve")


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


def test_it_serves_from_postgresql_and_copies_a_database_before_it_changes_it(tmp_path):
    with postgresql() as url:
        database = ["--database-url", url.replace("postgresql://", "postgres://")]
        with served(tmp_path / "data", *database) as crm:
            email, password = re.search(r"Sign in as (\S+) with the password (\S+)", crm.said).groups()
            assert "/account/login" not in crm.sign_in(email, password)
        assert not (tmp_path / "data" / "guanxi.sqlite3").exists()
        back = [sys.executable, "-m", "guanxi_crm", "migrate", "users", "0002"]
        environ = {**environment(), "DATABASE_URL": database[1], "GUANXI_DATA_DIR": str(tmp_path / "data")}
        subprocess.run(back, env=environ, check=True, capture_output=True)
        with served(tmp_path / "data", *database) as crm:
            assert "/account/login" not in crm.sign_in(email, password)
        (kept,) = (tmp_path / "data" / "backups").iterdir()
        assert kept.read_bytes().startswith(b"PGDMP")
        assert str(kept) in crm.said


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
        assert second.returncode == 4
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
    assert told.returncode == 2
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
    assert told.returncode == 5
    assert told.stderr.strip() == "The CRM is not installed. Install it with: pip install 'guanxi[crm]'"
    assert list(tmp_path.iterdir()) == []
