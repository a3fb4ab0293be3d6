"""Copies of everything that is a company's own, and the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone
from filelock import FileLock, Timeout

from guanxi_crm.serve.told import tell, warn

__all__ = ["backup_database", "main"]

_DUMP = "database.pgdump"
_KEPT = 10
"""Backups of the database before migrations that are kept."""
_NOT_EMPTY, _NOT_A_BACKUP, _HELD, _NO_DUMP = 2, 3, 4, 5


def main(given: Namespace) -> int:
    """``backup`` and ``restore``."""
    django.setup()
    return _backup(Path(given.file)) if given.command == "backup" else _restore(Path(given.file))


def backup_database() -> Path | None:
    """Copy the database beside itself, while it is in use; None where PostgreSQL's pg_dump is not installed."""
    settings.BACKUP_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = timezone.now().strftime("before-%Y%m%d-%H%M%S-%f")
    if connection.vendor == "sqlite":
        path = settings.BACKUP_DIR / f"{name}.sqlite3"
        _copy_sqlite(Path(connection.settings_dict["NAME"]), path)
    else:
        path = settings.BACKUP_DIR / f"{name}.pgdump"
        if not _dump_postgres(path):
            return None
    path.chmod(0o600)
    for old in sorted(settings.BACKUP_DIR.glob("before-*"))[:-_KEPT]:
        old.unlink()
    return path


def _backup(to: Path) -> int:
    """Everything into one tar file, written beside its place and moved there when it is whole."""
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".guanxi-backup-") as scratch:
        unfinished = Path(scratch) / "backup.tar"
        with tarfile.open(unfinished, "w") as tar:
            for path, name in _copies(Path(scratch)):
                tar.add(path, arcname=name)
        unfinished.chmod(0o600)
        unfinished.replace(to)
    tell("crm_serve.backup_written", path=str(to), mib=to.stat().st_size / 1024**2)
    return 0


def _copies(scratch: Path) -> Iterator[tuple[Path, str]]:
    """What belongs to a backup, databases as consistent copies. Parts of the warehouse never change once written."""
    if connection.vendor == "sqlite":
        _copy_sqlite(Path(connection.settings_dict["NAME"]), copy := scratch / "guanxi.sqlite3")
        yield copy, copy.name
    elif _dump_postgres(scratch / _DUMP):
        yield scratch / _DUMP, _DUMP
    else:
        warn("crm_serve.no_dump")
        raise SystemExit(_NO_DUMP)
    for name in ("secret.key", "uploads", "runs"):
        if (settings.DATA_DIR / name).exists():
            yield settings.DATA_DIR / name, name
    for number, path in enumerate(sorted(settings.WAREHOUSE_DIR.rglob("*"))):
        if not path.is_file() or path.name.endswith((".lock", "-wal", "-shm")):
            continue
        name = str(Path("warehouse") / path.relative_to(settings.WAREHOUSE_DIR))
        if path.suffix in {".sqlite", ".sqlite3", ".db"}:
            _copy_sqlite(path, copy := scratch / f"catalogue{number}")
            yield copy, name
        else:
            yield path, name


def _restore(source: Path) -> int:
    """Into an empty directory: what is there is never overwritten."""
    there = [path for path in settings.DATA_DIR.iterdir() if path.name not in {"secret.key", "serve.lock"}]
    if there:
        warn("crm_serve.not_empty", path=str(settings.DATA_DIR))
        return _NOT_EMPTY
    try:
        with FileLock(settings.DATA_DIR / "serve.lock", timeout=0), tarfile.open(source) as tar:
            names = tar.getnames()
            if not {"guanxi.sqlite3", _DUMP} & set(names):
                warn("crm_serve.not_a_backup", path=str(source))
                return _NOT_A_BACKUP
            tar.extractall(settings.DATA_DIR, filter="data")
    except Timeout:
        warn("crm_serve.held", path=str(settings.DATA_DIR))
        return _HELD
    except tarfile.TarError:
        warn("crm_serve.not_a_backup", path=str(source))
        return _NOT_A_BACKUP
    dump = settings.DATA_DIR / _DUMP
    if dump.exists():
        _postgres("pg_restore", "--clean", "--if-exists", "--no-owner", "--exit-on-error", "--dbname", "", str(dump))
        dump.unlink()
    tell("crm_serve.restored", path=str(settings.DATA_DIR))
    return 0


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online backup: consistent, whoever writes meanwhile."""
    with contextlib.closing(sqlite3.connect(source)) as known, contextlib.closing(sqlite3.connect(target)) as copy:
        known.backup(copy)


def _dump_postgres(target: Path) -> bool:
    if shutil.which("pg_dump") is None:
        return False
    _postgres("pg_dump", "--format=custom", "--file", str(target), "--dbname", "")
    return True


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database; the password goes by its environment, not its arguments."""
    known = connection.settings_dict
    environment = {
        **os.environ,
        "PGPASSWORD": known["PASSWORD"] or "", "PGHOST": known["HOST"] or "", "PGPORT": str(known["PORT"] or ""),
        "PGUSER": known["USER"] or "", "PGDATABASE": known["NAME"],
    }  # fmt: skip
    named = [known["NAME"] if each == "" else each for each in arguments]
    subprocess.run([program, *named], env={k: v for k, v in environment.items() if v}, check=True)  # noqa: S603
