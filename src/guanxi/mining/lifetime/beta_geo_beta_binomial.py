"""The BG/BB model: purchases at given opportunities, at most one at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import betaln, gammaln, psi, zeta

from guanxi.errors import DataError
from guanxi.mining.lifetime.histories import Values, refuse
from guanxi.mining.lifetime.likelihood import (
    Derivatives,
    LikelihoodModel,
    interval_of_expectation,
    maximise,
    require_not_negative,
    require_positive,
    require_share,
)
from guanxi.schema import require_columns

__all__ = ["BetaGeoBetaBinomial"]

_COLUMNS = {
    "customer_id": pa.string(),
    "frequency": pa.int64(),
    "recency_periods": pa.int64(),
    "age_periods": pa.int64(),
}
_IMPOSSIBLE = -1e300


@dataclass(frozen=True)
class _Histories:
    """Distinct histories in rising order, and how many customers have each."""

    frequency: Values
    recency: Values
    age: Values
    count: Values
    place: npt.NDArray[np.intp]


class BetaGeoBetaBinomial(LikelihoodModel):
    """How often customers buy, and whether they still do, where they can at given times only (BG/BB) [1]_.

    For what happens once a period or not at all: a yearly donation, a conference, a cruise, a market every Saturday. At
    each opportunity an active customer buys with probability p, and before each he leaves for good with probability θ.
    Over customers p ~ Beta(α, β) and θ ~ Beta(γ, δ), independent. Also a quick stand-in for `BetaGeoNBD` where days are
    gathered to weeks or months and more than one purchase in one of them is rare.

    Parameters
    ----------
    regularisation : float, >= 0
        As in `BetaGeoNBD`: a normal prior on the logarithms, about α = γ = 1, the β that gives the purchases seen per
        opportunity, and δ = mean age.

    Attributes
    ----------
    alpha_, beta_, gamma_, delta_ : float
    covariance_, log_likelihood_, converged_, iterations_, customers_, warnings_ : as in `BetaGeoNBD`

    Notes
    -----
    Newton's method with the exact gradient and Hessian; a history's likelihood is a sum over the periods after which he
    may have left. O(distinct histories × periods) a step. Expected purchases are summed over the periods to come, which
    loses nothing at γ = 1, where equation (13) of [1]_ divides by zero.

    References
    ----------
    .. [1] Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time noncontractual setting. Marketing
       Science 29(6), 1086-1108.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_periods": [6, 1, 0, 5], "age_periods": [6, 6, 6, 6]})
    >>> model = BetaGeoBetaBinomial(regularisation=1.0).fit(table)
    >>> [round(each, 2) for each in model.predict(table, horizon_periods=5)["expected_purchases"].to_pylist()]
    [3.61, 0.13, 0.11, 1.38]
    """

    _names: ClassVar = ("alpha", "beta", "gamma", "delta")

    alpha_: float
    beta_: float
    gamma_: float
    delta_: float

    def fit(self, customers: pa.Table) -> Self:
        """Learn the four parameters.

        Parameters
        ----------
        customers : table, one row per customer
            customer_id : string, key
            frequency : int64, opportunities at which he bought, after the first purchase
            recency_periods : int64, opportunities up to the last of these; 0 where frequency is
            age_periods : int64, opportunities since the first purchase; age >= recency >= frequency

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : a history is impossible (names up to five customers), there are fewer than two customers, or nobody
            came back.
        """
        require_not_negative("regularisation", self.regularisation)
        histories = _read(customers)
        if len(histories.place) < 2:
            raise DataError("lifetime.too_few", customers=len(histories.place))
        if not histories.frequency.any():
            raise DataError("lifetime.nobody_came_back", customers=len(histories.place))
        found = maximise(
            lambda parameters: _log_likelihood(parameters, histories),
            _centre(histories),
            regularisation=self.regularisation,
        )
        self._learn(found, len(histories.place))
        return self

    def predict(self, customers: pa.Table, *, horizon_periods: int = 12, coverage: float = 0.8) -> pa.Table:
        """Whether customers will be there at the next opportunity, and how often they will buy at the next ones.

        Parameters
        ----------
        customers : table, one row per customer, as in `fit`
        horizon_periods : int, >= 1, opportunities ahead
        coverage : float
            Of both intervals.

        Returns
        -------
        table, one row per customer in the order given
            customer_id : string
            p_alive : float64, probability of being active at the next opportunity
            expected_purchases : float64
            expected_low, expected_high : float64, between which that expectation lies for what is open about the
                parameters
            purchases_low, purchases_high : int64, between which the number of purchases lies

        Notes
        -----
        O(distinct histories × horizon²): given how many periods he stays, purchases are beta-binomial.
        """
        self._require_fitted()
        require_positive("horizon_periods", horizon_periods)
        require_share("coverage", coverage)
        histories = _read(customers)
        parameters = self._parameters()
        there = _there(parameters, histories, horizon_periods)
        expected = _expected(parameters, histories, there)
        plausible = self._plausible_parameters()
        ahead = [_there(each, histories, horizon_periods) for each in plausible]
        low, high = interval_of_expectation(
            expected, [_expected(*each) for each in zip(plausible, [histories] * len(ahead), ahead, strict=True)],
            coverage,
        )  # fmt: skip
        tails = np.mean([_tails(each, histories, stays) for each, stays in zip(plausible, ahead, strict=True)], axis=0)
        ends = {
            f"purchases_{end}": (tails > 1 - share).sum(axis=0)
            for end, share in (("low", (1 - coverage) / 2), ("high", (1 + coverage) / 2))
        }
        columns = {
            "p_alive": there[0], "expected_purchases": expected, "expected_low": low, "expected_high": high, **ends,
        }  # fmt: skip
        told = {name: pa.array(values[histories.place]) for name, values in columns.items()}
        return pa.table({"customer_id": customers["customer_id"], **told})


def _read(customers: pa.Table) -> _Histories:
    require_columns(customers, _COLUMNS, of="customers")
    for name in _COLUMNS:
        if empty := customers[name].null_count:
            raise DataError("errors.empty_values", table="customers", column=name, rows=empty)
    columns = [customers[name].to_numpy() for name in list(_COLUMNS)[1:]]
    for name, values in zip(list(_COLUMNS)[1:], columns, strict=True):
        refuse(customers, values < 0, "lifetime.negative", column=name)
    frequency, recency, age = columns
    refuse(customers, recency > age, "lifetime.periods_beyond_age")
    refuse(customers, (frequency > recency) | ((frequency == 0) & (recency > 0)), "lifetime.purchases_and_periods")
    distinct, place, count = np.unique(np.column_stack(columns), axis=0, return_inverse=True, return_counts=True)
    x, last, n = distinct.T.astype(np.float64)
    return _Histories(x, last, n, count.astype(np.float64), place.ravel())


def _centre(histories: _Histories) -> Values:
    bought = float(histories.count @ histories.frequency) / max(float(histories.count @ histories.age), 1.0)
    mean_age = float(histories.count @ histories.age) / float(histories.count.sum())
    return np.array([1.0, max(1 / bought - 1, 0.1), 1.0, max(mean_age, 1.0)])


def _terms(parameters: Values, histories: _Histories) -> tuple[Values, Values, Values]:
    """Active to the end, or gone after each period since the last purchase: logarithm, periods active, whether gone.

    Arrays of shape (1 + most periods, histories); where there is no such period, the logarithm is that of nothing.
    """
    alpha, beta, gamma, delta = parameters
    x, recency, age = histories.frequency, histories.recency, histories.age
    silent = age - recency
    after = np.arange(int(silent.max(initial=0)))[:, None]
    periods = np.vstack([age, np.minimum(recency + after, age)])
    gone = np.ones((len(periods), 1))
    gone[0] = 0
    logs = betaln(alpha + x, beta + periods - x) - betaln(alpha, beta)
    logs = logs + betaln(gamma + gone, delta + periods) - betaln(gamma, delta)
    logs[1:][after >= silent] = _IMPOSSIBLE
    return logs, periods, gone


def _log_of_sum(logs: Values) -> tuple[Values, Values]:
    """The logarithm of the sum over the first axis, and each term's share of it."""
    top = logs.max(axis=0)
    share = np.exp(logs - top)
    total = share.sum(axis=0)
    return top + np.log(total), share / total


