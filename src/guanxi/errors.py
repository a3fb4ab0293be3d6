"""Everything that Guanxi raises on purpose.

    GuanxiError
    ├── InputError            what a person gave cannot be used
    │   ├── FileError         a file is missing, empty, or not what it seems
    │   ├── MappingError      which column means what is unclear or impossible
    │   ├── SchemaError       a table lacks a column, or has it with another type
    │   └── DataError         the values contradict each other, or the method
    ├── SettingError          a parameter or option is out of its range
    ├── WarehouseError        the warehouse cannot do what was asked
    │   ├── SnapshotNotFound  no snapshot with that number
    │   ├── WarehouseBusy     somebody else is writing
    │   └── WarehouseDamaged  a part is missing or not what the catalogue says
    ├── NotFittedError        predict before fit
    ├── MissingExtra          an optional part of Guanxi is not installed
    └── QueryError            a named query failed: our fault, with its name and its SQL

An error carries a *code* of `guanxi.words` and its parameters, so that the same error is told in Chinese, in
English and as data. ``exit_code`` is what the command line ends with.
"""

from __future__ import annotations

from guanxi.words import Message

__all__ = [
    "DataError",
    "FileError",
    "GuanxiError",
    "InputError",
    "MappingError",
    "MissingExtra",
    "NotFittedError",
    "QueryError",
    "SchemaError",
    "SettingError",
    "SnapshotNotFound",
    "WarehouseBusy",
    "WarehouseDamaged",
    "WarehouseError",
]


class GuanxiError(Exception):
    """Base of all errors that a caller may want to catch.

    Parameters
    ----------
    code : str
        A code of `guanxi.words`, ``area.name``.
    **parameters
        What the sentence of that code needs.

    Examples
    --------
    >>> error = FileError("errors.no_such_file", path="orders.csv")
    >>> str(error)
    'There is no file orders.csv. Check the name, or drag the file into the terminal.'
    >>> error.say("zh")
    '找不到文件 orders.csv。请检查文件名，或把文件拖到终端窗口里。'
    """

    exit_code = 1

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.message = Message(code, parameters)

    def __reduce__(self) -> tuple[object, ...]:
        """How an error crosses to another process."""
        return _again, (type(self), self.code, dict(self.message.parameters))

    @property
    def code(self) -> str:
        return self.message.code

    def say(self, language: str) -> str:
        """The error as a sentence, with what to do about it."""
        return self.message.say(language)

    def __str__(self) -> str:
        return self.say("en")


def _again(cls: type[GuanxiError], code: str, parameters: dict[str, object]) -> GuanxiError:
    return cls(code, **parameters)


class InputError(GuanxiError):
    """What a person gave cannot be used; the message says which file, row, column and what to do."""

    exit_code = 3


class FileError(InputError):
    """A file is missing, empty, or not what it seems."""


class MappingError(InputError):
    """Which column means what is unclear, or a mapping names what is not there."""


class SchemaError(InputError):
    """A table lacks a column, or has it with another type."""


class DataError(InputError):
    """The values contradict each other, or what the method assumes."""


class SettingError(GuanxiError):
    """A parameter or option is out of its range."""

    exit_code = 2


class WarehouseError(GuanxiError):
    """The warehouse cannot do what was asked."""

    exit_code = 4


class SnapshotNotFound(WarehouseError):
    """No snapshot with that number."""


class WarehouseBusy(WarehouseError):
    """Somebody else is writing; try again when they have finished."""


class WarehouseDamaged(WarehouseError):
    """A part is missing, or is not what the catalogue says."""


class NotFittedError(GuanxiError):
    """``predict`` was called before ``fit``."""


class MissingExtra(GuanxiError):
    """An optional part of Guanxi is not installed; the message says how to install it."""

    exit_code = 5


class QueryError(GuanxiError):
    """A named query failed. This is Guanxi's fault: the message holds the query's name and its SQL."""
