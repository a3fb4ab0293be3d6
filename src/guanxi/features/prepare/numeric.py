"""Steps on numbers: impute, clip, standardise, normalise, combine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from guanxi.errors import SettingError
from guanxi.features.prepare.frame import Frame, Labels, Numbers
from guanxi.features.prepare.step import State, Step, column_in_words, named_numbers, one_of, said
from guanxi.words import Message

__all__ = ["Clip", "Combine", "Impute", "Normalise", "Standardise"]

_OPERATIONS = ("ratio", "difference", "sum", "product")


@dataclass(frozen=True)
class Impute(Step):
    """Fill empty numbers with the median or mean of the past, or with zero.

    ``flag`` adds a column NAME_missing (0 or 1) to each column that had empty values in the past: that a value is
    missing often says more than the value would.
    """

    columns: tuple[str, ...] = ()
    how: Literal["median", "mean", "zero"] = "median"
    flag: bool = True

    def learn(self, frame: Frame, label: Labels | None) -> State:  # noqa: ARG002
        one_of("how", self.how, ("median", "mean", "zero"))
        found = named_numbers(frame, self.columns)
        centre = np.median if self.how == "median" else np.mean
        fills, flagged = [], []
        for name, values in found.items():
            there = values[~np.isnan(values)]
            fills.append(float(centre(there)) if len(there) and self.how != "zero" else 0.0)
            if self.flag and len(there) < len(values):
                flagged.append(name)
        return {"columns": list(found), "fills": np.array(fills), "flagged": flagged}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = named_numbers(frame, tuple(state["columns"]))
        made = {
            name: np.where(np.isnan(values), fill, values)
            for (name, values), fill in zip(found.items(), state["fills"], strict=True)
        }
        flags = {f"{name}_missing": np.isnan(found[name]).astype(np.float64) for name in state["flagged"]}
        origin = {f"{name}_missing": frame.origin[name] for name in state["flagged"]}
        return frame.with_numbers({**made, **flags}, origin)

    def describe(self) -> Message:
        how = Message(f"prepare.{self.how}")
        return Message("prepare.impute_flag" if self.flag else "prepare.impute", _words(self, how=how))


@dataclass(frozen=True)
class Clip(Step):
    """Pull what lies outside two quantiles of the past in to them, so that a few extreme customers do not rule."""

    columns: tuple[str, ...] = ()
    low: float = 0.01
    high: float = 0.99

    def learn(self, frame: Frame, label: Labels | None) -> State:  # noqa: ARG002
        if not 0 <= self.low < self.high <= 1:
            raise SettingError("prepare.quantiles", low=self.low, high=self.high)
        found = named_numbers(frame, self.columns)
        bounds = [_quantiles(values, (self.low, self.high)) for values in found.values()]
        return {"columns": list(found), "bounds": np.array(bounds).reshape(len(found), 2)}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = named_numbers(frame, tuple(state["columns"]))
        return frame.with_numbers(
            {
                name: np.clip(values, low, high)
                for (name, values), (low, high) in zip(found.items(), state["bounds"], strict=True)
            }
        )

    def describe(self) -> Message:
        return Message("prepare.clip", _words(self, low=self.low, high=self.high))


@dataclass(frozen=True)
class Standardise(Step):
    """Subtract the mean of the past and divide by its standard deviation (a constant column becomes 0)."""

    columns: tuple[str, ...] = ()

    def learn(self, frame: Frame, label: Labels | None) -> State:  # noqa: ARG002
        found = named_numbers(frame, self.columns)
        means, scales = [], []
        for values in found.values():
            there = values[~np.isnan(values)]
            constant = not len(there) or there.min() == there.max()
            means.append(float(there.mean()) if len(there) else 0.0)
            scales.append(1.0 if constant else float(there.std()))
        return {"columns": list(found), "means": np.array(means), "scales": np.array(scales)}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = named_numbers(frame, tuple(state["columns"]))
        learned = zip(found.items(), state["means"], state["scales"], strict=True)
        return frame.with_numbers({name: (values - mean) / scale for (name, values), mean, scale in learned})

    def describe(self) -> Message:
        return Message("prepare.standardise", _words(self))


@dataclass(frozen=True)
class Normalise(Step):
    """Bring columns to one range.

    ``range``: the least value of the past becomes 0 and the greatest 1; later values beyond are pulled in. ``log``: the
    logarithm of 1 + the absolute value, with its sign, for amounts and counts where a tenfold matters more than a ten.
    """

    columns: tuple[str, ...] = ()
    how: Literal["range", "log"] = "range"

    def learn(self, frame: Frame, label: Labels | None) -> State:  # noqa: ARG002
        one_of("how", self.how, ("range", "log"))
        found = named_numbers(frame, self.columns)
        bounds = [_quantiles(values, (0.0, 1.0)) for values in found.values()]
        return {"columns": list(found), "bounds": np.array(bounds).reshape(len(found), 2)}

    def apply(self, state: State, frame: Frame) -> Frame:
        found = named_numbers(frame, tuple(state["columns"]))
        if self.how == "log":
            return frame.with_numbers({name: np.sign(v) * np.log1p(np.abs(v)) for name, v in found.items()})
        made = {}
        for (name, values), (low, high) in zip(found.items(), state["bounds"], strict=True):
            width = high - low if high > low else 1.0
            made[name] = np.clip((values - low) / width, 0.0, 1.0)
        return frame.with_numbers(made)

    def describe(self) -> Message:
        return Message(f"prepare.normalise_{self.how}", _words(self))


@dataclass(frozen=True)
class Combine(Step):
    """Make a column ``name`` from two: ratio, difference, sum or product. A ratio to zero is empty.

    >>> import pyarrow as pa
    >>> from guanxi.features.prepare import Preparation
    >>> table = pa.table({"customer_id": ["a", "b"], "away": [30.0, 10.0], "gap": [10.0, 0.0]})
    >>> Preparation(steps=(Combine("silence", "away", "gap"),)).fit(table).transform(table)["silence"].to_pylist()
    [3.0, None]
    """

    name: str
    left: str
    right: str
    how: Literal["ratio", "difference", "sum", "product"] = "ratio"

    def learn(self, frame: Frame, label: Labels | None) -> State:  # noqa: ARG002
        one_of("how", self.how, _OPERATIONS)
        named_numbers(frame, (self.left, self.right))
        return {}

    def apply(self, state: State, frame: Frame) -> Frame:  # noqa: ARG002
        found = named_numbers(frame, (self.left, self.right))
        left, right = found[self.left], found[self.right]
        if self.how == "ratio":
            made = np.divide(left, right, out=np.full(frame.rows, np.nan), where=right != 0)
        else:
            made = {"difference": np.subtract, "sum": np.add, "product": np.multiply}[self.how](left, right)
        return frame.with_numbers({self.name: made}, {self.name: frame.origin[self.left]})

    def describe(self) -> Message:
        parts = {"left": column_in_words(self.left), "right": column_in_words(self.right)}
        return Message(f"prepare.combine_{self.how}", parts)


def _quantiles(values: Numbers, shares: tuple[float, float]) -> tuple[float, float]:
    there = values[~np.isnan(values)]
    if not len(there):
        return (0.0, 0.0)
    low, high = np.quantile(there, shares)
    return (float(low), float(high))


def _words(step: Impute | Clip | Standardise | Normalise, **more: object) -> dict[str, object]:
    return {"columns": said(step.columns), **more}
