"""The two methods of the textbooks, as they are taught: for learning, and to check the fast search against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

__all__ = ["apriori", "fpgrowth"]

Path = tuple[int, ...]
"""Items of a set by rank, ascending."""


def apriori(baskets: Sequence[Path], support: Sequence[int], min_count: int, max_length: int) -> dict[Path, int]:
    """Level by level: sets of k + 1 items are tried only if all their subsets of k items are frequent.

    Parameters
    ----------
    baskets : the items of each basket by rank, ascending; baskets with fewer than two may be left out
    support : per rank, the number of baskets that hold the item
    min_count : int, baskets
    max_length : int, most items in a set

    Returns
    -------
    The number of baskets per frequent itemset

    Notes
    -----
    One pass over the baskets per length; memory for all candidates of one length.

    References
    ----------
    .. [1] Agrawal, R. & Srikant, R. (1994), Fast algorithms for mining association rules, Proc. VLDB, 487-499.

    Examples
    --------
    >>> apriori([(0, 1), (0, 1), (1, 2)], [2, 3, 1], 2, 9)
    {(0,): 2, (1,): 3, (0, 1): 2}
    """
    level: dict[Path, int] = {(rank,): count for rank, count in enumerate(support) if count >= min_count}
    found = dict(level)
    for _ in range(1, max_length):
        counts = _counted(list(_candidates(level)), baskets)
        level = {path: count for path, count in counts.items() if count >= min_count}
        if not level:
            break
        found |= level
    return found


def _candidates(level: dict[Path, int]) -> Iterator[Path]:
    """Join sets that differ in their last item; leave out those with an infrequent subset."""
    endings = defaultdict(list)
    for path in level:
        endings[path[:-1]].append(path[-1])
    for start, ends in endings.items():
        for pair in combinations(sorted(ends), 2):
            path = (*start, *pair)
            if all(path[:place] + path[place + 1 :] in level for place in range(len(path))):
                yield path


@dataclass
class _Branch:
    """A tree of candidates, by item, so that a basket meets only those that it may hold."""

    below: dict[int, _Branch] = field(default_factory=dict)
    count: int = 0

    def meet(self, basket: Path, start: int) -> None:
        if not self.below:
            self.count += 1
        for place in range(start, len(basket)):
            if (branch := self.below.get(basket[place])) is not None:
                branch.meet(basket, place + 1)


def _counted(candidates: Iterable[Path], baskets: Sequence[Path]) -> dict[Path, int]:
    root = _Branch()
    leaves = {}
    for path in candidates:
        branch = root
        for item in path:
            branch = branch.below.setdefault(item, _Branch())
        leaves[path] = branch
    for basket in baskets if leaves else ():
        root.meet(basket, 0)
    return {path: leaf.count for path, leaf in leaves.items()}


@dataclass(eq=False)
class _Node:
    item: int
    above: _Node | None
    count: int = 0
    below: dict[int, _Node] = field(default_factory=dict)


def fpgrowth(baskets: Sequence[Path], support: Sequence[int], min_count: int, max_length: int) -> dict[Path, int]:
    """Without candidates: the baskets as a tree of shared beginnings, the most frequent items first.

    The baskets that hold an item are the paths above its nodes; they are made a tree again, and so on.

    Parameters and result as of `apriori`.

    References
    ----------
    .. [1] Han, J., Pei, J. & Yin, Y. (2000), Mining frequent patterns without candidate generation, Proc. ACM SIGMOD,
       1-12.

    Examples
    --------
    >>> fpgrowth([(0, 1), (0, 1), (1, 2)], [2, 3, 1], 2, 9)
    {(0,): 2, (1,): 3, (0, 1): 2}
    """
    found: dict[Path, int] = {(rank,): count for rank, count in enumerate(support) if count >= min_count}
    if max_length > 1:
        # Rank 0 is the rarest item; a basket enters the tree from its most frequent one.
        _grow([(basket[::-1], 1) for basket in baskets], (), min_count, max_length, found)
    return found


def _grow(
    rows: Iterable[tuple[Path, int]], ending: Path, min_count: int, max_length: int, found: dict[Path, int]
) -> None:
    """Find all that is frequent among ``rows``, given that all of them hold ``ending``."""
    rows = list(rows)
    counts: dict[int, int] = defaultdict(int)
    for path, count in rows:
        for item in path:
            counts[item] += count
    frequent = {item: count for item, count in counts.items() if count >= min_count}
    root = _Node(-1, None)
    nodes: dict[int, list[_Node]] = defaultdict(list)
    for path, count in rows:
        node = root
        for item in path:
            if item in frequent:
                if item not in node.below:
                    node.below[item] = _Node(item, node)
                    nodes[item].append(node.below[item])
                node = node.below[item]
                node.count += count
    for item in sorted(frequent):
        if ending:
            found[*ending, item] = frequent[item]
        if len(ending) + 2 <= max_length:
            _grow([(_above(node), node.count) for node in nodes[item]], (*ending, item), min_count, max_length, found)


def _above(node: _Node) -> Path:
    """The items between the root and a node, the most frequent first."""
    path = []
    above = node.above
    while above is not None and above.item >= 0:
        path.append(above.item)
        above = above.above
    return tuple(reversed(path))
