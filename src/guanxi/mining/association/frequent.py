"""Frequent itemsets: which items are bought together, and how often."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.errors import SettingError
from guanxi.mining.association import search_kernels, textbook
from guanxi.mining.association.condense import KINDS, condensed
from guanxi.mining.association.encode import Baskets, read_columns
from guanxi.mining.association.itemsets import Itemsets
from guanxi.mining.association.searching import LONGEST, Tree, searched
from guanxi.mining.association.taxonomy import Taxonomy
from guanxi.words import Message

__all__ = ["check_limits", "check_support", "frequent_itemsets", "least_count"]

METHODS = ("auto", "apriori", "fpgrowth", "eclat")
TEXTBOOK = {"apriori": textbook.apriori, "fpgrowth": textbook.fpgrowth}

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_MOST = 2**31 - 2**28


def frequent_itemsets(
    table: pa.Table,
    *,
    min_support: float,
    kind: str = "all",
    method: str = "auto",
    max_length: int | None = None,
    top_k: int | None = None,
    max_sets: int = 20_000_000,
    min_length: int = 1,
    taxonomy: pa.Table | None = None,
    threads: int | None = None,
) -> Itemsets:
    """All sets of items that at least ``min_support`` of the baskets hold, with the number of baskets of each.

    For finding what sells together, and as the first step of `rules`. Exact, and the same whatever the order of rows.

    Parameters
    ----------
    table : table, any number of rows per basket, in any order
        transaction : the basket, of any type that can be compared
        item : likewise; an item twice in a basket counts once; null where a basket holds nothing, which is a basket
        nevertheless
    min_support : float above 0 and up to 1, share of the baskets; or int from 1, number of baskets
    kind : "all"; "closed", those without a superset that is in as many baskets: fewer sets that tell the same; or
        "maximal", those without any frequent superset: the fewest sets, from which all others follow, without counts
    method : "auto" and "eclat" are the fast search below; "apriori" and "fpgrowth" are the methods of the textbooks in
        plain Python, some hundred times slower, to learn from and to check against. All give the same result.
    max_length : int, the most items in a set
    top_k : int, only the ``top_k`` most frequent sets, shorter ones first among equals; all that are equal to the last
        one are there too
    max_sets : int, a cap on the number of sets. Where there are more, the most frequent are kept (shorter ones first
        among equals; of equals all or none), and ``messages`` of the result says down to which support all are there.
        Past it the closed and maximal ones are those at the higher support that the message gives.
    min_length : int, the fewest items in a set; ``top_k`` and ``max_sets`` count only those. For a result of the kind
        "all" the shorter ones stay in its arrays, so that `rules` finds what it needs, but are not among ``numbers``.
    taxonomy : table of (item, parent), one row per item and group right above it: groups are searched as items are, and
        a basket holds the groups of its items. No set holds an item together with a group that it belongs to, which
        would tell nothing [5]_; `more_than_expected` takes out what the groups tell already. For the kind "all".
    threads : int, at most so many search at a time; None is one for each processor that this process may use, up to
        eight. More than one only where it pays: for the kind "all" in many, sparse baskets (a million cells). The
        result is the same.

    Returns
    -------
    Itemsets

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no baskets, or a transaction is null.
    SettingError : ``min_support`` is 0, below it, or a share above 1; another setting is below 1; there is a taxonomy
        for closed or maximal sets.

    Notes
    -----
    Depth first over items by ascending support [1]_. In sparse baskets all pairs are counted first, in one pass;
    another lays out, item by item, what frequently follows it, as much at a time as stays near. Each conditional
    database is kept in the form that is less work for it: sparse ones as lists with occurrence deliver [2]_, dense and
    small ones as bitmaps that are intersected [1]_; rows with fewer than two items left are dropped. An item in every
    row of its conditional database (a perfect extension [3]_) is not searched: all that follows is copied with the item
    added. Later items are searched first, so that what has to be copied is one piece of the result, and subsets stand
    before their supersets. Past the cap, the least support is raised to what the most frequent ``max_sets`` have, and
    the search goes on with that.

    Where so few items are left that most of their sets are frequent, they are counted all at once: rows become masks
    of items, and the numbers of rows per mask are summed over supersets, bit by bit (the zeta transform [4]_).
    Whether that is less work is estimated from the supports, as if items were independent.

    Closed and maximal sets are searched for directly, not picked out of all: `condense` says how. For them there is one
    method.

    Memory: 17 bytes per itemset (34 where several threads search), 8 to 12 per row of the table, and up to 100 MiB a
    thread for pairs and what follows them. Time is in proportion to the rows, and to the itemsets
    times the width of their conditional databases.

    References
    ----------
    .. [1] Zaki, M. J. (2000), IEEE Transactions on Knowledge and Data Engineering 12(3), 372-390. Eclat.
    .. [2] Uno, T., Kiyomi, M. & Arimura, H. (2004), LCM ver. 2, Proc. IEEE ICDM Workshop FIMI.
    .. [3] Borgelt, C. (2012), Frequent item set mining, WIREs Data Mining and Knowledge Discovery 2, 437-456.
    .. [4] Björklund, A., Husfeldt, T., Kaski, P. & Koivisto, M. (2007), Fourier meets Möbius: fast subset convolution,
       Proc. ACM STOC, 67-74.
    .. [5] Srikant, R. & Agrawal, R. (1995), Mining generalized association rules, Proc. VLDB, 407-419.

    Examples
    --------
    >>> table = pa.table({"transaction": [1, 1, 1, 2, 2, 3, 3],
    ...                   "item": ["bread", "milk", "tea", "bread", "milk", "milk", "tea"]})
    >>> found = frequent_itemsets(table, min_support=0.5)
    >>> found.to_table().select(["items", "count"]).to_pylist()
    [{'items': ['milk'], 'count': 3}, {'items': ['tea'], 'count': 2}, {'items': ['milk', 'tea'], 'count': 2},
     {'items': ['bread'], 'count': 2}, {'items': ['bread', 'milk'], 'count': 2}]
    """
    check_limits(max_length=max_length, top_k=top_k, max_sets=max_sets, min_length=min_length, threads=threads)
    for name, choice, choices in (("kind", kind, KINDS), ("method", method, METHODS)):
        if choice not in choices:
            raise SettingError("association.one_of", name=name, value=str(choice), choices=list(choices))
    check_support(min_support)
    groups = None if taxonomy is None else Taxonomy.of(taxonomy)
    if groups is not None and kind != "all":
        raise SettingError("association.one_of", name="kind", value=kind, choices=["all"])
    columns = read_columns(table if groups is None else groups.generalised(table))
    min_count = least_count(min_support, columns.baskets)
    encoded = columns.encode(min_count)
    if kind != "all":
        return condensed(encoded, kind, min_count, (min_length, max_length), top_k, max_sets)
    kin = (
        (np.zeros(len(encoded.items) + 1, np.int64), np.empty(0, np.int32))
        if groups is None
        else groups.kin(encoded.items)
    )
    reach = top_k is not None and top_k <= max_sets
    limit = min(top_k if reach and top_k else max_sets, _MOST)
    deepest = min(max_length or LONGEST, LONGEST)
    if method in TEXTBOOK:
        tree = _by_the_book(TEXTBOOK[method], encoded, min_count, deepest, limit, reach, min_length, kin)
    else:
        tree = searched(
            encoded,
            min_count,
            kin,
            max_length=deepest,
            limit=limit,
            reach=reach,
            min_length=min_length,
            threads=threads,
        )
    parent, item, support, length, floor, longest = tree
    chosen = np.flatnonzero(length >= min_length) if min_length > 1 else None
    messages: tuple[Message, ...] = ()
    capped = (floor, longest) != (min_count, LONGEST)
    if capped and not reach:
        parameters = {"limit": limit, "kept": len(item if chosen is None else chosen), "complete": int(floor) + 1}
        messages = (Message("association.capped", parameters),)
    counted = (encoded.baskets, min_count, encoded.by_value, messages)
    return Itemsets(encoded.items, parent, item, support, length, *counted, chosen=chosen)


def check_limits(**limits: int | None) -> None:
    """Raise `SettingError` for a limit that is given and below 1."""
    for name, value in limits.items():
        if value is not None and value < 1:
            raise SettingError("errors.at_least", name=name, least=1, value=value)


def check_support(min_support: float) -> None:
    """Raise `SettingError` unless it is a share above 0 and up to 1, or a whole number from 1."""
    whole = isinstance(min_support, int) and not isinstance(min_support, bool)
    if isinstance(min_support, bool) or not (min_support >= 1 if whole else 0 < min_support <= 1):
        raise SettingError("association.min_support", value=str(min_support))


def least_count(min_support: float, baskets: int) -> int:
    """The least number of baskets that is at least ``min_support`` of them; exact for the decimals as written."""
    if isinstance(min_support, int):
        return min_support
    return max(1, int((Decimal(str(min_support)) * baskets).to_integral_value(ROUND_CEILING)))


def _by_the_book(
    method: Callable[..., dict[textbook.Path, int]],
    encoded: Baskets,
    min_count: int,
    max_length: int,
    limit: int,
    reach: bool,
    min_length: int,
    kin: tuple[Longs, Ints],
) -> Tree:
    """The same tree, in the same order, with the same cut, by a method of `textbook`."""
    ends = np.flatnonzero(encoded.flat < 0)
    baskets = [tuple(each[:-1].tolist()) for each in np.split(encoded.flat, ends + 1)[:-1]]
    found = method(baskets, encoded.support.tolist(), min_count, max_length)
    above = [set(kin[1][start:end].tolist()) for start, end in pairwise(kin[0].tolist())]
    found = {path: count for path, count in found.items() if not any(above[rank] & set(path) for rank in path)}
    # Sets before their extensions, and these by descending rank, as the search leaves them.
    paths = sorted(found, key=lambda path: [-rank for rank in path])
    number = {path: place for place, path in enumerate(paths)} | {(): -1}
    parent = np.array([number[path[:-1]] for path in paths], np.int32)
    item = np.array([path[-1] for path in paths], np.int32)
    support = np.array([found[path] for path in paths], np.int64)
    length = np.array([len(path) for path in paths], np.uint8)
    if len(paths) <= limit:
        return parent, item, support, length, min_count, LONGEST
    kernels = compiled(search_kernels)
    cut = kernels.tighten(support, length, len(paths), limit, reach, min_length, min_count, LONGEST)
    kept = kernels.squeeze(parent, item, support, length, len(paths), *cut, np.empty(len(paths), np.int32))
    return parent[:kept], item[:kept], support[:kept], length[:kept], *cut