def _log_likelihood(parameters: Values, histories: _Histories) -> Derivatives:
    """Equation (7) of [1]_ with its slopes and bends, those of a log-sum-exp."""
    alpha, beta, gamma, delta = parameters
    x, count = histories.frequency, histories.count
    logs, periods, gone = _terms(parameters, histories)
    value, share = _log_of_sum(logs)
    both, stay = alpha + beta + periods, gamma + delta + gone + periods
    slopes = (
        psi(alpha + x) - psi(both) - psi(alpha) + psi(alpha + beta),
        psi(beta + periods - x) - psi(both) - psi(beta) + psi(alpha + beta),
        psi(gamma + gone) - psi(stay) - psi(gamma) + psi(gamma + delta),
        psi(delta + periods) - psi(stay) - psi(delta) + psi(gamma + delta),
    )
    means = [(share * slope).sum(axis=0) for slope in slopes]
    gradient = np.array([count @ mean for mean in means])
    hessian = np.zeros((4, 4))
    for i in range(4):
        for j in range(i, 4):
            hessian[i, j] = count @ ((share * slopes[i] * slopes[j]).sum(axis=0) - means[i] * means[j])
    weight = share * count

    def bend(curve: Values | float) -> float:
        return float((weight * curve).sum())

    buys, stays = zeta(2, alpha + beta) - zeta(2, both), zeta(2, gamma + delta) - zeta(2, stay)
    hessian[0, 0] += bend(buys + zeta(2, alpha + x) - zeta(2, alpha))
    hessian[0, 1] += bend(buys)
    hessian[1, 1] += bend(buys + zeta(2, beta + periods - x) - zeta(2, beta))
    hessian[2, 2] += bend(stays + zeta(2, gamma + gone) - zeta(2, gamma))
    hessian[2, 3] += bend(stays)
    hessian[3, 3] += bend(stays + zeta(2, delta + periods) - zeta(2, delta))
    return Derivatives(float(count @ value), gradient, np.triu(hessian) + np.triu(hessian, 1).T)


