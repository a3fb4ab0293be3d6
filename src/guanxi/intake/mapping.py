"""Which column of a delivered file means what: the mapping, kept as YAML that people read and change.

A mapping made for last month's file serves this month's: `Mapping.for_columns` finds the entry whose columns are all
there. What a column can mean is its *role*; each kind of file has its own (`guanxi.intake.roles`).

Examples
--------
>>> mapping = Mapping.from_yaml('''
... version: 1
... files:
...   - source: orders.csv
...     kind: orders
...     columns:
...       customer_id: 会员号          # a column name is enough
...       ordered_at: {column: 下单时间, format: day_first}
...       amount: 实付金额
... ''')
>>> mapping.files[0].columns["ordered_at"].format
'day_first'
>>> mapping.for_columns(["会员号", "下单时间", "实付金额", "备注"]).kind
'orders'
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

import yaml
from babel.numbers import list_currencies
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from guanxi.errors import MappingError
from guanxi.intake.roles import REQUIRED, ROLES, Kind
from guanxi.words import say

__all__ = ["FORMATS", "ColumnMapping", "FileMapping", "Mapping", "normal_name"]

FORMATS = ("year_first", "day_first", "month_first", "excel_serial", "unix")
"""Named formats of times; anything else is a strptime pattern and holds a ``%``."""

_DIRECTIVES = frozenset("aAbBdfgHIjmMnpSyYzZ%")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Model):
    """One column, and how its values are written.

    Examples
    --------
    >>> ColumnMapping(column="Betrag", decimal=",").thousands_mark
    '.'
    """

    column: str
    """Name in the file's header."""
    format: str | None = None
    """Times only: one of `FORMATS` or a strptime pattern; empty: unambiguous ways of writing (ISO, 2024年3月5日 …)."""
    decimal: Literal[".", ","] = "."
    thousands: str | None = Field(default=None, max_length=1)
    """Mark between thousands; empty: the comma, or the full stop where the comma is the decimal mark."""

    @property
    def thousands_mark(self) -> str:
        return self.thousands or ("," if self.decimal == "." else ".")

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str | None) -> str | None:
        if value is None or value in FORMATS:
            return value
        directives = re.findall(r"%-?(.)", value)
        if not directives or not _DIRECTIVES.issuperset(directives):
            raise ValueError("format")
        return value

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.thousands_mark == self.decimal or self.thousands_mark.isalnum():
            raise ValueError("thousands")
        return self


class FileMapping(_Model):
    """One kind of file: the columns that have a role."""

    source: str
    """Name of the file it was made for."""
    kind: Kind
    signature: tuple[str, ...] = ()
    """All names in the header of the file it was made for; tells whose mapping it is when several would do."""
    columns: dict[str, ColumnMapping]

    @field_validator("columns", mode="before")
    @classmethod
    def _name_is_enough(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {role: {"column": column} if isinstance(column, str) else column for role, column in value.items()}

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        for role in self.columns:
            if role not in ROLES[self.kind]:
                raise ValueError(f"role:{role}")
        return self

    @property
    def missing(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """The groups of `REQUIRED` that are not met: of each, one alternative is needed in full."""
        return tuple(
            group
            for group in REQUIRED[self.kind]
            if not any(all(role in self.columns for role in alternative) for alternative in group)
        )

    def require_complete(self) -> None:
        """Raise `MappingError` unless everything that this kind of file needs has a column."""
        for group in self.missing:
            names = " / ".join(" + ".join(alternative) for alternative in group)
            raise MappingError("mapping.required_role_missing", source=self.source, roles=names, kind=self.kind)

    def bind(self, columns: Sequence[str]) -> FileMapping | None:
        """The mapping with its names as ``columns`` write them (case, width, spaces aside); None if one is absent."""
        names = {normal_name(name): name for name in reversed(columns)} | {name: name for name in columns}
        bound: dict[str, ColumnMapping] = {}
        for role, spec in self.columns.items():
            name = names.get(spec.column) or names.get(normal_name(spec.column))
            if name is None:
                return None
            bound[role] = spec.model_copy(update={"column": name})
        return self.model_copy(update={"columns": bound})

    def _likeness(self, columns: Iterable[str]) -> float:
        here, made_for = {normal_name(c) for c in columns}, {normal_name(c) for c in self.signature}
        return len(here & made_for) / len(here | made_for) if made_for else 0.5


class Mapping(_Model):
    """The mapping of a company's files."""

    version: Literal[1] = 1
    currency: str | None = None
    """ISO 4217 code of amounts that do not say their own."""
    timezone: str | None = None
    """IANA name of the company's time zone, as ``Asia/Shanghai``."""
    files: tuple[FileMapping, ...] = ()

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str | None) -> str | None:
        if value is not None and value not in list_currencies():
            raise ValueError("currency")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in zoneinfo.available_timezones():
            raise ValueError("timezone")
        return value

    def for_columns(self, columns: Sequence[str], *, source: str | None = None) -> FileMapping | None:
        """The entry that fits a file with these columns, its names as this file writes them; None if none does.

        An entry fits if all its columns are there and at least half of the header it was made for is alike. Of several
        the likest wins, then the one with more columns, then the first.

        Parameters
        ----------
        columns : the names in the file's header
        source : name of the file. An entry made for a file of this very name has to fit.

        Raises
        ------
        MappingError : the entry of this very file names a column that is not there; says which is nearest.
        """
        fits = [
            (entry._likeness(columns), len(entry.columns), -place, bound)
            for place, entry in enumerate(self.files)
            if (bound := entry.bind(columns)) is not None and entry._likeness(columns) >= 0.5
        ]
        if fits:
            return max(fits, key=lambda fit: fit[:3])[3]
        for entry in self.files:
            if source is not None and entry.source == source:
                if bound := entry.bind(columns):
                    return bound
                raise _column_is_absent(entry, columns)
        return None

    @classmethod
    def from_yaml(cls, text: str, *, path: str | Path = "mapping.yaml") -> Self:
        """The mapping written in ``text``.

        Raises
        ------
        MappingError : not YAML, or something in it is unknown or impossible; names file, key, value, what is near.
        """
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise MappingError(
                "mapping.not_yaml", path=str(path), line=mark.line + 1 if mark else 1, problem=_problem(error)
            ) from error
        if not isinstance(data, dict):
            raise MappingError("mapping.not_a_mapping", path=str(path))
        try:
            mapping = cls.model_validate(data)
        except ValidationError as error:
            raise _explained(error, path) from error
        for entry in mapping.files:
            entry.require_complete()
        return mapping

    @classmethod
    def load(cls, path: Path) -> Self:
        """The mapping in a YAML file; `MappingError` where it is absent or wrong."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise MappingError("mapping.no_such_mapping", path=str(path)) from error
        except UnicodeDecodeError as error:
            raise MappingError("mapping.not_utf8", path=str(path)) from error
        return cls.from_yaml(text, path=path)

    def to_yaml(self, *, language: str = "en") -> str:
        """The mapping as YAML, each role explained beside its column in ``language``."""
        lines = [f"# {line}" for line in say("mapping.file_header", language).splitlines()]
        lines += [f"version: {self.version}"]
        lines += [f"{key}: {value}" for key in ("currency", "timezone") if (value := getattr(self, key)) is not None]
        lines += ["files:"] if self.files else ["files: []"]
        for entry in self.files:
            lines += [f"- source: {_flow(entry.source)}", f"  kind: {entry.kind}", "  columns:"]
            for role, spec in entry.columns.items():
                data = spec.model_dump(exclude_defaults=True)
                text = f"    {role}: {_flow(data['column'] if len(data) == 1 else data)}"
                lines.append(f"{text}  # {ROLES[entry.kind][role].meaning(language)}")
            lines += [
                f"  # {say('mapping.signature_comment', language)}",
                f"  signature: {_flow(list(entry.signature))}",
            ]
        return "\n".join(lines) + "\n"

    def save(self, path: Path, *, language: str = "en") -> None:
        """Write the mapping where `load` finds it again."""
        path.write_text(self.to_yaml(language=language), encoding="utf-8")


def normal_name(name: str) -> str:
    """A column's name without differences of width, case, separators and brackets.

    Examples
    --------
    >>> normal_name(" Customer_ID ") == normal_name("ＣｕｓｔｏｍｅｒＩＤ") == "customerid"
    True
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).replace("\n", " ")


