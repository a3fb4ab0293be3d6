"""Unpacking what was delivered packed, with a limit: a file of kilobytes may unpack to more than any disk holds."""

from __future__ import annotations

import errno
import re
import zlib
from collections.abc import Callable, Iterator
from gzip import GzipFile
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import zstandard

from guanxi.errors import FileError

__all__ = ["PACKED", "require_sound_workbook", "unpack_file"]

PACKED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
"""How packed files begin, and what they are called."""

_CHUNK_BYTES = 4 << 20
_PIECE_BYTES = 4 << 10
"""Of a Zstandard file at a time: four bytes may unpack to 128 KiB, so that this is 128 MiB at most."""
_HARMLESS_BYTES = 256 << 20
"""What unpacks to less is no bomb, however small it was."""
_USUAL_RATIO = 200
"""Tables pack to a tenth or a thirtieth; what packs to a two-hundredth is none."""
_LARGEST_WORKBOOK_BYTES = 2 << 30
_MOST_CELLS = 32_000_000
"""Of the rectangle round all cells of a sheet: it is held in memory whole, 32 bytes a cell."""
_WINDOW_BYTES = 128 << 20

_DAMAGED = (EOFError, zlib.error, zstandard.ZstdError, BadZipFile)


def unpack_file(packed: Path, target: Path, name: str) -> None:
    """Unpack ``.gz`` or ``.zst`` as ``target``, which is removed if that fails.

    Raises
    ------
    FileError : damaged; unpacks to two hundred times its size and more; the disk is full.
    """
    with packed.open("rb") as source:
        gz = source.read(2) == b"\x1f\x8b"
        source.seek(0)
        if not gz and zstandard.get_frame_parameters(source.read(18)).window_size > _WINDOW_BYTES:
            raise FileError("intake.window_too_large", path=name)
        source.seek(0)
        limit = max(_HARMLESS_BYTES, packed.stat().st_size * _USUAL_RATIO)
        written = 0
        try:
            with target.open("wb") as file:
                for octets in _gzip(source) if gz else _zstd(source):
                    written += len(octets)
                    if written > limit:
                        raise FileError("intake.bomb", path=name, mebibytes=limit >> 20)
                    file.write(octets)
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise FileError("intake.disk_full", path=name, folder=str(target.parent)) from error
            # gzip tells of rubbish with an OSError that has no number.
            if isinstance(error, _DAMAGED) or (isinstance(error, OSError) and error.errno is None):
                raise FileError("intake.archive_damaged", path=name) from error
            raise


def _gzip(source: IO[bytes]) -> Iterator[bytes]:
    with GzipFile(fileobj=source) as content:
        while octets := content.read(_CHUNK_BYTES):
            yield octets


def _zstd(source: IO[bytes]) -> Iterator[bytes]:
    """Frame by frame: the stream reader takes a file that was cut off for one that ends."""
    frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
    while octets := source.read(_PIECE_BYTES):
        while octets:
            if frame.eof:
                frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
            yield frame.decompress(octets)
            octets = frame.unused_data
    if not frame.eof:
        raise EOFError


def require_sound_workbook(path: Path, name: str) -> None:
    """Check that a zipped workbook can be opened in memory, before anything opens it.

    Its parts are unpacked once to count what they really hold: the sizes that the archive states may be invented. And
    the reader of workbooks holds a sheet as one rectangle from its first to its last cell, so that two cells in
    opposite corners of a sheet would take half a terabyte.

    Raises
    ------
    FileError : damaged, unpacks to too much, spreads over too large a rectangle.
    """
    limit = min(max(_HARMLESS_BYTES, path.stat().st_size * _USUAL_RATIO), _LARGEST_WORKBOOK_BYTES)
    total = 0
    try:
        with ZipFile(path) as archive:
            for entry in archive.infolist():
                extent = _Extent() if re.search(r"xl/worksheets/.*\.xml$", entry.filename) else None
                with archive.open(entry) as part:
                    while octets := part.read(1 << 20):
                        total += len(octets)
                        if total > limit:
                            raise FileError("intake.bomb", path=name, mebibytes=limit >> 20)
                        if extent is not None:
                            extent.look(octets)
                if extent is not None and extent.cells > _MOST_CELLS:
                    # The first look is a rough one.
                    with archive.open(entry) as part:
                        rows, columns = _exact_extent(lambda part=part: part.read(1 << 20))  # type: ignore[misc]
                    if rows * columns > _MOST_CELLS:
                        raise FileError("intake.sheet_too_wide", path=name, rows=rows, columns=columns)
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise FileError("intake.archive_damaged", path=name) from error


class _Extent:
    """How far the cells of a sheet reach, by the number of signs in their names: quickly, and never too little."""

    def __init__(self) -> None:
        self._letters, self._digits = 1, 1
        self._rest = b""
        self._compile()

    @property
    def cells(self) -> int:
        return 10**self._digits * (26, 702, 16384)[self._letters - 1]

    def look(self, octets: bytes) -> None:
        text = self._rest + octets
        while found := self._further.search(text):
            self._letters = max(self._letters, min(len(found[1]), 3))
            self._digits = max(self._digits, min(len(found[2]), 7))
            self._compile()
        self._rest = text[-16:]

    def _compile(self) -> None:
        letters, digits = self._letters, self._digits
        self._further = re.compile(
            rb' r="(?:(?=[A-Z]{%d}|[A-Z]+\d{%d}))([A-Z]{1,3})(\d{1,7})"' % (letters + 1, digits + 1)
        )


def _exact_extent(read: Callable[[], bytes]) -> tuple[int, int]:
    """Rows and columns of the rectangle round all cells, counted from the first of each."""
    rows = [1 << 20, 0]
    columns: set[bytes] = set()
    rest = b""
    while octets := read():
        text = rest + octets
        if numbers := [int(number) for number in re.findall(rb' r="[A-Z]{1,3}(\d{1,7})"', text)]:
            rows = [min(rows[0], *numbers), max(rows[1], *numbers)]
        columns.update(re.findall(rb' r="([A-Z]{1,3})\d{1,7}"', text))
        rest = text[-16:]
    places = [_column_number(letters) for letters in columns] or [1]
    return max(rows[1] - rows[0] + 1, 0), max(places) - min(places) + 1


def _column_number(letters: bytes) -> int:
    """
    >>> _column_number(b"A"), _column_number(b"XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
