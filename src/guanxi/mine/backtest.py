"""The files of a back-test."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from guanxi.mine.sheets import write_all, write_csv, write_json
from guanxi.report.page import render
from guanxi.studies.backtest import Backtest, document_of

__all__ = ["write_backtest"]


def write_backtest(found: Backtest, out: Path, *, language: str) -> list[Path]:
    """Write backtest.html, backtest.csv and backtest.json into a directory; returns their paths.

    Parameters
    ----------
    found : the back-test
    out : directory, made if it is not there
    language : of the page

    Raises
    ------
    OSError : the directory cannot be written, or the disk is full; nothing in it has changed then.
    """
    return write_all(out, partial(_write, found, language))


def _write(found: Backtest, language: str, folder: Path) -> None:
    (folder / "backtest.html").write_text(render(document_of(found), language), encoding="utf-8")
    write_csv(found.as_table(), folder / "backtest.csv")
    write_json(found.as_data(), folder / "backtest.json")
