"""What the process that serves says on the terminal."""

from __future__ import annotations

import os
import sys

from guanxi import words
from guanxi.words import say

__all__ = ["tell", "warn"]

words.include("guanxi_crm.words")


def tell(code: str, /, **parameters: object) -> None:
    """One sentence on the terminal, in its language."""
    print(say(code, _spoken(), **parameters), flush=True)


def warn(code: str, /, **parameters: object) -> None:
    """One sentence about what is wrong."""
    print(say(code, _spoken(), **parameters), file=sys.stderr, flush=True)


def _spoken() -> str:
    return "zh" if os.environ.get("GUANXI_LANG", "").startswith("zh") else "en"
