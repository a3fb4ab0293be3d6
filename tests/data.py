"""Where the real data is, for tests that need it; a test that cannot have it says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("GUANXI_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_file(name: str) -> Path:
    """One file of the real data by its path in there; without it the test is skipped."""
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"no real data: {path} is absent; set GUANXI_DATA to the directory that holds it")
    return path
