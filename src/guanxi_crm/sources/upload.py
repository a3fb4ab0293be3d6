"""Receiving large files: straight to where they stay, in pieces, counted and digested on the way."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from guanxi_crm.core.errors import RuleBroken
from guanxi_crm.sources.files import EXTENSIONS, clean_name, is_allowed, upload_directory
from guanxi_crm.sources.services import Uploaded

__all__ = ["ImportUploadHandler"]


class ImportUploadHandler(FileUploadHandler):
    """Writes each file of a request into a directory of its own, and refuses what may not be brought in.

    After ``request.FILES`` was read: ``uploaded`` has the files, ``problem`` what was refused and why.
    """

    chunk_size = 1 << 20

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.uploaded: list[Uploaded] = []
        self.problem: RuleBroken | None = None
        self._key: uuid.UUID | None = None
        self._out: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._size = 0

    def new_file(self, *args: Any, **named: Any) -> None:
        super().new_file(*args, **named)
        name = clean_name(self.file_name or "")
        if not is_allowed(name):
            self.problem = RuleBroken("crm_sources.not_allowed", field="files", name=name, extensions=list(EXTENSIONS))
            raise SkipFile
        self._key, self._size, self._digest = uuid.uuid4(), 0, hashlib.sha256()
        directory = upload_directory(self._key)
        directory.mkdir(parents=True)
        self._out = (directory / name).open("wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        assert self._out is not None
        self._size += len(raw_data)
        if self._size > settings.UPLOAD_LIMIT_BYTES:
            limit = settings.UPLOAD_LIMIT_BYTES // 2**20
            self.problem = RuleBroken("crm_sources.too_large", field="files", name=self.file_name, limit=limit)
            raise StopUpload(connection_reset=True)
        try:
            self._out.write(raw_data)
        except OSError as error:
            self.problem = RuleBroken("crm_sources.disk", field="files", problem=error.strerror or str(error))
            raise StopUpload(connection_reset=True) from error
        self._digest.update(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if self._out is None or self._key is None:
            return None
        self._out.close()
        name = clean_name(self.file_name or "")
        self.uploaded.append(Uploaded(self._key, name, file_size, self._digest.hexdigest()))
        self._out = self._key = None
        return UploadedFile(name=name, size=file_size)

    def upload_interrupted(self) -> None:
        if self._out is not None and self._key is not None:
            self._out.close()
            shutil.rmtree(upload_directory(self._key), ignore_errors=True)
            self._out = self._key = None

    def forget(self) -> None:
        """Remove what was received, because it is not to be kept."""
        self.upload_interrupted()
        for each in self.uploaded:
            shutil.rmtree(upload_directory(each.key), ignore_errors=True)
