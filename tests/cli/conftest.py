"""The command line as a person has it: arguments in; exit code, what was printed and what was complained of out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from guanxi.cli import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def guanxi(monkeypatch, capsys) -> Callable[..., Said]:
    """Run one command in this process, through the same door as the ``guanxi`` program."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("GUANXI_LANG", "en")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["guanxi", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        code = end.value.code
        return Said(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run
