"""The commands. Each reads its arguments, makes one call into the library, and prints what came of it."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guanxi import mine as job
from guanxi import simulate as simulation
from guanxi.cli import care
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.language import Language, asked_language
from guanxi.cli.show import Printer
from guanxi.errors import SettingError
from guanxi.intake.mapping import Mapping
from guanxi.simulate.files import Format
from guanxi.studies import STUDIES
from guanxi.warehouse import DuckDB
from guanxi.warehouse.engines import engine_from
from guanxi.words import say

__all__ = ["app"]

_SPOKEN = asked_language(sys.argv[1:])
"""Known before the arguments are taken apart, so that help and what is wrong with them are told in it, too."""


def _help(name: str) -> str:
    return say(f"cli.help_{name}", _SPOKEN)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("cli.not_a_date", _SPOKEN, value=text)) from None


Files = Annotated[list[Path], typer.Argument(help=_help("files"), metavar="FILE", show_default=False)]
Out = Annotated[Path, typer.Option(help=_help("out"), file_okay=False)]
AsOf = Annotated[dt.date | None, typer.Option(help=_help("as_of"), parser=_date, metavar="DATE")]
Horizon = Annotated[int, typer.Option(help=_help("horizon_days"), min=1, max=3650)]
Lang = Annotated[Language, typer.Option(help=_help("lang"))]
Map = Annotated[Path | None, typer.Option("--map", help=_help("map"), metavar="MAPPING.yaml")]
Timezone = Annotated[str | None, typer.Option(help=_help("timezone"), metavar="TZ")]
Currency = Annotated[str | None, typer.Option(help=_help("currency"), metavar="CUR")]
Keep = Annotated[Path | None, typer.Option(help=_help("warehouse"), file_okay=False)]
Into = Annotated[Path, typer.Option(help=_help("warehouse"), file_okay=False)]
EngineName = Annotated[str, typer.Option("--engine", help=say("spark.help_engine", _SPOKEN), metavar="ENGINE")]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_help("dry_run"))]

app = typer.Typer(
    name="guanxi", help=_help("guanxi"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(care.app, name="warehouse")


@app.command("mine", help=_help("mine"))
def mine_command(
    files: Files,
    out: Out,
    as_of: AsOf = None,
    horizon_days: Horizon = 90,
    lang: Lang = _SPOKEN,
    map_: Map = None,
    timezone: Timezone = None,
    currency: Currency = None,
    warehouse: Keep = None,
    engine: EngineName = DuckDB.name,
    dry_run: DryRun = False,
) -> None:
    printer, console = _start(lang)
    mapping = Mapping.load(map_) if map_ else None
    if dry_run:
        _dry_run(printer, console, files, as_of, mapping, currency, timezone, lang, warehouse)
        return
    job.require_writable(out)
    with TerminalProgress(console, lang) as progress:
        mined = job.mine(
            files, at=_now(), warehouse_path=warehouse, as_of=as_of, horizon_days=horizon_days, mapping=mapping,
            currency=currency, timezone=timezone, language=lang, engine=engine_from(engine), progress=progress,
        )  # fmt: skip
        written = job.write_outputs(mined, out, language=lang)
    if mined.intake is not None:
        printer.intake(mined.intake)
        for each in mined.intake.files:
            printer.account(each)
    printer.mined(mined, written)


@app.command("profile", help=_help("profile"))
def profile_command(
    files: Files,
    lang: Lang = _SPOKEN,
    map_: Map = None,
    timezone: Timezone = None,
    currency: Currency = None,
) -> None:
    printer, console = _start(lang)
    mapping = Mapping.load(map_) if map_ else None
    with TerminalProgress(console, lang) as progress:
        intake = job.profile_files(
            files, at=_now(), mapping=mapping, currency=currency, timezone=timezone, language=lang, progress=progress
        )
    printer.intake(intake)
    for each in intake.files:
        printer.quality(each)


@app.command("import", help=_help("import"))
def import_command(
    files: Files,
    warehouse: Into,
    lang: Lang = _SPOKEN,
    map_: Map = None,
    timezone: Timezone = None,
    currency: Currency = None,
    dry_run: DryRun = False,
) -> None:
    printer, console = _start(lang)
    mapping = Mapping.load(map_) if map_ else None
    if dry_run:
        _dry_run(printer, console, files, None, mapping, currency, timezone, lang, warehouse)
        return
    with TerminalProgress(console, lang) as progress:
        intake = job.import_files(
            files, warehouse, at=_now(), mapping=mapping, currency=currency, timezone=timezone, language=lang,
            progress=progress,
        )  # fmt: skip
    printer.intake(intake)
    for each in intake.files:
        printer.account(each)
    if intake.snapshot is not None:
        printer.say("cli.done_import", snapshot=intake.snapshot.id, path=str(warehouse))


@app.command("studies", help=_help("studies"))
def studies_command(lang: Lang = _SPOKEN) -> None:
    Printer(Console(), lang).studies()


@app.command("study", help=_help("study"))
def study_command(
    name: Annotated[str, typer.Argument(help=_help("study_name"), metavar="NAME")],
    warehouse: Into,
    out: Out,
    as_of: AsOf = None,
    horizon_days: Horizon = 90,
    lang: Lang = _SPOKEN,
    engine: EngineName = DuckDB.name,
) -> None:
    if name not in STUDIES:
        raise SettingError("errors.no_such_study", name=name, names=list(STUDIES))
    job.require_writable(out)
    printer, console = _start(lang)
    with TerminalProgress(console, lang) as progress:
        mined = job.mine(
            [], at=_now(), warehouse_path=warehouse, as_of=as_of, horizon_days=horizon_days, names=[name],
            language=lang, engine=engine_from(engine), progress=progress,
        )  # fmt: skip
        written = job.write_outputs(mined, out, language=lang)
    printer.mined(mined, written)


@app.command("simulate", help=_help("simulate"))
def simulate_command(
    out: Out,
    customers: Annotated[int, typer.Option(help=_help("customers"))] = 5000,
    seed: Annotated[int, typer.Option(help=_help("seed"))] = 1,
    days: Annotated[int, typer.Option(help=_help("days"))] = 730,
    dirt: Annotated[float, typer.Option(help=_help("dirt"))] = 0.1,
    format_: Annotated[Format, typer.Option("--format", help=_help("format"))] = "csv",
    lang: Lang = _SPOKEN,
) -> None:
    printer, console = _start(lang)
    company = simulation.company(customers=customers, seed=seed, days=days, dirt=dirt)
    with TerminalProgress(console, lang) as progress:
        written = company.write(out, format=format_, progress=progress)
    printer.say("cli.done_simulate", path=str(out), files=[path.name for path in written.values()])


def _dry_run(
    printer: Printer,
    console: Console,
    files: list[Path],
    as_of: dt.date | None,
    mapping: Mapping | None,
    currency: str | None,
    timezone: str | None,
    lang: Language,
    warehouse: Path | None,
) -> None:
    """Say what would be used, set aside and kept out; keep nothing."""
    with TerminalProgress(console, lang) as progress:
        intake, accounts = job.dry_run(
            files, at=_now(), warehouse_path=warehouse, as_of=as_of, mapping=mapping, currency=currency,
            timezone=timezone, language=lang, engine=DuckDB(), progress=progress,
        )  # fmt: skip
    printer.intake(intake)
    for each in intake.files:
        printer.account(each)
    printer.accounts(accounts)
    printer.say("cli.done_dry_run")


def _start(lang: Language) -> tuple[Printer, Console]:
    """Results go to standard output, progress to standard error."""
    return Printer(Console(), lang), Console(stderr=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
