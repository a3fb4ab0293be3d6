"""The commands. Each reads its arguments, makes one call into the library, and prints what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guanxi import mine as job
from guanxi import simulate as simulation
from guanxi.cli import association, care
from guanxi.cli.acquisition import acquisition_command
from guanxi.cli.backtest import backtest_command
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.contract import churn_command
from guanxi.cli.options import (
    SPOKEN,
    AsOf,
    Catalogue,
    Currency,
    DiscountRate,
    DryRun,
    EngineName,
    Files,
    Horizon,
    Into,
    Keep,
    Lang,
    Map,
    Out,
    SaveMap,
    Timezone,
    help_text,
    now,
    start,
)
from guanxi.cli.predict import predict_command
from guanxi.cli.retention import retention_command
from guanxi.cli.show import Printer
from guanxi.cli.watching import watch_command
from guanxi.errors import SettingError
from guanxi.intake.mapping import Mapping
from guanxi.mine import Intake
from guanxi.simulate.files import Format
from guanxi.studies import STUDIES, Account
from guanxi.warehouse import DuckDB
from guanxi.warehouse.engines import engine_from
from guanxi.words import say

__all__ = ["app"]

app = typer.Typer(
    name="guanxi", help=help_text("guanxi"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(care.app, name="warehouse")


@app.command("mine", help=help_text("mine"))
def mine_command(
    files: Files,
    out: Annotated[Path | None, typer.Option(help=help_text("out_or_dry_run"), file_okay=False)] = None,
    as_of: AsOf = None,
    horizon_days: Horizon = 90,
    discount_rate: DiscountRate = 0.1,
    lang: Lang = SPOKEN,
    map_: Map = None,
    save_map: SaveMap = None,
    timezone: Timezone = None,
    currency: Currency = None,
    warehouse: Keep = None,
    catalogue: Catalogue = None,
    engine: EngineName = DuckDB.name,
    dry_run: DryRun = False,
) -> None:
    printer, console = start(lang)
    mapping = Mapping.load(map_) if map_ else None
    if dry_run:
        with TerminalProgress(console, lang) as progress:
            intake, accounts = job.dry_run(
                files, at=now(), warehouse_path=warehouse, catalogue_url=catalogue, as_of=as_of, mapping=mapping,
                currency=currency, timezone=timezone, language=lang, engine=engine_from(engine), progress=progress,
            )  # fmt: skip
        _tell_dry_run(printer, intake, accounts, save_map)
        return
    if out is None:
        raise SettingError("cli.out_missing")
    job.require_writable(out)
    with TerminalProgress(console, lang) as progress:
        mined = job.mine(
            files, at=now(), warehouse_path=warehouse, catalogue_url=catalogue, as_of=as_of,
            horizon_days=horizon_days, annual_discount_rate=discount_rate, mapping=mapping,
            currency=currency, timezone=timezone, language=lang, engine=engine_from(engine), progress=progress,
        )  # fmt: skip
        written = job.write_outputs(mined, out, language=lang)
    if mined.intake is not None:
        printer.intake(mined.intake)
        for each in mined.intake.files:
            printer.account(each)
        _save_map(printer, mined.intake, save_map)
    printer.mined(mined, written)


@app.command("profile", help=help_text("profile"))
def profile_command(
    files: Files,
    lang: Lang = SPOKEN,
    map_: Map = None,
    save_map: SaveMap = None,
    timezone: Timezone = None,
    currency: Currency = None,
) -> None:
    printer, console = start(lang)
    mapping = Mapping.load(map_) if map_ else None
    with TerminalProgress(console, lang) as progress:
        intake = job.profile_files(
            files, at=now(), mapping=mapping, currency=currency, timezone=timezone, language=lang, progress=progress
        )
    printer.intake(intake)
    for each in intake.files:
        printer.quality(each)
    _save_map(printer, intake, save_map)


@app.command("import", help=help_text("import"))
def import_command(
    files: Files,
    warehouse: Into,
    lang: Lang = SPOKEN,
    map_: Map = None,
    save_map: SaveMap = None,
    timezone: Timezone = None,
    currency: Currency = None,
    catalogue: Catalogue = None,
    dry_run: DryRun = False,
) -> None:
    printer, console = start(lang)
    mapping = Mapping.load(map_) if map_ else None
    if dry_run:
        with TerminalProgress(console, lang) as progress:
            intake, accounts = job.dry_run(
                files, at=now(), warehouse_path=warehouse, catalogue_url=catalogue, mapping=mapping, currency=currency,
                timezone=timezone, language=lang, progress=progress,
            )  # fmt: skip
        _tell_dry_run(printer, intake, accounts, save_map)
        return
    with TerminalProgress(console, lang) as progress:
        intake = job.import_files(
            files, warehouse, at=now(), catalogue_url=catalogue, mapping=mapping, currency=currency, timezone=timezone,
            language=lang, progress=progress,
        )  # fmt: skip
    printer.intake(intake)
    for each in intake.files:
        printer.account(each)
    _save_map(printer, intake, save_map)
    if intake.snapshot is not None:
        printer.say("cli.done_import", snapshot=intake.snapshot.id, path=str(warehouse))


app.command("watch", help=help_text("watch"))(watch_command)


@app.command("studies", help=help_text("studies"))
def studies_command(lang: Lang = SPOKEN) -> None:
    Printer(Console(), lang).studies()


@app.command("study", help=help_text("study"))
def study_command(
    name: Annotated[str, typer.Argument(help=help_text("study_name"), metavar="NAME")],
    warehouse: Into,
    out: Out,
    catalogue: Catalogue = None,
    as_of: AsOf = None,
    horizon_days: Horizon = 90,
    discount_rate: DiscountRate = 0.1,
    lang: Lang = SPOKEN,
    engine: EngineName = DuckDB.name,
) -> None:
    if name not in STUDIES:
        raise SettingError("errors.no_such_study", name=name, names=list(STUDIES))
    job.require_writable(out)
    printer, console = start(lang)
    with TerminalProgress(console, lang) as progress:
        mined = job.mine(
            [], at=now(), warehouse_path=warehouse, catalogue_url=catalogue, as_of=as_of, horizon_days=horizon_days,
            annual_discount_rate=discount_rate, names=[name], language=lang, engine=engine_from(engine),
            progress=progress,
        )  # fmt: skip
        written = job.write_outputs(mined, out, language=lang)
    printer.mined(mined, written)


app.command("backtest", help=say("backtest.help_backtest", SPOKEN))(backtest_command)
app.command("churn", help=say("churn.help_churn", SPOKEN))(churn_command)
app.command("retention", help=say("retention.help_retention", SPOKEN))(retention_command)
app.command("acquisition", help=say("acquisition.help_acquisition", SPOKEN))(acquisition_command)
app.command("predict", help=say("predict.help_predict", SPOKEN))(predict_command)
association.add_to(app)


@app.command("simulate", help=help_text("simulate"))
def simulate_command(
    out: Out,
    customers: Annotated[int, typer.Option(help=help_text("customers"))] = 5000,
    seed: Annotated[int, typer.Option(help=help_text("seed"))] = 1,
    days: Annotated[int, typer.Option(help=help_text("days"))] = 730,
    dirt: Annotated[float, typer.Option(help=help_text("dirt"))] = 0.1,
    format_: Annotated[Format, typer.Option("--format", help=help_text("format"))] = "csv",
    lang: Lang = SPOKEN,
) -> None:
    printer, console = start(lang)
    company = simulation.company(customers=customers, seed=seed, days=days, dirt=dirt)
    with TerminalProgress(console, lang) as progress:
        written = company.write(out, format=format_, progress=progress)
    names = [path.relative_to(out).as_posix() for path in written.values()]
    printer.say("cli.done_simulate", path=str(out), files=names)


def _tell_dry_run(
    printer: Printer, intake: Intake, accounts: Sequence[tuple[str, Account]], save_map: Path | None
) -> None:
    """Say what would be used, set aside and kept out; nothing was kept."""
    printer.intake(intake)
    for each in intake.files:
        printer.account(each)
    printer.accounts(accounts)
    _save_map(printer, intake, save_map)
    printer.say("cli.done_dry_run")


def _save_map(printer: Printer, intake: Intake, path: Path | None) -> None:
    """Keep which column was taken for what where the user can correct it."""
    if path is not None:
        intake.mapping.save(path, language=printer.language)
        printer.say("cli.map_saved", path=str(path))
