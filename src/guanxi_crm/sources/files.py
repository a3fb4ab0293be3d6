"""Where uploaded files lie until they are in the warehouse, and what may be uploaded."""

from __future__ import annotations

import shutil
import unicodedata
import uuid
from pathlib import Path

from django.conf import settings

from guanxi_crm.sources.models import Import, ImportFile

__all__ = ["EXTENSIONS", "clean_name", "file_path", "forget_files", "is_allowed", "rejects_path", "upload_directory"]

EXTENSIONS = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".parquet",
)  # fmt: skip
"""What the mine reads; each also packed as one of `_PACKED`."""
_PACKED = (".gz", ".zst")
_LONGEST = 150


def is_allowed(name: str) -> bool:
    """Whether a file of this name may be brought in."""
    name = name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name.endswith(EXTENSIONS) and not name.startswith(".")


def clean_name(name: str) -> str:
    """A name that any file system takes, as near as can be to the one that people know.

    Examples
    --------
    >>> clean_name("../../etc/订单 2024.csv"), clean_name("a\\x00b\\n.csv")
    ('订单 2024.csv', 'ab.csv')
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(each for each in name if each.isprintable()).strip(". ") or "file"
    stem, dot, extension = name.partition(".")
    while len(name.encode()) > _LONGEST and len(stem) > 1:
        stem = stem[:-1]
        name = stem + dot + extension
    return name


def upload_directory(key: uuid.UUID) -> Path:
    """The directory of one uploaded file, so that it can keep its name."""
    return settings.UPLOAD_DIR / "imports" / str(key)


def file_path(file: ImportFile) -> Path:
    """Where its bytes are."""
    return upload_directory(file.key) / file.name


def rejects_path(delivered: Import, language: str) -> Path:
    """The table of what was set aside, in words."""
    return upload_directory(delivered.pk) / f"rejects.{language}.csv"


def forget_files(delivered: Import, *, rejects: bool = False) -> None:
    """Remove the uploaded bytes of an import; on request also what was set aside of them."""
    for file in delivered.files.all():
        shutil.rmtree(upload_directory(file.key), ignore_errors=True)
    if rejects:
        shutil.rmtree(upload_directory(delivered.pk), ignore_errors=True)
