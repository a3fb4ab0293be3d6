"""Texts into numbers: one column per category, or the share of the label that a category had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from guanxi.errors import SchemaError
from guanxi.features.prepare.frame import Frame, Labels, Numbers, Texts
from guanxi.features.prepare.step import State, Step, one_of, said
from guanxi.words import Message

__all__ = ["Encode"]

_EMPTY = "∅"
_OTHER = "…"


@dataclass(frozen=True)
class Encode(Step):
    """Make numbers of categories.

    ``one_hot``: a column NAME=CATEGORY of 0 and 1 for each category that at least ``least`` customers of the past had;
    rarer ones together are NAME=…, empty is the category ∅. What the past did not know counts as rare.

    ``target``: the share of the label that the category had in the past, drawn towards the share of all by ``weight``
    imaginary customers [1]_. For the customers it is learned from, it is computed in ``folds`` parts, each from the
    others, so that nobody's own label leaks into his own column.

    References
    ----------
    .. [1] Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes. SIGKDD Explorations
       3(1), 27-32.
    """

    columns: tuple[str, ...] = ()
    how: Literal["one_hot", "target"] = "one_hot"
    least: int = 10
    folds: int = 5
    weight: float = 20.0

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        return self.how == "target"

    def learn(self, frame: Frame, label: Labels | None) -> State:
        one_of("how", self.how, ("one_hot", "target"))
        found = self._texts(frame)
        if self.how == "one_hot":
            kept = {name: _frequent(values, self.least) for name, values in found.items()}
            return {"columns": list(found), "categories": kept}
        assert label is not None
        categories, shares = {}, {}
        for name, values in found.items():
            names, place = np.unique(values, return_inverse=True)
            categories[name] = names.tolist()
            shares[name] = self._shares(place, label, len(names))
        return {"columns": list(found), "categories": categories, "shares": shares, "overall": float(label.mean())}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = self._texts(frame, tuple(state["columns"]))
        made: dict[str, Numbers] = {}
        origin: dict[str, str] = {}
        for name, values in found.items():
            names, place = np.unique(values, return_inverse=True)
            if self.how == "target":
                known = dict(zip(state["categories"][name], state["shares"][name], strict=True))
                made[name] = np.array([known.get(each, state["overall"]) for each in names.tolist()])[place]
                origin[name] = frame.origin[name]
                continue
            kept = list(state["categories"][name])
            # The place past the last is of what is neither kept nor has a column for the rest.
            rest = kept.index(_OTHER) if _OTHER in kept else len(kept)
            column = np.array([kept.index(each) if each in kept else rest for each in names.tolist()], dtype=np.int64)
            for index, category in enumerate(kept):
                made[f"{name}={category}"] = (column[place] == index).astype(np.float64)
                origin[f"{name}={category}"] = frame.origin[name]
        return frame.without(set(found)).with_numbers(made, origin)

    def apply_learning(self, state: State, frame: Frame, label: Labels | None) -> Frame:
        coded = self.apply(state, frame)
        if self.how == "one_hot" or label is None or self.folds < 2:
            return coded
        fold = np.zeros(len(label), dtype=np.int64)
        for value in (0, 1):
            mine = np.flatnonzero(label == value)
            fold[mine] = np.arange(len(mine)) % self.folds
        made = {}
        for name, values in self._texts(frame, tuple(state["columns"])).items():
            names, place = np.unique(values, return_inverse=True)
            made[name] = np.zeros(len(label))
            for each in range(self.folds):
                others = fold != each
                shares = self._shares(place[others], label[others], len(names))
                made[name][~others] = shares[place[~others]]
        return coded.with_numbers(made)

    def describe(self) -> Message:
        if self.how == "one_hot":
            return Message("prepare.encode_one_hot", {"columns": said(self.columns), "least": self.least})
        return Message("prepare.encode_target", {"columns": said(self.columns), "folds": self.folds})

    def _shares(self, place: npt.NDArray[np.int64], label: Labels, categories: int) -> Numbers:
        """The share of label 1 in each category, drawn towards the share of all."""
        overall = float(label.mean()) if len(label) else 0.0
        rows = np.bincount(place, minlength=categories) + self.weight
        ones = np.bincount(place, weights=label, minlength=categories) + self.weight * overall
        return np.divide(ones, rows, out=np.full(categories, overall), where=rows > 0)

    def _texts(self, frame: Frame, columns: tuple[str, ...] | None = None) -> dict[str, Texts]:
        names = columns if columns is not None else self.columns or tuple(frame.texts)
        for name in names:
            if name not in frame.texts:
                raise SchemaError("errors.no_such_column", table="customers", column=name, columns=list(frame.texts))
        return {name: np.where(frame.texts[name] == None, _EMPTY, frame.texts[name]).astype(str) for name in names}  # noqa: E711


def _frequent(values: Texts, least: int) -> list[str]:
    names, counts = np.unique(values, return_counts=True)
    kept = [str(each) for each in names[counts >= least]]
    return [*kept, _OTHER] if len(kept) < len(names) else kept
