"""Arguments and options that several commands have, each with its help in the language asked for."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guanxi.cli.language import Language, asked_language
from guanxi.cli.show import Printer
from guanxi.errors import SettingError
from guanxi.intake.sources.databases import holds_password
from guanxi.words import say

__all__ = [
    "SPOKEN",
    "AsOf",
    "Catalogue",
    "Currency",
    "DiscountRate",
    "DryRun",
    "EngineName",
    "Files",
    "Horizon",
    "Into",
    "Keep",
    "Lang",
    "Map",
    "Out",
    "SaveMap",
    "Timezone",
    "help_text",
    "now",
    "start",
]

SPOKEN = asked_language(sys.argv[1:])
"""Known before the arguments are taken apart, so that help and what is wrong with them are told in it, too."""


def help_text(name: str) -> str:
    """The help of a command or option."""
    return say(f"cli.help_{name}", SPOKEN)


def start(lang: Language) -> tuple[Printer, Console]:
    """Results go to standard output, progress to standard error."""
    return Printer(Console(), lang), Console(stderr=True)


def now() -> dt.datetime:
    """Now, UTC without zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("cli.not_a_date", SPOKEN, value=text)) from None


def _without_password(context: typer.Context, parameter: typer.CallbackParam, url: str | None) -> str | None:
    """A command line is read by everybody on the machine, and kept in the shell's history."""
    given = context.get_parameter_source(str(parameter.name))
    if url is not None and given is not None and given.name == "COMMANDLINE" and holds_password(url):
        raise SettingError("cli.password_on_command_line")
    return url


Files = Annotated[list[Path], typer.Argument(help=help_text("files"), metavar="FILE", show_default=False)]
Out = Annotated[Path, typer.Option(help=help_text("out"), file_okay=False)]
AsOf = Annotated[dt.date | None, typer.Option(help=help_text("as_of"), parser=_date, metavar="DATE")]
Horizon = Annotated[int, typer.Option(help=help_text("horizon_days"), min=1, max=3650)]
DiscountRate = Annotated[float, typer.Option(help=help_text("discount_rate"), min=0.0, max=10.0)]
Lang = Annotated[Language, typer.Option(help=help_text("lang"))]
Map = Annotated[Path | None, typer.Option("--map", help=help_text("map"), metavar="MAPPING.yaml")]
SaveMap = Annotated[Path | None, typer.Option("--save-map", help=help_text("save_map"), metavar="MAPPING.yaml")]
Timezone = Annotated[str | None, typer.Option(help=help_text("timezone"), metavar="TZ")]
Currency = Annotated[str | None, typer.Option(help=help_text("currency"), metavar="CUR")]
Keep = Annotated[Path | None, typer.Option(help=help_text("warehouse"), file_okay=False)]
Into = Annotated[Path, typer.Option(help=help_text("warehouse"), file_okay=False)]
Catalogue = Annotated[
    str | None,
    typer.Option(help=help_text("catalogue"), metavar="URL", envvar="GUANXI_CATALOGUE", callback=_without_password),
]
EngineName = Annotated[str, typer.Option("--engine", help=say("spark.help_engine", SPOKEN), metavar="ENGINE")]
DryRun = Annotated[bool, typer.Option("--dry-run", help=help_text("dry_run"))]
