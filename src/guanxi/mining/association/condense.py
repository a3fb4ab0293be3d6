"""Fewer itemsets that say as much: the closed and the maximal ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from guanxi.mining.association import itemset_kernels
from guanxi.mining.association.compiled import compiled
from guanxi.mining.association.itemsets import Itemsets

__all__ = ["KINDS", "condense"]

KINDS = ("all", "closed", "maximal")


def condense(found: Itemsets, kind: str, least: int, max_length: int | None, top_k: int | None) -> Itemsets:
    """The closed or maximal ones of all itemsets in at least ``least`` baskets, every one of which must be there.

    Parameters
    ----------
    found : Itemsets, all
    kind : "closed" or "maximal"
    least : int, baskets
    max_length : int, longer ones are left out, once it is known what is closed or maximal
    top_k : int, likewise the rarer ones; shorter ones first among equals, all that are equal to the last
    """
    tree = (found.parent, found.item, found.support, found.length)
    wanted = compiled(itemset_kernels).not_exceeded(*tree, len(found.items), least, kind == "maximal")
    if max_length is not None:
        wanted &= found.length <= max_length
    if top_k is not None and top_k < wanted.sum():
        # Supports descending, lengths ascending, in one number.
        key = found.length - 256 * found.support
        wanted &= key <= np.partition(key[wanted], top_k - 1)[top_k - 1]
    parent, item, support, length, chosen = compiled(itemset_kernels).paths_to(*tree, wanted)
    return replace(found, parent=parent, item=item, support=support, length=length, kind=kind, chosen=chosen)