def _nearest(value: object, names: Iterable[str]) -> str:
    """The likest of ``names``, else all of them."""
    names = list(names)
    by_name = {normal_name(name): name for name in names}
    found = difflib.get_close_matches(normal_name(str(value)), by_name, n=1, cutoff=0.6)
    return by_name[found[0]] if found else ", ".join(names[:40])


def _column_is_absent(entry: FileMapping, columns: Sequence[str]) -> MappingError:
    for role, spec in entry.columns.items():
        if normal_name(spec.column) not in {normal_name(name) for name in columns}:
            return MappingError(
                "mapping.no_such_column", source=entry.source, role=role, column=spec.column,
                nearest=_nearest(spec.column, columns),
            )  # fmt: skip
    raise AssertionError(entry.source)


_FIELDS: MappingOf[str, tuple[str, ...]] = MappingProxyType(
    {
        "mapping": tuple(Mapping.model_fields),
        "file": tuple(FileMapping.model_fields),
        "column": tuple(ColumnMapping.model_fields),
    }
)
_CHOICES: MappingOf[str, tuple[str, ...]] = MappingProxyType(
    {
        "version": ("1",),
        "kind": tuple(ROLES),
        "decimal": (".", ","),
        "format": (*FORMATS, "%d.%m.%Y %H:%M"),
        "thousands": (",", ".", " ", "'"),
    }
)


def _explained(error: ValidationError, path: str | Path) -> MappingError:
    """The first thing that is wrong, as a person can mend it."""
    first = error.errors()[0]
    place = [part for part in first["loc"] if part != "[key]"]
    key, value = ".".join(str(part) for part in place), first["input"]
    if first["type"] == "extra_forbidden":
        level = "mapping" if len(place) == 1 else "file" if len(place) == 3 else "column"
        return MappingError(
            "mapping.unknown_key", path=str(path), key=key, nearest=_nearest(place[-1], _FIELDS[level])
        )  # fmt: skip
    if first["type"] == "missing":
        return MappingError("mapping.key_is_missing", path=str(path), key=key)
    said = str(first.get("ctx", {}).get("error", ""))
    if said.startswith("role:"):
        role = said.removeprefix("role:")
        return MappingError(
            "mapping.unknown_role", path=str(path), role=role, kind=value["kind"],
            nearest=_nearest(role, ROLES[value["kind"]]),
        )  # fmt: skip
    if said == "thousands" and isinstance(value, dict):
        key, value = f"{key}.thousands", value.get("thousands", "")
    name = key.rpartition(".")[2]
    choices = {"currency": sorted(list_currencies()), "timezone": sorted(zoneinfo.available_timezones())}
    nearest = _nearest(value, choices.get(name) or _CHOICES.get(name) or ("…",))
    return MappingError("mapping.bad_value", path=str(path), key=key, value=str(value), nearest=nearest)
