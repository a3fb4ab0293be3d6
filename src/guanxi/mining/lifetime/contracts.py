"""Contracts: customers who renew or leave at the end of a period, and say so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.special import betaln, psi, zeta

from guanxi.errors import DataError
from guanxi.mining.lifetime.histories import Values
from guanxi.mining.lifetime.likelihood import (
    Derivatives,
    LikelihoodModel,
    interval_of_expectation,
    maximise,
    require_not_negative,
    require_positive,
    require_share,
)
from guanxi.mining.lifetime.retention import Contracts, contracts_of

__all__ = ["BetaDiscreteWeibull", "ShiftedBetaGeo"]


class _ContractModel(LikelihoodModel, ABC):
    """A law of the period in which customers leave, given by its survival function.

    With γ and δ of a beta law over customers and c by which the chance of leaving changes with age, the share of
    customers still there after t periods is S(t) = B(γ, δ + t^c) / B(γ, δ).
    """

    def fit(self, customers: pa.Table) -> Self:
        """Learn the parameters from customers who left and customers who are still there.

        Parameters
        ----------
        customers : table, one row per contract
            customer_id : string, key
            periods : int64, periods completed so far; of who has left, all that he had (>= 1)
            has_left : bool, whether he did not renew after the last of them

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : a value is empty or negative, someone left before a whole period (names up to five customers),
            there are fewer than two customers, or nobody has left or everybody at once.

        Notes
        -----
        Newton's method with the exact gradient and Hessian on distinct (periods, has_left): after one pass over the
        customers nothing depends on their number.
        """
        require_not_negative("regularisation", self.regularisation)
        contracts = contracts_of(customers)
        if len(contracts.place) < 2:
            raise DataError("lifetime.too_few", customers=len(contracts.place))
        left = contracts.count[contracts.has_left].sum()
        if not left:
            raise DataError("lifetime.nobody_left", customers=len(contracts.place))
        if not (contracts.periods > 1).any():
            raise DataError("lifetime.one_period", customers=len(contracts.place))
        found = maximise(
            lambda parameters: self._log_likelihood(parameters, contracts),
            self._centre(contracts),
            regularisation=self.regularisation,
        )
        self._learn(found, len(contracts.place))
        return self

    def predict(
        self,
        customers: pa.Table,
        *,
        horizon_periods: int = 12,
        discount_rate_per_period: float = 0.0,
        coverage: float = 0.8,
    ) -> pa.Table:
        """How long customers who are still there will stay.

        Parameters
        ----------
        customers : table, one row per contract, as in `fit`
        horizon_periods : int, >= 1
        discount_rate_per_period : float, >= 0
            A period that begins k periods from now counts (1 + rate)^(−k).
        coverage : float
            Of both intervals.

        Returns
        -------
        table, one row per contract in the order given; null for who has left, but for the key
            customer_id : string
            p_renews_next : float64, at the end of the next period to come to an end
            p_stays : float64, through the whole horizon
            expected_periods : float64, further periods within the horizon, discounted
            expected_low, expected_high : float64, between which that expectation lies for what is open about the
                parameters
            periods_low, periods_high : int64, between which the number of further periods within the horizon lies

        Notes
        -----
        S(n + k)/S(n) for who is there after n periods: the longer a customer has stayed, the likelier he stays, for
        those who leave easily have left. Multiply expected_periods with the margin of a period for the residual
        lifetime value. O(distinct periods × horizon).
        """
        self._require_fitted()
        require_positive("horizon_periods", horizon_periods)
        require_not_negative("discount_rate_per_period", discount_rate_per_period)
        require_share("coverage", coverage)
        contracts = contracts_of(customers)
        discount = (1 + discount_rate_per_period) ** -np.arange(1.0, horizon_periods + 1)
        stays = self._stays(self._parameters(), contracts.periods, horizon_periods)
        expected = stays @ discount
        plausible = [self._stays(each, contracts.periods, horizon_periods) for each in self._plausible_parameters()]
        low, high = interval_of_expectation(expected, [each @ discount for each in plausible], coverage)
        mixed = np.mean(plausible, axis=0)
        ends = {
            # The least k with P(at most k further periods) >= share.
            f"periods_{end}": (mixed > 1 - share).sum(axis=1)
            for end, share in (("low", (1 - coverage) / 2), ("high", (1 + coverage) / 2))
        }
        columns = {
            "p_renews_next": stays[:, 0], "p_stays": stays[:, -1], "expected_periods": expected,
            "expected_low": low, "expected_high": np.minimum(high, discount.sum()), **ends,
        }  # fmt: skip
        gone = contracts.has_left[contracts.place]
        told = {name: pa.array(values[contracts.place], mask=gone) for name, values in columns.items()}
        return pa.table({"customer_id": customers["customer_id"], **told})

    def retention(self, *, periods: int, coverage: float = 0.8) -> pa.Table:
        """The curve of a cohort: how many are still there after each period, and how many of those renew.

        Returns
        -------
        table, one row per period 0 … ``periods``: period (int64), survival (float64), survival_low, survival_high, and
        retention (float64, S(t)/S(t − 1); null in period 0, and where S(t − 1) is 0 to the last digit); the interval
        is for what is open about the parameters
        """
        self._require_fitted()
        require_share("coverage", coverage)
        times = np.arange(periods + 1.0)
        logarithm = self._log_survival(self._parameters(), times)
        survival = np.exp(logarithm)
        plausible = [np.exp(self._log_survival(each, times)) for each in self._plausible_parameters()]
        low, high = interval_of_expectation(survival, plausible, coverage)
        rate = np.concatenate(([1.0], np.exp(np.diff(logarithm))))
        nobody = np.concatenate(([True], survival[:-1] == 0))
        return pa.table(
            {
                "period": times.astype(np.int64),
                "survival": survival,
                "survival_low": low,
                "survival_high": np.minimum(high, 1.0),
                "retention": pa.array(rate, mask=nobody),
            }
        )

    def _stays(self, parameters: Values, periods: Values, horizon: int) -> Values:
        """P(still there k periods on | there after ``periods``), array of shape (distinct, horizon), k = 1 …"""
        ahead = periods[:, None] + np.arange(1.0, horizon + 1)
        before = self._log_survival(parameters, periods)[:, None]
        return np.asarray(np.exp(self._log_survival(parameters, ahead) - before))

    @abstractmethod
    def _shape(self, parameters: Values) -> tuple[float, float, float]:
        """γ, δ and c."""

    @abstractmethod
    def _centre(self, contracts: Contracts) -> Values:
        """Parameters where the search starts and where regularisation draws to."""

    def _log_survival(self, parameters: Values, times: Values) -> Values:
        g, d, c = self._shape(parameters)
        return np.asarray(betaln(g, d + _power(times, c)) - betaln(g, d))

    def _log_likelihood(self, parameters: Values, contracts: Contracts) -> Derivatives:
        """log S(t) of who is there; log(S(t − 1) − S(t)) of who left, by the slopes of both logarithms."""
        size = len(parameters)
        value, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        there = ~contracts.has_left
        count = contracts.count[there]
        log_now, slope, bend = self._survival_slopes(parameters, contracts.periods[there])
        value += float(count @ log_now)
        gradient += slope @ count
        hessian += bend @ count
        count = contracts.count[contracts.has_left]
        periods = contracts.periods[contracts.has_left]
        log_now, slope, bend = self._survival_slopes(parameters, periods)
        log_before, slope_before, bend_before = self._survival_slopes(parameters, periods - 1)
        kept = np.exp(log_now - log_before)
        lost = -np.expm1(log_now - log_before)
        value += float(count @ (log_before + np.log(lost)))
        mixed = (slope_before - kept * slope) / lost
        gradient += mixed @ count
        square = bend_before + slope_before[:, None] * slope_before[None]
        square -= kept * (bend + slope[:, None] * slope[None])
        hessian += (square / lost - mixed[:, None] * mixed[None]) @ count
        return Derivatives(value, gradient, hessian)

    def _survival_slopes(self, parameters: Values, times: Values) -> tuple[Values, Values, Values]:
        """log S(t), its gradient of shape (3, times) and its Hessian of shape (3, 3, times), by γ, δ, c."""
        g, d, c = self._shape(parameters)
        power = _power(times, c)
        log_time = np.log(np.maximum(times, 1.0))
        near, far = psi(d + power), psi(g + d + power)
        bend_near, bend_far = zeta(2, d + power), zeta(2, g + d + power)
        by_power = near - far
        speed = power * log_time
        slope = np.array([psi(g + d) - far, psi(g + d) - psi(d) + by_power, by_power * speed])
        both, own = zeta(2, g + d) - bend_far, zeta(2, g + d) - zeta(2, d) + bend_near - bend_far
        bend_power = bend_near - bend_far
        bend = np.array(
            [
                [both, both, -bend_far * speed],
                [both, own, bend_power * speed],
                [-bend_far * speed, bend_power * speed, bend_power * speed**2 + by_power * speed * log_time],
            ]
        )
        return self._log_survival(parameters, times), slope, bend


class ShiftedBetaGeo(_ContractModel):
    """How long contracts last, when each customer leaves with his own constant chance at every renewal (sBG) [1]_.

    Over customers that chance is Beta(α, β). The share that renews rises with the age of a cohort though nobody changes
    his mind: those who leave easily leave first. Two parameters that project a retention curve well beyond what was
    seen; where customers' own chances change with time, use `BetaDiscreteWeibull`.

    Parameters
    ----------
    regularisation : float, >= 0
        As in `BetaGeoNBD`: a normal prior on the logarithms, about α = 1 and the β that gives the share seen leaving in
        a period.

    Attributes
    ----------
    alpha_, beta_ : float; a customer leaves at his first renewal with mean chance α / (α + β)
    covariance_, log_likelihood_, converged_, iterations_, customers_, warnings_ : as in `BetaGeoNBD`

    References
    ----------
    .. [1] Fader & Hardie (2007), How to project customer retention. J. Interactive Marketing 21(1), 76-90.
    .. [2] Fader & Hardie (2010), Customer-base valuation in a contractual setting. Marketing Science 29(1), 85-93.

    Examples
    --------
    Of 1,000 customers 131 left after the first year, 126 after the second, … and 491 were there after seven.

    >>> left = [131, 126, 90, 60, 42, 34, 26]
    >>> periods = np.repeat(range(1, 8), left).tolist() + [7] * 491
    >>> table = pa.table({"customer_id": [str(each) for each in range(1000)], "periods": periods,
    ...                   "has_left": [True] * 509 + [False] * 491})
    >>> model = ShiftedBetaGeo().fit(table)
    >>> round(model.alpha_, 3), round(model.beta_, 3)
    (0.668, 3.806)
    >>> [round(each, 3) for each in model.retention(periods=12)["survival"].to_pylist()[8:]]
    [0.46, 0.436, 0.414, 0.395, 0.378]
    """

    _names: ClassVar = ("alpha", "beta")

    alpha_: float
    beta_: float

    def _shape(self, parameters: Values) -> tuple[float, float, float]:
        return float(parameters[0]), float(parameters[1]), 1.0

    def _centre(self, contracts: Contracts) -> Values:
        return _usual(contracts)[:2]

    def _survival_slopes(self, parameters: Values, times: Values) -> tuple[Values, Values, Values]:
        value, slope, bend = super()._survival_slopes(parameters, times)
        return value, slope[:2], bend[:2, :2]


class BetaDiscreteWeibull(_ContractModel):
    """How long contracts last, when the chance of leaving also changes with a customer's own age (BdW) [1]_.

    As `ShiftedBetaGeo`, which it becomes at c = 1; c > 1: each customer tires, c < 1: each grows attached. Telling that
    from differences between customers takes many contracts or many periods, and growing attached takes more.

    Parameters
    ----------
    regularisation : float, >= 0
        As in `ShiftedBetaGeo`, about c = 1.

    Attributes
    ----------
    gamma_, delta_, c_ : float
    covariance_, log_likelihood_, converged_, iterations_, customers_, warnings_ : as in `BetaGeoNBD`

    Notes
    -----
    How often the 95 % interval of c lay on its true side of 1, in 60 played cohorts of each kind, from one retention
    curve to another (γ .668, δ 3.806; γ .704, δ 1.182):

    ========= ====== ========= ========= ========= =========
    contracts true c 3 periods 5 periods 6 periods 12 periods
    ========= ====== ========= ========= ========= =========
    10,000    1.5    60, 60    60, 60    60, 60    60, 60
    10,000    .67    25, 24    54, 52    60, 56    60, 60
    1,000     1.5    26, 8     55, 34    57, 39    60, 55
    1,000     .67    0, 0      1, 5      6, 11     34, 24
    ========= ====== ========= ========= ========= =========

    With 1,000 contracts of growing attachment and few periods up to half of the fits had no maximum, and said so.

    References
    ----------
    .. [1] Fader, Hardie, Liu, Davin & Steenburgh (2018), "How to project customer retention" revisited: the role of
       duration dependence. J. Interactive Marketing 43, 1-16.

    Examples
    --------
    See `ShiftedBetaGeo` for the table.
    """

    _names: ClassVar = ("gamma", "delta", "c")

    gamma_: float
    delta_: float
    c_: float

    def _shape(self, parameters: Values) -> tuple[float, float, float]:
        return float(parameters[0]), float(parameters[1]), float(parameters[2])

    def _centre(self, contracts: Contracts) -> Values:
        return _usual(contracts)


def _power(times: Values, c: float) -> Values:
    """t^c, no larger than what a float and its square can hold."""
    return np.asarray(np.where(times > 0, np.exp(np.minimum(c * np.log(np.maximum(times, 1.0)), 300.0)), 0.0))


def _usual(contracts: Contracts) -> Values:
    """γ = c = 1, and the δ that gives the share seen leaving in a period."""
    _, ended, left = contracts.at_risk()
    return np.array([1.0, max(float(ended.sum() / left.sum()) - 1, 0.1), 1.0])
