"""One delivered file: what it is by its content, unpacked if it is packed, and its digest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from guanxi.errors import FileError
from guanxi.intake.readers.packed import PACKED, require_sound_workbook, unpack_file
from guanxi.words import Message

__all__ = ["Delivery", "digest", "is_readable_name", "name_of", "recognise", "require_file", "unpack"]

_HEAD_BYTES = 64 << 10
_PACKED_TWICE = 2
# What a file is by its first bytes, where that is nothing we read: the code of the error that says so.
_OTHER: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "intake.is_image"),
    (b"\xff\xd8\xff", "intake.is_image"),
    (b"GIF8", "intake.is_image"),
    (b"BM", "intake.is_image"),
    (b"II*\0", "intake.is_image"),
    (b"MM\0*", "intake.is_image"),
    (b"RIFF", "intake.is_image"),
    (b"%PDF", "intake.is_pdf"),
    (b"MZ", "intake.is_program"),
    (b"\x7fELF", "intake.is_program"),
    (b"\xca\xfe\xba\xbe", "intake.is_program"),
    (b"\xcf\xfa\xed\xfe", "intake.is_program"),
    (b"Rar!", "intake.is_archive"),
    (b"7z\xbc\xaf", "intake.is_archive"),
    (b"BZh", "intake.is_archive"),
    (b"\xfd7zXZ", "intake.is_archive"),
    (b"SQLite format 3\0", "intake.is_database"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BY_EXTENSION = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class Delivery:
    """A file as it was given to us."""

    path: Path
    """Where its content is: the file itself, or what came out of it when it was unpacked."""
    name: str
    """What people call it: the name of the delivered file."""
    sha256: Callable[[], str]
    """The digest of the delivered bytes; asked for last, as it is taken beside the reading."""
    advance: Callable[[int], None]
    """Told the bytes that have been gone through."""
    format: str = ""
    """``workbook``, ``parquet`` or ``text``."""
    notes: tuple[Message, ...] = ()

    def is_named(self, format: str) -> bool:
        """Whether the extension promises this format."""
        return _BY_EXTENSION.get(_extension(self.name)) == format

    def noting_format(self, found: str) -> Delivery:
        """The same, with a note if the extension promises another format than was found."""
        promised = _BY_EXTENSION.get(_extension(self.name))
        if promised in (None, found):
            return self
        note = Message("intake.other_format", {"extension": _extension(self.name), "format": found})
        return replace(self, notes=(*self.notes, note))


def _extension(name: str) -> str:
    """Of the content: ``.csv`` for ``orders.csv.gz``."""
    name = name.lower()
    for packed in PACKED.values():
        name = name.removesuffix(packed)
    return Path(name).suffix


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_file(path: Path) -> None:
    """Check that there is something to read.

    Raises
    ------
    FileError : missing, a folder (names what it holds that could be read), a pipe or a device, not permitted, empty.
    """
    _head(path, name_of(path))


def unpack(delivery: Delivery, into: Path) -> Delivery:
    """Unpack ``.gz`` and ``.zst`` into the folder ``into``, also what was packed twice; any other file stays as it is.

    Raises
    ------
    FileError : a damaged archive, an empty one, or one that unpacks to far more than a table would.
    """
    for times in range(1, _PACKED_TWICE + 1):
        if not _head(delivery.path, delivery.name).startswith(tuple(PACKED)):
            break
        target = into / f"unpacked.{times}"
        try:
            unpack_file(delivery.path, target, delivery.name)
            _head(target, delivery.name)
        except FileError:
            target.unlink(missing_ok=True)
            raise
        finally:
            if times > 1:
                delivery.path.unlink()
        delivery = replace(delivery, path=target)
    return delivery


def recognise(delivery: Delivery) -> Delivery:
    """Say by its content what kind of file it is.

    Raises
    ------
    FileError : a picture, a PDF, a program, an archive, a web page, a locked workbook: none holds a table we can read.
    """
    head = _head(delivery.path, delivery.name)
    if head.startswith(tuple(PACKED)):
        raise FileError("intake.is_archive", path=delivery.name)
    for mark, code in _OTHER:
        if head.startswith(mark) and not (mark in (b"BM", b"MZ", b"RIFF") and _is_text(head)):
            raise FileError(code, path=delivery.name)
    if head.startswith(b"PAR1"):
        return replace(delivery, format="parquet").noting_format("parquet")
    if head.startswith(b"PK\x03\x04"):
        _require_workbook(delivery)
        return replace(delivery, format="workbook").noting_format("xlsx")
    if head.startswith(_OLE):
        if _ole_has(delivery.path, "EncryptedPackage"):
            raise FileError("intake.workbook_locked", path=delivery.name)
        if not _ole_has(delivery.path, "Workbook") and not _ole_has(delivery.path, "Book"):
            raise FileError("intake.is_document", path=delivery.name)
        return replace(delivery, format="workbook").noting_format("xlsx")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<body")):
        raise FileError("intake.is_html", path=delivery.name)
    if start.startswith(b"<?xml"):
        raise FileError("intake.is_html" if b"<html" in start else "intake.is_xml", path=delivery.name)
    return replace(delivery, format="text")


def name_of(path: Path) -> str:
    """The name of a file as text; bytes in it that are none, as archives from elsewhere leave them, as ``\\xe9``.

    >>> name_of(Path("orders.csv")), name_of(Path(os.fsdecode(b"caf\\xe9.csv")))
    ('orders.csv', 'caf\\\\xe9.csv')
    """
    return os.fsencode(path.name).decode(errors="backslashreplace")


def is_readable_name(name: str) -> bool:
    """Whether the extension is one of those that are read, packed or not."""
    return _extension(name) in _BY_EXTENSION


def _head(path: Path, name: str) -> bytes:
    """The first bytes; every reason why there are none is an error with its own advice."""
    told = str(path.with_name(name)) if name else str(path)
    try:
        # Looked at before it is opened: to open a pipe is to wait for somebody who writes into it.
        if not stat.S_ISREG(path.stat().st_mode):
            if path.is_dir():
                _raise_for_folder(path)
            raise FileError("intake.not_a_file", path=told)
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise FileError("errors.no_such_file", path=told) from error
    except PermissionError as error:
        raise FileError("intake.not_permitted", path=told) from error
    except OSError as error:
        raise FileError("intake.cannot_open", path=told, cause=error.strerror or str(error)) from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise FileError("intake.empty_file", path=name)
    return head


def _raise_for_folder(path: Path) -> None:
    usable = []
    with suppress(OSError):
        usable = sorted(name_of(each) for each in path.iterdir() if each.is_file() and is_readable_name(each.name))
    if usable:
        raise FileError("intake.is_folder", path=str(path), count=len(usable), files=usable[:10])
    raise FileError("intake.is_folder_without_tables", path=str(path))


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


def _require_workbook(delivery: Delivery) -> None:
    try:
        with ZipFile(delivery.path) as archive:
            names = archive.namelist()
    except BadZipFile as error:
        raise FileError("intake.archive_damaged", path=delivery.name) from error
    sheets = "content.xml" in names and "META-INF/manifest.xml" in names and _extension(delivery.name) != ".odt"
    if sheets or any(name.startswith("xl/") for name in names):
        require_sound_workbook(delivery.path, delivery.name)
        return
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise FileError("intake.is_document", path=delivery.name)
    raise FileError("intake.is_zip", path=delivery.name, files=[name for name in names if not name.endswith("/")][:10])


def _ole_has(path: Path, stream: str) -> bool:
    """Whether the directory of an old Office file names a stream; names stand there in UTF-16."""
    with path.open("rb") as file:
        return stream.encode("utf-16-le") in file.read()
