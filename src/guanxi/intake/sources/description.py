"""A source in a small YAML file that stands wherever a delivered file may stand: ``shop.source.yaml``.

It holds no secret, only where each is kept, so that it can be shared and put under version control::

    kind: sql                                   kind: api
    url: postgresql://reader@db.example/shop    url: https://shop.example/v1/orders
    password: {environment: SHOP_PASSWORD}      secret_headers:
    table: orders                                 Authorization: {environment: SHOP_TOKEN, prefix: "Bearer "}
    new_since: updated_at                       records: data.items
                                                paging: {style: cursor, path: meta.next}
    kind: folder                                new_since: {column: updated_at, parameter: updated_after}
    path: exports
    pattern: "orders_*.csv"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from guanxi.errors import FileError, InputError
from guanxi.intake.sources.databases import parse_url
from guanxi.intake.sources.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber
from guanxi.intake.sources.secret import Impossible, Secret

__all__ = [
    "ApiDescription",
    "Description",
    "FolderDescription",
    "NewSince",
    "SqlDescription",
    "is_description",
    "load_description",
]

_ENDINGS = (".source.yaml", ".source.yml")
_SECRET = re.compile(r"pass|pwd|secret|token|auth|key|cookie|signature", re.IGNORECASE)
_PAGINGS = (LinkHeader, NextUrl, Cursor, PageNumber, Offset)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Described(_Strict):
    version: Literal[1] = 1
    name: str = ""
    """What the source is called, in deliveries and mappings. Where it says nothing: the name of the description, but
    the files of a folder each have their own."""
    folder: Path = Field(default=Path(), exclude=True)
    """Where the description is; relative paths in it are meant from there. Not for people to give."""


class _Addressed(_Described):
    url: str | None = None
    url_from: Secret | None = None
    """The whole URL where it is itself a secret."""

    @field_validator("url")
    @classmethod
    def _has_no_secret(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
            # SQLAlchemy takes what stands before the last @ for a password, also with a slash in it.
            password = r"://[^/@]*:[^/@]*@" if parts.scheme in ("http", "https") else r"://[^/@]*:[^@]*@"
            if re.search(password, url) or any(map(_SECRET.search, names)):
                raise Impossible("sources.secret_in_url")
        return url

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if (self.url is None) == (self.url_from is None):
            raise Impossible("sources.one_url")
        return self

    def address(self, environment: Mapping[str, str]) -> str:
        """The URL, with the secrets that stand in it."""
        return self.url if self.url is not None else self.url_from.read(self.folder, environment)  # type: ignore[union-attr]


class SqlDescription(_Addressed):
    """A table of a database, or what a SELECT gives."""

    kind: Literal["sql"]
    password: Secret | None = None
    table: str | None = None
    query: str | None = None
    new_since: str | None = None
    """A column that is greater in rows that are new or changed: ``updated_at``, or a number that counts on."""

    def address(self, environment: Mapping[str, str]) -> str:
        url = parse_url(super().address(environment))
        if self.password is not None:
            url = url.set(password=self.password.read(self.folder, environment))
        if url.get_backend_name() == "sqlite" and url.database:
            url = url.set(database=str(self.folder / url.database))
        return url.render_as_string(hide_password=False)


class NewSince(_Strict):
    """How an API is asked for what is new: by a parameter that holds the greatest value of a column so far."""

    column: str
    parameter: str


class ApiDescription(_Addressed):
    """The records of a web API that answers in JSON."""

    kind: Literal["api"]
    headers: dict[str, str] = Field(default_factory=dict)
    secret_headers: dict[str, Secret] = Field(default_factory=dict)
    records: str = ""
    paging: Annotated[LinkHeader | NextUrl | Cursor | PageNumber | Offset, Field(discriminator="style")] | None = None
    other_hosts: tuple[str, ...] = ()
    new_since: NewSince | None = None

    @field_validator("headers")
    @classmethod
    def _are_no_secrets(cls, headers: dict[str, str]) -> dict[str, str]:
        if any(map(_SECRET.search, headers)):
            raise Impossible("sources.secret_written_out")
        return headers

    def all_headers(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The headers, with the secrets among them."""
        secrets = {name: secret.read(self.folder, environment) for name, secret in self.secret_headers.items()}
        return {**self.headers, **secrets}


