"""What was seen of contracts, without a model: how many came to the end of each period, and how many then left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtri

from guanxi.errors import DataError
from guanxi.mining.lifetime.histories import Values, refuse
from guanxi.mining.lifetime.likelihood import require_share
from guanxi.schema import require_columns

__all__ = ["Contracts", "contracts_of", "kaplan_meier"]

_COLUMNS = {"customer_id": pa.string(), "periods": pa.int64(), "has_left": pa.bool_()}


def kaplan_meier(customers: pa.Table, *, coverage: float = 0.8) -> pa.Table:
    """What was seen of contracts, without a model: the product-limit estimate of who is still there [1]_.

    Parameters
    ----------
    customers : table, one row per contract, as in `ShiftedBetaGeo.fit`
    coverage : float
        Of the interval: normal on log(−log S) by Greenwood's formula.

    Returns
    -------
    table, one row per period that anyone came to the end of: period, at_risk, left (int64), survival, survival_low,
    survival_high (float64; the interval is null while nobody has left, or when all have)

    References
    ----------
    .. [1] Kaplan & Meier (1958), Nonparametric estimation from incomplete observations. JASA 53, 457-481.

    Examples
    --------
    >>> table = pa.table({"customer_id": list("abcd"), "periods": [1, 2, 2, 3], "has_left": [True, False, True, True]})
    >>> kaplan_meier(table)["survival"].to_pylist()
    [0.75, 0.5, 0.0]
    """
    require_share("coverage", coverage)
    periods, at_risk, left = contracts_of(customers).at_risk()
    survival = np.cumprod(1 - left / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(left / (at_risk * (at_risk - left)))) / np.abs(np.log(survival))
        reach = ndtri((1 + coverage) / 2) * spread
        low, high = survival ** np.exp(reach), survival ** np.exp(-reach)
    unknown = ~(np.isfinite(low) & np.isfinite(high)) | (survival <= 0)
    return pa.table(
        {
            "period": periods.astype(np.int64),
            "at_risk": at_risk.astype(np.int64),
            "left": left.astype(np.int64),
            "survival": survival,
            "survival_low": pa.array(low, mask=unknown),
            "survival_high": pa.array(high, mask=unknown),
        }
    )


@dataclass(frozen=True)
class Contracts:
    """Distinct contracts in rising order, and how many customers have each."""

    periods: Values
    has_left: npt.NDArray[np.bool_]
    count: Values
    place: npt.NDArray[np.intp]

    def at_risk(self) -> tuple[Values, Values, Values]:
        """By period from 1 on: those who came to its end, and those of them who then left."""
        periods = np.arange(1, int(self.periods.max(initial=0)) + 1)
        # Who is still there has come to the end of all his periods, and renewed.
        ended = np.array([self.count[self.periods >= period].sum() for period in periods])
        left = np.array([self.count[self.has_left & (self.periods == period)].sum() for period in periods])
        return periods.astype(np.float64), ended, left


def contracts_of(customers: pa.Table) -> Contracts:
    """The distinct contracts of a table as in `ShiftedBetaGeo.fit`, after its values have been checked."""
    require_columns(customers, _COLUMNS, of="customers")
    for name in _COLUMNS:
        if empty := customers[name].null_count:
            raise DataError("errors.empty_values", table="customers", column=name, rows=empty)
    periods = customers["periods"].to_numpy()
    has_left = customers["has_left"].to_numpy()
    refuse(customers, periods < 0, "lifetime.negative", column="periods")
    refuse(customers, has_left & (periods < 1), "lifetime.left_before_a_period")
    key, place, count = np.unique(periods * 2 + has_left, return_inverse=True, return_counts=True)
    return Contracts((key // 2).astype(np.float64), key % 2 == 1, count.astype(np.float64), place)
