"""Itemsets as arrays, with views that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.compiled import compiled
from guanxi.mining.association import itemset_kernels
from guanxi.words import Message

__all__ = ["Itemsets"]

_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class Itemsets:
    """Itemsets and the number of baskets that hold each, as a tree in arrays.

    Node ``i`` of the tree is the set of node ``parent[i]`` with ``items[item[i]]`` added; a parent of -1 is the empty
    set. When ``kind`` is "all", every node is an itemset of the result and stands after those of its subsets, and along
    a path from the root items go from the rarest to the most frequent. Otherwise ``numbers`` says which nodes are
    itemsets of the result, and every node stands after its parent.

    Attributes
    ----------
    kind : "all", "closed" or "maximal"
    items : array, the frequent items by ascending support, equals by value
    parent, item : int32, one per node
    support : int64 per node, number of baskets that hold the set
    length : uint8 per node, number of items (int32 unless ``kind`` is "all")
    chosen : int64, the nodes that are itemsets of the result; None for all
    baskets : int, number of all baskets
    min_count : int, the least support that was asked for, in baskets
    by_value : int32 per item, its place in the order of the items' values
    messages : what the reader should know: that a cap was reached

    Examples
    --------
    >>> from guanxi.mining.association import frequent_itemsets
    >>> table = pa.table({"transaction": [1, 1, 2, 2, 3], "item": ["茶", "杯子", "茶", "杯子", "茶"]})
    >>> found = frequent_itemsets(table, min_support=2)
    >>> len(found), [found.itemset(number) for number in range(3)], found.support.tolist()
    (3, [('茶',), ('杯子',), ('杯子', '茶')], [3, 2, 2])
    """

    items: pa.Array
    parent: npt.NDArray[np.int32] = field(repr=False)
    item: npt.NDArray[np.int32] = field(repr=False)
    support: npt.NDArray[np.int64] = field(repr=False)
    length: npt.NDArray[np.uint8] | npt.NDArray[np.int32] = field(repr=False)
    baskets: int
    min_count: int
    by_value: npt.NDArray[np.int32] = field(repr=False)
    messages: tuple[Message, ...] = ()
    kind: str = "all"
    chosen: npt.NDArray[np.int64] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.item) if self.chosen is None else len(self.chosen)

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The nodes that are itemsets of the result."""
        return np.arange(len(self.item)) if self.chosen is None else self.chosen

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Number of baskets that hold each itemset of the result."""
        return self.support if self.chosen is None else self.support[self.chosen]

    def itemset(self, place: int) -> tuple[object, ...]:
        """The items of one itemset of the result, in the order of their values."""
        number = range(len(self))[place]
        node = number if self.chosen is None else int(self.chosen[number])
        return tuple(self.lists(np.array([node], np.int64))[0].as_py())

    def lists(self, numbers: npt.NDArray[np.int64]) -> pa.Array:
        """The sets of several nodes: list<type of the items>, each in the order of the items' values."""
        offsets = np.zeros(len(numbers) + 1, np.int64)
        np.cumsum(self.length[numbers], out=offsets[1:])
        places = compiled(itemset_kernels).expand(self.parent, self.item, self.by_value, numbers, offsets)
        ordered = self.items.take(pa.array(np.argsort(self.by_value)))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), ordered.take(pa.array(places)))

    def tables(self) -> Iterator[pa.Table]:
        """`to_table` in pieces of about a million rows, for what does not fit into memory at once."""
        for start in range(0, len(self), _PIECE):
            numbers = np.arange(start, min(start + _PIECE, len(self)))
            if self.chosen is not None:
                numbers = self.chosen[numbers]
            count = self.support[numbers]
            yield pa.table(
                {
                    "items": self.lists(numbers),
                    "length": self.length[numbers].astype(np.int64),
                    "count": count,
                    "support": count / self.baskets,
                }
            )

    def to_table(self) -> pa.Table:
        """All itemsets, in the order of the arrays.

        Returns
        -------
        table, one row per itemset: items (list, key), length (int64), count (int64, baskets), support (float64, share
        of all baskets)
        """
        lists = pa.list_(self.items.type)
        counted = [("length", pa.int64()), ("count", pa.int64()), ("support", pa.float64())]
        return pa.concat_tables([pa.schema([("items", lists), *counted]).empty_table(), *self.tables()])
