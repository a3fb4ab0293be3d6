"""The same numbers as the package lifetimes 0.11.3 gives, where it gives any. They were printed by it once, and stand here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD
from mining.lifetime.test_worked_examples import known
from mining.lifetime.worlds import histories

HISTORIES = [(0, 0.0, 200.0), (1, 10.0, 200.0), (2, 190.0, 200.0), (5, 100.0, 350.0), (30, 340.0, 350.0), (3, 4.0, 4.0)]
BG = {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}
PARETO = {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7}
# P(alive), and expected purchases in 180 days.
PRINTED = [
    (
        known(BetaGeoNBD, **BG),
        [1.0, 0.262449386118, 0.796411873547, 0.0290916534642, 0.94659520909, 0.848055182985],
        [0.171059736141, 0.221446497297, 1.18672083451, 0.0636273893865, 11.630783205, 7.25101843109],
    ),
    (
        known(ModifiedBetaGeoNBD, r=0.525, alpha=43.0, a=0.891, b=1.614),
        [0.42187018817, 0.223405285396, 0.784843386854, 0.0270938183969, 0.941708558232, 0.838147138965],
        [0.145147005394, 0.215963395103, 1.23075573783, 0.0597714623768, 11.1647911017, 6.00628454305],
    ),
    (
        known(ParetoNBD, **PARETO),
        [0.369532049763, 0.246896114768, 0.977293685861, 0.0425517969961, 0.979360950439, 1.0],
        [0.114593698048, 0.215015220553, 1.399134289, 0.0898745431643, 11.3811922815, 5.56596254361],
    ),
]


@pytest.mark.parametrize(("law", "alive", "expected"), PRINTED)
def test_p_alive_and_expected_purchases_are_the_same_to_1e_6(law, alive, expected):
    table = histories(*HISTORIES)
    assert law.probability_alive(table)["p_alive"].to_pylist() == pytest.approx(alive, rel=1e-6)
    found = law.expected_purchases(table, horizon_days=180.0)["expected_purchases"].to_pylist()
    assert found == pytest.approx(expected, rel=1e-6)


def test_expected_spend_is_the_same_to_1e_6():
    spend = GammaGamma.from_data({
        "method": "GammaGamma", "regularisation": 0.0, "parameters": {"p": 6.25, "q": 3.74, "gamma": 1544.0},
        "covariance": None, "log_likelihood": 0.0, "converged": True, "iterations": 1, "customers": 4, "warnings": [],
        "correlation": None,
    })  # fmt: skip
    table = pa.table({
        "customer_id": list("abcd"), "frequency": [1, 2, 5, 30], "monetary": [1000.0, 3500.0, 2000.0, 9000.0],
    })  # fmt: skip
    found = spend.predict(table)["expected_spend"].to_pylist()
    assert found == pytest.approx([1768.63181313, 3503.93700787, 2122.6831421, 8921.09966358], rel=1e-6)


@pytest.mark.parametrize(
    ("law", "near"),
    [
        (known(BetaGeoNBD, **BG | {"a": 1.0}), known(BetaGeoNBD, **BG | {"a": 1.0 + 1e-7})),
        (known(ParetoNBD, **PARETO | {"s": 1.0}), known(ParetoNBD, **PARETO | {"s": 1.0 + 1e-7})),
    ],
)
def test_where_it_divides_by_nothing_we_do_not(law, near):
    """At a = 1 it says nan and inf for BG/NBD, at s = 1 nan for Pareto/NBD: its formulas have a hole there."""
    table = histories(*HISTORIES)
    found, beside = (
        each.expected_purchases(table, horizon_days=180.0)["expected_purchases"].to_numpy() for each in (law, near)
    )
    assert np.isfinite(found).all()
    assert found == pytest.approx(beside, rel=1e-5)
