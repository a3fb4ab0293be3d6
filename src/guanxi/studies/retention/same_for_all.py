"""The plain rule: at every renewal of every contract the same share stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.evaluate import wilson
from guanxi.mining.lifetime import kaplan_meier
from guanxi.words import Message

__all__ = ["SameForAll"]


@dataclass(frozen=True)
class SameForAll:
    """S(t) = r^t, where r is the share of all renewals seen that were made.

    What a law of contracts has to beat; it answers what `guanxi.mining.lifetime.ShiftedBetaGeo` answers, in the same
    columns.

    Attributes
    ----------
    renewals : that came up
    made : of them

    Examples
    --------
    >>> table = pa.table({"customer_id": list("abc"), "periods": [1, 3, 4], "has_left": [True, False, False]})
    >>> plain = SameForAll.of(table)
    >>> plain.share
    0.875
    >>> plain.retention(periods=2)["survival"].to_pylist()
    [1.0, 0.875, 0.765625]
    """

    renewals: int
    made: int
    warnings_: tuple[Message, ...] = ()

    @classmethod
    def of(cls, customers: pa.Table) -> Self:
        """Count the renewals of a table as in `guanxi.mining.lifetime.ShiftedBetaGeo.fit`, in which some came up."""
        seen = kaplan_meier(customers)
        renewals, left = (int(pc.sum(seen[name]).as_py()) for name in ("at_risk", "left"))
        return cls(renewals, renewals - left)

    @property
    def share(self) -> float:
        """r."""
        return self.made / self.renewals

    def retention(self, *, periods: int, coverage: float = 0.8) -> pa.Table:
        """As `guanxi.mining.lifetime.ShiftedBetaGeo.retention`; the interval is Wilson's of r."""
        times = np.arange(periods + 1)
        low, high = wilson(self.made, self.renewals, coverage)
        return pa.table(
            {
                "period": times,
                "survival": self.share**times,
                "survival_low": low**times,
                "survival_high": high**times,
                "retention": pa.array(np.full(periods + 1, self.share), mask=times == 0),
            }
        )

    def predict(
        self, customers: pa.Table, *, horizon_periods: int, discount_rate_per_period: float, coverage: float = 0.8
    ) -> pa.Table:
        """As `guanxi.mining.lifetime.ShiftedBetaGeo.predict`: of all who are there the same, Σ r^k (1 + rate)^(−k)."""
        ahead = np.arange(1, horizon_periods + 1)
        discount = (1 + discount_rate_per_period) ** -ahead.astype(np.float64)
        stays = self.share**ahead
        low, high = wilson(self.made, self.renewals, coverage)
        said: dict[str, float | int] = {
            "p_renews_next": self.share,
            "p_stays": float(stays[-1]),
            "expected_periods": float(stays @ discount),
            "expected_low": float(low**ahead @ discount),
            "expected_high": float(high**ahead @ discount),
            # The least k with P(at most k further periods) >= share.
            "periods_low": int((stays > (1 + coverage) / 2).sum()),
            "periods_high": int((stays > (1 - coverage) / 2).sum()),
        }
        gone = customers["has_left"].to_numpy()
        told = {name: pa.array(np.full(len(gone), value), mask=gone) for name, value in said.items()}
        return pa.table({"customer_id": customers["customer_id"], **told})
