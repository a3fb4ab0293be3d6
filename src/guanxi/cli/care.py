"""The commands that look after a warehouse."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guanxi.cli.language import Language, asked_language
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

_SPOKEN = asked_language(sys.argv[1:])


def _help(name: str) -> str:
    return say(f"cli.help_{name}", _SPOKEN)


Directory = Annotated[Path, typer.Argument(help=_help("warehouse"), metavar="DIR")]
Lang = Annotated[Language, typer.Option(help=_help("lang"))]

app = typer.Typer(help=_help("warehouse_group"), no_args_is_help=True)


@app.command("list", help=_help("warehouse_list"))
def list_command(directory: Directory, lang: Lang = _SPOKEN) -> None:
    with Warehouse.open(directory) as warehouse:
        _printer(lang).history(warehouse.history())


@app.command("show", help=_help("warehouse_show"))
def show_command(
    directory: Directory,
    snapshot: Annotated[int | None, typer.Option(help=_help("snapshot"))] = None,
    lang: Lang = _SPOKEN,
) -> None:
    with Warehouse.open(directory) as warehouse:
        _printer(lang).snapshot(warehouse.snapshot(snapshot))


@app.command("verify", help=_help("warehouse_verify"))
def verify_command(
    directory: Directory,
    deep: Annotated[bool, typer.Option("--deep", help=_help("deep"))] = False,
    lang: Lang = _SPOKEN,
) -> None:
    printer = _printer(lang)
    with Warehouse.open(directory) as warehouse:
        findings = verify(warehouse, deep=deep)
    if not findings:
        printer.say("cli.warehouse_whole", path=str(directory))
        return
    for finding in findings:
        printer.line("• " + finding.message.say(lang))
        printer.line("  → " + finding.advice.say(lang))
    raise WarehouseDamaged("cli.warehouse_damaged", path=str(directory), findings=len(findings))


@app.command("undo", help=_help("warehouse_undo"))
def undo_command(
    directory: Directory,
    delivery: Annotated[int, typer.Option(help=_help("delivery"))],
    lang: Lang = _SPOKEN,
) -> None:
    with Warehouse.open(directory) as warehouse:
        snapshot = undo(warehouse, delivery, at=_now())
    _printer(lang).say("cli.done_undo", delivery=delivery, snapshot=snapshot.id)


@app.command("compact", help=_help("warehouse_compact"))
def compact_command(directory: Directory, lang: Lang = _SPOKEN) -> None:
    with Warehouse.open(directory) as warehouse:
        snapshot = compact(warehouse, at=_now())
    printer = _printer(lang)
    if snapshot is None:
        printer.say("cli.nothing_to_compact")
    else:
        printer.say("cli.done_compact", snapshot=snapshot.id)


@app.command("sweep", help=_help("warehouse_sweep"))
def sweep_command(
    directory: Directory,
    older_than_days: Annotated[int, typer.Option(help=_help("older_than_days"), min=0)] = 90,
    keep: Annotated[list[int] | None, typer.Option(help=_help("keep"))] = None,
    lang: Lang = _SPOKEN,
) -> None:
    now = _now()
    with Warehouse.open(directory) as warehouse:
        swept = sweep(warehouse, older_than=now - dt.timedelta(days=older_than_days), at=now, keep=keep or ())
    _printer(lang).say("cli.done_sweep", snapshots=len(swept.snapshots), files=swept.files, size=swept.bytes / 2**20)


@app.command("redact", help=_help("warehouse_redact"))
def redact_command(
    directory: Directory,
    customer: Annotated[list[str], typer.Option(help=_help("redact_customer"))],
    yes: Annotated[bool, typer.Option("--yes", help=_help("yes"))] = False,
    lang: Lang = _SPOKEN,
) -> None:
    if not yes:
        typer.confirm(say("cli.redact_confirm", lang, customers=len(customer)), abort=True)
    with Warehouse.open(directory) as warehouse:
        redaction = redact(warehouse, customer, at=_now())
    _printer(lang).say("cli.done_redact", customers=len(customer), rows=sum(redaction.rows.values()))


@app.command("upgrade", help=_help("warehouse_upgrade"))
def upgrade_command(directory: Directory, lang: Lang = _SPOKEN) -> None:
    with Warehouse.open(directory) as warehouse:
        before = upgrade(warehouse, at=_now())
        after = warehouse.settings.schema_version
    code = "cli.already_upgraded" if before == after else "cli.done_upgrade"
    _printer(lang).say(code, before=before, after=after)


def _printer(lang: Language) -> Printer:
    return Printer(Console(), lang)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
