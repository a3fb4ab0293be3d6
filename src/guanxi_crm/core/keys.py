"""The secret of an installation: made once, kept in its directory for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["secret_key", "write_private"]


def secret_key(directory: Path) -> str:
    """The key that signs sessions and links; made at the first start, whoever of two starts first.

    ``GUANXI_SECRET_KEY`` overrides it, for installations that keep secrets elsewhere.
    """
    if given := os.environ.get("GUANXI_SECRET_KEY"):
        return given
    path = directory / "secret.key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(f".{os.getpid()}")
    write_private(unfinished, secrets.token_urlsafe(48))
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
    return path.read_text(encoding="ascii")


def write_private(path: Path, content: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
