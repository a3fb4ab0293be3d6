"""The search over all items, in one thread or several; `frequent` explains it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from guanxi.compiled import compiled
from guanxi.mining.association import search_kernels
from guanxi.mining.association.encode import Baskets

__all__ = ["LONGEST", "Tree", "searched"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.uint8]
Tree = tuple[Ints, Ints, Longs, Lengths, int, int]
"""parent, item, support and length per itemset, and the support and length at which a cap has cut."""

LONGEST = 255
_ROOM = 1 << 24
_WORTH_THREADS = 1 << 20
"""Baskets of so many cells are worth a second thread."""
_MOST_THREADS = 8
"""Unless more are asked for: each has memory of its own, and reads all baskets."""


def searched(
    encoded: Baskets,
    min_count: int,
    kin: tuple[Longs, Ints],
    *,
    max_length: int,
    limit: int,
    reach: bool,
    min_length: int,
    threads: int | None,
) -> Tree:
    """The tree of all frequent itemsets, cut to ``limit``; the same whatever the number of threads.

    Where baskets are sparse and many, each thread counts the pairs of a part of the baskets, then searches what begins
    with some of the items. Dense baskets are searched in one thread.
    """
    kernels = compiled(search_kernels)
    flat, ranks = encoded.flat, len(encoded.support)
    settings = (encoded.baskets, min_count, max_length, limit, reach, min_length, *kin)
    if not kernels.pairs_pay(encoded.support, encoded.rows):
        none = np.empty(0, np.int32)
        return kernels.search(flat, encoded.support, *settings, none, 0, ranks, *_room(limit))
    workers = (threads or _processors()) if len(flat) >= _WORTH_THREADS else 1
    if workers == 1:
        pairs = kernels.count_pairs(flat, ranks)
        return kernels.search(flat, encoded.support, *settings, pairs, 0, ranks, *_room(limit))
    with ThreadPoolExecutor(workers) as pool:
        pairs, *others = pool.map(lambda part: kernels.count_pairs(part, ranks), _pieces(flat, workers))
        for each in others:
            pairs += each
        work = np.cumsum(kernels.bucket_sizes(pairs, ranks, min_count))
        bounds = np.searchsorted(work, work[-1] * np.arange(workers, -1, -1) / workers)
        # Items in every basket repeat what stands after them, and so stay in one part.
        bounds[1:] = np.minimum(bounds[1:], np.searchsorted(encoded.support, encoded.baskets))
        bounds[0] = ranks
        parts = list(
            pool.map(
                lambda part: kernels.search(
                    flat, encoded.support, *settings, pairs, int(part[1]), int(part[0]), *_room(limit)
                ),
                pairwise(bounds),
            )
        )
    return _joined(parts, limit, reach, min_length)


def _processors() -> int:
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, _MOST_THREADS)


def _room(limit: int) -> tuple[Ints, Longs, Lengths]:
    """Memory for millions of itemsets, of which only what is used becomes resident, in large pages."""
    many = min(_ROOM, 2 * limit + (1 << 17))
    return np.empty((2, many), np.int32), np.empty(many, np.int64), np.empty(many, np.uint8)


def _pieces(flat: Ints, many: int) -> list[Ints]:
    """Baskets in so many parts of about the same length."""
    ends = [0]
    for place in range(1, many):
        near = len(flat) * place // many
        ends.append(near + int(np.argmax(flat[near:] < 0)) + 1)
    return [flat[start:end] for start, end in pairwise([*ends, len(flat)])]


def _joined(parts: list[Tree], limit: int, reach: bool, min_length: int) -> Tree:
    """Trees one after the other, cut to ``limit`` together."""
    # A part is cut where it alone has too many, so that all together have too many there as well.
    floor, longest = max(((part[4], part[5]) for part in parts), key=lambda cut: (cut[0], -cut[1]))
    count = sum(len(part[0]) for part in parts)
    parent, item = np.empty(count, np.int32), np.empty(count, np.int32)
    support, length = np.empty(count, np.int64), np.empty(count, np.uint8)
    start = 0
    while parts:
        part = parts.pop(0)
        end = start + len(part[0])
        parent[start:end] = np.where(part[0] < 0, -1, part[0] + start)
        item[start:end], support[start:end], length[start:end] = part[1:4]
        start = end
    kernels = compiled(search_kernels)
    kept = kernels.squeeze(parent, item, support, length, count, floor, longest, np.empty(count, np.int32))
    if kept > limit:
        floor, longest = kernels.tighten(support, length, kept, limit, reach, min_length, floor, longest)
        kept = kernels.squeeze(parent, item, support, length, kept, floor, longest, np.empty(kept, np.int32))
    return parent[:kept], item[:kept], support[:kept], length[:kept], int(floor), int(longest)
