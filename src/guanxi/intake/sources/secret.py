"""Where a secret is kept: in an environment variable or in a file, never in what describes a source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from guanxi.errors import InputError, SettingError

__all__ = ["Impossible", "Secret"]


class Impossible(ValueError):
    """What a description says cannot be; holds the code of the sentence that tells it."""


class Secret(BaseModel):
    """A place from which a secret is read at the moment in which it is needed.

    Examples
    --------
    >>> token = Secret(environment="SHOP_TOKEN", prefix="Bearer ")
    >>> token.read(Path("."), {"SHOP_TOKEN": "b7"})
    'Bearer b7'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str | None = None
    """Name of an environment variable."""
    file: Path | None = None
    """A file that holds nothing else, as containers and services are given their secrets."""
    prefix: str = ""
    """Set before what was read, as in ``Bearer …``."""

    @model_validator(mode="before")
    @classmethod
    def _is_not_written_out(cls, value: object) -> object:
        if not isinstance(value, dict | Secret):
            raise Impossible("sources.secret_written_out")
        return value

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.environment is None) == (self.file is None):
            raise Impossible("sources.secret_without_place")
        return self

    def read(self, folder: Path, environment: Mapping[str, str]) -> str:
        """The secret.

        Parameters
        ----------
        folder : from where a relative file name is meant
        environment : the environment's variables

        Raises
        ------
        SettingError : the variable is not set.
        InputError : the file cannot be read, or is empty.
        """
        if self.environment is not None:
            found = environment.get(self.environment, "")
            if not found:
                raise SettingError("sources.no_such_variable", names=[self.environment])
        else:
            path = folder / str(self.file)
            try:
                found = path.read_text(encoding="utf-8-sig").strip()
            except (OSError, UnicodeDecodeError):
                found = ""
            if not found:
                raise InputError("sources.no_such_secret_file", path=str(path))
        return self.prefix + found
