"""Watching a folder as a process of its own: what arrives is brought in once, also after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guanxi.warehouse import Warehouse
from mine.shop import LATER, ROWS, write_csv

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"), pytest.mark.slow]


@contextmanager
def watching(folder: Path, warehouse: Path) -> Iterator[subprocess.Popen[str]]:
    """The command at work, past its first line."""
    command = [sys.executable, "-m", "guanxi", "watch", str(folder), "--warehouse", str(warehouse), "--every", "0.3"]
    child = subprocess.Popen(
        [*command, "--pattern", "*.csv", "--currency", "EUR", "--lang", "en"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("Watching ")
        yield child
    finally:
        child.kill()
        child.communicate()


def line(child: subprocess.Popen[str]) -> str:
    """The next line that is printed; waits for it."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def test_what_arrives_is_brought_in_once_also_after_a_kill_and_ctrl_c_ends_it(tmp_path):
    folder, warehouse = tmp_path / "exports", tmp_path / "w"
    folder.mkdir()
    with watching(folder, warehouse) as child:
        write_csv(folder / "orders_2024-01.csv", ROWS[:4])
        assert line(child) == "orders_2024-01.csv: 4 records = 4 loaded + 0 known already + 0 set aside"
        child.kill()
        child.wait()
    write_csv(folder / "orders_2024-02.csv", ROWS[4:7])
    with watching(folder, warehouse) as child:
        assert line(child) == "orders_2024-02.csv: 3 records = 3 loaded + 0 known already + 0 set aside"
        assert child.stderr is not None
        (folder / "orders_2024-03.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
        assert "is a picture, not a table" in child.stderr.readline()
        write_csv(folder / "orders_2024-03.csv", LATER)
        assert line(child) == "orders_2024-03.csv: 2 records = 2 loaded + 0 known already + 0 set aside"
        child.send_signal(signal.SIGINT)
        said, complained = child.communicate(timeout=120)
        assert (child.returncode, said) == (130, "")
        assert complained == "Stopped. Nothing is half written; run the same command again to start over.\n"
    with Warehouse.open(warehouse) as there:
        assert [each.file for each in there.deliveries()] == [f"orders_2024-0{month}.csv" for month in (1, 2, 3)]
        assert there.snapshot().rows("order_lines") == 9
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".guanxi-")] == []


def test_a_folder_that_is_not_there_is_told(guanxi, tmp_path):
    said = guanxi("watch", tmp_path / "nowhere", "--warehouse", tmp_path / "w")
    assert (said.code, "There is no folder" in said.err) == (3, True)
