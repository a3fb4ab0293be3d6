"""Frequent itemsets: which items are bought together, and how often."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.errors import SettingError
from guanxi.mining.association import search_kernels, textbook
from guanxi.mining.association.compiled import compiled
from guanxi.mining.association.condense import KINDS, condense
from guanxi.mining.association.encode import Baskets, read_columns
from guanxi.mining.association.itemsets import Itemsets
from guanxi.words import Message

__all__ = ["frequent_itemsets", "least_count"]

METHODS = ("auto", "apriori", "fpgrowth", "eclat")
TEXTBOOK = {"apriori": textbook.apriori, "fpgrowth": textbook.fpgrowth}

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Tree = tuple[Ints, Ints, Longs, npt.NDArray[np.uint8], int, int]
"""parent, item, support and length per itemset, and the support and length at which a cap has cut."""

_LONGEST = 255
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
        It counts all frequent sets, whatever ``kind``; past it the closed and maximal ones are those at the higher
        support that the message gives.

    Returns
    -------
    Itemsets

    Raises
    ------
    SchemaError : a column is missing.
    DataError : there are no baskets, or a transaction is null.
    SettingError : ``min_support`` is 0, below it, or a share above 1; another setting is below 1.

    Notes
    -----
    Depth first over items by ascending support [1]_. Each conditional database is kept in the form that is less work
    for it: sparse ones as lists with occurrence deliver [2]_, dense and small ones as bitmaps that are intersected
    [1]_; rows with fewer than two items left are dropped. An item in every row of its conditional database (a perfect
    extension [3]_) is not searched: all that follows is copied with the item added. Later items are searched first, so
    that what has to be copied is one piece of the result, and subsets stand before their supersets. Past the cap, the
    least support is raised to what the most frequent ``max_sets`` have, and the search goes on with that.

    Closed and maximal sets are picked out of all frequent ones, by looking up each set without each of its items.

    Memory: 17 bytes per itemset, 8 to 12 per row of the table. Time is in proportion to the rows, and to the itemsets
    times the width of their conditional databases.

    References
    ----------
    .. [1] Zaki, M. J. (2000), IEEE Transactions on Knowledge and Data Engineering 12(3), 372-390. Eclat.
    .. [2] Uno, T., Kiyomi, M. & Arimura, H. (2004), LCM ver. 2, Proc. IEEE ICDM Workshop FIMI.
    .. [3] Borgelt, C. (2012), Frequent item set mining, WIREs Data Mining and Knowledge Discovery 2, 437-456.

    Examples
    --------
    >>> table = pa.table({"transaction": [1, 1, 1, 2, 2, 3, 3],
    ...                   "item": ["bread", "milk", "tea", "bread", "milk", "milk", "tea"]})
    >>> found = frequent_itemsets(table, min_support=0.5)
    >>> found.to_table().select(["items", "count"]).to_pylist()
    [{'items': ['milk'], 'count': 3}, {'items': ['tea'], 'count': 2}, {'items': ['milk', 'tea'], 'count': 2},
     {'items': ['bread'], 'count': 2}, {'items': ['bread', 'milk'], 'count': 2}]
    """
    for name, value in (("max_length", max_length), ("top_k", top_k), ("max_sets", max_sets)):
        if value is not None and value < 1:
            raise SettingError("errors.at_least", name=name, least=1, value=value)
    for name, choice, choices in (("kind", kind, KINDS), ("method", method, METHODS)):
        if choice not in choices:
            raise SettingError("association.one_of", name=name, value=str(choice), choices=list(choices))
    _check_support(min_support)
    columns = read_columns(table)
    min_count = least_count(min_support, columns.baskets)
    encoded = columns.encode(min_count)
    # Whether a set is closed or maximal shows in longer and in rarer ones, so these are cut afterwards.
    condensed = kind != "all"
    reach = not condensed and top_k is not None and top_k <= max_sets
    limit = min(top_k if reach and top_k else max_sets, _MOST)
    deepest = _LONGEST if condensed else min(max_length or _LONGEST, _LONGEST)
    if method in TEXTBOOK:
        tree = _by_the_book(TEXTBOOK[method], encoded, min_count, deepest, limit, reach)
    else:
        tree = compiled(search_kernels).search(
            encoded.flat, encoded.support, encoded.baskets, min_count, deepest, limit, reach
        )
    parent, item, support, length, floor, longest = tree
    messages: tuple[Message, ...] = ()
    capped = (floor, longest) != (min_count, _LONGEST)
    if capped and not reach:
        parameters = {"limit": limit, "kept": len(item), "complete": int(floor) + 1}
        messages = (Message("association.capped", parameters),)
    found = Itemsets(
        encoded.items, parent, item, support, length, encoded.baskets, min_count, encoded.by_value, messages
    )
    return condense(found, kind, int(floor) + capped, max_length, top_k) if condensed else found


def _check_support(min_support: float) -> None:
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
) -> Tree:
    """The same tree, in the same order, with the same cut, by a method of `textbook`."""
    ends = np.flatnonzero(encoded.flat < 0)
    baskets = [tuple(each[:-1].tolist()) for each in np.split(encoded.flat, ends + 1)[:-1]]
    found = method(baskets, encoded.support.tolist(), min_count, max_length)
    # Sets before their extensions, and these by descending rank, as the search leaves them.
    paths = sorted(found, key=lambda path: [-rank for rank in path])
    number = {path: place for place, path in enumerate(paths)} | {(): -1}
    parent = np.array([number[path[:-1]] for path in paths], np.int32)
    item = np.array([path[-1] for path in paths], np.int32)
    support = np.array([found[path] for path in paths], np.int64)
    length = np.array([len(path) for path in paths], np.uint8)
    if len(paths) <= limit:
        return parent, item, support, length, min_count, _LONGEST
    kernels = compiled(search_kernels)
    cut = kernels.tighten(support, length, len(paths), limit, reach)
    kept = kernels.squeeze(parent, item, support, length, len(paths), *cut, np.empty(len(paths), np.int32))
    return parent[:kept], item[:kept], support[:kept], length[:kept], *cut