def _there(parameters: Values, histories: _Histories, horizon: int) -> Values:
    """P(active at the k-th opportunity ahead), array of shape (horizon, histories)."""
    _, _, gamma, delta = parameters
    logs, _, _ = _terms(parameters, histories)
    total, _ = _log_of_sum(logs)
    ahead = np.arange(1.0, horizon + 1)[:, None]
    stays = betaln(gamma, delta + histories.age + ahead) - betaln(gamma, delta + histories.age)
    return np.asarray(np.exp(logs[0] - total + stays))


def _expected(parameters: Values, histories: _Histories, there: Values) -> Values:
    alpha, beta, _, _ = parameters
    return np.asarray(there.sum(axis=0) * (alpha + histories.frequency) / (alpha + beta + histories.age))


def _tails(parameters: Values, histories: _Histories, there: Values) -> Values:
    """P(at least n purchases at the opportunities ahead), n = 1 …, array of shape (horizon, histories)."""
    alpha, beta, _, _ = parameters
    horizon = len(there)
    buys = alpha + histories.frequency
    does_not = beta + histories.age - histories.frequency
    exactly = there - np.vstack([there[1:], np.zeros((1, there.shape[1]))])
    masses = np.zeros((horizon, there.shape[1]))
    for stays in range(1, horizon + 1):
        n = np.arange(1.0, stays + 1)[:, None]
        ways = gammaln(stays + 1) - gammaln(n + 1) - gammaln(stays - n + 1)
        law = np.exp(ways + betaln(buys + n, does_not + stays - n) - betaln(buys, does_not))
        masses[:stays] += exactly[stays - 1] * law
    return np.asarray(masses[::-1].cumsum(axis=0)[::-1])
