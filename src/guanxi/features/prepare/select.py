"""Fewer columns: those that vary, or those that tell most about the label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from guanxi.features.prepare.frame import Frame, Labels
from guanxi.features.prepare.step import State, Step, one_of
from guanxi.words import Message

__all__ = ["Select"]

_ROWS = 20_000
"""Mutual information by neighbours takes O(n log n) per column with a large constant; so many rows are plenty."""


@dataclass(frozen=True)
class Select(Step):
    """Keep some of the numeric columns.

    ``variance``: those whose variance in the past exceeds ``least``. ``information``: the ``most`` columns of the
    highest mutual information with the label, by nearest neighbours [1]_, from at most 20,000 rows; no value may be
    empty.

    References
    ----------
    .. [1] Ross (2014), Mutual information between discrete and continuous data sets. PLoS ONE 9(2), e87357.
    """

    how: Literal["variance", "information"] = "variance"
    least: float = 0.0
    most: int = 20
    seed: int = 0

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        return self.how == "information"

    def learn(self, frame: Frame, label: Labels | None) -> State:
        one_of("how", self.how, ("variance", "information"))
        names = list(frame.numbers)
        if self.how == "variance":
            # A constant's variance is 0 whatever its rounding: compare the range first.
            varied = [n for n in names if np.nanmax(frame.numbers[n], initial=-np.inf) > np.nanmin(
                frame.numbers[n], initial=np.inf)]  # fmt: skip
            return {"kept": [name for name in varied if float(np.nanvar(frame.numbers[name])) > self.least]}
        assert label is not None
        from sklearn.feature_selection import mutual_info_classif  # noqa: PLC0415 - takes seconds to import

        step = max(1, -(-frame.rows // _ROWS))
        matrix = np.column_stack([frame.numbers[name][::step] for name in names])
        information = mutual_info_classif(matrix, label[::step], random_state=self.seed)
        best = set(np.argsort(-information, kind="stable")[: self.most].tolist())
        return {"kept": [name for place, name in enumerate(names) if place in best], "information": information}

    def apply(self, state: State, frame: Frame) -> Frame:
        return frame.without(set(frame.numbers) - set(state["kept"]))

    def describe(self) -> Message:
        if self.how == "variance":
            return Message("prepare.select_variance", {"least": self.least})
        return Message("prepare.select_information", {"most": self.most})
