"""What may be expected of customers: the lifetime models, and the plain baselines that they have to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from guanxi.mining.cell_mean import CellMean
from guanxi.mining.lifetime import GammaGamma, lifetime_value, predict_amount
from guanxi.mining.lifetime.choice import fit_purchase_laws, likeliest
from guanxi.mining.lifetime.purchases import PurchaseModel
from guanxi.mining.rfm import RFM
from guanxi.studies.value.past import Values, reals
from guanxi.words import Message

__all__ = [
    "BASELINES",
    "LEARNING",
    "LEAST_CUSTOMERS",
    "LEAST_REPEATERS",
    "LIFETIME_DAYS",
    "LifetimeModel",
    "Said",
    "enough",
    "fit_lifetime",
    "plain",
]

BASELINES = ("past_rate", "last_period", "cell_mean", "mean")
"""The plain baselines; of equal ones the first is published, so that one which ranks nobody comes last."""
LEARNING = ("cell_mean", "mean")
"""Those of them that learn from what came in the horizon before."""
LEAST_CUSTOMERS = 100
LEAST_REPEATERS = 30
LIFETIME_DAYS = 1095
"""Three years, of which a lifetime value is: beyond lie other goods, other prices and other customers."""
_LATER = ("later_orders", "later_amount")
_WEAK = 0.1


@dataclass(frozen=True)
class Said:
    """Orders and amount (minor units) expected of each customer over the horizon."""

    orders: Values
    amount: Values


def plain(name: str, customers: pa.Table, learned: pa.Table, *, horizon_days: int) -> Said:
    """What a plain baseline expects.

    Parameters
    ----------
    name : one of `BASELINES`. ``past_rate``: everybody goes on at his own rate since his first order, over no less than
        one horizon. ``last_period``: everybody repeats his last horizon. ``cell_mean``: everybody does what those with
        the same recency and frequency scores did in the horizon before. ``mean``: everybody does what the mean of all
        customers did in it.
    customers : table of `guanxi.studies.value.past.buyers`
    learned : the same, one horizon earlier, with what came; `LEARNING` need somebody in it
    horizon_days : how far ahead
    """
    if name == "last_period":
        return Said(reals(customers, "recent_orders"), reals(customers, "recent_amount"))
    if name == "past_rate":
        share = horizon_days / np.maximum(reals(customers, "age_days"), horizon_days)
        return Said(reals(customers, "orders") * share, reals(customers, "amount") * share)
    if name == "mean":
        orders, amount = (np.full(customers.num_rows, reals(learned, each).mean()) for each in _LATER)
        return Said(orders, amount)
    found = CellMean().fit(_scored(learned)).predict(_scored(customers))
    return Said(reals(found, "expected_orders"), reals(found, "expected_amount"))


def enough(customers: pa.Table) -> bool:
    """Whether there are customers enough to fit the lifetime models, and to judge anything by."""
    repeaters = int(np.count_nonzero(customers["frequency"].to_numpy()))
    return customers.num_rows >= LEAST_CUSTOMERS and repeaters >= LEAST_REPEATERS


@dataclass(frozen=True)
class LifetimeModel:
    """A law of purchasing with a law of spending.

    Attributes
    ----------
    laws : all that were tried, fitted, by name
    name : of the one that speaks
    spend : what a purchase comes to
    """

    laws: Mapping[str, PurchaseModel]
    name: str
    spend: GammaGamma

    @property
    def law(self) -> PurchaseModel:
        return self.laws[self.name]

    def each(self) -> dict[str, LifetimeModel]:
        """The same with each law that found a maximum in turn speaking; the one that speaks here first."""
        there = [name for name, law in self.laws.items() if law.converged_ and name != self.name]
        return {name: replace(self, name=name) for name in (self.name, *there)}

    def expect(self, customers: pa.Table, *, horizon_days: int) -> Said:
        """Orders and amount over the horizon, without intervals."""
        # Without a discount and without the interval of the expectation, which takes eight times as long.
        found = self.law.discounted_purchases(customers, horizon_days=horizon_days, annual_discount_rate=0)
        orders = reals(found, "discounted_purchases")
        return Said(orders, orders * self.expected_spend(customers))

    def expected_spend(self, customers: pa.Table) -> Values:
        """Mean amount of a purchase to come, as `GammaGamma.predict` has it beside its intervals, which take long."""
        shape = self.spend.p_ * reals(customers, "frequency") + self.spend.q_
        return np.asarray(self.spend.p_ * self.spend.scale_of(customers) / (shape - 1))

    def amount_interval(self, customers: pa.Table, *, horizon_days: int, coverage: float) -> tuple[Values, Values]:
        """Between which each customer's amount lies with ``coverage``."""
        found = predict_amount(self.law, self.spend, customers, horizon_days=horizon_days, coverage=coverage)
        return reals(found, "amount_low"), reals(found, "amount_high")

    def lifetime_value(
        self, customers: pa.Table, *, annual_discount_rate: float, coverage: float
    ) -> tuple[Values, Values, Values]:
        """What the purchases of the next `LIFETIME_DAYS` are worth today, and between which that lies."""
        found = lifetime_value(
            self.law, self.spend, customers, horizon_days=LIFETIME_DAYS, annual_discount_rate=annual_discount_rate,
            coverage=coverage,
        )  # fmt: skip
        return reals(found, "lifetime_value"), reals(found, "value_low"), reals(found, "value_high")

    def parameters(self) -> pa.Table:
        """One row a parameter of each law that was tried, and of the law of spending: law, parameter, value, low, high.

        With it the ``log_likelihood`` of each, whose low and high are null.
        """
        parts = []
        for name, model in {**self.laws, "gamma_gamma": self.spend}.items():
            found = model.parameters().select(["parameter", "value", "low", "high"])
            end = pa.table({"parameter": ["log_likelihood"], "value": [model.log_likelihood_]})
            both = pa.concat_tables([found.cast(_PARAMETERS), end], promote_options="default")
            parts.append(both.add_column(0, "law", pa.repeat(pa.scalar(name), both.num_rows)))
        return pa.concat_tables(parts).combine_chunks()


