"""The commands that look after a warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from guanxi.cli.language import Language
from guanxi.cli.options import SPOKEN, Catalogue, Lang, help_text, now, start
from guanxi.cli.show import Printer
from guanxi.errors import WarehouseDamaged
from guanxi.intake.load.undo import undo
from guanxi.warehouse import Warehouse
from guanxi.warehouse.compact import compact
from guanxi.warehouse.redact import redact
from guanxi.warehouse.sweep import sweep
from guanxi.warehouse.upgrade import upgrade
from guanxi.warehouse.verify import verify
from guanxi.words import say

__all__ = ["app"]

Directory = Annotated[Path, typer.Argument(help=help_text("warehouse"), metavar="DIR")]

app = typer.Typer(help=help_text("warehouse_group"), no_args_is_help=True)


@app.command("list", help=help_text("warehouse_list"))
def list_command(directory: Directory, catalogue: Catalogue = None, lang: Lang = SPOKEN) -> None:
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        _printer(lang).history(warehouse.history())


@app.command("show", help=help_text("warehouse_show"))
def show_command(
    directory: Directory,
    snapshot: Annotated[int | None, typer.Option(help=help_text("snapshot"))] = None,
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
) -> None:
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        _printer(lang).snapshot(warehouse.snapshot(snapshot))


@app.command("verify", help=help_text("warehouse_verify"))
def verify_command(
    directory: Directory,
    deep: Annotated[bool, typer.Option("--deep", help=help_text("deep"))] = False,
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
) -> None:
    printer = _printer(lang)
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        findings = verify(warehouse, deep=deep)
    if not findings:
        printer.say("cli.warehouse_whole", path=str(directory))
        return
    for finding in findings:
        printer.line("• " + finding.message.say(lang))
        printer.line("  → " + finding.advice.say(lang))
    raise WarehouseDamaged("cli.warehouse_damaged", path=str(directory), findings=len(findings))


@app.command("undo", help=help_text("warehouse_undo"))
def undo_command(
    directory: Directory,
    delivery: Annotated[int, typer.Option(help=help_text("delivery"))],
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
) -> None:
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        snapshot = undo(warehouse, delivery, at=now())
    _printer(lang).say("cli.done_undo", delivery=delivery, snapshot=snapshot.id)


@app.command("compact", help=help_text("warehouse_compact"))
def compact_command(directory: Directory, catalogue: Catalogue = None, lang: Lang = SPOKEN) -> None:
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        snapshot = compact(warehouse, at=now())
    printer = _printer(lang)
    if snapshot is None:
        printer.say("cli.nothing_to_compact")
    else:
        printer.say("cli.done_compact", snapshot=snapshot.id)


@app.command("sweep", help=help_text("warehouse_sweep"))
def sweep_command(
    directory: Directory,
    older_than_days: Annotated[int, typer.Option(help=help_text("older_than_days"), min=0)] = 90,
    keep: Annotated[list[int] | None, typer.Option(help=help_text("keep"))] = None,
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
) -> None:
    at = now()
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        swept = sweep(warehouse, older_than=at - dt.timedelta(days=older_than_days), at=at, keep=keep or ())
    _printer(lang).say("cli.done_sweep", snapshots=len(swept.snapshots), files=swept.files, size=swept.bytes / 2**20)


@app.command("redact", help=help_text("warehouse_redact"))
def redact_command(
    directory: Directory,
    customer: Annotated[list[str], typer.Option(help=help_text("redact_customer"))],
    yes: Annotated[bool, typer.Option("--yes", help=help_text("yes"))] = False,
    catalogue: Catalogue = None,
    lang: Lang = SPOKEN,
) -> None:
    if not yes:
        typer.confirm(say("cli.redact_confirm", lang, customers=len(customer)), abort=True)
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        redaction = redact(warehouse, customer, at=now())
    _printer(lang).say("cli.done_redact", customers=len(customer), rows=sum(redaction.rows.values()))


@app.command("upgrade", help=help_text("warehouse_upgrade"))
def upgrade_command(directory: Directory, catalogue: Catalogue = None, lang: Lang = SPOKEN) -> None:
    with Warehouse.open(directory, catalogue_url=catalogue) as warehouse:
        before = upgrade(warehouse, at=now())
        after = warehouse.settings.schema_version
    code = "cli.already_upgraded" if before == after else "cli.done_upgrade"
    _printer(lang).say(code, before=before, after=after)


def _printer(lang: Language) -> Printer:
    return start(lang)[0]
