"""Small trees as tables: what a sum of trees says, and how much of it each column brought about.

A tree of at most eight leaves asks at most seven questions. All 128 patterns of answers are tabled once, so that a
customer's value and the exact Shapley values of his columns are one look-up per tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_LEAVES", "Forest"]

MOST_LEAVES = 8
_QUESTIONS = MOST_LEAVES - 1
Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Forest:
    """Trees in arrays, one row a node; nodes of a tree stand together, the root first.

    Attributes
    ----------
    tree : int64, to which tree a node belongs
    feature : int64, the column asked, −1 at a leaf
    threshold : float64; a value up to it goes left
    missing_left : whether an empty value goes left
    left, right : int64, places of the children in these arrays
    value : float64, what a leaf adds to the log-odds
    cover : float64, customers of the past that came by
    """

    tree: Integers
    feature: Integers
    threshold: Reals
    missing_left: Flags
    left: Integers
    right: Integers
    value: Reals
    cover: Reals

    @classmethod
    def from_nodes(cls, trees: list[Any]) -> Forest:
        """From the node arrays of scikit-learn's histogram boosting."""
        sizes = [len(nodes) for nodes in trees]
        nodes = np.concatenate(trees)
        start = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
        leaf = nodes["is_leaf"].astype(bool)
        return cls(
            tree=np.repeat(np.arange(len(trees)), sizes).astype(np.int64),
            feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float64),
            missing_left=nodes["missing_go_to_left"].astype(bool),
            left=np.where(leaf, -1, nodes["left"] + start).astype(np.int64),
            right=np.where(leaf, -1, nodes["right"] + start).astype(np.int64),
            value=nodes["value"].astype(np.float64),
            cover=nodes["count"].astype(np.float64),
        )

    def require_sound(self, columns: int) -> None:
        """ValueError unless these are trees: each node below its parent and met once, questions about ``columns``.

        What comes from a file may be anything; only this much makes sure that walking it ends.
        """
        lengths = {len(each) for each in vars(self).values()}
        if len(lengths) != 1:
            raise ValueError(f"arrays of different lengths: {sorted(lengths)}")
        inner = np.flatnonzero(self.feature >= 0)
        children = np.concatenate([self.left[inner], self.right[inner]])
        parents = np.concatenate([inner, inner])
        rows = len(self.tree)
        sound = (
            bool(np.all((self.feature >= -1) & (self.feature < columns)))
            and bool(np.all((children > parents) & (children < rows)))
            and len(np.unique(children)) == len(children)
            and bool(np.all(np.diff(self.tree) >= 0))
            and bool(np.all(self.tree[children] == self.tree[parents]))
            and len(children) + len(np.unique(self.tree)) == rows
            and (not rows or int(np.bincount(self.tree[inner] - self.tree.min(), minlength=1).max()) <= _QUESTIONS)
        )
        if not sound:
            raise ValueError("the nodes are no trees")

    def sums(self, matrix: Reals) -> Reals:
        """What all trees together say of each row."""
        total = np.zeros(len(matrix))
        for tree in self._trees():
            total += tree.values()[tree.pattern(matrix)]
        return total

    def effects(self, matrix: Reals) -> tuple[float, Reals]:
        """The mean over the past's customers, and the Shapley value of each column in each row.

        Mean and values of a row add up to `sums`. What a tree would say without some columns is the mean over its
        leaves by cover: the path-dependent TreeSHAP [1]_.

        References
        ----------
        .. [1] Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees.
           Nature Machine Intelligence 2, 56-67.
        """
        base, found = 0.0, np.zeros(matrix.shape)
        for tree in self._trees():
            mean, columns, table = tree.shapley()
            base += mean
            if len(columns):
                found[:, columns] += table[tree.pattern(matrix)]
        return base, found

    def _trees(self) -> Iterator[_Tree]:
        ends = np.flatnonzero(np.diff(self.tree)) + 1
        for nodes in np.split(np.arange(len(self.tree)), ends) if len(self.tree) else []:
            yield _Tree(self, nodes)


class _Tree:
    """One tree of a forest: its questions are the bits of a pattern."""

    def __init__(self, forest: Forest, nodes: Integers) -> None:
        self.forest = forest
        self.questions = nodes[forest.feature[nodes] >= 0]
        self.bit = {int(node): place for place, node in enumerate(self.questions)}
        patterns = np.arange(2 ** len(self.questions))
        self.answers = (patterns[:, None] >> np.arange(len(self.questions))) & 1 == 1
        self.leaves = list(self._walk(int(nodes[0]), []))

    def _walk(self, node: int, path: list[tuple[int, bool]]) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
        """Every leaf with the way to it: questions, and whether it went left."""
        if self.forest.feature[node] < 0:
            yield node, path
            return
        yield from self._walk(int(self.forest.left[node]), [*path, (node, True)])
        yield from self._walk(int(self.forest.right[node]), [*path, (node, False)])

    def pattern(self, matrix: Reals) -> Integers:
        """The answers of each row as a number."""
        forest, asked = self.forest, self.questions
        if not len(asked):
            return np.zeros(len(matrix), dtype=np.int64)
        values = matrix[:, forest.feature[asked]]
        left = np.where(np.isnan(values), forest.missing_left[asked], values <= forest.threshold[asked])
        return left @ (1 << np.arange(len(asked)))

    def values(self) -> Reals:
        """What the tree says, by pattern."""
        found = np.zeros(len(self.answers))
        for leaf, path in self.leaves:
            found[self._reached(path)] = self.forest.value[leaf]
        return found

    def shapley(self) -> tuple[float, Integers, Reals]:
        """The tree's mean, the columns that it asks, and the effect of each of them by pattern."""
        forest = self.forest
        columns = np.unique(forest.feature[self.questions])
        place = {int(column): index for index, column in enumerate(columns)}
        table = np.zeros((len(self.answers), len(columns)))
        mean = 0.0
        for leaf, path in self.leaves:
            shares: dict[int, float] = {}
            agrees: dict[int, Flags] = {}
            for node, went_left in path:
                column = int(forest.feature[node])
                child = forest.left[node] if went_left else forest.right[node]
                shares[column] = shares.get(column, 1.0) * float(forest.cover[child] / forest.cover[node])
                same = self._reached([(node, went_left)])
                agrees[column] = agrees[column] & same if column in agrees else same
            value = float(forest.value[leaf])
            mean += value * float(np.prod(list(shares.values())))
            for column, share in shares.items():
                others = [other for other in shares if other != column]
                weight = _weight([agrees[other] for other in others], [shares[other] for other in others])
                table[:, place[column]] += value * (agrees[column] - share) * weight
        return mean, columns, table

    def _reached(self, path: list[tuple[int, bool]]) -> Flags:
        """The patterns that go this way."""
        reached = np.ones(len(self.answers), dtype=bool)
        for node, went_left in path:
            reached &= self.answers[:, self.bit[node]] == went_left
        return reached


def _weight(agrees: list[Flags], shares: list[float]) -> Any:
    """The mean, over all orders of entering, of the product of who is in (agrees or not) and who is out (his share)."""
    polynomial: list[Any] = [1.0]
    for agree, share in zip(agrees, shares, strict=True):
        low = [term * share for term in polynomial] + [0.0]
        high = [0.0] + [term * agree for term in polynomial]
        polynomial = [one + other for one, other in zip(low, high, strict=True)]
    others = len(agrees)
    counts = [factorial(size) * factorial(others - size) / factorial(others + 1) for size in range(others + 1)]
    return sum((count * term for count, term in zip(counts, polynomial, strict=True)), start=0.0)
