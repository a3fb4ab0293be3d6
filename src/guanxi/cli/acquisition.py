"""What it costs to win customers, and when it is back, from orders and two files of campaigns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guanxi import mine as job
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, AsOf, Currency, Files, Lang, Map, Out, Timezone, now, start
from guanxi.errors import SettingError
from guanxi.intake.mapping import Mapping
from guanxi.mine.acquisition import Named, acquisition_files, write_acquisition
from guanxi.words import say

__all__ = ["acquisition_command"]


def _help(name: str) -> str:
    return say(f"acquisition.help_{name}", SPOKEN)


def acquisition_command(
    files: Files,
    campaigns: Annotated[Path, typer.Option(help=_help("campaigns"), metavar="FILE")],
    acquired: Annotated[Path, typer.Option(help=_help("acquired"), metavar="FILE")],
    out: Out,
    campaign: Annotated[str | None, typer.Option(help=_help("campaign"), metavar="COLUMN", show_default=False)] = None,
    cost: Annotated[str | None, typer.Option(help=_help("cost"), metavar="COLUMN", show_default=False)] = None,
    customer: Annotated[str | None, typer.Option(help=_help("customer"), metavar="COLUMN", show_default=False)] = None,
    won_by: Annotated[str | None, typer.Option(help=_help("won_by"), metavar="COLUMN", show_default=False)] = None,
    won_on: Annotated[str | None, typer.Option(help=_help("won_on"), metavar="COLUMN", show_default=False)] = None,
    margin_rate: Annotated[float, typer.Option(help=_help("margin_rate"))] = 1.0,
    as_of: AsOf = None,
    lang: Lang = SPOKEN,
    map_: Map = None,
    timezone: Timezone = None,
    currency: Currency = None,
) -> None:
    """Tell of each campaign what its customers cost and have earned, and write it down."""
    if not 0 < margin_rate <= 1:
        raise SettingError("acquisition.not_a_rate", option="--margin-rate", value=margin_rate)
    job.require_writable(out)
    printer, console = start(lang)
    mapping = Mapping.load(map_) if map_ else None
    named = Named(campaigns, acquired, campaign, cost, customer, won_by, won_on)
    with TerminalProgress(console, lang) as progress:
        found, intake = acquisition_files(
            files, named, at=now(), as_of=as_of, margin_rate=margin_rate, mapping=mapping, currency=currency,
            timezone=timezone, language=lang, progress=progress,
        )  # fmt: skip
        written = write_acquisition(found, out, file=campaigns.name, language=lang)
    printer.intake(intake)
    table = found.campaigns
    printer.say(
        "acquisition.done", campaigns=table.num_rows, customers=sum(table["customers"].to_pylist()),
        back=found.paid_back, as_of=found.as_of,
    )  # fmt: skip
    for message in [*([found.fallen] if found.fallen else []), *found.missing]:
        printer.line("• " + message.say(lang))
    others = [path.name for path in written if path.name != "report.html"]
    printer.say("cli.done_report", path=str(out / "report.html"), directory=str(out), files=others)
