"""What people name to be read, files, folders and described sources, as staged tables with their mappings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guanxi.errors import FileError, MappingError
from guanxi.intake.guess import Guess, guess
from guanxi.intake.mapping import FileMapping
from guanxi.intake.mapping import Mapping as Mappings
from guanxi.intake.readers import stage
from guanxi.intake.sources import (
    FolderDescription,
    Key,
    Position,
    SqlDescription,
    fetch,
    folder_files,
    is_description,
    load_description,
)
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from guanxi.warehouse import Warehouse
from guanxi.words import Message

__all__ = ["POSITIONS", "Delivered", "Reading", "earlier_mapping", "read", "source_name"]

_KINDS = ("customers", "products", "orders")
"""Master data first, so that orders find it there."""
POSITIONS = "read_upto"
"""Under this name the note of a snapshot says how far its deliveries have read the sources that grow."""


@dataclass(frozen=True)
class Delivered:
    """A staged table on its way."""

    staged: Staged
    mapping: FileMapping
    guess: Guess | None
    """None where a mapping was given or known."""
    position: Position | None = None


@dataclass
class Reading:
    """All tables, staged and mapped, before anything is loaded."""

    files: list[Delivered] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    nothing_new: bool = False
    """Something was looked at in which everything was known."""


@dataclass(frozen=True)
class _Table:
    """A staged table, the name of its source, and how far that was read."""

    staged: Staged
    source: str
    position: Position | None = None


def read(
    paths: Sequence[Path],
    scratch: Path,
    *,
    known: Warehouse | None,
    mapping: Mappings | None,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
) -> Reading:
    """Stage and map everything that is named.

    Parameters
    ----------
    paths : files of any supported format; folders, of which every file is read that is new, oldest period first;
        descriptions of sources (``shop.source.yaml``)
    scratch : where staged tables are kept
    known : the warehouse they will go to; says what is known already, and how its columns were read
    mapping : which column means what; goes before what is known
    progress : told of each stage
    environment : where secrets are that a description names

    Raises
    ------
    FileError, InputError, SettingError, MissingExtra : something cannot be read.
    MappingError : a column that is needed was not found.
    """
    reading = _Reader(Reading(), scratch, known, progress, environment)
    earlier = earlier_mapping(known)
    seen: list[FileMapping] = []
    for table in (table for path in paths for table in reading.tables(path)):
        with progress.stage("cli.stage_map", 1):
            delivered = _mapped(table, [each for each in (mapping, earlier) if each], seen)
            progress.advance(1)
        if not delivered.mapping.missing:
            seen.append(delivered.mapping)
        reading.made.files.append(delivered)
    return _usable(reading.made, paths)


@dataclass
class _Reader:
    """Goes through what is named, one after the other."""

    made: Reading
    scratch: Path
    known: Warehouse | None
    progress: Progress
    environment: Mapping[str, str]

    def tables(self, path: Path) -> Iterator[_Table]:
        if path.is_dir():
            yield from self._folder(path, "*", "")
        elif not is_description(path):
            yield from self._file(path, "")
        else:
            described = load_description(path)
            if isinstance(described, FolderDescription):
                yield from self._folder(described.directory, described.pattern, described.name)
                return
            after = _reached(self.known).get(described.name)
            with self.progress.stage("cli.stage_fetch" if isinstance(described, SqlDescription) else "cli.stage_read"):
                found = fetch(
                    described, self.scratch, after=after, environment=self.environment, progress=self.progress
                )
            if found.staged is None:
                self.made.nothing_new = True
                self.made.notes.append(Message("sources.nothing_new", {"source": described.name, "upto": str(after)}))
            else:
                yield _Table(found.staged, described.name, found.position)

    def _folder(self, folder: Path, pattern: str, name: str) -> Iterator[_Table]:
        deliveries = self.known.deliveries() if self.known else []
        files = folder_files(folder, pattern, known=[(each.file, each.sha256) for each in deliveries])
        there = len(folder_files(folder, pattern)) if deliveries else len(files)
        if not there:
            raise FileError("sources.empty_folder", path=str(folder), pattern=pattern)
        if there > len(files):
            self.made.nothing_new = True
            self.made.notes.append(Message("sources.known_files", {"path": str(folder), "files": there - len(files)}))
        for path in files:
            yield from self._file(path, name)

    def _file(self, path: Path, name: str) -> Iterator[_Table]:
        with self.progress.stage("cli.stage_read", path.stat().st_size if path.is_file() else None):
            tables = stage(path, self.scratch, progress=self.progress)
        yield from (_Table(each, name or source_name(each.file)) for each in tables)


def _mapped(table: _Table, mappings: Sequence[Mappings], seen: Sequence[FileMapping]) -> Delivered:
    """What the columns mean: as given, as earlier deliveries had it, as a file before this one had it, or guessed."""
    staged = table.staged
    found = next(
        (each for some in mappings if (each := some.for_columns(staged.columns, source=table.source))), None
    ) or Mappings(files=tuple(each for each in seen if each.source == table.source)).for_columns(staged.columns)
    guessed = None
    if found is None:
        guessed = guess(staged.path, source=table.source)
        found = guessed.file_mapping()
    return Delivered(staged, found, guessed, table.position)


def _usable(reading: Reading, paths: Sequence[Path]) -> Reading:
    alone = len(reading.files) == 1
    for each in list(reading.files):
        # A workbook may hold a sheet of notes beside the orders; alone, such a table is an error.
        if each.mapping.missing and not alone and each.guess is not None:
            reading.files.remove(each)
            reading.notes.append(Message("mine.not_a_table_of_ours", {"file": each.staged.file}))
        else:
            _require_complete(each)
    if not reading.files and not reading.nothing_new:
        raise MappingError("mine.no_usable_table", files=[path.name for path in paths])
    reading.files.sort(key=lambda each: _KINDS.index(each.mapping.kind))
    return reading


def _require_complete(each: Delivered) -> None:
    """Raise `MappingError` where a needed column was not found, with the beginning of a mapping to complete."""
    if each.guess is None:
        each.mapping.require_complete()
    for group in each.mapping.missing[:1]:
        found = {role: spec.column for role, spec in each.mapping.columns.items()}
        roles = [role for role in group[0] if role not in found]
        columns = [*(f"    {role}: {column}" for role, column in found.items()), *(f"    {role}: …" for role in roles)]
        head = ["version: 1", "files:", f"- source: {each.mapping.source}", f"  kind: {each.mapping.kind}"]
        raise MappingError(
            "mine.column_not_found", file=each.staged.file, kind=f"mapping.kind_{each.mapping.kind}",
            roles=[Message(f"mapping.role_{role}") for role in roles], columns=list(each.staged.columns),
            mapping="\n".join([*head, "  columns:", *columns]),
        )  # fmt: skip


def source_name(file: str) -> str:
    """The name of a source: what stays the same in the names of its files from month to month.

    >>> source_name("orders_2024-05.csv"), source_name("订单导出20240601(1).xlsx [Sheet1]"), source_name("2024.csv")
    ('orders', '订单导出', 'orders')
    """
    stem = re.sub(r"(\.[A-Za-z]{1,8})+( \[.*\])?$", "", file)
    stem = re.sub(r"[\d_\-. ()（）年月日]+$", "", re.sub(r"\(\d+\)|（\d+）", "", stem))
    return re.sub(r"^[\d_\-. 年月日]+", "", stem) or "orders"


def earlier_mapping(known: Warehouse | None) -> Mappings | None:
    """How the latest delivery of each source was read."""
    if known is None:
        return None
    latest = {each.source: each.mapping for each in known.deliveries()}
    return Mappings(files=tuple(FileMapping.model_validate(each) for each in reversed(latest.values())))


def _reached(known: Warehouse | None) -> dict[str, Key]:
    """Up to where each source that grows has been read.

    A delivery counts if it is still there and begins where the one before it ended: after one was undone, what it had
    read is read again.
    """
    reached: dict[str, Key] = {}
    if known is None:
        return reached
    there = {each.id for each in known.deliveries()}
    for moment in known.history():
        for step in moment.note.get(POSITIONS, ()):  # type: ignore[attr-defined]
            begins_there = step["after"] is None or reached.get(step["source"]) == step["after"]
            if step["delivery"] in there and begins_there:
                reached[step["source"]] = step["upto"]
    return reached
