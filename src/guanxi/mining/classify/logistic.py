"""Logistic regression with a ridge penalty."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from guanxi.errors import DataError, SettingError
from guanxi.mining.classify.additive import Matrix, _Additive

__all__ = ["LogisticRegression"]


class LogisticRegression(_Additive):
    """The probability of a label from a weighted sum of numbers.

    Use it first: it needs few customers, its reasons are easily told, and where effects add up it is hard to beat. The
    columns should be complete and of one scale (see `guanxi.features.prepare`), for the penalty treats them alike.

    Parameters
    ----------
    penalty : float, > 0
        Half of it times the sum of the squared coefficients is what the log-likelihood pays.
    key, label : str
        Columns that name the row and its label.

    Attributes
    ----------
    features_ : list of str
    coefficients_, means_ : float64 arrays of shape (features,)
    intercept_ : float

    Notes
    -----
    Newton steps by scikit-learn, O(rows × features²) each. The effect of a column is its coefficient times the distance
    of the value from its mean in the past; the base is the log-odds of a customer of mean values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> past = pa.table({"customer_id": ["a", "b", "c", "d"], "x": [2.0, 1.0, -1.0, -2.0], "label": [1, 1, 0, 0]})
    >>> [round(p, 2) for p in LogisticRegression().fit(past).predict(past)["probability"].to_pylist()]
    [0.88, 0.73, 0.27, 0.12]
    """

    _learned: ClassVar = ("features_", "coefficients_", "means_", "intercept_")

    def __init__(self, *, penalty: float = 1.0, key: str = "customer_id", label: str = "label") -> None:
        self.penalty = penalty
        self.key = key
        self.label = label

    def _learn(self, matrix: Matrix, label: Matrix, names: list[str]) -> None:
        if self.penalty <= 0:
            raise SettingError("classify.above_zero", name="penalty", value=self.penalty)
        _require_complete(matrix, names)
        from sklearn.linear_model import LogisticRegression as Solver  # noqa: PLC0415 - takes seconds to import
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with the former

        solver = Solver(C=1 / self.penalty, solver="newton-cholesky", tol=1e-8, max_iter=200)
        with threadpool_limits(1):
            solver.fit(matrix, label)
        self.coefficients_ = np.array(solver.coef_[0], dtype=np.float64)
        self.means_ = matrix.mean(axis=0)
        self.intercept_ = float(solver.intercept_[0])

    def _log_odds(self, matrix: Matrix) -> Matrix:
        _require_complete(matrix, self.features_)
        return np.asarray(matrix @ self.coefficients_ + self.intercept_)

    def _effects(self, matrix: Matrix) -> tuple[float, Matrix]:
        _require_complete(matrix, self.features_)
        base = float(self.intercept_ + self.means_ @ self.coefficients_)
        return base, (matrix - self.means_) * self.coefficients_


def _require_complete(matrix: Matrix, names: list[str]) -> None:
    empty = (~np.isfinite(matrix)).sum(axis=0)
    if empty.any():
        place = int(np.argmax(empty > 0))
        raise DataError("errors.empty_values", table="customers", column=names[place], rows=int(empty[place]))
