"""From files and sources as people have them to a snapshot: read, map, assess, load.

The same door for ``guanxi mine``, ``guanxi import``, ``guanxi profile`` and the pages of the CRM.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import duckdb
from babel.numbers import list_currencies

from guanxi.errors import SettingError
from guanxi.intake.guess import Guess
from guanxi.intake.load import Account, known_delivery, load, parsed_path
from guanxi.intake.mapping import FileMapping
from guanxi.intake.mapping import Mapping as Mappings
from guanxi.intake.money import find_currency
from guanxi.intake.quality import Quality, Trend, assess, compare
from guanxi.intake.staged import Staged
from guanxi.mine.reading import POSITIONS, Delivered, Reading, earlier_mapping, read
from guanxi.progress import Progress
from guanxi.warehouse import Delivery, Publication, Settings, Snapshot, Warehouse, publication
from guanxi.warehouse.disk import disk_full_explained, working_directory
from guanxi.warehouse.duckdb import connect
from guanxi.words import Message

__all__ = ["Imported", "Intake", "import_files", "profile_files"]

_MEMORY_LIMIT_MIB = 1200


@dataclass(frozen=True)
class Imported:
    """One delivered file: how it was read, and what became of its records."""

    staged: Staged
    mapping: FileMapping
    guess: Guess | None
    """None where a mapping was given or known."""
    account: Account
    quality: Quality | None = None
    trend: tuple[Trend, ...] = ()
    """How the quality changed since the source's last delivery."""
    known: Delivery | None = None
    """The earlier delivery of the same bytes; nothing was loaded."""
    delivery: Delivery | None = None
    """The delivery that it was loaded as."""

    @property
    def taken_for(self) -> Message:
        """The file's name and what it was taken for."""
        return Message("mine.taken_for", {"file": self.staged.file, "kind": f"mapping.kind_{self.mapping.kind}"})


@dataclass(frozen=True)
class Intake:
    """What one run of intake did."""

    files: tuple[Imported, ...]
    mapping: Mappings
    """All that is known by now of how this company's files are to be read, to be saved."""
    settings: Settings
    notes: tuple[Message, ...] = ()
    """What was assumed, because no file said it."""
    snapshot: Snapshot | None = None
    """The snapshot with the files in it; None where nothing was loaded (a profile)."""


def import_files(
    paths: Sequence[Path],
    warehouse_path: Path,
    *,
    at: dt.datetime,
    catalogue_url: str | None = None,
    mapping: Mappings | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    environment: Mapping[str, str] = os.environ,
    progress: Progress | None = None,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
    note: Mapping[str, object] = MappingProxyType({}),
    dry_run: Callable[[Snapshot, Intake], None] | None = None,
) -> Intake:
    """Bring files into a warehouse, which is made if it is not there; all of them or none.

    Parameters
    ----------
    paths : files of any supported format and kind, folders of them, and descriptions of sources
        (``shop.source.yaml``, `guanxi.intake.sources.load_description`)
    warehouse_path : directory of the warehouse
    catalogue_url : SQLAlchemy URL of its catalogue; by default a file in the directory
    at : now, UTC without zone; what lies after it is not believed
    mapping : which column means what; without one, what earlier deliveries used, else a guess
    currency, timezone : of the company; by default the mapping's, the warehouse's, or what the files suggest
    language : decides the currency where nothing else does
    environment : where secrets are that the description of a source names
    progress : told of each stage
    memory_limit_mib : what the embedded database may use before it spills
    note : kept with the snapshot, so that whoever was interrupted can find it again; no key of our own
    dry_run : called with the snapshot that would be made; then nothing is kept

    Raises
    ------
    FileError : a file cannot be read, or is not a table.
    InputError : a source does not answer, refuses, or is described wrongly.
    MappingError : a column that is needed was not found.
    SettingError : the warehouse has another currency or time zone.
    """
    progress = progress or Progress()
    there = Warehouse.exists(warehouse_path, catalogue_url=catalogue_url)
    with (
        disk_full_explained(warehouse_path),
        working_directory(_there(warehouse_path)) as scratch,
        Warehouse.open(warehouse_path, catalogue_url=catalogue_url) if there else nullcontext() as known,
    ):
        reading = read(paths, scratch, known=known, mapping=mapping, progress=progress, environment=environment)
        settings = _settings(reading, known, mapping, currency, timezone, language)
        with Warehouse.create(warehouse_path, settings, at=at, catalogue_url=catalogue_url) as warehouse:
            with publication(warehouse, reason="import", at=at) as pending:
                pending.note.update(note)
                connection = connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=pending.scratch)
                with connection, progress.stage("cli.stage_load", sum(each.staged.rows for each in reading.files)):
                    imported = tuple(
                        _load(pending, connection, each, settings, received_on=at.date(), progress=progress)
                        for each in reading.files
                    )
                if positions := _positions(reading, imported):
                    pending.note[POSITIONS] = positions
                intake = Intake(imported, _remembered(reading, known, settings), settings, tuple(reading.notes))
                if dry_run is not None:
                    dry_run(pending.preview(), intake)
                    pending.abandon()
            return replace(intake, snapshot=warehouse.snapshot())


