"""A probability that means what it says: preparation, classifier and calibration in one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit

from guanxi.errors import NotFittedError
from guanxi.features.prepare import Preparation, read_learned, write_learned
from guanxi.features.prepare.frame import binary_labels, canonical_order
from guanxi.mining.classify.additive import Matrix, _Additive, fresh
from guanxi.mining.classify.boosting import GradientBoosting
from guanxi.mining.classify.logistic import LogisticRegression

__all__ = ["CalibratedClassifier", "platt"]

_METHODS = {each.__name__: each for each in (LogisticRegression, GradientBoosting)}
_NINE_IN_TEN = 1.2815515655446004
"""Quantile of the normal law at 90 %: an interval of 80 % reaches so many deviations to either side."""


class CalibratedClassifier:
    """Prepare, classify, and set the log-odds right by what came of them.

    Use it for every probability that people act on. The classifier is asked about rows that it has not seen, and its
    log-odds f are replaced by ``slope_ · f + intercept_``, as fits what came [1]_. Where the rows are of several dates
    (``period``), each date is the unseen one in turn: how far the overall level differs from one time to another then
    flattens the slope, as it should. With one date it is done in ``folds`` parts. The classifier that predicts is
    fitted on everything. A line in log-odds, not isotonic steps, so that reasons still add up to the score.

    Parameters
    ----------
    preparation : Preparation, optional
        Its own copy is fitted wherever the classifier is; none where the columns are numbers already.
    method : LogisticRegression or GradientBoosting, optional
        By default gradient boosting. Its key and label are those given here.
    folds : int
        Where there is one date only.
    key, label, period : str
        Columns of the row's name, its label, and the date as of which it stands (not needed).

    Attributes
    ----------
    preparation_, method_ : fitted on all rows
    slope_, intercept_ : of the calibration; 1 and 0 where there is nothing to calibrate on
    covariance_ : array of shape (2, 2), of slope and intercept
    unseen_ : table of the rows calibrated on: key, label, log_odds (before calibration)

    Notes
    -----
    Costs as many fits as there are dates, or ``folds``, and one more. `low` and `high` enclose the
    probability with 80 %, by the uncertainty of the calibration alone; whether a customer leaves is yes or no.

    References
    ----------
    .. [1] Platt (1999), Probabilistic outputs for support vector machines. Advances in Large Margin Classifiers, 61-74.
    """

    def __init__(
        self,
        *,
        preparation: Preparation | None = None,
        method: _Additive | None = None,
        folds: int = 5,
        key: str = "customer_id",
        label: str = "label",
        period: str = "period",
    ) -> None:
        self.preparation = preparation
        self.method = method
        self.folds = folds
        self.key = key
        self.label = label
        self.period = period

    def fit(self, table: pa.Table) -> Self:
        """Learn from rows whose label is known; as `LogisticRegression.fit`, texts where the preparation encodes them.

        Raises
        ------
        SchemaError, DataError : as the preparation and the classifier.
        """
        table = table.take(pa.array(canonical_order(table, self.key)))
        label = binary_labels(table, self.label)
        periods = self._periods(table)
        facts = table.drop_columns([self.period]) if self.period in table.column_names else table
        parts = []
        for unseen in self._unseen(label, periods):
            prepared, method = self._fitted(facts.filter(pa.array(~unseen)))
            parts.append((unseen, _asked(prepared, method, facts.filter(pa.array(unseen)))))
        self.preparation_, self.method_ = self._fitted(facts)
        seen = np.zeros(len(label), dtype=bool)
        log_odds = np.zeros(len(label))
        for unseen, found in parts:
            seen |= unseen
            log_odds[unseen] = found
        self.slope_, self.intercept_, self.covariance_ = platt(log_odds[seen], label[seen])
        self.unseen_ = pa.table(
            {self.key: table[self.key].filter(pa.array(seen)), "label": label[seen], "log_odds": log_odds[seen]}
        )
        return self

    def predict(self, table: pa.Table) -> pa.Table:
        """The calibrated probability of label 1.

        Returns
        -------
        table, one row per row in the order given: the key, probability, low, high (float64, 0 … 1)
        """
        raw = self._raw(table)
        found = self.slope_ * raw + self.intercept_
        variance = np.einsum("ij,jk,ik->i", *(_design(raw), self.covariance_, _design(raw)))
        half = _NINE_IN_TEN * np.sqrt(np.maximum(variance, 0))
        columns = {"probability": expit(found), "low": expit(found - half), "high": expit(found + half)}
        return pa.table({self.key: table[self.key], **{name: pa.array(each) for name, each in columns.items()}})

    def explain(self, table: pa.Table) -> pa.Table:
        """Why: the calibrated log-odds as a sum over the columns of the table before its preparation.

        Returns
        -------
        table, one row per row in the order given: the key, base, and the effect of each column, in log-odds; base and
            effects add up to the log-odds of `predict`.
        """
        self._require_fitted()
        prepared = self.preparation_.transform(table) if self.preparation_ else table
        parts = self.method_.explain(prepared)
        origins = self.preparation_.origins_ if self.preparation_ else {name: name for name in self.method_.features_}
        sums: dict[str, Matrix] = {}
        for name in self.method_.features_:
            effect = self.slope_ * parts[name].to_numpy()
            source = origins[name]
            sums[source] = sums[source] + effect if source in sums else effect
        base = self.slope_ * parts["base"].to_numpy() + self.intercept_
        columns = {name: pa.array(effect) for name, effect in sums.items()}
        return pa.table({self.key: table[self.key], "base": pa.array(base), **columns})

    @property
    def inputs_(self) -> list[str]:
        """The columns that it reads, beside the key."""
        self._require_fitted()
        return list(self.preparation_.inputs_ if self.preparation_ else self.method_.features_)

    def as_data(self) -> dict[str, Any]:
        """Settings and what was learned, as plain values and arrays."""
        self._require_fitted()
        return {
            "preparation": self.preparation_.as_data() if self.preparation_ else None,
            "method": self.method_.as_data(),
            "settings": {name: getattr(self, name) for name in ("folds", "key", "label", "period")},
            "slope": self.slope_,
            "intercept": self.intercept_,
            "covariance": self.covariance_,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The classifier that `as_data` described, ready to predict and explain.

        Raises
        ------
        ValueError, KeyError, TypeError : the data describe no classifier.
        """
        preparation = Preparation.from_data(data["preparation"]) if data["preparation"] else None
        method = _METHODS[data["method"]["method"]].from_data(data["method"])
        made = cls(preparation=preparation, method=method, **data["settings"])
        made.preparation_, made.method_ = preparation, method
        made.slope_, made.intercept_ = float(data["slope"]), float(data["intercept"])
        made.covariance_ = np.asarray(data["covariance"], dtype=np.float64)
        if made.covariance_.shape != (2, 2):
            raise ValueError(f"covariance of shape {made.covariance_.shape}")
        return made

    def save(self, folder: Path) -> None:
        """Keep it as JSON and arrays; nothing in them is ever run."""
        write_learned(folder, self.as_data())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The classifier that was saved in a folder, ready to predict and explain."""
        return cls.from_data(read_learned(folder))

    def __repr__(self) -> str:
        return f"CalibratedClassifier(method={self.method!r})"

    def _periods(self, table: pa.Table) -> npt.NDArray[np.int64]:
        if self.period not in table.column_names:
            return np.zeros(table.num_rows, dtype=np.int64)
        ranks = pc.rank(table[self.period].combine_chunks(), tiebreaker="dense")
        return np.asarray(ranks.to_numpy(), dtype=np.int64)

    def _unseen(self, label: npt.NDArray[np.int64], periods: npt.NDArray[np.int64]) -> list[npt.NDArray[np.bool_]]:
        """Which rows are kept aside in turn."""
        if len(periods) and periods.min() < periods.max():
            each_in_turn = [periods == each for each in np.unique(periods)]
            return [unseen for unseen in each_in_turn if len(np.unique(label[~unseen])) == 2]
        folds = min(self.folds, int(label.sum()), int((1 - label).sum()))
        if folds < 2:
            return []
        fold = np.zeros(len(label), dtype=np.int64)
        for value in (0, 1):
            mine = np.flatnonzero(label == value)
            fold[mine] = np.arange(len(mine)) % folds
        return [fold == each for each in range(folds)]

    def _fitted(self, table: pa.Table) -> tuple[Preparation | None, Any]:
        method = fresh(self.method or GradientBoosting())
        method.key, method.label = self.key, self.label
        if self.preparation is None:
            return None, method.fit(table)
        preparation = fresh(self.preparation)
        # A preparation that takes every column would take the label too.
        facts = table if preparation.label else table.drop_columns([self.label])
        prepared = preparation.fit_transform(facts).append_column(self.label, table[self.label])
        return preparation, method.fit(prepared)

    def _raw(self, table: pa.Table) -> Matrix:
        self._require_fitted()
        return _asked(self.preparation_, self.method_, table)

    def _require_fitted(self) -> None:
        if not hasattr(self, "method_"):
            raise NotFittedError("errors.not_fitted", method="CalibratedClassifier")


def platt(log_odds: Matrix, label: npt.NDArray[np.int64]) -> tuple[float, float, Matrix]:
    """Slope and intercept that set log-odds right by what came of them, and their covariance.

    Parameters
    ----------
    log_odds : float64 array of shape (rows,)
    label : int64 array of the same shape, 0 or 1

    Returns
    -------
    slope (>= 0), intercept, covariance : maximum likelihood against Platt's softened labels, (n1 + 1) / (n1 + 2) and
        1 / (n0 + 2), so that a perfect separation stays finite; 1, 0 and zeros where one of the labels is missing. A
        negative slope (the classifier had it the wrong way round) becomes 0: then everybody gets the overall share.

    Notes
    -----
    Newton's method on two parameters, halving steps that do not gain.
    """
    ones, zeros = int(label.sum()), int((1 - label).sum())
    if not ones or not zeros:
        return 1.0, 0.0, np.zeros((2, 2))
    target = np.where(label == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    design = _design(log_odds)
    parameters = _newton(design, target)
    if parameters[0] < 0:
        parameters = np.array([0.0, *_newton(np.ones((len(target), 1)), target)])
        design = design * [0.0, 1.0]
    weight = expit(design @ parameters)
    information = (design * (weight * (1 - weight))[:, None]).T @ design
    return float(parameters[0]), float(parameters[1]), np.linalg.pinv(information)


def _newton(design: Matrix, target: Matrix) -> Matrix:
    parameters = np.zeros(design.shape[1])

    def loss(at: Matrix) -> float:
        odds = design @ at
        return float(np.sum(np.logaddexp(0, odds) - target * odds))

    for _ in range(100):
        weight = expit(design @ parameters)
        gradient = design.T @ (target - weight)
        information = (design * (weight * (1 - weight))[:, None]).T @ design
        step = np.linalg.pinv(information) @ gradient
        while loss(parameters + step) > loss(parameters) and np.abs(step).max() > 1e-12:
            step = step / 2
        parameters = parameters + step
        if np.abs(step).max() < 1e-10:
            break
    return parameters


def _asked(preparation: Preparation | None, method: Any, table: pa.Table) -> Matrix:
    return np.asarray(method.log_odds(preparation.transform(table) if preparation else table))


def _design(log_odds: Matrix) -> Matrix:
    return np.column_stack([log_odds, np.ones(len(log_odds))])