class FolderDescription(_Described):
    """A folder into which a system puts its exports, month by month."""

    kind: Literal["folder"]
    path: Path
    pattern: str = "*"

    @property
    def directory(self) -> Path:
        """The folder itself."""
        return self.folder / self.path


Description = SqlDescription | ApiDescription | FolderDescription

_KINDS: Mapping[str, type[SqlDescription] | type[ApiDescription] | type[FolderDescription]] = MappingProxyType(
    {"sql": SqlDescription, "api": ApiDescription, "folder": FolderDescription}
)


def is_description(path: Path) -> bool:
    """Whether a file describes a source, by its name.

    >>> is_description(Path("shop.source.yaml")), is_description(Path("mapping.yaml"))
    (True, False)
    """
    return path.name.lower().endswith(_ENDINGS)


def load_description(path: Path) -> Description:
    """The source that a YAML file describes.

    Raises
    ------
    FileError : no such file, or it cannot be read as text.
    InputError : not YAML, or something in it is unknown, missing, impossible or a secret; names the file and the key,
        never the value.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "orders.source.yaml"
    >>> _ = path.write_text("kind: folder\\npath: exports\\n")
    >>> load_description(path).directory == path.parent / "exports"
    True
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileError("errors.no_such_file", path=str(path)) from None
    except OSError as error:
        raise FileError("intake.cannot_open", path=str(path), cause=error.strerror or str(error)) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        # What a parser says may repeat a line of the file, and a secret in it.
        mark = getattr(error, "problem_mark", None)
        raise InputError("sources.not_yaml", path=str(path), line=mark.line + 1 if mark else 1) from None
    if not isinstance(data, dict) or data.get("kind") not in _KINDS:
        raise InputError("sources.no_such_kind", path=str(path), kinds=list(_KINDS))
    described = _KINDS[data["kind"]]
    name = "" if described is FolderDescription else _bare_name(path)
    try:
        return described.model_validate({"name": name, **data, "folder": path.parent})
    except ValidationError as error:
        # Not chained: it repeats what was given.
        raise _explained(error, described, path) from None


def _bare_name(path: Path) -> str:
    return next((path.name[: -len(end)] for end in _ENDINGS if path.name.lower().endswith(end)), path.stem) or path.name


def _explained(error: ValidationError, described: type[BaseModel], path: Path) -> InputError:
    """The first thing that is wrong, as a person can mend it."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    key = ".".join(each for each in place if each not in {paging.style for paging in _PAGINGS})
    context: Mapping[str, Any] = first.get("ctx", {})
    code = str(context.get("error", ""))
    if code.startswith("sources."):
        return InputError(code, path=str(path), key=key or "url")
    match first["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            there = _names_at(described, place)
            nearest = difflib.get_close_matches(place[-1], there, n=1, cutoff=0.6) or there
            return InputError("sources.unknown_key", path=str(path), key=key, names=nearest)
        case "missing" | "missing_argument" | "union_tag_not_found":
            missing = f"{key}.style" if first["type"] == "union_tag_not_found" else key
            return InputError("sources.key_is_missing", path=str(path), key=missing)
        case "literal_error" | "union_tag_invalid":
            choices = context.get("expected") or context.get("expected_tags")
            return InputError("sources.no_such_choice", path=str(path), key=key, choices=str(choices).replace("'", ""))
    return InputError("sources.wrong_kind_of_value", path=str(path), key=key)


def _names_at(described: type[BaseModel], place: list[str]) -> list[str]:
    """The keys that are known where an unknown one stands."""
    match place:
        case [_]:
            return [name for name in described.model_fields if name != "folder"]
        case ["paging", style, _]:
            return [each.name for paging in _PAGINGS if paging.style == style for each in fields(paging)]
        case ["new_since", _]:
            return list(NewSince.model_fields)
    return list(Secret.model_fields)
