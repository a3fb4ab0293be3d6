"""What all processes of one server agree on: limits that hold, sessions that end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from guanxi_crm.core.shared_cache import SharedCache

COUNT = """
import sys, time
from guanxi_crm.core.shared_cache import SharedCache
path, start = sys.argv[1], float(sys.argv[2])
cache = SharedCache(path, {})
time.sleep(max(0.0, start - time.time()))
won = 0
for number in range(200):
    won += cache.add(f"lock {number}", 1)
    try:
        cache.incr("count")
    except ValueError:
        cache.add("count", 1) or cache.incr("count")
print(won)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shared.sqlite3"


@pytest.fixture
def cache(path: Path) -> SharedCache:
    return SharedCache(path, {})


def test_what_one_keeps_another_finds(cache, path):
    cache.set("session", {"_auth_user_id": "7", "at": [1.5, None, "王"]})
    other = SharedCache(path, {})
    assert other.get("session") == {"_auth_user_id": "7", "at": [1.5, None, "王"]}
    assert other.delete("session") is True
    assert cache.get("session", "gone") == "gone"
    assert cache.delete("session") is False


def test_what_is_over_is_as_if_it_had_never_been(cache):
    cache.set("a", 1, timeout=-1)
    assert cache.get("a") is None
    assert cache.add("a", 2, timeout=-1) is True
    with pytest.raises(ValueError, match="a"):
        cache.incr("a")
    assert cache.touch("a", 60) is False
    assert cache.add("a", 3) is True
    assert cache.add("a", 4) is False
    assert cache.incr("a", 2) == 5
    assert cache.touch("a", -1) is True
    assert cache.get("a") is None


def test_what_is_over_is_removed_in_time(cache):
    for number in range(500):
        cache.set(f"{number}", number, timeout=-1 if number % 2 else None)
    (rows,) = cache._ask("SELECT count(*) FROM kept").fetchone()
    assert rows == 250


def test_it_holds_only_data_and_is_nobody_elses_to_read(cache, path):
    with pytest.raises(TypeError):
        cache.set("object", object())
    cache.set("a", 1)
    assert [each.stat().st_mode & 0o077 for each in path.parent.glob("shared.sqlite3*")] == [0, 0, 0]


def test_two_processes_count_exactly_and_never_both_win(path):
    start = str(time.time() + 1.5)
    workers = [
        subprocess.Popen([sys.executable, "-c", COUNT, str(path), start], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    won = [int(worker.communicate()[0]) for worker in workers]
    assert sum(won) == 200
    assert SharedCache(path, {}).get("count") == 400


def test_a_damaged_file_is_begun_anew_for_all_who_have_it_open(cache, path):
    for number in range(2000):
        cache.set(f"page {number}", "x" * 100)
    cache.set("count", 2)
    cache._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 3 * 4096)
    other = SharedCache(path, {})
    assert other.get("count") is None
    assert cache.add("count", 1) is True
    assert other.incr("count") == 2
    assert cache.incr("count") == 3
    assert path.stat().st_mode & 0o777 == 0o600
