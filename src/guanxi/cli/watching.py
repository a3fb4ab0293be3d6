"""Watching a folder: each file that a system puts there is brought into a warehouse once it is complete."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from guanxi import mine as job
from guanxi.cli.bar import TerminalProgress
from guanxi.cli.options import SPOKEN, Catalogue, Currency, Into, Lang, Map, Timezone, help_text, now, start
from guanxi.errors import InputError, WarehouseBusy
from guanxi.intake.mapping import Mapping
from guanxi.intake.sources import watch
from guanxi.warehouse import Warehouse

__all__ = ["watch_command"]


def watch_command(
    folder: Annotated[Path, typer.Argument(help=help_text("watch_folder"), metavar="FOLDER", show_default=False)],
    warehouse: Into,
    pattern: Annotated[str, typer.Option(help=help_text("pattern"), metavar="PATTERN")] = "*",
    every: Annotated[float, typer.Option(help=help_text("every"), min=0.1, metavar="SECONDS")] = 10,
    lang: Lang = SPOKEN,
    map_: Map = None,
    timezone: Timezone = None,
    currency: Currency = None,
    catalogue: Catalogue = None,
) -> None:
    """Bring in each file of a folder as it becomes complete, one line a delivery, until interrupted.

    A file is a delivery of its own, all of it or nothing; what the warehouse has by then is known after any end, also a
    kill. A file that cannot be read is named, and looked at again when it has changed.
    """
    printer, errors = start(lang)
    mapping = Mapping.load(map_) if map_ else None

    def pause() -> bool:
        time.sleep(every)
        return True

    def bring(path: Path) -> None:
        with TerminalProgress(errors, lang) as progress:
            intake = job.import_files(
                [path], warehouse, at=now(), catalogue_url=catalogue, mapping=mapping, currency=currency,
                timezone=timezone, language=lang, progress=progress,
            )  # fmt: skip
        for each in intake.files:
            printer.account(each)

    printer.say("cli.watching", folder=str(folder), warehouse=str(warehouse))
    for path in watch(folder, pattern, pause=pause, known=_known(warehouse, catalogue)):
        while True:
            try:
                bring(path)
            except WarehouseBusy as busy:
                errors.print(busy.say(lang), markup=False, soft_wrap=True)
                pause()
                continue
            except InputError as error:
                errors.print(error.say(lang), markup=False, soft_wrap=True)
            break


def _known(warehouse: Path, catalogue: str | None) -> list[tuple[str, str]]:
    if not Warehouse.exists(warehouse, catalogue_url=catalogue):
        return []
    with Warehouse.open(warehouse, catalogue_url=catalogue) as there:
        return [(each.file, each.sha256) for each in there.deliveries()]
