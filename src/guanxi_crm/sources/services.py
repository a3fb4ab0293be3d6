"""Writes of `sources`: taking files in, saying what their columns mean, bringing them in, taking them back."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.core.jobs import job_enqueue
from guanxi_crm.core.models import Job
from guanxi_crm.core.policy import Actor
from guanxi_crm.sources.files import forget_files
from guanxi_crm.sources.models import Import, ImportFile, WarehouseSync
from guanxi_crm.sources.selectors import import_get, missing_roles, stands

__all__ = [
    "Uploaded",
    "import_create",
    "import_discard",
    "import_look_again",
    "import_map",
    "import_start",
    "import_try",
    "import_undo",
    "lists_sync",
    "lists_sync_anew",
]

_ORPHAN_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Uploaded:
    """A file whose bytes are in its upload directory already."""

    key: uuid.UUID
    name: str
    size: int
    sha256: str


@transaction.atomic
def import_create(*, user: Actor, files: Sequence[Uploaded], origin: str = "import") -> Import:
    """Take uploaded files in together, and have them looked at.

    Permission: import.create. Audit: create, with the files. Raises: NotAllowed, RuleBroken (no file; two of one name).
    """
    user.require("import", "create")
    user.require_writable("import", ["files"])
    if not files:
        raise RuleBroken("crm_sources.no_file", field="files")
    names = [file.name for file in files]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise RuleBroken("crm_sources.name_twice", field="files", name=double)
    _forget_orphans()
    delivered = Import.objects.create(user_id=user.user_id, created_at=timezone.now(), origin=origin)
    ImportFile.objects.bulk_create(
        ImportFile(delivered_in=delivered, key=file.key, name=file.name, size=file.size, sha256=file.sha256)
        for file in files
    )
    log(user=user, kind="import", record=delivered, action="create", name=", ".join(names), note={"files": names})
    _queue(user, delivered, "sources.look")
    return delivered


@transaction.atomic
def import_look_again(*, user: Actor, import_id: uuid.UUID) -> Import:
    """Look at the files once more, after a look was interrupted.

    Permission: import.create. Audit: none, nothing changes. Raises: NotFound, NotAllowed, RuleBroken (not waiting).
    """
    delivered = _open(user, import_id, {"stopped"})
    delivered.state = Import.State.LOOKING
    delivered.save(update_fields=["state"])
    _queue(user, delivered, "sources.look")
    return delivered


@transaction.atomic
def import_map(
    *,
    user: Actor,
    import_id: uuid.UUID,
    kinds: Mapping[int, str],
    roles: Mapping[tuple[int, int], str],
    currency: str,
    zone: str,
) -> Import:
    """Say what the columns of an import's files mean.

    Parameters
    ----------
    kinds : table → kind of file
    roles : (table, column) → role; columns without one are left out
    currency, zone : of the company, where no import has settled them

    Permission: import.create, field mapping. Audit: change of the mapping. Raises: NotFound, NotAllowed, RuleBroken (a
    role given twice, or unknown; a column that is needed is missing in every file).
    """
    delivered = _open(user, import_id, {"ready", "failed"})
    user.require_writable("import", ["mapping"])
    profile = delivered.profile
    for place, table in enumerate(profile["tables"]):
        _map_table(table, place, kinds, roles, profile)
    whole = [table for table in profile["tables"] if not missing_roles(table, profile)]
    if not whole:
        raise RuleBroken("crm_sources.nothing_usable", field="mapping")
    files = [_as_mapping(table) for table in whole]
    # What is JSON is YAML, too; the mine reads it as its own.
    mapping = json.dumps({"version": 1, "files": files}, ensure_ascii=False)
    if not profile["is_fixed"]:
        delivered.currency, delivered.timezone = currency.strip().upper(), zone
    if mapping != delivered.mapping:
        log(
            user=user, kind="import", record=delivered, action="change", name=names_of(delivered),
            changes={"mapping": (None, {each["source"]: each["columns"] for each in files})},
        )  # fmt: skip
        profile.pop("trial", None)
    delivered.mapping, delivered.profile = mapping, profile
    delivered.save(update_fields=["mapping", "profile", "currency", "timezone"])
    return delivered


@transaction.atomic
def import_try(*, user: Actor, import_id: uuid.UUID) -> Job:
    """Find out what would become of the rows; nothing is kept.

    Permission: import.create. Audit: none, nothing changes. Raises: NotFound, NotAllowed, RuleBroken (not ready).
    """
    delivered = _open(user, import_id, {"ready", "failed"})
    _require_mapping(delivered)
    delivered.state = Import.State.READY
    delivered.profile.pop("trial", None)
    delivered.save(update_fields=["state", "profile"])
    return _queue(user, delivered, "sources.try")


@transaction.atomic
def import_start(*, user: Actor, import_id: uuid.UUID) -> Job:
    """Bring the files in.

    Permission: import.create. Audit: import, by the job when it is done, with counts. Raises: NotFound, NotAllowed,
    RuleBroken (not ready).
    """
    delivered = _open(user, import_id, {"ready", "failed", "stopped"})
    _require_mapping(delivered)
    delivered.state = Import.State.IMPORTING
    delivered.save(update_fields=["state"])
    return _queue(user, delivered, "sources.import")


@transaction.atomic
def import_undo(*, user: Actor, import_id: uuid.UUID) -> Job:
    """Take an import back: the warehouse, customers and orders as if its files had never come.

    Permission: import.undo. Audit: undo, by the job when it is done, with counts. Raises: NotFound, NotAllowed,
    RuleBroken (it is not in; it brought nothing).
    """
    delivered = import_get(user=user, import_id=import_id, lock=True)
    user.require("import", "undo", delivered)
    if stands(delivered) != "done" or not delivered.result.get("deliveries"):
        raise RuleBroken("crm_sources.nothing_to_undo")
    return _queue(user, delivered, "sources.undo")


@transaction.atomic
def import_discard(*, user: Actor, import_id: uuid.UUID) -> None:
    """Forget files that were uploaded and never brought in.

    Permission: import.create. Audit: delete. Raises: NotFound, NotAllowed, RuleBroken (they are in, or on their way).
    """
    delivered = _open(user, import_id, {"ready", "failed", "stopped"})
    if delivered.result.get("tables"):
        raise RuleBroken("crm_sources.already_in")
    log(user=user, kind="import", record=delivered, action="delete", name=names_of(delivered))
    forget_files(delivered, rejects=True)
    delivered.delete()


def lists_sync(*, user: Actor) -> Job:
    """Bring customers, products and orders to what the warehouse says, where something was interrupted.

    Permission: import.create. Audit: none: what the imports brought is told with them.
    """
    user.require("import", "create")
    return job_enqueue(user=user, kind="sources.sync", unique="sources.sync")


@transaction.atomic
def lists_sync_anew(*, user: Actor) -> Job:
    """Compare customers, products and orders with all that the warehouse says, as if nothing were known of them.

    Permission: import.create. Audit: none, as in `lists_sync`.
    """
    user.require("import", "create")
    WarehouseSync.objects.update(snapshot_id=WarehouseSync.UNKNOWN, target_id=None)
    return lists_sync(user=user)


def names_of(delivered: Import) -> str:
    """What people call an import: its files."""
    return ", ".join(file.name for file in delivered.files.all())


def _open(user: Actor, import_id: uuid.UUID, wanted: set[str]) -> Import:
    delivered = import_get(user=user, import_id=import_id, lock=True)
    user.require("import", "create", delivered)
    if stands(delivered) not in wanted:
        raise RuleBroken("crm_sources.not_now")
    return delivered


def _require_mapping(delivered: Import) -> None:
    tables = delivered.profile.get("tables", [])
    if tables and all(missing_roles(table, delivered.profile) for table in tables):
        raise RuleBroken("crm_sources.nothing_usable", field="mapping")


def _queue(user: Actor, delivered: Import, kind: str) -> Job:
    job = job_enqueue(user=user, kind=kind, parameters={"import": str(delivered.pk)}, unique=f"import:{delivered.pk}")
    delivered.job = job
    delivered.save(update_fields=["job"])
    return job


def _map_table(
    table: dict[str, Any], place: int, kinds: Mapping[int, str], roles: Mapping[tuple[int, int], str],
    profile: Mapping[str, Any],
) -> None:  # fmt: skip
    kind = kinds.get(place, table["kind"])
    if kind not in profile["roles"]:
        raise RuleBroken("crm_sources.no_such_role", field=f"kind-{place}")
    known = profile["roles"][kind]
    given: set[str] = set()
    before = {column["name"]: column["role"] for column in table["columns"]}
    for number, column in enumerate(table["columns"]):
        role = roles.get((place, number)) or None
        if role is not None and role not in known:
            raise RuleBroken("crm_sources.no_such_role", field=f"role-{place}-{number}")
        if role in given:
            raise RuleBroken("crm_sources.role_twice", field=f"role-{place}-{number}", role=f"mapping.role_{role}")
        given.add(role or "")
        if role != column["role"]:
            column["confidence"] = 1.0
            column["spec"] = _spec(column, known[role]) if role else None
        column["role"] = role
    now = {column["name"]: column["role"] for column in table["columns"]}
    table["kind"] = kind
    table["also"] = {
        role: name
        for role, name in table["also"].items()
        if role in known and role not in given and now[name] == before[name]
    }


def _spec(column: Mapping[str, Any], value: str) -> dict[str, object]:
    """How the values of a column are written, as its content shows, for a role of this kind of value."""
    spec: dict[str, object] = {"column": column["name"]}
    if value in ("instant", "date") and column["format"]:
        spec["format"] = column["format"]
    if value == "decimal" and column["decimal"] != ".":
        spec["decimal"] = column["decimal"]
    return spec


def _as_mapping(table: Mapping[str, Any]) -> dict[str, Any]:
    specs = {column["name"]: column["spec"] for column in table["columns"] if column["spec"]}
    columns = {column["role"]: column["spec"] for column in table["columns"] if column["role"]}
    columns |= {role: specs[name] for role, name in table["also"].items() if name in specs}
    signature = [column["name"] for column in table["columns"]]
    return {"source": table["source"], "kind": table["kind"], "signature": signature, "columns": columns}


def _forget_orphans() -> None:
    """Remove what uploads left that were killed before they belonged to anything."""
    home = settings.UPLOAD_DIR / "imports"
    old = [path for path in home.glob("*") if time.time() - path.stat().st_mtime > _ORPHAN_SECONDS]
    keys = {str(key) for key in ImportFile.objects.values_list("key", flat=True)}
    keys |= {str(key) for key in Import.objects.values_list("pk", flat=True)}
    for path in old:
        if path.name not in keys:
            shutil.rmtree(path, ignore_errors=True)
