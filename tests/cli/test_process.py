"""The program as a process of its own: on a terminal, and interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guanxi import simulate

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and terminals of POSIX")
GUANXI = [sys.executable, "-m", "guanxi"]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()
    }


@pytest.mark.slow
def test_ctrl_c_in_the_middle_leaves_everything_as_it_was(tmp_path):
    written = simulate.company(customers=10_000, seed=3).write(tmp_path / "shop", format="csv")
    out = tmp_path / "out"
    out.mkdir()
    (out / "customers.csv").write_text("of the run before", encoding="utf-8")
    child = subprocess.Popen(
        [*GUANXI, "mine", str(written["orders"]), "--out", str(out), "--warehouse", str(tmp_path / "w"), "--lang", "en"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # The scratch directory beside the warehouse shows that the file is being read.
    while child.poll() is None and not list(tmp_path.glob(".guanxi-*/*")):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    said, complained = child.communicate(timeout=120)
    assert child.returncode == 130
    assert complained == "Stopped. Nothing is half written; run the same command again to start over.\n"
    assert said == ""
    assert contents(out) == {"customers.csv": b"of the run before"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shop"]


def test_on_a_terminal_it_greets_before_anything_else():
    leader, follower = os.openpty()
    child = subprocess.Popen([*GUANXI, "studies"], stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    try:
        assert os.read(leader, 100).decode().startswith(("Guanxi ", "关系 Guanxi "))
    finally:
        assert child.wait(timeout=120) == 0
        os.close(leader)


def test_into_a_file_it_is_quiet():
    done = subprocess.run([*GUANXI, "studies", "--lang", "en"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("Study")
