"""Bought together: for each product the others to show beside it, and how often that was right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["COMPANIONS", "PLACES", "best_sellers", "companions", "hits", "popular_companions"]

PLACES = 3
"""How many products are shown beside one."""

COMPANIONS = pa.schema(
    [
        ("product", pa.string()), ("companion", pa.string()), ("place", pa.int64()), ("count", pa.int64()),
        ("product_count", pa.int64()), ("share", pa.float64()), ("lift", pa.float64()), ("q", pa.float64()),
    ]
)  # fmt: skip
"""One product × place: share is that of the product's baskets that hold the companion too."""

Places = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


def companions(pairs: pa.Table) -> pa.Table:
    """The best companions of each product that has one.

    Parameters
    ----------
    pairs : rules from one product to one other that chance does not explain

    Returns
    -------
    table, key product, place, in that order: by share, then lift, then the companion's number
    """
    product = pairs["antecedent"].combine_chunks().flatten()
    companion = pairs["consequent"].combine_chunks().flatten()
    table = pa.table(
        {
            "product": product,
            "companion": companion,
            "count": pairs["count"],
            "product_count": pairs["antecedent_count"],
            "share": pairs["confidence"],
            "lift": pairs["lift"],
            "q": pairs["q"],
        }
    ).sort_by([("product", "ascending"), ("share", "descending"), ("lift", "descending"), ("companion", "ascending")])
    return _first_places(table)


def best_sellers(baskets: pa.Table) -> list[tuple[str, int]]:
    """The products in most baskets with their number, as many as are ever shown; equals by their number."""
    counts = baskets.group_by("item").aggregate([("transaction", "count_distinct")])
    ordered = counts.sort_by([("transaction_count_distinct", "descending"), ("item", "ascending")])
    top = ordered.slice(0, PLACES + 1)
    return list(zip(top["item"].to_pylist(), top["transaction_count_distinct"].to_pylist(), strict=True))


def popular_companions(products: Sequence[str], baskets: pa.Table) -> pa.Table:
    """The plain answer in the form of `companions`: beside every product, what sells best."""
    top = best_sellers(baskets)
    total = len(pc.unique(baskets["transaction"]))
    rows = [
        {"product": product, "companion": item, "place": place, "count": None, "product_count": None,
         "share": count / total, "lift": None, "q": None}
        for product in sorted(products)
        for place, (item, count) in enumerate([each for each in top if each[0] != product][:PLACES], start=1)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=COMPANIONS)


def hits(later: pa.Table, shown: pa.Table, top: Sequence[str]) -> tuple[Reals, Reals]:
    """How often what was shown beside a product was in the same basket, by basket.

    Parameters
    ----------
    later : baskets from after everything that was learned: transaction, item
    shown : `companions`; places that it leaves empty are filled with best sellers
    top : the best sellers, best first

    Returns
    -------
    two arrays, one value per basket with two products or more: the share of its products beside which one of those
    shown was a hit – for ``shown``, and for the best sellers alone

    Notes
    -----
    O(rows × places × log rows).
    """
    # By number, so that sums over baskets do not depend on the order in which an engine gives the rows.
    _, baskets = np.unique(later["transaction"].to_numpy(), return_inverse=True)
    encoded = later["item"].combine_chunks().dictionary_encode()
    items, values = encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
    held = np.unique(baskets * len(values) + items)
    baskets, items = held // len(values), held % len(values)
    several = np.bincount(baskets)[baskets] > 1 if len(held) else np.zeros(0, np.bool_)
    baskets, items = baskets[several], items[several]
    code = {value: place for place, value in enumerate(values)}
    plain = _shown_beside(values, {}, top, code)
    ours = _shown_beside(values, _by_product(shown), top, code)
    return tuple(_hit_share(baskets, items, held, len(values), beside) for beside in (ours, plain))  # type: ignore[return-value]


def _hit_share(baskets: Places, items: Places, held: Places, products: int, beside: Places) -> Reals:
    hit = np.zeros(len(baskets), np.bool_)
    for place in range(beside.shape[1]):
        wanted = beside[items, place]
        key = baskets * products + wanted
        at = np.minimum(np.searchsorted(held, key), len(held) - 1)
        hit |= (wanted >= 0) & (held[at] == key)
    _, number = np.unique(baskets, return_inverse=True)
    return np.bincount(number, hit) / np.bincount(number)


def _shown_beside(
    products: Sequence[str], named: dict[str, list[str]], top: Sequence[str], code: dict[str, int]
) -> Places:
    """Per product the codes of what stands beside it; -1 for what no later basket holds."""
    beside = np.full((len(products), PLACES), -1, np.int64)
    for row, product in enumerate(products):
        own = named.get(product, [])
        chosen = [*own, *(each for each in top if each != product and each not in own)][:PLACES]
        beside[row, : len(chosen)] = [code.get(each, -1) for each in chosen]
    return beside


def _by_product(shown: pa.Table) -> dict[str, list[str]]:
    named: dict[str, list[str]] = defaultdict(list)
    for product, companion in zip(shown["product"].to_pylist(), shown["companion"].to_pylist(), strict=True):
        named[product].append(companion)
    return named


def _first_places(table: pa.Table) -> pa.Table:
    """The first rows of each product, numbered from 1."""
    code = table["product"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    begins = np.flatnonzero(np.diff(code, prepend=-1))
    place = np.arange(len(code)) - np.repeat(begins, np.diff(np.append(begins, len(code)))) + 1
    numbered = table.append_column("place", pa.array(place, pa.int64()))
    return numbered.filter(pa.array(place <= PLACES)).select(COMPANIONS.names).cast(COMPANIONS).combine_chunks()
