"""Traits of customers in a purchase model: known effects are found, and without traits nothing changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mining.lifetime import BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD, WithCovariates
from guanxi.mining.lifetime.histories import read_histories
from mining.lifetime.worlds import histories, play

MODELS = [BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD]


def mixed(*, faster=1.0, sooner=1.0, seed=1, each=2500):
    """Two kinds of customers of a Pareto/NBD world: members buy ``faster`` and leave ``sooner`` than others."""
    kinds = [
        play(customers=each, seed=seed + is_member, dropout="pareto", rate=(1.1, 30.0 / (faster if is_member else 1.0)),
             leaving=(0.9, 90.0 / (sooner if is_member else 1.0)))
        for is_member in (0, 1)
    ]  # fmt: skip
    table = pa.concat_tables(
        [kind.customers.append_column("is_member", pa.array([bool(place)] * each)) for place, kind in enumerate(kinds)]
    )
    names = pa.array([f"c{place}" for place in range(2 * each)])
    return table.set_column(0, "customer_id", names), np.concatenate([kind.later for kind in kinds])


@pytest.fixture(scope="module")
def world():
    return mixed(faster=2.0, sooner=3.0)


@pytest.fixture(scope="module")
def fitted(world):
    return WithCovariates(model=ParetoNBD, rate=["is_member"], leaving=["is_member"]).fit(world[0])


def test_known_effects_lie_in_their_intervals(fitted):
    found = {row["parameter"]: row for row in fitted.parameters(confidence=0.99).to_pylist()}
    for name, truth in (
        ("r", 1.1), ("alpha", 30.0), ("s", 0.9), ("beta", 90.0), ("rate_is_member", np.log(2)),
        ("leaving_is_member", np.log(3)),
    ):  # fmt: skip
        assert found[name]["low"] <= truth <= found[name]["high"], name


def test_a_trait_that_does_nothing_has_an_interval_about_zero():
    table, _ = mixed(seed=11)
    found = WithCovariates(model=ParetoNBD, rate=["is_member"]).fit(table).parameters(confidence=0.99).to_pylist()[-1]
    assert found["low"] < 0 < found["high"]


def test_kinds_are_foreseen_apart(world, fitted):
    table, later = world
    plain = ParetoNBD().fit(table).predict(table, horizon_days=180)["expected_purchases"].to_numpy()
    apart = fitted.predict(table, horizon_days=180)["expected_purchases"].to_numpy()
    members = table["is_member"].to_numpy()
    for kind in (members, ~members):
        assert apart[kind].sum() == pytest.approx(later[kind].sum(), rel=0.08)
        assert abs(apart[kind].sum() - later[kind].sum()) < abs(plain[kind].sum() - later[kind].sum())


@pytest.mark.parametrize("model", MODELS)
def test_without_traits_it_is_the_plain_model(model, world):
    table = world[0].slice(0, 600)
    plain, traits = model().fit(table), WithCovariates(model=model).fit(table)
    assert traits._parameters() == pytest.approx(plain._parameters(), rel=1e-5)
    assert traits.predict(table).schema == plain.predict(table).schema


@pytest.mark.parametrize("model", MODELS)
def test_the_slopes_are_those_of_the_log_likelihood(model):
    table = histories((6, 170.0, 180.0), (1, 20.0, 180.0), (0, 0.0, 90.0), (2, 100.0, 120.0))
    found = WithCovariates(model=model, rate=["z"], leaving=["z"])
    kinds = [(np.array([0.0]), read_histories(table.slice(0, 2))), (np.array([1.5]), read_histories(table.slice(2)))]
    own = [0.9, 40.0, 1.2, 70.0] if model is ParetoNBD else [0.9, 40.0, 1.2, 3.0]
    at = np.array([*own, 1.3, 0.8, 1.1][: len(found._names)])
    here = found._log_likelihood(at, kinds)
    for place in range(len(at)):
        move = np.zeros(len(at))
        move[place] = step = 1e-5 * at[place]
        ahead, behind = (found._log_likelihood(at + sign * move, kinds) for sign in (1, -1))
        assert here.gradient[place] == pytest.approx((ahead.value - behind.value) / (2 * step), rel=1e-5, abs=1e-7)
        expected = (ahead.gradient - behind.gradient) / (2 * step)
        assert here.hessian[place] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_customers_come_back_in_the_order_given(world, fitted):
    table = world[0]
    order = np.random.default_rng(1).permutation(len(table))[:200]
    found = fitted.predict(table.take(pa.array(order)))
    whole = fitted.predict(table).take(pa.array(order))
    assert found["customer_id"].to_pylist() == whole["customer_id"].to_pylist()
    assert found["p_alive"].to_pylist() == pytest.approx(whole["p_alive"].to_pylist(), rel=1e-12)


def test_the_model_of_a_kind_can_be_had(world, fitted):
    members = world[0].filter(world[0]["is_member"]).slice(0, 50)
    alone = fitted.at({"is_member": 1.0})
    assert alone.predict(members).equals(fitted.predict(members).combine_chunks())


def test_a_saved_model_says_the_same(world, fitted):
    table = world[0].slice(2400, 200)
    assert WithCovariates.from_data(fitted.as_data()).predict(table).equals(fitted.predict(table))


def test_what_cannot_be_is_refused(world):
    table = world[0].slice(0, 1500)
    with pytest.raises(SchemaError):
        WithCovariates(model=BetaGeoNBD, rate=["region"]).fit(table)
    with pytest.raises(DataError) as caught:
        WithCovariates(model=BetaGeoNBD, rate=["age_days"]).fit(table)
    assert caught.value.code == "lifetime.too_many_kinds"
    with pytest.raises(SettingError):
        WithCovariates(model=WithCovariates).fit(table)
