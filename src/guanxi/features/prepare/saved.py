"""What was learned, kept as JSON and arrays: read by anybody, and nothing in it is ever run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from guanxi.errors import FileError

__all__ = ["read_learned", "write_learned"]

_ARRAY = "$array"


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

    Raises
    ------
    FileError : one of the two files is not there.
    """
    for name in ("model.json", "arrays.npz"):
        if not (folder / name).is_file():
            raise FileError("errors.no_such_file", path=str(folder / name))
    plain = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        joined = _joined(plain, arrays)
    assert isinstance(joined, dict)
    return joined


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
            return arrays[value[_ARRAY]]
        return {key: _joined(each, arrays) for key, each in value.items()}
    return [_joined(each, arrays) for each in value] if isinstance(value, list) else value
