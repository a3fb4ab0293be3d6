"""Looking back: what studies would have said, and whether it was right."""

from __future__ import annotations

from typing import Annotated

import typer

from guanxi import mine as job
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, AsOf, Catalogue, EngineName, Horizon, Into, Lang, Out, start
from guanxi.mine.backtest import write_backtest
from guanxi.studies.backtest import backtest
from guanxi.warehouse import DuckDB, Warehouse
from guanxi.warehouse.engines import engine_from
from guanxi.words import Message, say

__all__ = ["backtest_command"]


def backtest_command(
    warehouse: Into,
    out: Out,
    study: Annotated[
        list[str] | None, typer.Option(help=say("backtest.help_study", SPOKEN), metavar="NAME", show_default=False)
    ] = None,
    as_of: AsOf = None,
    horizon_days: Horizon = 90,
    cutoffs: Annotated[int, typer.Option(help=say("backtest.help_cutoffs", SPOKEN), min=1, max=100)] = 4,
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
    engine: EngineName = DuckDB.name,
) -> None:
    """Ask studies at dates in the past, and write how right they would have been."""
    job.require_writable(out)
    printer, console = start(lang)
    with Warehouse.open(warehouse, catalogue_url=catalogue) as there, TerminalProgress(console, lang) as progress:
        found = backtest(
            there.snapshot(), names=study or None, as_of=as_of, horizon_days=horizon_days, cutoffs=cutoffs,
            engine=engine_from(engine), progress=progress,
        )  # fmt: skip
        written = write_backtest(found, out, language=lang)
    for name in found.studies:
        grades = found.grades(name)
        letters = [Message("backtest.grade_times", {"grade": each, "times": times}) for each, times in grades.items()]
        printer.say(
            "backtest.done", study=Message(f"{name}.question"), cutoffs=sum(grades.values()), grades=letters,
            good=sum(times for each, times in grades.items() if each in "AB"),
        )  # fmt: skip
    printer.say("cli.done_report", path=str(out / "backtest.html"), directory=str(out), files=[
        path.name for path in written if path.suffix != ".html"
    ])  # fmt: skip
