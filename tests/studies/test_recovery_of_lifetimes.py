"""The lifetime models find the laws of simulated companies again, and their intervals hold as often as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ParetoNBD
from guanxi.simulate import ONE_SEGMENT, company
from simulate.worlds import World, world

LAW = ONE_SEGMENT[0]
TRUTH = {
    "geometric": {
        "r": LAW.rate_shape, "alpha": LAW.rate_scale_days, "a": LAW.dropout_a, "b": LAW.dropout_b,
    },
    "pareto": {
        "r": LAW.rate_shape, "alpha": LAW.rate_scale_days, "s": LAW.dropout_shape, "beta": LAW.dropout_scale_days,
    },
}  # fmt: skip
SPEND = {"p": LAW.spend_shape, "q": LAW.spend_spread, "gamma": LAW.spend_scale}
METHODS = {"geometric": BetaGeoNBD, "pareto": ParetoNBD}
COMPANIES = 24
HORIZON = 180.0
MOST = 60


@dataclass(frozen=True)
class Fitted:
    """One company, and the models learned from its first one and a half years."""

    world: World
    purchases: BetaGeoNBD | ParetoNBD
    spend: GammaGamma


@pytest.fixture(scope="module", params=METHODS)
def fitted(request) -> tuple[str, list[Fitted]]:
    found = []
    for seed in range(COMPANIES):
        shop = company(customers=1500, seed=seed, dropout=request.param, segments=ONE_SEGMENT)
        known = world(shop, until_day=550, horizon_days=int(HORIZON))
        purchases = METHODS[request.param]().fit(known.customers)
        found.append(Fitted(known, purchases, GammaGamma().fit(known.customers)))
    return request.param, found


def as_often_as_said(hits: int, trials: int, share: float) -> bool:
    """Whether so many hits are within what chance allows of independent trials (99.9 %)."""
    low, high = stats.binom.interval(0.999, trials, share)
    return low <= hits <= high


def test_every_fit_converges(fitted):
    assert all(each.purchases.converged_ and each.spend.converged_ for each in fitted[1])


def test_the_80_percent_interval_of_each_parameter_holds_the_truth_in_80_percent_of_companies(fitted):
    dropout, found = fitted
    for truth, models in ((TRUTH[dropout], [f.purchases for f in found]), (SPEND, [f.spend for f in found])):
        hits = dict.fromkeys(truth, 0)
        for model in models:
            rows = model.parameters(confidence=0.8).to_pylist()
            for (name, true), row in zip(truth.items(), rows, strict=True):
                assert row["parameter"] == name
                hits[name] += row["low"] < true < row["high"]
        for name, count in hits.items():
            assert as_often_as_said(count, COMPANIES, 0.8), (name, count)


def test_purchases_lie_in_their_interval_as_often_as_the_model_says(fitted):
    """Purchases are whole, so that an interval holds more than 80 %; how much, the model's own law says."""
    inside = nominal = customers = 0
    for each in fitted[1]:
        said = each.purchases.predict(each.world.customers, horizon_days=HORIZON)
        low, high = (said[name].to_numpy() for name in ("purchases_low", "purchases_high"))
        inside += ((low <= each.world.later) & (each.world.later <= high)).sum()
        law = each.purchases.purchase_probabilities(each.world.customers, horizon_days=HORIZON, most=MOST)
        law = law["probability"].to_numpy().reshape(len(low), MOST + 1)
        number = np.arange(MOST + 1)
        nominal += law[(low[:, None] <= number) & (number <= high[:, None])].sum()
        customers += len(low)
    assert inside / customers >= 0.8
    assert inside / customers == pytest.approx(nominal / customers, abs=0.01)


def test_as_many_are_active_as_said_in_every_tenth_of_the_customers(fitted):
    said = np.concatenate([f.purchases.probability_alive(f.world.customers)["p_alive"].to_numpy() for f in fitted[1]])
    active = np.concatenate([f.world.active for f in fitted[1]])
    for tenth in np.array_split(np.argsort(said, kind="stable"), 10):
        assert active[tenth].mean() == pytest.approx(said[tenth].mean(), abs=0.04)


def test_as_many_purchases_come_as_expected_in_every_tenth_of_the_customers(fitted):
    expected = np.concatenate([
        f.purchases.predict(f.world.customers, horizon_days=HORIZON)["expected_purchases"].to_numpy()
        for f in fitted[1]
    ])  # fmt: skip
    later = np.concatenate([f.world.later for f in fitted[1]])
    for tenth in np.array_split(np.argsort(expected, kind="stable"), 10):
        error = later[tenth].std() / len(tenth) ** 0.5
        assert later[tenth].mean() == pytest.approx(expected[tenth].mean(), rel=0.04, abs=3.5 * error)


@pytest.mark.parametrize(("interval", "of"), [("mean", "spend"), ("next", "next_amount")])
def test_spend_lies_in_its_80_percent_interval_in_80_percent_of_the_cases(fitted, interval, of):
    """Of a customer's true mean, and of his next order. At the fitted parameters: a company alone may miss by more."""
    inside, asked = 0, 0
    for each in fitted[1]:
        said = each.spend.predict(each.world.customers)
        came = getattr(each.world, of)
        known = came > 0
        low, high = (said[f"{interval}_{end}"].to_numpy()[known] for end in ("low", "high"))
        inside += ((low <= came[known]) & (came[known] <= high)).sum()
        asked += known.sum()
    assert asked > 10_000
    assert inside / asked == pytest.approx(0.8, abs=0.025)
