"""One delivered file: what it is by its content, unpacked if it is packed, and its digest."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import zstandard

from guanxi.errors import FileError
from guanxi.words import Message

__all__ = ["Delivery", "digest", "recognise", "require_file", "unpack"]

_CHUNK_BYTES = 4 << 20
_HEAD_BYTES = 64 << 10
_PACKED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
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
    for packed in _PACKED.values():
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
    FileError : missing, a folder (names what it holds that could be read), not permitted, empty.
    """
    _head(path)


def unpack(delivery: Delivery, into: Path) -> Delivery:
    """Unpack ``.gz`` and ``.zst`` into the folder ``into``; any other file is taken as it is.

    Raises
    ------
    FileError : a damaged archive, or an empty one.
    """
    path = delivery.path
    head = _head(path)
    for mark, extension in _PACKED.items():
        if head.startswith(mark):
            unpacked = into / f"{path.name}.unpacked"
            try:
                (_unpack_gzip if extension == ".gz" else _unpack_zstd)(path, unpacked)
            except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
                unpacked.unlink(missing_ok=True)
                raise FileError("intake.archive_damaged", path=path.name) from error
            if not unpacked.stat().st_size:
                unpacked.unlink()
                raise FileError("intake.empty_file", path=path.name)
            return replace(delivery, path=unpacked)
    return delivery


def recognise(delivery: Delivery) -> Delivery:
    """Say by its content what kind of file it is.

    Raises
    ------
    FileError : a picture, a PDF, a program, an archive, a web page, a locked workbook: none holds a table we can read.
    """
    head = _head(delivery.path)
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


def _head(path: Path) -> bytes:
    """The first bytes; every reason why there are none is an error with its own advice."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise FileError("errors.no_such_file", path=str(path)) from error
    except (IsADirectoryError, PermissionError) as error:
        if path.is_dir():
            _raise_for_folder(path)
        raise FileError("intake.not_permitted", path=str(path)) from error
    except OSError as error:
        raise FileError("intake.cannot_open", path=str(path), cause=error.strerror or str(error)) from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise FileError("intake.empty_file", path=path.name)
    return head


def _raise_for_folder(path: Path) -> None:
    usable = []
    with suppress(OSError):
        usable = sorted(
            each.name for each in path.iterdir() if each.is_file() and _extension(each.name) in _BY_EXTENSION
        )
    if usable:
        raise FileError("intake.is_folder", path=str(path), count=len(usable), files=usable[:10])
    raise FileError("intake.is_folder_without_tables", path=str(path))


def _unpack_gzip(packed: Path, unpacked: Path) -> None:
    with gzip.open(packed) as content, unpacked.open("wb") as target:
        shutil.copyfileobj(content, target, _CHUNK_BYTES)


def _unpack_zstd(packed: Path, unpacked: Path) -> None:
    """Frame by frame: the stream reader takes a file that was cut off for one that ends."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    with packed.open("rb") as source, unpacked.open("wb") as target:
        while octets := source.read(_CHUNK_BYTES):
            while octets:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                target.write(frame.decompress(octets))
                octets = frame.unused_data
    if not frame.eof:
        raise EOFError


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


def _require_workbook(delivery: Delivery) -> None:
    try:
        with ZipFile(delivery.path) as archive:
            names = archive.namelist()
    except BadZipFile as error:
        raise FileError("intake.archive_damaged", path=delivery.name) from error
    if any(name.startswith("xl/") for name in names):
        return
    if "content.xml" in names and "META-INF/manifest.xml" in names and _extension(delivery.name) != ".odt":
        return
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise FileError("intake.is_document", path=delivery.name)
    raise FileError("intake.is_zip", path=delivery.name, files=[name for name in names if not name.endswith("/")][:10])


def _ole_has(path: Path, stream: str) -> bool:
    """Whether the directory of an old Office file names a stream; names stand there in UTF-16."""
    with path.open("rb") as file:
        return stream.encode("utf-16-le") in file.read()
