"""The jobs ``sources.try`` and ``sources.import``: what would become of the rows, and bringing them in.

An import begun twice brings its files in once: its snapshot names it, and who finds such a snapshot goes on from there.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from guanxi import studies
from guanxi.errors import WarehouseBusy
from guanxi.intake.mapping import Mapping
from guanxi.mine import Imported, Intake, import_files
from guanxi.progress import ForwardedProgress
from guanxi.studies import Account
from guanxi.warehouse import Delivery, DuckDB, Snapshot, Warehouse
from guanxi.words import LANGUAGES
from guanxi_crm.core.audit import log
from guanxi_crm.core.company import company, company_update
from guanxi_crm.core.jobs import Cancelled, JobContext, job_enqueue
from guanxi_crm.core.language import language
from guanxi_crm.sources.files import file_path, forget_files
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.work.rejects import write_rejects
from guanxi_crm.sources.work.sync import sync

__all__ = ["run", "run_trial"]

_MEMORY_LIMIT_MIB = 1000
_NOTE = "import"
"""Under this name the note of a snapshot says which import it is of."""


def run_trial(context: JobContext) -> dict[str, object]:
    """What would be used, set aside and kept out of each study, and by which rule; nothing is kept in the warehouse."""
    delivered = Import.objects.get(pk=str(context.parameters["import"]))
    accounts: list[tuple[str, Account]] = []

    def look(snapshot: Snapshot, _: Intake) -> None:
        # Of customers or products alone no study can say anything yet.
        if snapshot.rows("order_lines"):
            accounts.extend(studies.accounts(snapshot, engine=DuckDB(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=2)))

    with tempfile.TemporaryDirectory(prefix="guanxi-") as directory:
        there = Warehouse.exists(settings.WAREHOUSE_DIR)
        path = settings.WAREHOUSE_DIR if there else Path(directory) / "warehouse"
        intake = _import(context, delivered, path, dry_run=look)
    trial = {
        "tables": [_told(each, ()) for each in intake.files],
        "studies": [{"study": study, **account.as_data()} for study, account in accounts],
    }
    with context.transaction():
        fresh = Import.objects.select_for_update().get(pk=delivered.pk)
        if fresh.mapping == delivered.mapping:
            fresh.profile["trial"] = trial
            fresh.save(update_fields=["profile"])
    return {"tables": len(intake.files)}


def run(context: JobContext) -> dict[str, object]:
    """Bring the files of an import into the warehouse, then customers, products and orders up to date with it."""
    delivered = Import.objects.get(pk=str(context.parameters["import"]))
    context.user.require("import", "create")
    if "tables" not in delivered.result:
        _bring_in(context, delivered)
        delivered.refresh_from_db()

    def finish(synced: MappingOf[str, object]) -> None:
        fresh = Import.objects.select_for_update().get(pk=delivered.pk)
        fresh.result["changed"] = synced
        fresh.state = Import.State.DONE
        fresh.save(update_fields=["result", "state"])
        rows = {each["name"]: each["loaded"] for each in fresh.result["tables"]}
        log(user=context.user, kind="import", record=fresh, action="import", name=_name(fresh),
            note={"rows": rows, "changed": synced, "snapshot": fresh.result["snapshot"]})  # fmt: skip

    try:
        sync(context, origin=delivered.origin, finish=finish)
    except Cancelled:
        # The rows are in the warehouse: to stop here would leave the lists half like before. Another job brings them up
        # to date; who wants to be rid of the rows takes the import back.
        Import.objects.filter(pk=delivered.pk, state=Import.State.IMPORTING).update(state=Import.State.DONE)
        job_enqueue(user=context.user, kind="sources.sync", unique="sources.sync")
        raise
    forget_files(delivered)
    return {"snapshot": delivered.result["snapshot"]}


def _bring_in(context: JobContext, delivered: Import) -> None:
    """Into the warehouse, once, with the account of what became of the rows."""
    intake = _import(context, delivered, settings.WAREHOUSE_DIR)
    assert intake.snapshot is not None
    with Warehouse.open(settings.WAREHOUSE_DIR) as warehouse:
        mine = next((each.id for each in warehouse.history() if each.note.get(_NOTE) == str(delivered.pk)), None)
        ours = [each for each in warehouse.deliveries() if mine is not None and each.snapshot_id == mine]
        write_rejects(delivered, intake.snapshot, [each.id for each in ours])
    tables = [_told(each, ours) for each in intake.files]
    result = {
        "tables": tables,
        "snapshot": mine,
        "deliveries": [each.id for each in ours],
        "notes": [{language: note.say(language) for language in LANGUAGES} for note in intake.notes],
        "currency": intake.settings.currency,
    }
    with context.transaction():
        fresh = Import.objects.select_for_update().get(pk=delivered.pk)
        fresh.result = result
        # Samples of what persons wrote have served.
        fresh.profile = {
            "tables": [{k: t[k] for k in ("file", "name", "kind", "rows")} for t in fresh.profile.get("tables", [])]
        }
        fresh.mapping = intake.mapping.to_yaml()
        fresh.currency, fresh.timezone = intake.settings.currency, intake.settings.timezone
        fresh.save(update_fields=["result", "profile", "mapping", "currency", "timezone"])
        for file in fresh.files.all():
            file.delivery_id = next((each.id for each in ours if _is_of(each.file, file.name)), None)
            file.save(update_fields=["delivery_id"])
        if not company().currency:
            company_update(currency=intake.settings.currency, timezone=intake.settings.timezone)


def _import(
    context: JobContext, delivered: Import, path: Path, *, dry_run: Callable[[Snapshot, Intake], None] | None = None
) -> Intake:
    while True:
        try:
            return import_files(
                [file_path(file) for file in delivered.files.order_by("pk")],
                path,
                at=timezone.now().astimezone(dt.UTC).replace(tzinfo=None),
                mapping=Mapping.from_yaml(delivered.mapping) if delivered.mapping else None,
                currency=delivered.currency or None,
                timezone=delivered.timezone or None,
                language=language(),
                progress=ForwardedProgress(context.stage, context.advance),
                memory_limit_mib=_MEMORY_LIMIT_MIB,
                note={_NOTE: str(delivered.pk)},
                dry_run=dry_run,
            )
        except WarehouseBusy:
            context.stage("crm_sources.stage_wait")


def _told(each: Imported, ours: Sequence[Delivery]) -> dict[str, object]:
    """The account of one table. Where an attempt before this one has brought it in, that one's."""
    earlier = next((one for one in ours if each.known is not None and one.id == each.known.id), None)
    account = dict(earlier.account) if earlier else vars(each.account)
    return {
        "name": each.staged.file,
        "kind": each.mapping.kind,
        **account,
        "was_known": each.known is not None and earlier is None,
    }


def _is_of(table: str, file: str) -> bool:
    """Whether a table is the file of that name, or a sheet of it."""
    return table == file or table.startswith(f"{file} [")


def _name(delivered: Import) -> str:
    return ", ".join(delivered.files.order_by("pk").values_list("name", flat=True))[:200]
