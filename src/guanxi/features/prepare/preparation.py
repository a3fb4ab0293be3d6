"""A preparation: steps declared once, learned from the past only, kept with the model, told to the reader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from guanxi.errors import NotFittedError, SettingError
from guanxi.features.prepare.frame import (
    Frame,
    Labels,
    binary_labels,
    canonical_order,
    is_number,
    is_text,
    read_frame,
)
from guanxi.features.prepare.saved import read_learned, write_learned
from guanxi.features.prepare.step import State, Step, declared, step_from
from guanxi.words import Message

__all__ = ["Preparation"]


class Preparation:
    """Make a table of numbers for a method from a table of facts about customers.

    Use it wherever a method learns from one period and is asked about a later one: what a step needs to know (a median,
    a quantile, the categories) it learns in `fit` from the rows given there, and `transform` only looks it up.

    Parameters
    ----------
    steps : tuple of Step
        Applied in this order: `Impute`, `Clip`, `Standardise`, `Normalise`, `Discretise`, `Encode`, `Select`,
        `Combine`.
    columns : tuple of str
        What is prepared; by default every column of numbers, dates, booleans or texts but the key and the label.
    key : str
        The column that names the row; it is passed through.
    label : str, optional
        The column (0 or 1) that supervised steps learn from.

    Attributes
    ----------
    inputs_ : list of the columns read
    origins_ : dict, of each column made the column it was made from
    learned_ : list with what each step learned

    Notes
    -----
    O(rows × columns), and a sort per column for quantiles and entropy. The order of the rows does not matter.

    Examples
    --------
    >>> from guanxi.features.prepare import Encode, Impute
    >>> past = pa.table({"customer_id": ["a", "b", "c"], "days": [1.0, 3.0, None], "city": ["北京", "Bonn", "北京"]})
    >>> made = Preparation(steps=(Impute(), Encode(least=2))).fit(past).transform(past)
    >>> made.column_names
    ['customer_id', 'days', 'days_missing', 'city=北京', 'city=…']
    >>> made["days"].to_pylist()
    [1.0, 3.0, 2.0]
    """

    def __init__(
        self,
        *,
        steps: tuple[Step, ...] = (),
        columns: tuple[str, ...] = (),
        key: str = "customer_id",
        label: str | None = None,
    ) -> None:
        self.steps = steps
        self.columns = columns
        self.key = key
        self.label = label

    def fit(self, table: pa.Table) -> Self:
        """Learn every step from these rows.

        Raises
        ------
        SchemaError : a column is missing or neither numbers nor texts.
        SettingError : a step's setting is out of range, or a supervised step has no label.
        """
        self._learn(table)
        return self

    def transform(self, table: pa.Table) -> pa.Table:
        """The table prepared with what was learned.

        Returns
        -------
        table, one row per row in the order given: the key, and float64 columns; null where a value is still empty. A
        column of texts that no step encoded is left out.
        """
        if not hasattr(self, "learned_"):
            raise NotFittedError("errors.not_fitted", method="Preparation")
        frame = read_frame(table, self.inputs_)
        for step, state in zip(self.steps, self.learned_, strict=True):
            frame = step.apply(state, frame)
        return self._table(table, frame)

    def fit_transform(self, table: pa.Table) -> pa.Table:
        """Learn from these rows, and give them prepared: out of fold where a step looked at the label."""
        order = canonical_order(table, self.key)
        frame = self._learn(table)
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        numbers = {name: values[back] for name, values in frame.numbers.items()}
        return self._table(table, Frame(frame.rows, numbers, {}, frame.origin))

    def describe(self) -> list[Message]:
        """The steps in words, in order."""
        return [step.describe() for step in self.steps]

    def as_data(self) -> dict[str, Any]:
        """Declaration and what was learned, as plain values and arrays."""
        if not hasattr(self, "learned_"):
            raise NotFittedError("errors.not_fitted", method="Preparation")
        return {
            "steps": [declared(step) for step in self.steps],
            "columns": list(self.columns),
            "key": self.key,
            "label": self.label,
            "inputs": self.inputs_,
            "origins": self.origins_,
            "learned": self.learned_,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The preparation that `as_data` described, ready to transform."""
        made = cls(
            steps=tuple(step_from(each) for each in data["steps"]),
            columns=tuple(data["columns"]),
            key=data["key"],
            label=data["label"],
        )
        made.inputs_ = list(data["inputs"])
        made.origins_ = dict(data["origins"])
        made.learned_ = list(data["learned"])
        return made

    def save(self, folder: Path) -> None:
        """Keep it as JSON and arrays."""
        write_learned(folder, self.as_data())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The preparation that was saved in a folder."""
        return cls.from_data(read_learned(folder))

    def _learn(self, table: pa.Table) -> Frame:
        table = table.take(pa.array(canonical_order(table, self.key)))
        label = self._labels(table)
        inputs = list(self.columns) or [
            name
            for name in table.column_names
            if name not in {self.key, self.label} and (is_number(table[name].type) or is_text(table[name].type))
        ]
        frame = read_frame(table, inputs)
        learned: list[State] = []
        for step in self.steps:
            state = step.learn(frame, label)
            frame = step.apply_learning(state, frame, label)
            learned.append(state)
        self.inputs_ = inputs
        self.learned_ = learned
        self.origins_ = {name: frame.origin[name] for name in frame.numbers}
        return frame

    def _labels(self, table: pa.Table) -> Labels | None:
        if self.label is not None:
            return binary_labels(table, self.label)
        for step in self.steps:
            if step.supervised:
                raise SettingError("prepare.needs_a_label", step=type(step).__name__)
        return None

    def _table(self, table: pa.Table, frame: Frame) -> pa.Table:
        columns = {name: pa.array(values, from_pandas=True) for name, values in frame.numbers.items()}
        return pa.table({self.key: table[self.key], **columns})
