"""What customers will spend: how often they buy, joined with how much at a time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import betaincc, betaincinv, betaln, expit, log_expit, logit

from guanxi.compiled import compiled
from guanxi.mining.lifetime import amount_kernels
from guanxi.mining.lifetime.gamma_gamma import GammaGamma
from guanxi.mining.lifetime.histories import Histories, Values, read_histories
from guanxi.mining.lifetime.likelihood import require_not_negative, require_positive, require_share
from guanxi.mining.lifetime.purchases import PurchaseModel

__all__ = ["lifetime_value", "predict_amount"]

_UNLIKELY = 1e-7
_STEP = 0.1
_FAR = 300.0
_POINTS = 2000


def predict_amount(
    purchases: PurchaseModel, spend: GammaGamma, customers: pa.Table, *, horizon_days: float, coverage: float = 0.8
) -> pa.Table:
    """What each customer will spend in the next ``horizon_days``, with an interval.

    Parameters
    ----------
    purchases, spend : fitted models
    customers : table, one row per customer, with the columns of both: customer_id, frequency, recency_days, age_days,
        monetary
    horizon_days : float, > 0
    coverage : float
        Of the interval; it covers more often where no purchase at all is likely.

    Returns
    -------
    table, one row per customer in the order given, minor units (float64)
        customer_id : string
        expected_amount : expected purchases times expected spend; null where the latter is
        amount_low, amount_high : between which the amount lies with ``coverage``

    Raises
    ------
    SchemaError, DataError, NotFittedError : as the models raise them.

    Notes
    -----
    Given x purchases of mean m and the gamma law of a purchase (shape p), n purchases to come are worth γ + x m times
    a beta prime variable (n p, p x + q), and the amount is the mixture of these over the predictive distribution of n.
    So its quantiles divided by γ + x m are those of the history alone, and are found once for equal histories: on a
    grid of the logarithm, with cubic interpolation, to about 1e-5 of the value. What the data leave open about the
    parameters is in n, not in p, q and γ. O(distinct histories × purchases).

    Examples
    --------
    >>> from guanxi.mining.lifetime import BetaGeoNBD
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_days": [170.0, 20.0, 0.0, 100.0], "age_days": [180.0, 180.0, 90.0, 120.0],
    ...                   "monetary": [2500.0, 900.0, None, 4000.0]})
    >>> purchases, spend = BetaGeoNBD(regularisation=1.0).fit(table), GammaGamma(regularisation=1.0).fit(table)
    >>> found = predict_amount(purchases, spend, table, horizon_days=90)
    >>> [round(each) for each in found["expected_amount"].to_pylist()]
    [5597, 243, 2068, 3838]
    """
    require_share("coverage", coverage)
    require_positive("horizon_days", horizon_days)
    histories = read_histories(customers)
    expected = pa.array(purchases.expectation(histories, horizon_days)[histories.place])
    each = spend.expected_spend(customers)
    scale = spend.scale_of(customers)
    shares = ((1 - coverage) / 2, (1 + coverage) / 2)
    low, high = _amount_quantiles(purchases, spend, histories, horizon_days, shares)
    return pa.table(
        {
            "customer_id": customers["customer_id"],
            "expected_amount": pc.multiply(expected, each),
            "amount_low": low[histories.place] * scale,
            "amount_high": high[histories.place] * scale,
        }
    )


def lifetime_value(
    purchases: PurchaseModel,
    spend: GammaGamma,
    customers: pa.Table,
    *,
    horizon_days: float,
    annual_discount_rate: float,
    margin: float = 1.0,
) -> pa.Table:
    """What each customer's purchases of the next ``horizon_days`` are worth today.

    Parameters
    ----------
    purchases, spend, customers, horizon_days : as in `predict_amount`
    annual_discount_rate : float, >= 0
        A purchase after t days counts (1 + annual_discount_rate)^(−t/365).
    margin : float, > 0
        The share of the amount that is earned.

    Returns
    -------
    table, one row per customer in the order given: customer_id, lifetime_value (float64, minor units; null where the
    expected spend is)
    """
    require_positive("margin", margin)
    require_not_negative("annual_discount_rate", annual_discount_rate)
    discounted = purchases.discounted_purchases(
        customers, horizon_days=horizon_days, annual_discount_rate=annual_discount_rate
    )
    each = spend.expected_spend(customers)
    value = pc.multiply(discounted["discounted_purchases"], each)
    return pa.table({"customer_id": customers["customer_id"], "lifetime_value": pc.multiply(value, margin)})


def _amount_quantiles(
    purchases: PurchaseModel, spend: GammaGamma, histories: Histories, days: float, shares: tuple[float, ...]
) -> list[Values]:
    """Quantiles of the amount over γ + x m, for each share."""
    found = [np.zeros(len(histories)) for _ in shares]
    for chosen, block in histories.blocks_of_one_frequency():
        beyond = purchases.tails(block, days, until=_UNLIKELY)
        masses = beyond - np.vstack([beyond[1:], np.zeros((1, len(block)))])
        rest = spend.p_ * float(block.frequency[0]) + spend.q_
        curve = _TailCurve(masses, spend.p_, rest, least=1 - max(shares))
        for quantile, share in zip(found, shares, strict=True):
            quantile[chosen] = curve.exceeded_with(1 - share)
    return found


class _TailCurve:
    """P(amount over γ + x m > y) for histories of one frequency, by a grid of log y, with its slope.

    Parameters
    ----------
    masses : array of shape (most, histories), P(n purchases) for n = 1 … most
    p, rest : shapes of the beta prime law of n purchases: n p, rest
    least : the smallest probability that will be asked for
    """

    def __init__(self, masses: Values, p: float, rest: float, *, least: float) -> None:
        shapes = p * np.arange(1, len(masses) + 1)[:, None]
        low = max(float(logit(betaincinv(p, rest, _UNLIKELY))), -_FAR)
        high = min(-float(logit(betaincinv(rest, shapes[-1, 0], least / 2))), _FAR)
        # About the spread of log y in the narrowest of the mixed laws.
        spread = np.sqrt(1 / shapes[-1, 0] + 1 / rest)
        self.grid = np.linspace(low, high, 2 + min(int((high - low) / min(_STEP, spread / 2)), _POINTS))
        # As y/(1 + y) is beta distributed, log y is the logit of a beta variable.
        above = betaincc(shapes, rest, expit(self.grid))
        density = np.exp(shapes * log_expit(self.grid) + rest * log_expit(-self.grid) - betaln(shapes, rest))
        self.above, self.density = np.ascontiguousarray(above.T), np.ascontiguousarray(density.T)
        self.masses = np.ascontiguousarray(masses.T)

    def exceeded_with(self, tail: float) -> Values:
        """What each history's amount exceeds with probability ``tail``; 0 where no amount at all is likely enough."""
        kernels = compiled(amount_kernels)
        found: Values = kernels.exceeded_with(self.masses, self.above, self.density, self.grid, tail)
        return found
