"""How long contracts last, from a table of when they began and ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow.compute as pc
import typer

from guanxi import mine as job
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, AsOf, DiscountRate, Lang, Out, start
from guanxi.mine.retention import retention_file, write_retention
from guanxi.studies.retention.contracts import Period
from guanxi.words import say

__all__ = ["retention_command"]


def _help(name: str) -> str:
    return say(f"retention.help_{name}", SPOKEN)


def retention_command(
    table: Annotated[Path, typer.Argument(help=_help("table"), metavar="TABLE", show_default=False)],
    began: Annotated[str, typer.Option(help=_help("began"), metavar="COLUMN")],
    ended: Annotated[str, typer.Option(help=_help("ended"), metavar="COLUMN")],
    out: Out,
    key: Annotated[str | None, typer.Option(help=_help("key"), metavar="COLUMN", show_default=False)] = None,
    value: Annotated[str | None, typer.Option(help=_help("value"), metavar="COLUMN", show_default=False)] = None,
    period: Annotated[Period, typer.Option(help=_help("period"))] = "month",
    as_of: AsOf = None,
    horizon_periods: Annotated[int | None, typer.Option(help=_help("horizon"), min=1, max=600)] = None,
    discount_rate: DiscountRate = 0.1,
    lang: Lang = SPOKEN,
) -> None:
    """Tell how long contracts last and what is still to come of them, and write it down."""
    job.require_writable(out)
    printer, console = start(lang)
    with TerminalProgress(console, lang) as progress:
        found = retention_file(
            table, began=began, ended=ended, key=key, value=value, period=period, as_of=as_of,
            horizon_periods=horizon_periods, annual_discount_rate=discount_rate, progress=progress,
        )  # fmt: skip
        written = write_retention(found, out, file=table.name, language=lang)
    there = int(pc.sum(pc.invert(found.customers["has_left"])).as_py() or 0)
    printer.say(
        "retention.done", contracts=found.customers.num_rows, there=there, grade=found.judgement.grade,
        law=f"retention.method_{found.published}",
    )  # fmt: skip
    others = [path.name for path in written if path.name != "report.html"]
    printer.say("cli.done_report", path=str(out / "report.html"), directory=str(out), files=others)
