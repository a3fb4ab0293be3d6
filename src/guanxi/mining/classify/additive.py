"""What the classifiers share: numbers in, a probability out, and log-odds that are a sum over the columns."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit

from guanxi.errors import DataError, NotFittedError, SchemaError
from guanxi.features.prepare.frame import binary_labels, canonical_order, is_number, to_numbers

__all__ = ["Matrix", "_Additive", "fresh", "matrix_of"]

Matrix = npt.NDArray[np.float64]


class _Additive(ABC):
    """A classifier whose log-odds are a base plus one effect per column.

    Subclasses learn from a matrix (`_learn`), and give log-odds (`_log_odds`) and their parts (`_effects`).
    """

    _learned: ClassVar[tuple[str, ...]]
    """Names of what `fit` learns."""
    key: str
    label: str
    features_: list[str]

    def fit(self, table: pa.Table) -> Self:
        """Learn from rows whose label is known.

        Parameters
        ----------
        table : one row a customer (or customer × date)
            KEY : any type that sorts
            LABEL : bool, or the numbers 0 and 1
            every other column of numbers : a feature; texts are not read

        Raises
        ------
        SchemaError : key or label is missing, or there is no column of numbers beside them.
        DataError : a row has no label, or all rows have the same one.
        """
        table = table.take(pa.array(canonical_order(table, self.key)))
        label = binary_labels(table, self.label)
        if len(np.unique(label)) < 2:
            raise DataError("classify.one_class", column=self.label, rows=table.num_rows)
        names = [n for n in table.column_names if n not in {self.key, self.label} and is_number(table[n].type)]
        if not names:
            raise SchemaError("classify.no_features", columns=table.column_names)
        self._learn(matrix_of(table, names), label.astype(np.float64), names)
        self.features_ = names
        return self

    def predict(self, table: pa.Table) -> pa.Table:
        """The probability of label 1.

        Returns
        -------
        table, one row per row in the order given: the key, probability (float64, 0 … 1)
        """
        probability = expit(self.log_odds(table))
        return pa.table({self.key: table[self.key], "probability": pa.array(probability, pa.float64())})

    def explain(self, table: pa.Table) -> pa.Table:
        """Why: the log-odds as a sum.

        Returns
        -------
        table, one row per row in the order given: the key, base (the same in every row), and the effect of each
            feature, all float64 in log-odds; base and effects add up to the log-odds of `predict`.
        """
        base, effects = self._effects(self._matrix(table))
        columns = {name: pa.array(effects[:, place]) for place, name in enumerate(self.features_)}
        return pa.table({self.key: table[self.key], "base": pa.array(np.full(table.num_rows, base)), **columns})

    def log_odds(self, table: pa.Table) -> Matrix:
        """The logarithm of p / (1 − p) of every row, as an array."""
        return self._log_odds(self._matrix(table))

    def as_data(self) -> dict[str, Any]:
        """Settings and what was learned, as plain values and arrays."""
        if not hasattr(self, "features_"):
            raise NotFittedError("errors.not_fitted", method=type(self).__name__)
        return {"method": type(self).__name__, **vars(self)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The classifier that `as_data` described, ready to predict.

        Raises
        ------
        ValueError : the data have other names than a classifier of this kind.
        """
        settings = set(inspect.signature(cls).parameters)
        values = {name: value for name, value in data.items() if name != "method"}
        if set(values) != {*settings, *cls._learned}:
            raise ValueError(f"not a {cls.__name__}: {sorted(values)}")
        made = cls(**{name: values[name] for name in settings})
        for name in cls._learned:
            setattr(made, name, values[name])
        return made

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in inspect.signature(type(self)).parameters)
        return f"{type(self).__name__}({settings})"

    def _matrix(self, table: pa.Table) -> Matrix:
        if not hasattr(self, "features_"):
            raise NotFittedError("errors.not_fitted", method=type(self).__name__)
        return matrix_of(table, self.features_)

    @abstractmethod
    def _learn(self, matrix: Matrix, label: Matrix, names: list[str]) -> None: ...

    @abstractmethod
    def _log_odds(self, matrix: Matrix) -> Matrix: ...

    @abstractmethod
    def _effects(self, matrix: Matrix) -> tuple[float, Matrix]:
        """The base, and the effect of each column in each row."""


def matrix_of(table: pa.Table, names: list[str]) -> Matrix:
    """Columns as a matrix of float64, NaN where empty; `SchemaError` where one is missing."""
    for name in names:
        if name not in table.column_names:
            raise SchemaError("errors.no_such_column", table="customers", column=name, columns=table.column_names)
    if not names:
        return np.zeros((table.num_rows, 0))
    return np.column_stack([to_numbers(table[name]) for name in names])


def fresh(estimator: Any) -> Any:
    """An estimator of the same settings that has learned nothing."""
    return type(estimator)(**{name: getattr(estimator, name) for name in inspect.signature(type(estimator)).parameters})
