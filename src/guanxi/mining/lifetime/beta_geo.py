"""The BG/NBD model: a customer may leave after each repeat purchase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, expit, gammaln, psi, zeta

from guanxi.compiled import compiled
from guanxi.mining.lifetime import beta_geo_kernels
from guanxi.mining.lifetime.histories import Histories, Values
from guanxi.mining.lifetime.likelihood import Derivatives
from guanxi.mining.lifetime.purchases import PurchaseModel

__all__ = ["BetaGeoNBD"]

_CHANCES = 40
_CHANCES_OF_A_PIECE = 16
_LONGER = 4.0
_EVEN = 32.0
"""A function no steeper than this needs no pieces."""
_FEW_STAY = 10.0
"""From this a on hardly anybody has a small chance of leaving."""
_SMOOTH = 20.0
"""With this b the law vanishes smoothly enough at p = 1."""
_FAR = 600.0
"""Of the logarithm of days; e to it is still a float."""


class BetaGeoNBD(PurchaseModel):
    """How often customers buy, and whether they still do, where leaving is silent (BG/NBD) [1]_.

    While active, a customer buys as a Poisson process of rate λ; after each *repeat* purchase he leaves for good with
    probability p. Over customers λ ~ Gamma(r, α) and p ~ Beta(a, b), independent. For shops, where nobody says
    good-bye; not for subscriptions. Who has bought only once is active for certain, for he had no chance to leave.

    Parameters
    ----------
    regularisation : float, >= 0
        Subtracts regularisation / 2 · Σ (log θ − log θ₀)² from the log-likelihood: a normal prior of variance
        1 / regularisation on the logarithm of each parameter, about r = a = b = 1 and the α that then gives the mean
        purchases seen. 0 is maximum likelihood; 0.1 steadies small shops and is not felt by large ones, for it does not
        grow with the number of customers. (The penalizer of the package lifetimes is another: on θ² and per customer.)

    Attributes
    ----------
    r_, alpha_, a_, b_ : float, alpha in days
    covariance_ : array of shape (4, 4), of the log-parameters; None where the fit did not converge
    log_likelihood_ : float, without the penalty
    converged_ : bool
    iterations_, customers_ : int
    warnings_ : tuple of Message, what to do where the fit is not to be trusted

    Notes
    -----
    Newton's method with the exact gradient and Hessian on distinct (frequency, recency, age), gamma functions on
    distinct frequencies: O(distinct histories) a step, some ten steps. Given a history and that the customer is active,
    λ ~ Gamma(r + x, α + T) and p ~ Beta(a, b + x) are independent, whence

        P(at least n purchases in t | active) = E[(1 − p)^(n−1)] · P(NegativeBinomial(r + x, (α + T)/(α + T + t)) >= n),

    the exact predictive distribution; its sum over n is equation (10) of [1]_, without a hypergeometric function and
    without the singularity of that formula at a = 1.

    References
    ----------
    .. [1] Fader, Hardie & Lee (2005), "Counting your customers" the easy way. Marketing Science 24(2), 275-284.
    .. [2] Fader, Hardie & Lee (2008), Computing P(alive) using the BG/NBD model. brucehardie.com/notes/021.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_days": [170.0, 20.0, 0.0, 100.0], "age_days": [180.0, 180.0, 90.0, 120.0]})
    >>> model = BetaGeoNBD(regularisation=1.0).fit(table)
    >>> model.converged_
    True
    >>> [round(each, 2) for each in model.predict(table, horizon_days=90)["expected_purchases"].to_pylist()]
    [2.17, 0.12, 0.68, 1.05]
    """

    _names: ClassVar = ("r", "alpha", "a", "b")
    _chances_at_first: ClassVar = 0
    """How often a customer could have left with his first purchase."""

    r_: float
    alpha_: float
    a_: float
    b_: float

    def fit(self, customers: pa.Table) -> Self:
        """Learn the four parameters.

        Parameters
        ----------
        customers : table, one row per customer
            customer_id : string, key
            frequency : int64, days with a repeat purchase up to the cut-off
            recency_days : float64, first to last purchase
            age_days : float64, first purchase to the cut-off; age_days >= recency_days >= 0

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : a history is impossible (names up to five customers), there are fewer than two customers, or nobody
            came back.

        Notes
        -----
        A likelihood without a maximum (customers all alike, or too few) raises nothing: ``converged_`` is False and
        ``warnings_`` says what to do. Predictions are then finite, but not to be published.
        """
        return self._fit(customers)

    def _centre(self, histories: Histories) -> Values:
        purchases = float(histories.count @ histories.frequency)
        days = float(histories.count @ histories.age)
        return np.array([1.0, days / purchases, 1.0, 1.0])

    def _log_likelihood(self, parameters: Values, histories: Histories) -> Derivatives:
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        value = self._add_gamma_terms(parameters, histories, gradient, hessian)

        more, slopes, bends = compiled(beta_geo_kernels).over_histories(
            histories.frequency, histories.recency, histories.age, histories.count, parameters, self._chances_at_first
        )
        return Derivatives(value + more, gradient + slopes, hessian + bends)

    def _add_gamma_terms(self, parameters: Values, histories: Histories, gradient: Values, hessian: Values) -> float:
        """log Γ(r + x)/Γ(r) · B(a, b + x)/B(a, b), summed over customers; of x alone, hence of few distinct values."""
        r, _, a, b = parameters
        x, count = histories.frequencies()
        survived = x + self._chances_at_first
        gradient[0] += count @ (psi(r + x) - psi(r))
        hessian[0, 0] += count @ (_trigamma(r + x) - _trigamma(r))
        either = count @ (psi(a + b) - psi(a + b + survived))
        gradient[2] += either
        gradient[3] += either + count @ (psi(b + survived) - psi(b))
        either = count @ (_trigamma(a + b) - _trigamma(a + b + survived))
        hessian[2:, 2:] += either
        hessian[3, 3] += count @ (_trigamma(b + survived) - _trigamma(b))
        terms = gammaln(r + x) - gammaln(r) + gammaln(a + b) - gammaln(a + b + survived)
        return float(count @ (terms + gammaln(b + survived) - gammaln(b)))

    def _log_odds_gone(self, parameters: Values, histories: Histories) -> Values:
        """Logarithm of P(gone) / P(active); −∞ for who had no chance to leave yet."""
        r, alpha, a, b = parameters
        trials = b + histories.frequency + self._chances_at_first - 1
        could = histories.frequency + self._chances_at_first > 0
        silence = np.log1p((histories.age - histories.recency) / (alpha + histories.recency))
        odds = np.log(a / np.where(could, trials, 1.0)) + (r + histories.frequency) * silence
        return np.where(could, odds, -np.inf)

    def _alive(self, parameters: Values, histories: Histories) -> Values:
        return expit(-self._log_odds_gone(parameters, histories))

    def _effort(self, parameters: Values, histories: Histories, days: float) -> Values:
        r, alpha, _, _ = parameters
        return (r + histories.frequency) * days / (alpha + histories.age)

    def _at_least(self, parameters: Values, histories: Histories, days: float) -> Iterator[Values]:
        r, alpha, a, b = parameters
        shape = r + histories.frequency
        stays = b + histories.frequency + self._chances_at_first
        scale = alpha + histories.age
        # By logarithms, for the chance of no purchase at all may be too small for a float.
        log_mass = -shape * np.log1p(days / scale)
        at_most = np.exp(log_mass)
        stayed = np.ones(len(histories))
        n = 1
        while True:
            growth = (shape + (n - 1)) / n * (days / (scale + days))
            log_mass = log_mass + np.log(growth)
            mass = np.exp(log_mass)
            # Beyond the mode a geometric series bounds the tail; without it, the rounding of 1 − at_most would stay.
            slowest = np.maximum(growth, days / (scale + days))
            bound = np.where(slowest < 1, mass / np.maximum(1 - slowest, 1e-12), 1.0)
            yield stayed * np.clip(1 - at_most, 0, bound)
            at_most = at_most + mass
            stayed = stayed * (stays + (n - 1)) / (a + stays + (n - 1))
            n += 1

    def _next_purchase(self, parameters: Values, ahead: Histories) -> tuple[Values, Callable[[float], Values]]:
        r, alpha, _, _ = parameters

        def quantile(share: float) -> Values:
            # Who is active stays so until he buys: the wait is Pareto of the second kind.
            return (alpha + ahead.age) * np.expm1(np.minimum(-np.log1p(-share) / (r + ahead.frequency), _FAR))

        return np.ones(len(ahead)), quantile

    def _pace(self, parameters: Values, ahead: Histories, days: Values) -> Values:
        r, alpha, a, b = parameters
        shape, scale = r + ahead.frequency, alpha + ahead.age
        # λ e^(−pλt), its mean over λ ~ Gamma(shape, scale), and over p ~ Beta(a, b + x) numerically.
        found = np.zeros(days.shape)
        for x in np.unique(ahead.frequency).tolist():
            mine = ahead.frequency == x
            ahead_of = days[:, mine] / scale[mine]
            chances = _chances(a, b + x + self._chances_at_first, steepness=(r + x + 1) * float(ahead_of.max()))
            for p, weight in zip(*(each.tolist() for each in chances), strict=True):
                found[:, mine] += weight * np.exp(-(shape[mine] + 1) * np.log1p(p * ahead_of))
        return found * shape / scale


def _chances(a: float, b: float, *, steepness: float) -> tuple[Values, Values]:
    """Nodes and weights for the mean over p ~ Beta(a, b) of a function that falls like exp(−steepness · p), or slower.

    Far ahead only those who hardly ever leave still buy. Where the law has them, nodes get as much denser towards
    p = 0 as the function is steep there: on pieces each four times as long as the one before.
    """
    steepness += b
    pieces = int(np.ceil(np.log(steepness / _EVEN) / np.log(_LONGER))) if a < _FEW_STAY and steepness > _EVEN else 0
    if pieces == 0:
        return _beta_nodes(_CHANCES, a, b)
    edge = _LONGER**-pieces
    nodes, weights = _beta_nodes(_CHANCES, a, 1.0)
    found = [(edge * nodes, np.log(weights) + a * np.log(edge) - np.log(a) + (b - 1) * np.log1p(-edge * nodes))]
    nodes, weights = _beta_nodes(_CHANCES_OF_A_PIECE, 1.0, 1.0)
    for piece in range(pieces - 1):
        start, length = edge * _LONGER**piece, edge * _LONGER**piece * (_LONGER - 1)
        p = start + length * nodes
        found.append((p, np.log(weights * length) + (a - 1) * np.log(p) + (b - 1) * np.log1p(-p)))
    # The last piece ends at 1, where the law may be infinite.
    length, end = 1 - 1 / _LONGER, min(b, _SMOOTH)
    nodes, weights = _beta_nodes(_CHANCES_OF_A_PIECE, 1.0, end)
    p, left = 1 - length * (1 - nodes), np.log(length * (1 - nodes))
    found.append((p, np.log(weights) + end * np.log(length) - np.log(end) + (a - 1) * np.log(p) + (b - end) * left))
    return np.concatenate([p for p, _ in found]), np.exp(np.concatenate([each for _, each in found]) - betaln(a, b))


def _beta_nodes(number: int, a: float, b: float) -> tuple[Values, Values]:
    """Gauss-Jacobi nodes and weights for the mean over Beta(a, b), by its tridiagonal matrix (Golub & Welsch 1969).

    scipy's own overflow where a + b is above a thousand.
    """
    k = np.arange(number, dtype=np.float64)
    both = 2 * k + a + b - 2
    middle = np.full(number, (a - b) / (a + b))
    middle[1:] = (a + b - 2) * (a - b) / (both[1:] * (both[1:] + 2))
    k, both = k[1:], both[1:]
    beside = 4 * k * (k + a - 1) * (k + b - 1) / (both**2 * (both + 1))
    # Written out for the first, where both of these may be 0.
    beside[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    beside[1:] *= (k[1:] + a + b - 2) / (both[1:] - 1)
    nodes, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    return (nodes + 1) / 2, vectors[0] ** 2


def _trigamma(values: Values) -> Values:
    return zeta(2, values)
