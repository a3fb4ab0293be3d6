"""What a start of the program takes."""

from __future__ import annotations

import subprocess
import sys


def test_it_starts_without_the_slow_half_of_scipy():
    """scipy.stats alone is a quarter of a start; what we need of it is in scipy.special."""
    code = (
        "import sys, guanxi.cli.app; sys.exit(', '.join({'scipy.stats', 'sklearn', 'numba'} & sys.modules.keys()) or 0)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")
