"""The job ``sources.look``: what files hold, before anything is done with them."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from django.conf import settings
from django.utils import timezone

from guanxi.errors import MappingError
from guanxi.intake.guess import Guess, guess
from guanxi.intake.mapping import FileMapping, Mapping
from guanxi.intake.money import find_currency
from guanxi.intake.quality import assess
from guanxi.intake.readers import stage
from guanxi.intake.roles import REQUIRED, ROLES
from guanxi.intake.staged import Staged
from guanxi.mine.reading import earlier_mapping, source_name
from guanxi.progress import ForwardedProgress
from guanxi.warehouse import Settings, Warehouse
from guanxi.warehouse.duckdb import connect
from guanxi.words import LANGUAGES, Message
from guanxi_crm.core.company import company
from guanxi_crm.core.jobs import JobContext
from guanxi_crm.core.language import language
from guanxi_crm.sources.files import file_path
from guanxi_crm.sources.models import Import, ImportFile

__all__ = ["run"]

_MEMORY_LIMIT_MIB = 800
_EXAMPLES = 4
_FINDINGS = 8


@dataclass(frozen=True)
class _Table:
    """One table of an uploaded file."""

    file: ImportFile
    staged: Staged
    guess: Guess
    mapping: FileMapping
    is_known: bool
    """Read as an earlier delivery of its source was."""


def run(context: JobContext) -> dict[str, object]:
    """Read the files of an import, guess what their columns mean, judge their quality; keep it as `Import.profile`."""
    delivered = Import.objects.get(pk=str(context.parameters["import"]))
    progress = ForwardedProgress(context.stage, context.advance)
    with (
        tempfile.TemporaryDirectory(prefix="guanxi-") as directory,
        connect(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=2, temporary=Path(directory)) as connection,
    ):
        known = _known_mapping()
        tables: list[_Table] = []
        for file in delivered.files.order_by("pk"):
            with progress.stage("cli.stage_read", file.size):
                staged = stage(file_path(file), Path(directory), progress=progress)
            with progress.stage("cli.stage_map", len(staged)):
                tables += [_table(file, each, known) for each in staged]
        fixed = _settings_there()
        agreed, note = (fixed, None) if fixed else _guessed_settings(tables)
        described = []
        with progress.stage("cli.stage_quality", len(tables)):
            for each in tables:
                described.append(_described(connection, each, agreed, timezone.now().date()))
                progress.advance(1)
    profile = {
        "tables": described,
        "roles": {kind: {name: role.value for name, role in roles.items()} for kind, roles in ROLES.items()},
        "required": dict(REQUIRED),
        "is_fixed": fixed is not None,
        "currency_note": _said(note) if note else None,
    }
    with context.transaction():
        Import.objects.filter(pk=delivered.pk, state=Import.State.LOOKING).update(
            profile=profile, currency=agreed.currency, timezone=agreed.timezone, state=Import.State.READY,
            mapping=Mapping(files=tuple(each.mapping for each in tables if not each.mapping.missing)).to_yaml(),
        )  # fmt: skip
    return {"tables": len(tables)}


def _known_mapping() -> Mapping | None:
    if not Warehouse.exists(settings.WAREHOUSE_DIR):
        return None
    with Warehouse.open(settings.WAREHOUSE_DIR) as warehouse:
        return earlier_mapping(warehouse)


def _settings_there() -> Settings | None:
    """Currency and time zone of the warehouse, which hold for good."""
    if not Warehouse.exists(settings.WAREHOUSE_DIR):
        return None
    with Warehouse.open(settings.WAREHOUSE_DIR) as warehouse:
        return warehouse.settings


def _guessed_settings(tables: Sequence[_Table]) -> tuple[Settings, Message | None]:
    if company().currency:
        return Settings(company().currency, company().timezone), None
    currency, note = find_currency([(each.staged.path, each.mapping) for each in tables], language=language())
    return Settings(currency, company().timezone), note


def _table(file: ImportFile, staged: Staged, known: Mapping | None) -> _Table:
    source = source_name(staged.file)
    guessed = guess(staged.path, source=source)
    earlier = None
    if known is not None:
        try:
            earlier = known.for_columns(staged.columns, source=source)
        except MappingError:
            # The source's files have other columns by now; who looks at this page says what they mean.
            earlier = None
    mapping = earlier or guessed.file_mapping()
    return _Table(file, staged, guessed, mapping, earlier is not None)


def _described(
    connection: duckdb.DuckDBPyConnection, table: _Table, agreed: Settings, today: dt.date
) -> dict[str, object]:
    """One table of the profile, as plain data, every sentence in both languages."""
    staged, mapping = table.staged, table.mapping
    role_of = {spec.column: role for role, spec in reversed(mapping.columns.items())}
    also = {role: spec.column for role, spec in mapping.columns.items() if role_of[spec.column] != role}
    guessed = {column.name: column for column in table.guess.columns}
    quality = None
    if not mapping.missing:
        sure = None if table.is_known else {c.role: c.confidence for c in table.guess.columns if c.role}
        quality = assess(
            connection, staged, mapping, timezone=agreed.timezone, currency=agreed.currency, received_on=today,
            confidence=sure,
        )  # fmt: skip
    return {
        "file": table.file.pk,
        "name": staged.file,
        "source": mapping.source,
        "kind": mapping.kind,
        "is_known": table.is_known,
        "rows": staged.rows,
        "unread": len(staged.unread),
        "format": staged.format,
        "encoding": staged.encoding,
        "delimiter": staged.delimiter,
        "notes": [_said(note) for note in (*staged.notes, *(() if table.is_known else table.guess.notes))],
        "columns": [
            {
                "name": name,
                "role": role_of.get(name),
                "confidence": 1.0 if table.is_known and name in role_of else round(guessed[name].confidence, 2),
                "evidence": [_said(message) for message in guessed[name].evidence],
                "examples": [str(each)[:60] for each in guessed[name].examples[:_EXAMPLES]],
                "format": guessed[name].time_format,
                "decimal": guessed[name].decimal,
                "spec": mapping.columns[role_of[name]].model_dump(exclude_defaults=True) if name in role_of else None,
            }
            for name in staged.columns
        ],
        "also": also,
        "quality": None
        if quality is None
        else {
            "overall": quality.overall,
            "measures": {each.name: each.score for each in quality.measures},
            "findings": [
                {"severity": each.severity, "rows": each.rows, "personal": each.personal,
                 "said": _said(each.message), "fix": _said(each.fix)}
                for each in quality.findings[:_FINDINGS]
            ],
        },
    }  # fmt: skip


def _said(message: Message) -> dict[str, str]:
    return {language: message.say(language) for language in LANGUAGES}
