"""The Gamma-Gamma model: how much a customer spends on a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import betaincinv, gammainccinv, gammaln, psi, zeta

from guanxi.errors import DataError
from guanxi.mining.lifetime.histories import Values, refuse
from guanxi.mining.lifetime.likelihood import (
    Derivatives,
    LikelihoodModel,
    maximise,
    require_not_negative,
    require_share,
)
from guanxi.schema import require_columns
from guanxi.words import Message

__all__ = ["GammaGamma"]

_COLUMNS = {"customer_id": pa.string(), "frequency": pa.int64(), "monetary": pa.float64()}


class GammaGamma(LikelihoodModel):
    """What customers spend on a purchase, when how much does not depend on how often [1]_.

    The value of a customer's purchase is Gamma(p, ν), and over customers ν ~ Gamma(q, γ): whoever has bought once or
    twice is drawn towards the mean of all, whoever has bought often is believed. See ``correlation_`` for whether those
    who buy often spend more or less at a time, which the model excludes.

    Parameters
    ----------
    regularisation : float, >= 0
        Subtracts regularisation / 2 · Σ (log θ − log θ₀)² from the log-likelihood, about p = 2, q = 3 and the γ that
        then makes the mean spend the median seen. 0 is maximum likelihood.

    Attributes
    ----------
    p_, q_, gamma_ : float, gamma in minor units
    mean_ : float, mean purchase over all customers, p γ / (q − 1) in minor units; None where q <= 1
    correlation_ : float, of frequency and monetary among repeat buyers; 0 where one of them does not vary
    covariance_ : array of shape (3, 3), of the log-parameters; None where the fit did not converge
    log_likelihood_ : float, without the penalty
    converged_ : bool
    iterations_, customers_ : int; the customers are those with repeat purchases
    warnings_ : tuple of Message, what to do where the fit is not to be trusted

    Notes
    -----
    Newton's method with the exact gradient and Hessian, gamma functions on distinct frequencies: O(n) a step. Given a
    customer's x purchases of mean m, ν ~ Gamma(p x + q, γ + x m).

    References
    ----------
    .. [1] Fader & Hardie (2013), The Gamma-Gamma model of monetary value. brucehardie.com/notes/025.
    .. [2] Fader, Hardie & Lee (2005), RFM and CLV: using iso-value curves. J. Marketing Research 42, 415-430.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "monetary": [2500.0, 900.0, None, 4000.0]})
    >>> model = GammaGamma(regularisation=1.0).fit(table)
    >>> model.customers_, model.converged_
    (3, True)
    >>> [round(each) for each in model.predict(table)["expected_spend"].to_pylist()]
    [2579, 1995, 3023, 3660]
    """

    _names: ClassVar = ("p", "q", "gamma")

    p_: float
    q_: float
    gamma_: float
    mean_: float | None
    correlation_: float

    def fit(self, customers: pa.Table) -> Self:
        """Learn the three parameters from customers with repeat purchases.

        Parameters
        ----------
        customers : table, one row per customer
            customer_id : string, key
            frequency : int64, repeat purchases; customers with none are not used
            monetary : float64, mean value of the *repeat* purchases, minor units, > 0; anything where frequency is 0

        Raises
        ------
        SchemaError : a column is missing or of another type.
        DataError : monetary is empty, not finite or not above zero for a customer with repeat purchases (names up to
            five); nobody came back, or only one did.
        """
        require_not_negative("regularisation", self.regularisation)
        x, mean = _read(customers)
        repeat = x > 0
        if not repeat.any():
            raise DataError("lifetime.nobody_came_back", customers=len(x))
        # In rising order, so that nothing depends on the order of the customers.
        order = np.lexsort((mean[repeat], x[repeat]))
        x, mean = x[repeat][order], mean[repeat][order]
        if len(x) < 2:
            raise DataError("lifetime.too_few", customers=len(x))
        centre = np.array([2.0, 3.0, float(np.median(mean))])
        found = maximise(
            lambda parameters: _log_likelihood(parameters, x, mean), centre, regularisation=self.regularisation
        )
        q = float(found.parameters[1])
        self._learn(found, len(x), [] if q > 1 else [Message("lifetime.mean_is_infinite", {"q": q})])
        varies = x.min() < x.max() and mean.min() < mean.max()
        self.correlation_ = float(np.corrcoef(x, mean)[0, 1]) if varies else 0.0
        return self

    def predict(self, customers: pa.Table, *, coverage: float = 0.8) -> pa.Table:
        """What customers spend on a purchase, and what the next one will come to.

        Parameters
        ----------
        customers : table, one row per customer, as in `fit`
        coverage : float
            Of both intervals.

        Returns
        -------
        table, one row per customer in the order given, minor units (float64)
            customer_id : string
            expected_spend : mean value of the customer's purchases to come; null for who has not come back when
                ``mean_`` is None
            mean_low, mean_high : between which the customer's true mean lies
            next_low, next_high : between which the value of his next purchase lies

        Raises
        ------
        SchemaError, DataError : as in `fit`, but for who has to be there.
        NotFittedError

        Notes
        -----
        p (γ + x m) / (p x + q − 1), equation (5) of [1]_. The mean is p/ν, of an inverse gamma law; the next purchase
        is beta prime (p, p x + q), scaled by γ + x m. Both at the fitted parameters.
        """
        self._require_fitted()
        require_share("coverage", coverage)
        x, mean = _read(customers)
        shape = self.p_ * x + self.q_
        scale = self.gamma_ + x * mean
        shares = {"low": (1 - coverage) / 2, "high": (1 + coverage) / 2}
        columns = {f"mean_{end}": self.p_ * scale / gammainccinv(shape, share) for end, share in shares.items()}
        for end, share in shares.items():
            part = betaincinv(self.p_, shape, share)
            columns[f"next_{end}"] = scale * part / (1 - part)
        return pa.table(
            {
                "customer_id": customers["customer_id"],
                "expected_spend": self._expected(shape, scale),
                **columns,
            }
        )

    def expected_spend(self, customers: pa.Table) -> pa.Array:
        """The column ``expected_spend`` of `predict` alone, which costs a twentieth of it."""
        self._require_fitted()
        x, mean = _read(customers)
        return self._expected(self.p_ * x + self.q_, self.gamma_ + x * mean)

    def _expected(self, shape: Values, scale: Values) -> pa.Array:
        return pa.array(self.p_ * scale / np.where(shape > 1, shape - 1, np.nan), mask=shape <= 1)

    def scale_of(self, customers: pa.Table) -> Values:
        """γ + x m for each customer in the order given: the scale of the gamma law of his ν."""
        self._require_fitted()
        x, mean = _read(customers)
        return self.gamma_ + x * mean

    def _store(self, parameters: Values) -> None:
        super()._store(parameters)
        self.mean_ = self.p_ * self.gamma_ / (self.q_ - 1) if self.q_ > 1 else None

    def as_data(self) -> dict[str, Any]:
        return {**super().as_data(), "correlation": self.correlation_}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        model = super().from_data(data)
        model.correlation_ = data["correlation"]
        return model


def _read(customers: pa.Table) -> tuple[Values, Values]:
    """Frequency, and monetary with 0 for who has not come back."""
    require_columns(customers, _COLUMNS, of="customers")
    for name in ("customer_id", "frequency"):
        if empty := customers[name].null_count:
            raise DataError("errors.empty_values", table="customers", column=name, rows=empty)
    frequency = customers["frequency"].to_numpy()
    refuse(customers, frequency < 0, "lifetime.negative", column="frequency")
    repeat = frequency > 0
    empty = repeat & pc.is_null(customers["monetary"]).to_numpy()
    if rows := int(np.count_nonzero(empty)):
        raise DataError("errors.empty_values", table="customers", column="monetary", rows=rows)
    monetary = np.where(repeat, pc.fill_null(customers["monetary"], 0.0).to_numpy(), 0.0)
    refuse(customers, ~np.isfinite(monetary), "lifetime.not_finite", column="monetary")
    refuse(customers, repeat & (monetary <= 0), "lifetime.spend_not_positive")
    return frequency.astype(np.float64), monetary


def _log_likelihood(parameters: Values, x: Values, mean: Values) -> Derivatives:
    """Equation (1a) of note 025, with derivatives; ``x`` rises."""
    p, q, gamma = parameters
    total = x * mean
    distinct, place = np.unique(x, return_inverse=True)
    by_total, by_own = p * distinct + q, p * distinct

    def each(values: Values) -> npt.NDArray[np.float64]:
        return values[place]

    inverse = 1 / (gamma + total)
    log_share = np.log(total * inverse)
    log_rest = -np.log1p(total / gamma)
    value = each(gammaln(by_total) - gammaln(by_own) - gammaln(q)) + q * log_rest + p * x * log_share - np.log(mean)
    trigamma = each(zeta(2, by_total))
    gradient = np.array(
        [
            (x * (each(psi(by_total) - psi(by_own)) + log_share)).sum(),
            (each(psi(by_total)) - psi(q) + log_rest).sum(),
            (q / gamma - (p * x + q) * inverse).sum(),
        ]
    )
    pp = (x**2 * (trigamma - each(zeta(2, by_own)))).sum()
    pq = (x * trigamma).sum()
    pg = -(x * inverse).sum()
    qq = (trigamma - zeta(2, q)).sum()
    qg = (1 / gamma - inverse).sum()
    gg = ((p * x + q) * inverse**2 - q / gamma**2).sum()
    return Derivatives(float(value.sum()), gradient, np.array([[pp, pq, pg], [pq, qq, qg], [pg, qg, gg]]))
