"""From files as people have them to a snapshot: read, map, assess, load.

The same door for ``guanxi mine``, ``guanxi import``, ``guanxi profile`` and the pages of the CRM.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from babel.numbers import list_currencies

from guanxi.errors import MappingError, SettingError
from guanxi.intake.guess import Guess, guess
from guanxi.intake.load import Account, known_delivery, load, parsed_path
from guanxi.intake.mapping import FileMapping, Mapping
from guanxi.intake.money import find_currency
from guanxi.intake.quality import Quality, Trend, assess, compare
from guanxi.intake.readers import stage
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from guanxi.warehouse import Delivery, Publication, Settings, Snapshot, Warehouse, publication
from guanxi.warehouse.disk import disk_full_explained, working_directory
from guanxi.warehouse.duckdb import connect
from guanxi.words import Message

__all__ = ["Imported", "Intake", "import_files", "profile_files"]

_MEMORY_LIMIT_MIB = 1200
_KINDS = ("customers", "products", "orders")
"""Master data first, so that orders find it there."""


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

    @property
    def taken_for(self) -> Message:
        """The file's name and what it was taken for."""
        return Message("mine.taken_for", {"file": self.staged.file, "kind": f"mapping.kind_{self.mapping.kind}"})


@dataclass(frozen=True)
class Intake:
    """What one run of intake did."""

    files: tuple[Imported, ...]
    mapping: Mapping
    """All that is known by now of how this company's files are to be read, to be saved."""
    settings: Settings
    notes: tuple[Message, ...] = ()
    """What was assumed, because no file said it."""
    snapshot: Snapshot | None = None
    """The snapshot with the files in it; None where nothing was loaded (a profile)."""


@dataclass
class _Delivered:
    """A staged file on its way."""

    staged: Staged
    mapping: FileMapping
    guess: Guess | None


@dataclass
class _Reading:
    """The files staged and mapped, before anything is loaded."""

    files: list[_Delivered] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)


def import_files(
    paths: Sequence[Path],
    warehouse_path: Path,
    *,
    at: dt.datetime,
    mapping: Mapping | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    progress: Progress | None = None,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
    dry_run: Callable[[Snapshot, Intake], None] | None = None,
) -> Intake:
    """Bring files into a warehouse, which is made if it is not there; all of them or none.

    Parameters
    ----------
    paths : the files, of any supported format and kind
    warehouse_path : directory of the warehouse
    at : now, UTC without zone; what lies after it is not believed
    mapping : which column means what; without one, what earlier deliveries used, else a guess
    currency, timezone : of the company; by default the mapping's, the warehouse's, or what the files suggest
    language : decides the currency where nothing else does
    progress : told of each stage
    memory_limit_mib : what the embedded database may use before it spills
    dry_run : called with the snapshot that would be made; then nothing is kept

    Raises
    ------
    FileError : a file cannot be read, or is not a table.
    MappingError : a column that is needed was not found.
    SettingError : the warehouse has another currency or time zone.
    """
    progress = progress or Progress()
    known = Warehouse.open(warehouse_path) if Warehouse.exists(warehouse_path) else None
    with disk_full_explained(warehouse_path), working_directory(_there(warehouse_path)) as scratch:
        reading = _read(paths, scratch, known, mapping, progress)
        settings = _settings(reading, known, mapping, currency, timezone, language)
        warehouse = known or Warehouse.create(warehouse_path, settings, at=at)
        with warehouse, publication(warehouse, reason="import", at=at) as pending:
            connection = connect(memory_limit_mib=memory_limit_mib, threads=2, temporary=pending.scratch)
            with connection, progress.stage("cli.stage_load", sum(each.staged.rows for each in reading.files)):
                imported = tuple(
                    _load(pending, connection, each, settings, received_on=at.date(), progress=progress)
                    for each in reading.files
                )
            intake = Intake(imported, _remembered(reading, settings), settings, tuple(reading.notes))
            if dry_run is not None:
                dry_run(pending.preview(), intake)
                pending.abandon()
        return Intake(imported, intake.mapping, settings, intake.notes, warehouse.snapshot())


def profile_files(
    paths: Sequence[Path],
    *,
    at: dt.datetime,
    mapping: Mapping | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    language: str = "en",
    progress: Progress | None = None,
    memory_limit_mib: int = _MEMORY_LIMIT_MIB,
) -> Intake:
    """The quality of files alone; nothing is loaded anywhere. Parameters as in `import_files`."""
    progress = progress or Progress()
    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        scratch = Path(directory)
        reading = _read(paths, scratch, None, mapping, progress)
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
    return Intake(tuple(imported), _remembered(reading, settings), settings, tuple(reading.notes))


