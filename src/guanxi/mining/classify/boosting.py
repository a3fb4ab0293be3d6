"""Gradient boosting: a sum of small trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from guanxi.errors import SettingError
from guanxi.mining.classify.additive import Matrix, _Additive
from guanxi.mining.classify.trees import MOST_LEAVES, Forest

__all__ = ["GradientBoosting"]


class GradientBoosting(_Additive):
    """The probability of a label from a sum of small trees, each correcting those before it.

    Use it where effects bend or depend on each other, and some thousand rows are there. Scales do not matter, and empty
    values are an answer of their own. The light default settings are worth more than the choice of a library.

    Parameters
    ----------
    iterations : int
        Number of trees.
    leaves : int, 2 … 8
        Of a tree; with eight, up to seven questions. More would not be explained exactly at this price.
    learning_rate : float
        How much of a tree's correction is taken.
    least_in_leaf : int
        Customers that a leaf must hold.
    threads : int
        More than one pays on a machine that does nothing else, and from some 100,000 rows on: small trees are built
        faster than threads wait for each other.
    seed : int
        For the choice of the rows from which classes of values are made, beyond 200,000.
    key, label : str
        Columns that name the row and its label.

    Attributes
    ----------
    features_ : list of str
    base_ : float, log-odds before the first tree
    forest_ : the trees, as arrays

    Notes
    -----
    Learned by scikit-learn's HistGradientBoostingClassifier [1]_, O(rows × features × iterations); the trees are copied
    into arrays, and everything after that is ours. Effects are exact Shapley values (`Forest.effects`).

    References
    ----------
    .. [1] Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 30.
    """

    _learned: ClassVar = ("features_", "base_", "forest_")

    def __init__(
        self,
        *,
        iterations: int = 150,
        leaves: int = MOST_LEAVES,
        learning_rate: float = 0.045,
        least_in_leaf: int = 20,
        threads: int = 1,
        seed: int = 0,
        key: str = "customer_id",
        label: str = "label",
    ) -> None:
        self.iterations = iterations
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.least_in_leaf = least_in_leaf
        self.threads = threads
        self.seed = seed
        self.key = key
        self.label = label

    def as_data(self) -> dict[str, Any]:
        data = super().as_data()
        return {**data, "forest_": dict(vars(data["forest_"]))}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        forest = Forest(**data["forest_"])
        forest.require_sound(len(data["features_"]))
        return super().from_data({**data, "forest_": forest})

    def _learn(self, matrix: Matrix, label: Matrix, names: list[str]) -> None:  # noqa: ARG002
        if not 2 <= self.leaves <= MOST_LEAVES:
            raise SettingError("classify.leaves", most=MOST_LEAVES, value=self.leaves)
        from sklearn.ensemble import HistGradientBoostingClassifier as Booster  # noqa: PLC0415 - takes seconds to import
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with the former

        booster = Booster(
            max_iter=self.iterations,
            max_leaf_nodes=self.leaves,
            learning_rate=self.learning_rate,
            min_samples_leaf=self.least_in_leaf,
            early_stopping=False,
            random_state=self.seed,
        )
        # A column that is empty throughout cannot be asked, and the library fails on it.
        asked = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
        with threadpool_limits(self.threads, user_api="openmp"):
            booster.fit(asked, label)
        # The library has no public door to its trees; a test holds our sums against its decision function.
        self.base_ = float(np.ravel(booster._baseline_prediction)[0])
        self.forest_ = Forest.from_nodes([each.nodes for (each,) in booster._predictors])

    def _log_odds(self, matrix: Matrix) -> Matrix:
        return self.base_ + self.forest_.sums(matrix)

    def _effects(self, matrix: Matrix) -> tuple[float, Matrix]:
        mean, effects = self.forest_.effects(matrix)
        return self.base_ + mean, effects