def profile_files(
    paths: Sequence[Path],
    *,
    at: dt.datetime,
    mapping: Mappings | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    environment: Mapping[str, str] = os.environ,
    progress: Progress | None = None,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
) -> Intake:
    """The quality of files alone; nothing is loaded anywhere. Parameters as in `import_files`."""
    progress = progress or Progress()
    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        scratch = Path(directory)
        reading = read(paths, scratch, known=None, mapping=mapping, progress=progress, environment=environment)
        settings = _settings(reading, None, mapping, currency, timezone, language)
        with (
            connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=scratch) as connection,
            progress.stage("cli.stage_quality", len(reading.files)),
        ):
            imported = []
            for each in reading.files:
                quality = _assess(connection, each, settings, at.date())
                records = each.staged.rows + len(each.staged.unread)
                account = Account(records, loaded=0, set_aside=0, known=records)
                imported.append(Imported(each.staged, each.mapping, each.guess, account, quality))
                progress.advance(1)
    return Intake(tuple(imported), _remembered(reading, None, settings), settings, tuple(reading.notes))


def _settings(
    reading: Reading,
    known: Warehouse | None,
    mapping: Mappings | None,
    currency: str | None,
    timezone: str | None,
    language: str,
) -> Settings:
    currency = currency.upper() if currency is not None else None
    if currency is not None and currency not in list_currencies():
        raise SettingError("mine.no_such_currency", currency=currency)
    if timezone is not None and timezone not in zoneinfo.available_timezones():
        raise SettingError("mine.no_such_timezone", timezone=timezone)
    wanted_currency = currency or (mapping.currency if mapping else None)
    wanted_zone = timezone or (mapping.timezone if mapping else None)
    if known is not None:
        there = known.settings
        for name, wanted, found in (
            ("currency", wanted_currency, there.currency),
            ("timezone", wanted_zone, there.timezone),
        ):
            if wanted and wanted != found:
                raise SettingError("mine.other_setting", name=name, wanted=wanted, found=found)
        return there
    if wanted_currency is None:
        files = [(each.staged.path, each.mapping) for each in reading.files]
        wanted_currency, note = find_currency(files, language=language)
        reading.notes.append(note)
    return Settings(wanted_currency, wanted_zone or "UTC")


def _load(
    pending: Publication,
    connection: duckdb.DuckDBPyConnection,
    each: Delivered,
    settings: Settings,
    *,
    received_on: dt.date,
    progress: Progress,
) -> Imported:
    known = known_delivery(pending, each.staged)
    if known is not None:
        records = each.staged.rows + len(each.staged.unread)
        progress.advance(records)
        quality = _assess(connection, each, settings, received_on)
        return Imported(each.staged, each.mapping, each.guess, Account(records, 0, 0, records), quality, known=known)
    before = next(
        (d.quality for d in reversed(pending.base.deliveries) if d.source == each.mapping.source and d.quality), None
    )
    delivery, account = load(pending, connection, each.staged, each.mapping, received_on=received_on, progress=progress)
    quality = _assess(connection, each, settings, received_on, parsed=parsed_path(pending, delivery))
    pending.describe(delivery, account=vars(account), quality=quality.as_data(with_personal=False))
    trend = compare(before, quality) if before else ()
    return Imported(each.staged, each.mapping, each.guess, account, quality, trend, delivery=delivery)


def _assess(
    connection: duckdb.DuckDBPyConnection,
    each: Delivered,
    settings: Settings,
    received_on: dt.date,
    *,
    parsed: Path | None = None,
) -> Quality:
    confidence = {c.role: c.confidence for c in each.guess.columns if c.role} if each.guess else None
    return assess(
        connection, each.staged, each.mapping, timezone=settings.timezone, currency=settings.currency,
        received_on=received_on, confidence=confidence, parsed=parsed,
    )  # fmt: skip


def _remembered(reading: Reading, known: Warehouse | None, settings: Settings) -> Mappings:
    mappings = {each.mapping.source: each.mapping for each in reading.files}
    # Where nothing was new, what is known serves as well.
    earlier = earlier_mapping(known) if not mappings else None
    files = earlier.files if earlier else tuple(mappings.values())
    return Mappings(currency=settings.currency, timezone=settings.timezone, files=files)


def _positions(reading: Reading, imported: Sequence[Imported]) -> list[dict[str, object]]:
    """How far the deliveries have read the sources that grow."""
    return [
        {"delivery": done.delivery.id, **vars(each.position)}
        for each, done in zip(reading.files, imported, strict=True)
        if each.position is not None and done.delivery is not None
    ]


def _there(path: Path) -> Path:
    """The nearest directory that exists: scratch space on the warehouse's own disk."""
    path = Path(path).resolve()
    return next(parent for parent in (path, *path.parents) if parent.is_dir())
