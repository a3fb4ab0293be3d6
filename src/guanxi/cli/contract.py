"""Who leaves, from a table in which it is written who has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from guanxi import mine as job
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, Lang, Out, start
from guanxi.errors import SettingError
from guanxi.mine.contracts import contract_file, write_contract
from guanxi.studies.churn.suspects import KnownAt
from guanxi.words import say

__all__ = ["churn_command"]


def _help(name: str) -> str:
    return say(f"churn.help_{name}", SPOKEN)


def churn_command(
    table: Annotated[Path, typer.Argument(help=_help("table"), metavar="TABLE", show_default=False)],
    label: Annotated[str, typer.Option(help=_help("label"), metavar="COLUMN")],
    out: Out,
    key: Annotated[str | None, typer.Option(help=_help("key"), metavar="COLUMN", show_default=False)] = None,
    left: Annotated[str | None, typer.Option(help=_help("left"), metavar="VALUE", show_default=False)] = None,
    known_at: Annotated[
        list[str] | None, typer.Option(help=_help("known_at"), metavar="COLUMN=WHEN", show_default=False)
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help=_help("without"), metavar="COLUMN", show_default=False)
    ] = None,
    lang: Lang = SPOKEN,
) -> None:
    """Judge how well leaving can be foretold from the table, and write it down for every customer."""
    job.require_writable(out)
    printer, console = start(lang)
    with TerminalProgress(console, lang) as progress:
        found = contract_file(
            table, label=label, key=key, positive=left, known_at=_declared(known_at or []), without=without or (),
            progress=progress,
        )  # fmt: skip
        written = write_contract(found, out, file=table.name, language=lang)
    for suspect in found.suspects:
        printer.line("• " + suspect.warning.say(lang))
    measured = found.measures[found.best]["roc_auc"]
    printer.say(
        "churn.contract_done", rows=found.scores.num_rows, method=f"churn.method_{found.best}",
        auc=float(measured.mean()), deviation=float(measured.std(ddof=1)),
    )  # fmt: skip
    others = [path.name for path in written if path.name != "report.html"]
    printer.say("cli.done_report", path=str(out / "report.html"), directory=str(out), files=others)


def _declared(pairs: list[str]) -> dict[str, KnownAt]:
    found: dict[str, KnownAt] = {}
    for pair in pairs:
        column, sign, when = pair.rpartition("=")
        if not sign:
            raise SettingError("churn.known_at_form", value=pair)
        # Whether it is one of the two words, the study says.
        found[column] = cast(KnownAt, when)
    return found
