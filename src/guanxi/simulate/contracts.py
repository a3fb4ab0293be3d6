"""Subscriptions with a known hazard of being cancelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from guanxi.simulate.customers import Population
from guanxi.simulate.parameters import Parameters
from guanxi.simulate.randomness import Floats, Integers, Purpose, uniform, words

__all__ = ["Subscriptions", "draw_subscriptions"]

_FOR_EVER_PERIODS = 100_000


@dataclass(frozen=True, eq=False)
class Subscriptions:
    """One entry a contract, by customer."""

    customer: Integers
    plan: Integers
    begun_day: Integers
    """Days after the start."""
    cancellation: Floats
    """θ: chance to be cancelled at each renewal."""
    periods: Integers
    """How many periods it lasts in the end, whether or not the books see that."""

    def ended_day(self, parameters: Parameters) -> Integers:
        """Days after the start; beyond the books where a contract goes on."""
        return self.begun_day + self.periods * parameters.relations.contracts.period_days


def draw_subscriptions(parameters: Parameters, population: Population) -> Subscriptions:
    """Who has which contract, since when, for how long. O(customers)."""
    law = parameters.relations.contracts
    count = len(population)

    def drawn(purpose: Purpose) -> Floats:
        return uniform(parameters.seed, purpose, 0, count)

    ladder = np.cumsum([plan.share for plan in law.plans])
    plan = np.searchsorted(ladder, drawn(Purpose.PLAN), side="right")
    delay = words(parameters.seed, Purpose.BEGUN, 0, count) >> np.uint64(32)
    begun = population.arrived // 86_400 + (delay * np.uint64(law.begun_within_days) >> np.uint64(32)).astype(np.int64)
    mine = np.flatnonzero((plan < len(law.plans)) & (begun < parameters.days))
    alpha, beta = (np.array([getattr(each, name) for each in law.plans])[plan[mine]] for name in ("alpha", "beta"))
    theta = betaincinv(alpha, beta, drawn(Purpose.CANCELLATION)[mine])
    # By inversion of P(more than n periods) = (1 − θ)^n.
    periods = np.ceil(np.log(drawn(Purpose.PERIODS)[mine]) / np.log1p(-np.clip(theta, 1e-12, 1 - 1e-12)))
    return Subscriptions(
        customer=mine,
        plan=plan[mine],
        begun_day=begun[mine],
        cancellation=theta,
        periods=np.clip(periods, 1, _FOR_EVER_PERIODS).astype(np.int64),
    )
