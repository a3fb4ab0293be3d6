"""Two hundred simulated companies of different regimes: intervals of true parameters hold as often as they say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ParetoNBD
from guanxi.mining.lifetime.likelihood import LikelihoodModel
from guanxi.simulate import ONE_SEGMENT, company
from mining.lifetime.test_simulated_company import purchase_histories

COMPANIES = 200
DAYS = 730
METHODS = {"geometric": BetaGeoNBD, "pareto": ParetoNBD}


@dataclass(frozen=True)
class Found:
    """What was learned of one company, and what is true of it."""

    purchases: LikelihoodModel
    spend: LikelihoodModel
    truth: dict[str, float]
    truth_of_spend: dict[str, float]


def regime(number: int) -> tuple[str, int, dict[str, float]]:
    """A law of leaving, a number of customers, and the laws that these are drawn from: each number its own."""
    random = np.random.Generator(np.random.Philox(number))
    shape = random.uniform(0.5, 3.0)
    law = {
        # Between 3 and 18 orders a year on the mean, by who is still there.
        "rate_shape": shape, "rate_scale_days": shape * random.uniform(20.0, 120.0),
        "dropout_a": random.uniform(0.5, 1.5), "dropout_b": random.uniform(1.5, 6.0),
        "dropout_shape": random.uniform(0.5, 2.0), "dropout_scale_days": random.uniform(100.0, 400.0),
    }  # fmt: skip
    return list(METHODS)[number % 2], int(random.integers(1000, 3000)), law


def learned(number: int) -> Found:
    dropout, customers, law = regime(number)
    shop = company(
        customers=customers, seed=number, days=DAYS, dropout=dropout, segments=(replace(ONE_SEGMENT[0], **law),)
    )
    table, _ = purchase_histories(shop, DAYS)
    random = np.random.Generator(np.random.Philox(1000 + number))
    spend = {"p": random.uniform(2.0, 8.0), "q": random.uniform(2.5, 6.0), "gamma": random.uniform(500.0, 5000.0)}
    frequency = table["frequency"].to_numpy()
    all_orders = spend["p"] * np.maximum(frequency, 1)
    mean = spend["p"] * spend["gamma"] / random.gamma(spend["q"], size=len(frequency))
    monetary = random.gamma(all_orders) / all_orders * mean
    table = table.append_column("monetary", [monetary])
    names = {
        "geometric": ("rate_shape", "rate_scale_days", "dropout_a", "dropout_b"),
        "pareto": ("rate_shape", "rate_scale_days", "dropout_shape", "dropout_scale_days"),
    }[dropout]
    method = METHODS[dropout]
    truth = dict(zip(method._names, (law[name] for name in names), strict=True))
    return Found(method().fit(table), GammaGamma().fit(table), truth, spend)


@pytest.fixture(scope="module")
def companies() -> list[Found]:
    return [learned(number) for number in range(COMPANIES)]


def hits(found: list[tuple[LikelihoodModel, dict[str, float]]], share: float) -> dict[str, int]:
    """In how many companies the interval of each parameter holds the truth."""
    counts: dict[str, int] = {}
    for model, truth in found:
        for row in model.parameters(confidence=share).to_pylist():
            inside = row["low"] < truth[row["parameter"]] < row["high"]
            counts[row["parameter"]] = counts.get(row["parameter"], 0) + inside
    return counts


def test_every_law_of_every_company_has_a_maximum(companies):
    assert all(each.purchases.converged_ and each.spend.converged_ for each in companies)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_intervals_of_parameters_hold_the_truth_as_often_as_they_say(companies, share):
    """Each within what chance allows of so many companies (99.9 %)."""
    for method in METHODS.values():
        mine = [(each.purchases, each.truth) for each in companies if isinstance(each.purchases, method)]
        low, high = stats.binom.interval(0.999, len(mine), share)
        for name, count in hits(mine, share).items():
            assert low <= count <= high, (method.__name__, name, count)
    low, high = stats.binom.interval(0.999, COMPANIES, share)
    for name, count in hits([(each.spend, each.truth_of_spend) for each in companies], share).items():
        assert low <= count <= high, ("GammaGamma", name, count)


def test_the_middle_of_what_is_found_is_the_truth(companies):
    """Of the errors in standard errors, the mean over companies is near nothing and their spread near one."""
    for method in METHODS.values():
        mine = [each for each in companies if isinstance(each.purchases, method)]
        errors = np.array([
            (np.log(each.purchases._parameters()) - np.log(list(each.truth.values())))
            / np.sqrt(np.diag(each.purchases.covariance_))
            for each in mine
        ])  # fmt: skip
        assert np.abs(errors.mean(axis=0)).max() < 0.35, (method.__name__, errors.mean(axis=0))
        assert errors.std(axis=0) == pytest.approx(np.ones(4), abs=0.3), (method.__name__, errors.std(axis=0))
