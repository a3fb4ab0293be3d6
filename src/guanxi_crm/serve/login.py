"""The login of the simulated company, shown at each start as long as it is there."""

from __future__ import annotations

import json
from pathlib import Path

from guanxi_crm.core.keys import write_private

__all__ = ["login_forget", "login_keep", "login_of"]

_NAME = "demo-login.json"


def login_of(directory: Path) -> tuple[str, str] | None:
    """Mail address and password to look around with; None where there is no simulated company."""
    try:
        known = json.loads((directory / _NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return known["email"], known["password"]


def login_keep(directory: Path, email: str, password: str) -> None:
    """Keep it for the next start, for the eyes of the directory's owner."""
    write_private(directory / _NAME, json.dumps({"email": email, "password": password}))


def login_forget(directory: Path) -> None:
    """With the simulated company its login goes."""
    (directory / _NAME).unlink(missing_ok=True)