_PARAMETERS = pa.schema([("parameter", pa.string()), *((name, pa.float64()) for name in ("value", "low", "high"))])


def fit_lifetime(customers: pa.Table, *, chosen: str | None = None) -> tuple[LifetimeModel | None, tuple[Message, ...]]:
    """Fit each law of purchasing and the law of spending.

    Parameters
    ----------
    customers : table of `guanxi.studies.value.past.buyers`, with `enough` in it
    chosen : the law that speaks, if it has a maximum; by default, and else, the one that makes the past likeliest

    Returns
    -------
    the model, or None with the reasons where no law of purchasing has a maximum, or that of spending has none or no
    mean

    Notes
    -----
    Maximum likelihood; a law whose likelihood has no maximum is fitted with a weak prior. The choice looks at the past
    only, so that it takes nothing from the judgement.
    """
    spend = GammaGamma().fit(customers)
    if not spend.converged_:
        spend = GammaGamma(regularisation=_WEAK).fit(customers)
    laws = fit_purchase_laws(customers)
    name = chosen if chosen is not None and laws[chosen].converged_ else likeliest(laws)
    if name is None or not spend.converged_ or spend.mean_ is None:
        unfit = [*(law for law in laws.values() if name is None), spend]
        return None, tuple(warning for model in unfit for warning in model.warnings_)
    return LifetimeModel(laws, name, spend), ()


def _scored(customers: pa.Table) -> pa.Table:
    scores = RFM().fit(customers).predict(customers)
    chosen = customers.select(["customer_id", "orders", "amount", "later_orders"])
    return chosen.append_column("r", scores["r"]).append_column("f", scores["f"])