def _read(
    paths: Sequence[Path], scratch: Path, known: Warehouse | None, mapping: Mapping | None, progress: Progress
) -> _Reading:
    reading = _Reading()
    earlier = _earlier_mapping(known)
    for path in paths:
        with progress.stage("cli.stage_read", path.stat().st_size if path.is_file() else None):
            tables = stage(path, scratch, progress=progress)
        with progress.stage("cli.stage_map", len(tables)):
            for staged in tables:
                source = source_name(staged.file)
                there = (m.for_columns(staged.columns, source=source) for m in (mapping, earlier) if m)
                found = next((each for each in there if each), None)
                guessed = None
                if found is None:
                    guessed = guess(staged.path, source=source)
                    found = guessed.file_mapping()
                reading.files.append(_Delivered(staged, found, guessed))
                progress.advance(1)
    alone = len(reading.files) == 1
    for each in list(reading.files):
        # A workbook may hold a sheet of notes beside the orders; alone, such a table is an error.
        if each.mapping.missing and not alone and each.guess is not None:
            reading.files.remove(each)
            reading.notes.append(Message("mine.not_a_table_of_ours", {"file": each.staged.file}))
        else:
            _require_complete(each)
    if not reading.files:
        raise MappingError("mine.no_usable_table", files=[path.name for path in paths])
    reading.files.sort(key=lambda each: _KINDS.index(each.mapping.kind))
    return reading


def _require_complete(each: _Delivered) -> None:
    """Raise `MappingError` where a needed column was not found, with the beginning of a mapping to complete."""
    if each.guess is None:
        each.mapping.require_complete()
    for group in each.mapping.missing[:1]:
        found = {role: spec.column for role, spec in each.mapping.columns.items()}
        roles = [role for role in group[0] if role not in found]
        columns = [*(f"    {role}: {column}" for role, column in found.items()), *(f"    {role}: …" for role in roles)]
        head = [
            "version: 1",
            "files:",
            f"- source: {each.mapping.source}",
            f"  kind: {each.mapping.kind}",
            "  columns:",
        ]
        raise MappingError(
            "mine.column_not_found", file=each.staged.file, kind=f"mapping.kind_{each.mapping.kind}",
            roles=[Message(f"mapping.role_{role}") for role in roles], columns=list(each.staged.columns),
            mapping="\n".join([*head, "  columns:", *columns]),
        )  # fmt: skip


def source_name(file: str) -> str:
    """The name of a source: what stays the same in the names of its files from month to month.

    >>> source_name("orders_2024-05.csv"), source_name("订单导出20240601(1).xlsx [Sheet1]"), source_name("2024.csv")
    ('orders', '订单导出', 'orders')
    """
    stem = re.sub(r"(\.[A-Za-z]{1,8})+( \[.*\])?$", "", file)
    stem = re.sub(r"[\d_\-. ()（）年月日]+$", "", re.sub(r"\(\d+\)|（\d+）", "", stem))
    return re.sub(r"^[\d_\-. 年月日]+", "", stem) or "orders"


def _settings(
    reading: _Reading,
    known: Warehouse | None,
    mapping: Mapping | None,
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
    each: _Delivered,
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
    return Imported(each.staged, each.mapping, each.guess, account, quality, trend)


def _assess(
    connection: duckdb.DuckDBPyConnection,
    each: _Delivered,
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


def _earlier_mapping(known: Warehouse | None) -> Mapping | None:
    """How the latest delivery of each source was read."""
    if known is None:
        return None
    latest = {each.source: each.mapping for each in known.deliveries()}
    return Mapping(files=tuple(FileMapping.model_validate(each) for each in reversed(latest.values())))


def _remembered(reading: _Reading, settings: Settings) -> Mapping:
    mappings = {each.mapping.source: each.mapping for each in reading.files}
    return Mapping(currency=settings.currency, timezone=settings.timezone, files=tuple(mappings.values()))


def _there(path: Path) -> Path:
    """The nearest directory that exists: scratch space on the warehouse's own disk."""
    path = Path(path).resolve()
    return next(parent for parent in (path, *path.parents) if parent.is_dir())
