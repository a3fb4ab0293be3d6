"""The main job: files to a snapshot, studies on it, and what changed since the run before."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from guanxi import studies
from guanxi.errors import DataError
from guanxi.intake.mapping import Mapping
from guanxi.mine.intake import Intake, import_files
from guanxi.mine.keep import keep_results
from guanxi.mine.movement import Movement, movement_since
from guanxi.progress import Progress
from guanxi.studies import Account, Result
from guanxi.warehouse import DuckDB, Engine, Snapshot, Warehouse, load_query

__all__ = ["Mined", "dry_run", "mine"]


@dataclass(frozen=True)
class Mined:
    """Everything that a run found, before it is written anywhere."""

    snapshot: Snapshot
    as_of: dt.date
    horizon_days: int
    results: tuple[Result, ...]
    rejects: pa.Table
    """Every record that was ever set aside: file, line, column, value, reason."""
    progress: Progress
    intake: Intake | None = None
    movement: Movement | None = None
    """Who moved where since the run before; None without one."""

    def result(self, study: str) -> Result | None:
        return next((each for each in self.results if each.study == study), None)


def mine(
    paths: Sequence[Path],
    *,
    at: dt.datetime,
    warehouse_path: Path | None = None,
    catalogue_url: str | None = None,
    as_of: dt.date | None = None,
    horizon_days: int = 90,
    annual_discount_rate: float = 0.1,
    mapping: Mapping | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    names: Sequence[str] = tuple(studies.STUDIES),
    engine: Engine | None = None,
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Mined:
    """Bring files in, if any, run studies, and keep what they found if there is a warehouse to keep it in.

    Parameters
    ----------
    paths : delivered files, folders and described sources, as in `guanxi.mine.import_files`; none to study what the
        warehouse holds already
    at : now, UTC without zone
    warehouse_path : where everything is kept; without it the run leaves nothing behind
    catalogue_url : SQLAlchemy URL of that warehouse's catalogue; by default a file in its directory
    as_of, horizon_days, annual_discount_rate, names : of the studies, as in `guanxi.studies.run`
    mapping, currency, timezone, language : of the files, as in `guanxi.mine.import_files`
    engine : where the queries run; by default DuckDB
    progress : told of each stage
    scratch : where a run without a warehouse works; by default the system's temporary directory

    Returns
    -------
    Mined : to be written by `guanxi.mine.write_outputs`

    Raises
    ------
    DataError : no order line was delivered, now or before, or none before ``as_of``.
    InputError, SettingError, WarehouseError : as in `guanxi.mine.import_files` and `guanxi.studies.run`
    """
    progress = progress or Progress()
    engine = engine or DuckDB()
    with tempfile.TemporaryDirectory(prefix="guanxi-", dir=scratch) as directory:
        path = warehouse_path or Path(directory) / "warehouse"
        catalogue_url = catalogue_url if warehouse_path else None
        intake = None
        if paths:
            intake = import_files(
                paths, path, at=at, catalogue_url=catalogue_url, mapping=mapping, currency=currency, timezone=timezone,
                language=language, progress=progress,
            )  # fmt: skip
        with Warehouse.open(path, catalogue_url=catalogue_url) as warehouse:
            snapshot = warehouse.snapshot()
            if intake is not None and not snapshot.rows("order_lines"):
                raise DataError("mine.no_orders", files=[each.taken_for for each in intake.files])
            results = studies.run(
                snapshot, names=names, as_of=as_of, horizon_days=horizon_days,
                annual_discount_rate=annual_discount_rate, engine=engine, progress=progress,
            )  # fmt: skip
            movement = None
            if warehouse_path is not None:
                movement = movement_since(snapshot, results, engine)
                keep_results(warehouse, results, at=at)
            with engine.bind(snapshot) as session:
                rejects = session.run(load_query("guanxi.mine", "rejects"))
            return Mined(
                snapshot=snapshot,
                as_of=results[0].as_of,
                horizon_days=horizon_days,
                results=tuple(results),
                rejects=rejects,
                progress=progress,
                intake=intake,
                movement=movement,
            )


def dry_run(
    paths: Sequence[Path],
    *,
    at: dt.datetime,
    warehouse_path: Path | None = None,
    catalogue_url: str | None = None,
    as_of: dt.date | None = None,
    mapping: Mapping | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> tuple[Intake, list[tuple[str, Account]]]:
    """What `mine` would do with these files, keeping nothing: the guesses, and per study the account of rows."""
    accounts: list[tuple[str, Account]] = []

    def look(snapshot: Snapshot, _: Intake) -> None:
        accounts.extend(studies.accounts(snapshot, as_of=as_of, engine=engine or DuckDB()))

    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        known = warehouse_path is not None and Warehouse.exists(warehouse_path, catalogue_url=catalogue_url)
        path = warehouse_path if known and warehouse_path else Path(directory) / "warehouse"
        intake = import_files(
            paths, path, at=at, catalogue_url=catalogue_url if known else None, mapping=mapping, currency=currency,
            timezone=timezone, language=language, progress=progress, dry_run=look,
        )  # fmt: skip
    return intake, accounts
