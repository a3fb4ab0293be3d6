"""The tree of errors is the one drawn at the top of the file."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from guanxi import errors, words
from guanxi.errors import FileError, GuanxiError

CLASSES = {
    name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and cls.__module__ == errors.__name__
}


def drawn() -> dict[str, str | None]:
    """Each error of the drawing with the one above it."""
    above: list[str] = []
    found: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:│   |    )*)(?:├── |└── )?([A-Z]\w+)(?:  |$)", line)
        if match:
            depth = len(match[1]) // 4 + (1 if "── " in line else 0)
            above[depth:] = [match[2]]
            found[match[2]] = above[depth - 1] if depth else None
    return found


def test_the_tree_is_as_drawn():
    assert drawn() == {
        name: None if cls is GuanxiError else cls.__base__.__name__ for name, cls in CLASSES.items()
    }  # fmt: skip


def test_all_is_what_is_exported():
    assert errors.__all__ == sorted(CLASSES)


@pytest.mark.parametrize("cls", CLASSES.values(), ids=lambda cls: cls.__name__)
def test_every_error_says_when_it_is_raised(cls):
    assert cls.__doc__


def test_exit_codes_tell_whose_turn_it_is():
    assert {name: cls.exit_code for name, cls in CLASSES.items()} == {
        "GuanxiError": 1,
        "InputError": 3,
        "FileError": 3,
        "MappingError": 3,
        "SchemaError": 3,
        "DataError": 3,
        "SettingError": 2,
        "WarehouseError": 4,
        "SnapshotNotFound": 4,
        "WarehouseBusy": 4,
        "WarehouseDamaged": 4,
        "NotFittedError": 1,
        "MissingExtra": 5,
        "QueryError": 1,
    }


def test_an_error_is_told_in_both_languages_and_as_data():
    error = FileError("errors.no_such_file", path="订单.csv")
    assert str(error) == error.say("en")
    assert "订单.csv" in error.say("zh")
    assert error.message.as_data() == {"code": "errors.no_such_file", "path": "订单.csv"}
    assert error.code == "errors.no_such_file"


def test_every_sentence_says_what_to_do():
    # Each ends with an advice: at least a second sentence, or a command after a colon.
    for code in words.codes("errors"):
        sentence = words._sentence(code, "en")
        assert len(re.findall(r"[.!?:;](?:\s|$)|, but", sentence)) >= 2, code


def test_errors_may_cross_to_another_process():
    error = FileError("errors.no_such_file", path="orders.csv")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 (our own bytes)
