"""Files from the server's own disk, through the same import as uploaded ones."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from guanxi_crm.core.jobs.worker import work
from guanxi_crm.insights.models import Run
from guanxi_crm.insights.services.runs import run_create
from guanxi_crm.serve.told import tell, warn
from guanxi_crm.sources.files import clean_name, upload_directory
from guanxi_crm.sources.models import Import
from guanxi_crm.sources.services import Uploaded, import_create, import_start
from guanxi_crm.users.policy import system

__all__ = ["bring", "bring_in", "study"]


def bring(paths: Sequence[Path]) -> None:
    """Bring files in and study them before serving; where something is unclear, the page of the import asks."""
    tell("crm_serve.bringing", files=[path.name for path in paths])
    delivered = bring_in(paths)
    if delivered.state == Import.State.DONE:
        tell("crm_serve.brought", files=[path.name for path in paths])
        run_create(user=system())
    else:
        warn("crm_serve.look_at_import", path=f"/data/{delivered.pk}/")


def bring_in(paths: Sequence[Path], *, origin: str = "import") -> Import:
    """Take files in, guess what they mean, and bring them in if the guess is whole; returns how it stands then."""
    user = system()
    delivered = import_create(user=user, files=[_copied(path) for path in paths], origin=origin)
    work(until_idle=True)
    delivered.refresh_from_db()
    if delivered.state == Import.State.READY and delivered.mapping:
        import_start(user=user, import_id=delivered.pk)
        work(until_idle=True)
        delivered.refresh_from_db()
    return delivered


def study() -> Run:
    """Run all studies and publish what they found; returns how it went."""
    run = run_create(user=system())
    work(until_idle=True)
    run.refresh_from_db()
    return run


def _copied(path: Path) -> Uploaded:
    """A file as if it had been uploaded; the one given stays as it is."""
    key, name = uuid.uuid4(), clean_name(path.name)
    directory = upload_directory(key)
    directory.mkdir(parents=True)
    shutil.copyfile(path, directory / name)
    with (directory / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Uploaded(key, name, path.stat().st_size, digest)
