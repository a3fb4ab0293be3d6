"""Fewer itemsets that say as much: the closed and the maximal ones, searched for directly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from guanxi.compiled import compiled
from guanxi.mining.association import closed_kernels, itemset_kernels
from guanxi.mining.association.encode import Baskets
from guanxi.mining.association.itemsets import Itemsets
from guanxi.words import Message

__all__ = ["KINDS", "condensed"]

KINDS = ("all", "closed", "maximal")

_ANY_LENGTH = 2**31 - 1
_RAISE = 1.25
"""By how much the least support is raised where there are too many maximal sets."""


def condensed(
    encoded: Baskets, kind: str, min_count: int, lengths: tuple[int, int | None], top_k: int | None, max_sets: int
) -> Itemsets:
    """The closed or maximal itemsets in at least ``min_count`` baskets; parameters as of `frequent_itemsets`.

    ``lengths`` are its ``min_length`` and ``max_length``.

    Notes
    -----
    A closed set is found once: from the set that it extends, by its first item in the order of the search. Where an
    item that comes earlier in that order is in all rows, the set has been found with it, and nothing that follows is
    searched (the order-preserving test of [1]_, without keeping what was found). Each level therefore keeps the items
    that come before as well as those that follow: in rows as lists they are counted along with the others, in bitmaps a
    comparison ends at the first row that differs. A set is maximal if no item at all is frequent beside it, which
    shows in the same level. Where the baskets are dense enough for bitmaps from the beginning, the maximal sets found
    so far are kept as bits of items instead, each level with those that hold its set: where one of them holds all items
    that may follow, nothing is searched (progressive focusing [2]_).

    In many, sparse baskets pairs are counted first, as `frequent_itemsets` says; here what is laid out for an item is
    all that is frequent beside it.

    With too many closed sets the least support rises while the search goes on. Whether a set is maximal depends on the
    least support, so with too many maximal ones the search begins again at one a quarter higher.

    References
    ----------
    .. [1] Lucchese, C., Orlando, S. & Perego, R. (2006), Fast and memory efficient mining of frequent closed itemsets,
       IEEE Transactions on Knowledge and Data Engineering 18(1), 21-36.
    .. [2] Gouda, K. & Zaki, M. J. (2001), Efficiently mining maximal frequent itemsets, Proc. IEEE ICDM, 163-170.
    """
    maximal = kind == "maximal"
    # Whether there are rarer maximal sets does not show before all are found.
    reach = top_k is not None and top_k <= max_sets and not maximal
    limit = top_k if reach and top_k else max_sets
    least = min_count
    kernels = compiled(closed_kernels)
    pairs = np.empty(0, np.int32)
    if kernels.pairs_pay(encoded.support, encoded.rows):
        pairs = kernels.count_pairs(encoded.flat, len(encoded.support))
    while True:
        parent, item, support, length, chosen, floor = kernels.search_closed(
            encoded.flat,
            encoded.support,
            encoded.baskets,
            least,
            lengths[1] or _ANY_LENGTH,
            limit,
            reach,
            maximal,
            lengths[0],
            pairs,
        )
        if not maximal or chosen.sum() <= limit:
            break
        least = max(least + 1, int(least * _RAISE))
    messages: tuple[Message, ...] = ()
    complete = max(int(floor), least)
    if complete > min_count and not reach:
        parameters = {"limit": limit, "kept": int(chosen.sum()), "complete": complete}
        messages = (Message("association.condensed_capped", parameters),)
    if top_k is not None and top_k < chosen.sum():
        chosen &= _among_first(support, length, chosen, top_k)
    *tree, places = compiled(itemset_kernels).paths_to(parent, item, support, length, chosen)
    counted = (encoded.baskets, min_count, encoded.by_value, messages)
    return Itemsets(encoded.items, tree[0], tree[1], tree[2], tree[3], *counted, kind, places)


def _among_first(
    support: npt.NDArray[np.int64], length: npt.NDArray[np.int32], chosen: npt.NDArray[np.bool_], top_k: int
) -> npt.NDArray[np.bool_]:
    """Supports descending, lengths ascending: whether a set is not after the ``top_k``-th chosen one."""
    key = length - 2**31 * support
    return key <= np.partition(key[chosen], top_k - 1)[top_k - 1]
