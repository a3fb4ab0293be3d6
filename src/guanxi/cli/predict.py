"""Asking a kept model about a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, Lang, start
from guanxi.mine.models import predict_file
from guanxi.words import say

__all__ = ["predict_command"]


def predict_command(
    model: Annotated[Path, typer.Argument(help=say("predict.help_model", SPOKEN), metavar="MODEL", show_default=False)],
    table: Annotated[Path, typer.Argument(help=say("predict.help_table", SPOKEN), metavar="TABLE", show_default=False)],
    out: Annotated[Path, typer.Option(help=say("predict.help_out", SPOKEN), dir_okay=False)],
    lang: Lang = SPOKEN,
) -> None:
    """Write what the model says of each customer of the table."""
    printer, console = start(lang)
    with TerminalProgress(console, lang) as progress:
        kept, rows = predict_file(model, table, out, progress=progress)
    printer.say("predict.done", rows=rows, study=kept.study, path=str(out))
