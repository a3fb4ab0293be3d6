"""The plain rule beside every classifier: the share of the label among customers alike in one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pyarrow as pa
from scipy.special import betaincinv

from guanxi.errors import DataError, NotFittedError, SchemaError, SettingError
from guanxi.features.prepare.discretise import classes_of
from guanxi.features.prepare.frame import binary_labels
from guanxi.mining.classify.additive import matrix_of

__all__ = ["BucketRate"]


class BucketRate:
    """Expect of a customer what became of those in the same class of one column.

    Use it where too little is known for a classifier, and as the baseline of every classifier. Classes hold about
    equally many customers of the past; who has no value is a class of his own. The share of a class is drawn towards
    that of all by ``weight`` imaginary customers.

    Parameters
    ----------
    column : str
        The number that customers are classed by.
    buckets : int, >= 1
        Classes at most; equal values share one. With one, everybody gets the same share.
    weight : float
    key, label : str

    Attributes
    ----------
    cuts_ : float64 array, up to which value a class reaches
    ones_, rows_ : float64 arrays, label 1 and all rows per class, the last one for the empty values
    overall_ : float, share of label 1

    Notes
    -----
    O(n log n). ``low`` and ``high`` are the 10 % and 90 % quantiles of the beta law of the share.

    Examples
    --------
    >>> past = pa.table({"customer_id": ["a", "b", "c", "d"], "days_since_last_order": [1, 2, 30, 40],
    ...                  "label": [0, 0, 1, 1]})
    >>> BucketRate(buckets=2, weight=0).fit(past).predict(past)["probability"].to_pylist()
    [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(
        self,
        *,
        column: str = "days_since_last_order",
        buckets: int = 10,
        weight: float = 20.0,
        key: str = "customer_id",
        label: str = "label",
    ) -> None:
        self.column = column
        self.buckets = buckets
        self.weight = weight
        self.key = key
        self.label = label

    def fit(self, table: pa.Table) -> Self:
        """Learn the share of each class.

        Parameters
        ----------
        table : KEY, COLUMN (a number), LABEL (bool, or 0 and 1)

        Raises
        ------
        SchemaError : a column is missing.
        DataError : there is no row, or one without label.
        SettingError : no bucket, or a negative weight.
        """
        if self.buckets < 1:
            raise SettingError("errors.at_least", name="buckets", least=1, value=self.buckets)
        if self.weight < 0:
            raise SettingError("errors.at_least", name="weight", least=0, value=self.weight)
        label = binary_labels(table, self.label)
        values = matrix_of(table, [self.column])[:, 0]
        if not len(values):
            raise DataError("classify.nobody")
        there = values[~np.isnan(values)]
        shares = np.arange(1, self.buckets) / self.buckets
        cuts = np.unique(np.quantile(there, shares, method="inverted_cdf")) if len(there) else np.zeros(0)
        self.cuts_ = cuts[cuts < there.max()] if len(there) else cuts
        place = self._places(values)
        self.rows_ = np.bincount(place, minlength=len(self.cuts_) + 2).astype(np.float64)
        self.ones_ = np.bincount(place, weights=label, minlength=len(self.cuts_) + 2)
        self.overall_ = float(label.mean())
        return self

    def predict(self, table: pa.Table) -> pa.Table:
        """The share of the class, one row per row in the order given: the key, probability, low, high (float64)."""
        if not hasattr(self, "cuts_"):
            raise NotFittedError("errors.not_fitted", method="BucketRate")
        if self.key not in table.column_names:
            raise SchemaError("errors.no_such_column", table="customers", column=self.key, columns=table.column_names)
        ones = self.ones_ + self.weight * self.overall_
        zeros = self.rows_ - self.ones_ + self.weight * (1 - self.overall_)
        total = ones + zeros
        share = np.divide(ones, total, out=np.full(len(total), self.overall_), where=total > 0)
        # A class of one kind only, without imaginary customers, has a law on its edge.
        sure = (ones > 0) & (zeros > 0)
        a, b = np.where(sure, ones, 1.0), np.where(sure, zeros, 1.0)
        found: dict[str, Any] = {
            "probability": share,
            "low": np.where(sure, betaincinv(a, b, 0.1), share),
            "high": np.where(sure, betaincinv(a, b, 0.9), share),
        }
        place = self._places(matrix_of(table, [self.column])[:, 0])
        return pa.table({self.key: table[self.key], **{name: pa.array(each[place]) for name, each in found.items()}})

    def as_data(self) -> dict[str, Any]:
        """Settings and what was learned, as plain values and arrays."""
        if not hasattr(self, "cuts_"):
            raise NotFittedError("errors.not_fitted", method="BucketRate")
        return dict(vars(self))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The rule that `as_data` described, ready to predict.

        Raises
        ------
        ValueError : the data have other names, or shapes that do not fit each other.
        """
        made = cls(**{name: value for name, value in data.items() if not name.endswith("_")})
        if set(data) != {*vars(made), "cuts_", "ones_", "rows_", "overall_"}:
            raise ValueError(f"not a rule: {sorted(data)}")
        for name in ("cuts_", "ones_", "rows_"):
            setattr(made, name, np.asarray(data[name], dtype=np.float64))
        made.overall_ = float(data["overall_"])
        if not len(made.cuts_) + 2 == len(made.ones_) == len(made.rows_):
            raise ValueError("classes and shares do not fit each other")
        return made

    def _places(self, values: np.ndarray) -> np.ndarray:
        classes = classes_of(values, self.cuts_)
        return np.where(np.isnan(classes), len(self.cuts_) + 1, classes).astype(np.int64)
