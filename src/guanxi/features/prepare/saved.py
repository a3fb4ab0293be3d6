"""What was learned, kept as JSON and arrays: read by anybody, and nothing in it is ever run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from guanxi.errors import FileError

__all__ = ["read_learned", "write_learned"]

_ARRAY = "$array"
_MOST_BYTES = 2**30
_NO_MODEL = (ValueError, KeyError, TypeError, RecursionError, OSError, EOFError, zipfile.BadZipFile)
"""What reading bytes that are no model may raise; JSON's own error is a ValueError."""


def write_learned(folder: Path, learned: Mapping[str, Any]) -> None:
    """Write ``model.json`` and ``arrays.npz`` into a folder, made where it is not there.

    Parameters
    ----------
    folder : where to
    learned : nested mappings and lists of texts, numbers, booleans, None and arrays
    """
    arrays: dict[str, np.ndarray] = {}
    plain = _apart(learned, arrays)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]


def read_learned(folder: Path) -> dict[str, Any]:
    """What `write_learned` wrote.

    Whoever sent the files, reading them runs nothing: JSON, and arrays of numbers and texts without objects.

    Raises
    ------
    FileError : one of the two files is not there, or is not what `write_learned` writes.
    """
    described, kept = folder / "model.json", folder / "arrays.npz"
    for path in (described, kept):
        if not path.is_file():
            raise FileError("prepare.no_model", path=str(path))
    try:
        plain = json.loads(described.read_text(encoding="utf-8"))
        joined = _joined(plain, _arrays(kept))
    except _NO_MODEL as error:
        raise FileError("prepare.not_a_model", path=str(folder), problem=str(error)) from error
    if not isinstance(joined, dict):
        raise FileError("prepare.not_a_model", path=str(folder), problem=type(joined).__name__)
    return joined


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, which may not unfold to more than any model of ours needs."""
    with zipfile.ZipFile(path) as archive:
        size = sum(each.file_size for each in archive.infolist())
    if size > _MOST_BYTES:
        raise ValueError(f"{size} bytes")
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _apart(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, Mapping):
        return {str(key): _apart(each, arrays) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_apart(each, arrays) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _joined(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[str(value[_ARRAY])]
        return {key: _joined(each, arrays) for key, each in value.items()}
    return [_joined(each, arrays) for each in value] if isinstance(value, list) else value
