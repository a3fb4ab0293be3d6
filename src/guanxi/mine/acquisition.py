"""What campaigns cost and whom they won, from files beside order files: read, and written out."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from guanxi.errors import DataError
from guanxi.intake.mapping import Mapping
from guanxi.mine.intake import Intake, import_files
from guanxi.mine.models import read_texts
from guanxi.mine.sheets import major, write_all, write_csv
from guanxi.progress import Progress
from guanxi.report.page import render
from guanxi.studies.acquisition import Acquisition, acquisition
from guanxi.studies.acquisition.files import read_acquired, read_campaigns, require_known
from guanxi.studies.acquisition.report import document_of
from guanxi.warehouse import DuckDB, Warehouse
from guanxi.words import currency_digits

__all__ = ["Named", "acquisition_files", "write_acquisition"]


@dataclass(frozen=True)
class Named:
    """The two files beside the orders, and their columns where these are not to be known by their names.

    Attributes
    ----------
    campaigns : file with one row a campaign
    acquired : file with one row a customer who was won
    campaign, cost : columns of the first
    customer, won_by, won_on : columns of the second
    """

    campaigns: Path
    acquired: Path
    campaign: str | None = None
    cost: str | None = None
    customer: str | None = None
    won_by: str | None = None
    won_on: str | None = None


def acquisition_files(
    paths: Sequence[Path],
    named: Named,
    *,
    at: dt.datetime,
    as_of: dt.date | None = None,
    margin_rate: float = 1.0,
    mapping: Mapping | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    progress: Progress | None = None,
) -> tuple[Acquisition, Intake]:
    """`guanxi.studies.acquisition.acquisition` of delivered files; nothing of them is kept.

    Parameters
    ----------
    paths : delivered files, folders and described sources, as in `guanxi.mine.import_files`
    named : what campaigns cost, and whom they won, in any format that `guanxi.mine.models.read_table` reads
    at : now, UTC without zone
    as_of, margin_rate : of the study
    mapping, currency, timezone, language : of the order files, as in `guanxi.mine.import_files`; costs are in the same
        currency
    progress : told of each stage

    Returns
    -------
    what the files told, and how they were read: the two beside the orders in the notes

    Raises
    ------
    FileError, SchemaError, DataError, SettingError : as reading the files and the study; no order line was delivered.
    """
    progress = progress or Progress()
    with progress.stage("cli.stage_read"):
        costs = read_texts(named.campaigns, row="predict.row_campaign")
        winners = read_texts(named.acquired)
    acquired = read_acquired(
        winners, file=named.acquired.name, customer=named.customer, campaign=named.won_by, won_on=named.won_on
    )
    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        warehouse_path = Path(directory) / "warehouse"
        intake = import_files(
            paths, warehouse_path, at=at, mapping=mapping, currency=currency, timezone=timezone, language=language,
            progress=progress,
        )  # fmt: skip
        campaigns = read_campaigns(
            costs, file=named.campaigns.name, currency=intake.settings.currency, campaign=named.campaign,
            cost=named.cost,
        )  # fmt: skip
        require_known(
            campaigns.table, acquired.table, campaigns_file=named.campaigns.name, acquired_file=named.acquired.name
        )
        with Warehouse.open(warehouse_path) as warehouse:
            snapshot = warehouse.snapshot()
            if not snapshot.rows("order_lines"):
                raise DataError("mine.no_orders", files=[each.taken_for for each in intake.files])
            with DuckDB().bind(snapshot) as session, progress.stage("acquisition.stage_study"):
                found = acquisition(session, campaigns.table, acquired.table, as_of=as_of, margin_rate=margin_rate)
    return found, replace(intake, notes=(*intake.notes, *campaigns.notes, *acquired.notes))


def write_acquisition(found: Acquisition, out: Path, *, file: str, language: str) -> list[Path]:
    """Write acquisition.csv, payback.csv and report.html; returns their paths.

    Parameters
    ----------
    found : what the files told
    out : directory, made if it is not there
    file : name of the campaigns' file
    language : of the report

    Raises
    ------
    OSError : the directory cannot be written, or the disk is full; nothing in it has changed then.
    """
    return write_all(out, partial(_write, found, file, language))


def _write(found: Acquisition, file: str, language: str, folder: Path) -> None:
    table = _in_whole_units(found.campaigns, ("cost", "cost_per_customer", "net_amount", "margin"), found.currency)
    write_csv(table, folder / "acquisition.csv")
    write_csv(_in_whole_units(found.curve, ("margin", "cost"), found.currency), folder / "payback.csv")
    (folder / "report.html").write_text(render(document_of(found, file=file), language), encoding="utf-8")


def _in_whole_units(table: pa.Table, amounts: Sequence[str], currency: str) -> pa.Table:
    """Amounts as exact decimals of whole units, and their currency."""
    for name in amounts:
        place = table.column_names.index(name)
        table = table.set_column(place, name, major(table[name], currency_digits(currency)))
    return table.append_column("currency", pa.repeat(pa.scalar(currency), table.num_rows))
