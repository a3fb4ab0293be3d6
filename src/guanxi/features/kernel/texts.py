"""Texts as numbers: a code for each different one, in the order in which they are first seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.compiled import compiled
from guanxi.features.kernel import scatter_kernels

__all__ = ["TextCodes", "indices", "text_bytes"]

Ints = npt.NDArray[np.int32]
_SPARE = 1 << 10


class TextCodes:
    """A growing set of different texts with their codes from 0.

    Bytes are compared, so a code is exact. Memory: the texts themselves and some 24 bytes for each.

    Examples
    --------
    >>> codes = TextCodes()
    >>> codes.of(pa.array(["tea", "cup", "tea", None]))
    array([ 0,  1,  0, -1, -1], dtype=int32)
    >>> codes.of(pa.array(["cup", "绿茶"]), add=False)
    array([ 1, -1, -1], dtype=int32)
    >>> codes.ranks()
    array([ 1,  0, -1], dtype=int32)
    """

    def __init__(self) -> None:
        self.size = 0
        self._slots = np.full(2 * _SPARE, -1, np.int64)
        self._hashes = np.empty(_SPARE, np.uint64)
        self._ends = np.zeros(_SPARE + 1, np.int64)
        self._kept = np.empty(_SPARE, np.uint8)

    def of(self, texts: pa.Array, *, add: bool = True) -> Ints:
        """The code of each text, and -1 as one more element, for whoever looks up the index -1.

        An unknown text gets a new code, or -1 where nothing is to be added; so does an empty cell.
        """
        there = texts.drop_null()
        starts, data = text_bytes(there)
        if add:
            self._make_room(len(there), data.size)
        found = np.empty(len(there), np.int32)
        self.size = compiled(scatter_kernels).find_texts(
            starts, data, self._slots, self._hashes, self._ends, self._kept, self.size, add, found
        )
        codes = np.full(len(texts) + 1, -1, np.int32)
        codes[:-1][texts.is_valid().to_numpy(zero_copy_only=False) if texts.null_count else slice(None)] = found
        return codes

    def texts(self) -> pa.Array:
        """The texts by code."""
        used = int(self._ends[self.size])
        return pa.LargeStringArray.from_buffers(
            self.size, pa.py_buffer(self._ends[: self.size + 1].copy()), pa.py_buffer(self._kept[:used].copy())
        )

    def ranks(self) -> Ints:
        """By code, the text's place among all sorted by their bytes; and -1 as one more element."""
        found = np.full(self.size + 1, -1, np.int32)
        found[pc.sort_indices(self.texts()).to_numpy()] = np.arange(self.size, dtype=np.int32)
        return found

    def _make_room(self, texts: int, size: int) -> None:
        most = self.size + texts
        if most > self._hashes.size:
            self._hashes = _grown(self._hashes, most)
            self._ends = _grown(self._ends, self._hashes.size + 1)
        if 3 * most > 2 * self._slots.size:
            self._slots = np.full(1 << (2 * most).bit_length(), -1, np.int64)
            compiled(scatter_kernels).settle(self._slots, self._hashes, self.size)
        if self._ends[self.size] + size > self._kept.size:
            self._kept = _grown(self._kept, int(self._ends[self.size]) + size)


def text_bytes(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where each text begins, and the bytes of all, in a column without empty cells."""
    texts = texts.cast(pa.large_string())
    _, starts, data = texts.buffers()
    found = (
        np.frombuffer(starts, np.int64)[texts.offset : texts.offset + len(texts) + 1] if starts else np.zeros(1, int)
    )
    return found, np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)


def indices(column: pa.DictionaryArray) -> Ints:
    """The indices of a dictionary-encoded column, -1 for an empty cell."""
    found = column.indices.cast(pa.int32())
    return (found.fill_null(-1) if found.null_count else found).to_numpy()


def _grown(values: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    found = np.empty(max(least, 2 * values.size), values.dtype)
    found[: values.size] = values
    return found
