"""Files kept with a customer: what they are is decided by their content, not by their name."""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import os
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from guanxi_crm.core.audit import log
from guanxi_crm.core.errors import NotFound, RuleBroken
from guanxi_crm.core.policy import Actor
from guanxi_crm.customers.models import Attachment
from guanxi_crm.customers.selectors.record import attachment_get, customer_get

__all__ = ["attachment_add", "attachment_open", "attachment_remove", "content_type_of", "forget_bytes"]

_BEGINNINGS = (
    (b"%PDF-", 0, "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftypM4A ", 4, "audio/mp4"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"WAVE", 8, "audio/wav"),
)
"""What a file begins with, at which place, and what it is."""
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_ACTIVE = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?xml")
"""Text that a browser would run or draw."""
_NAME_LENGTH = 200
_HEAD_BYTES = 8192


def attachment_add(*, user: Actor, customer_id: int, upload: UploadedFile, at: dt.datetime | None = None) -> Attachment:
    """Keep a file with a customer. Its bytes are on disk before its row is written; they go again if that fails.

    Permission: customer.change, field files. Audit: change of files. Raises: NotFound, NotAllowed, RuleBroken (empty,
    too large, a kind of file that is not taken).
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["files"])
    size = upload.size or 0
    if size > settings.ATTACHMENT_LIMIT_BYTES:
        raise RuleBroken("crm_customers.file_too_large", field="file", most=settings.ATTACHMENT_LIMIT_BYTES // 1024**2)
    if not size:
        raise RuleBroken("crm_customers.file_empty", field="file")
    content_type = content_type_of(upload.file)
    if content_type is None:
        raise RuleBroken("crm_customers.file_kind", field="file")
    key = uuid.uuid4()
    name = _plain_name(upload.name or "")
    _write(upload, _path(key))
    try:
        with transaction.atomic():
            attachment = Attachment.objects.create(
                customer=customer, key=key, name=name, content_type=content_type, size=size, by_id=user.user_id,
                at=at or timezone.now(),
            )  # fmt: skip
            log(user=user, kind="customer", record=customer, action="change", name=str(customer),
                changes={"files": (None, name)}, at=attachment.at)  # fmt: skip
    except BaseException:
        forget_bytes([key])
        raise
    return attachment


def attachment_open(*, user: Actor, customer_id: int, key: uuid.UUID) -> tuple[Attachment, BinaryIO]:
    """A file of a customer, open for reading.

    Permission: customer.view, field files. Raises: NotFound, also where its bytes are gone.
    """
    attachment = attachment_get(user=user, customer_id=customer_id, key=key)
    try:
        return attachment, _path(attachment.key).open("rb")
    except FileNotFoundError as error:
        raise NotFound from error


@transaction.atomic
def attachment_remove(*, user: Actor, customer_id: int, key: uuid.UUID) -> None:
    """Remove a file; its bytes go when the transaction has held.

    Permission: customer.change, field files. Audit: change of files. Raises: NotFound, NotAllowed.
    """
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["files"])
    attachment = attachment_get(user=user, customer_id=customer_id, key=key)
    log(user=user, kind="customer", record=customer, action="change", name=str(customer),
        changes={"files": (attachment.name, None)})  # fmt: skip
    attachment.delete()
    transaction.on_commit(lambda: forget_bytes([key]))


def content_type_of(file: BinaryIO) -> str | None:
    """What a file is by its content; None for whatever is not taken: programs, pages, macros, archives.

    Examples
    --------
    >>> import io
    >>> content_type_of(io.BytesIO(b"%PDF-1.7 ..."))
    'application/pdf'
    >>> content_type_of(io.BytesIO("姓名,电话".encode()))
    'text/plain'
    >>> content_type_of(io.BytesIO(b"<html><script>alert(1)</script>")) is None
    True
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    for beginning, place, content_type in _BEGINNINGS:
        if head[place : place + len(beginning)] == beginning:
            return content_type
    if head.startswith(b"PK\x03\x04"):
        found = _office_type(file)
        file.seek(0)
        return found
    return _text_type(head)


def forget_bytes(keys: Iterable[uuid.UUID]) -> None:
    """Take the bytes of files from the disk; what is not there is no matter."""
    for key in keys:
        with contextlib.suppress(FileNotFoundError):
            _path(key).unlink()


def _office_type(file: BinaryIO) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if any(name.endswith("vbaProject.bin") for name in names):
                return None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
                return declared if declared.startswith(_OPEN_DOCUMENT) else None
            return next((content_type for name, content_type in _OFFICE.items() if name in names), None)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None


def _text_type(head: bytes) -> str | None:
    if not head or head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_ACTIVE):
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        # The last character of the first piece may be cut in the middle.
        decoder = codecs.getincrementaldecoder(encoding)()
        with contextlib.suppress(UnicodeDecodeError):
            text = decoder.decode(head, final=len(head) < _HEAD_BYTES)
            return "text/plain" if all(each.isprintable() or each in "\t\r\n\f" for each in text) else None
    return None


def _plain_name(name: str) -> str:
    """The last part of a path, without what is no character of a name, short enough to keep."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in name if each.isprintable() and each not in '<>:"|?*').strip(" .") or "file"
    ending = Path(name).suffix[:20]
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - len(ending)] + ending


def _path(key: uuid.UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / "attachments" / key.hex[:2] / key.hex


def _write(upload: UploadedFile, path: Path) -> None:
    """Whole or not at all: under another name first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("wb") as out:
            for chunk in upload.chunks():
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
