"""What is fetched is what is locked, from whichever registry the machine uses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASSET = ROOT / "src/guanxi/report/assets/echarts.min.js"


def test_the_lock_holds_exact_versions_with_checksums_and_no_host():
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert (
        packages["node_modules/echarts"]["version"]
        == json.loads((ROOT / "package.json").read_text())["dependencies"]["echarts"]
    )
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)


@pytest.mark.skipif(not ASSET.is_file(), reason="the chart library is not fetched: make assets")
def test_the_library_is_of_this_lock_and_is_not_fetched_twice():
    before = ASSET.stat().st_mtime_ns
    first = ASSET.read_text(encoding="utf-8").partition("\n")[0]
    assert hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest() in first
    done = subprocess.run(
        [sys.executable, "scripts/fetch_assets.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert ASSET.stat().st_mtime_ns == before
