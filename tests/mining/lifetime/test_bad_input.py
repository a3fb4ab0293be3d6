"""What cannot be is refused by name, and what says little has a documented answer, never a NaN: of every model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import DataError
from guanxi.mining.lifetime import (
    BetaDiscreteWeibull,
    BetaGeoBetaBinomial,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    ShiftedBetaGeo,
    WithCovariates,
    lifetime_value,
    predict_amount,
)
from guanxi.words import LANGUAGES
from mining.lifetime.worlds import histories

LAWS = [BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD, WithCovariates]
ALIKE = [(2, 40.0, 60.0)] * 50


def opportunities(*rows: tuple[int, int, int]) -> pa.Table:
    names = ("frequency", "recency_periods", "age_periods")
    columns = {name: pa.array([row[place] for row in rows], pa.int64()) for place, name in enumerate(names)}
    return pa.table({"customer_id": [f"c{number}" for number in range(len(rows))], **columns})


def contracts(*rows: tuple[int, bool]) -> pa.Table:
    return pa.table({
        "customer_id": [f"c{number}" for number in range(len(rows))],
        "periods": pa.array([periods for periods, _ in rows], pa.int64()),
        "has_left": pa.array([left for _, left in rows], pa.bool_()),
    })  # fmt: skip


def refused(act) -> DataError:
    with pytest.raises(DataError) as raised:
        act()
    assert all(raised.value.message.say(language) for language in LANGUAGES)
    return raised.value


def finite(table: pa.Table) -> bool:
    return all(
        np.isfinite(table[field.name].to_numpy()).all() and not table[field.name].null_count
        for field in table.schema
        if not pa.types.is_string(field.type)
    )


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((1, 70.0, 60.0), "lifetime.recency_beyond_age"),
        ((-1, 0.0, 60.0), "lifetime.negative"),
        ((1, -3.0, 60.0), "lifetime.negative"),
        ((1, 3.0, float("nan")), "lifetime.not_finite"),
        ((0, 3.0, 60.0), "lifetime.recency_without_repeat"),
    ],
)
def test_an_impossible_history_is_refused_with_its_customer(law, row, code):
    found = refused(lambda: law().fit(histories((2, 40.0, 60.0), row)))
    assert (found.code, found.message.parameters["customers"]) == (code, ["c1"])


@pytest.mark.parametrize("law", LAWS)
def test_one_customer_is_too_few(law):
    assert refused(lambda: law().fit(histories((2, 40.0, 60.0)))).code == "lifetime.too_few"


@pytest.mark.parametrize("law", LAWS)
def test_where_nobody_came_back_there_is_nothing_to_learn(law):
    assert refused(lambda: law().fit(histories(*[(0, 0.0, 50.0)] * 9))).code == "lifetime.nobody_came_back"


@pytest.mark.parametrize("law", LAWS)
def test_customers_all_alike_have_no_maximum_which_is_said_with_what_to_do_and_no_nan_comes_out(law):
    fitted = law().fit(histories(*ALIKE))
    assert not fitted.converged_
    (warning,) = fitted.warnings_
    assert "0.1" in warning.say("en")
    assert "0.1" in warning.say("zh")
    assert finite(fitted.predict(histories(*ALIKE), horizon_days=90.0))
    assert law(regularisation=0.1).fit(histories(*ALIKE)).converged_


@pytest.mark.parametrize("law", LAWS[:3])
def test_of_customers_all_alike_every_answer_is_finite(law):
    fitted, table = law(regularisation=0.1).fit(histories(*ALIKE)), histories(*ALIKE)
    for found in (
        fitted.probability_alive(table),
        fitted.next_purchase(table),
        fitted.expected_purchases(table, horizon_days=3650.0),
        fitted.purchase_probabilities(table, horizon_days=3650.0),
        fitted.discounted_purchases(table, horizon_days=np.inf, annual_discount_rate=0.1),
    ):
        assert finite(found)


def test_amounts_of_who_came_once_are_null_or_finite_but_no_nan():
    table = histories(*ALIKE[:20], *[(0, 0.0, 60.0)] * 5)
    table = table.append_column("monetary", pa.array([1000.0 + number for number in range(20)] + [None] * 5))
    law, spend = BetaGeoNBD(regularisation=0.1).fit(table), GammaGamma(regularisation=0.1).fit(table)
    assert finite(predict_amount(law, spend, table, horizon_days=90.0))
    assert finite(lifetime_value(law, spend, table, horizon_days=1095.0, annual_discount_rate=0.1))


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(1, 2, 6)], "lifetime.too_few"),
        ([(0, 0, 6)] * 9, "lifetime.nobody_came_back"),
        ([(2, 7, 6), (1, 1, 6)], "lifetime.periods_beyond_age"),
        ([(-1, 0, 6), (1, 1, 6)], "lifetime.negative"),
    ],
)
def test_opportunities_that_cannot_be_are_refused(rows, code):
    assert refused(lambda: BetaGeoBetaBinomial().fit(opportunities(*rows))).code == code


def test_who_takes_every_opportunity_alike_leaves_the_parameters_open():
    fitted = BetaGeoBetaBinomial().fit(opportunities(*[(6, 6, 6)] * 30))
    assert not fitted.converged_
    assert fitted.warnings_[0].say("zh")
    assert finite(fitted.predict(opportunities((6, 6, 6)), horizon_periods=5))


@pytest.mark.parametrize("law", [ShiftedBetaGeo, BetaDiscreteWeibull])
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(3, True)], "lifetime.too_few"),
        ([(3, False)] * 5, "lifetime.nobody_left"),
        ([(1, True)] * 5, "lifetime.one_period"),
        ([(-1, False), (3, True)], "lifetime.negative"),
        ([(0, True), (3, True)], "lifetime.left_before_a_period"),
    ],
)
def test_contracts_that_cannot_be_are_refused(law, rows, code):
    assert refused(lambda: law().fit(contracts(*rows))).code == code


@pytest.mark.parametrize("law", [ShiftedBetaGeo, BetaDiscreteWeibull])
def test_contracts_that_all_end_alike_have_no_maximum_and_no_nan(law):
    fitted = law().fit(contracts(*[(3, True)] * 40))
    assert not fitted.converged_
    assert fitted.warnings_
    assert finite(fitted.predict(contracts((1, False)), horizon_periods=12))
    curve = fitted.retention(periods=6)
    assert finite(curve.drop_columns(["retention"]))
    # Nobody comes to the first period by renewing, nor to one after all have left.
    before = [0.0, *curve["survival"].to_pylist()[:-1]]
    rates = curve["retention"].to_pylist()
    assert [rate is None for rate in rates] == [share == 0 for share in before]
    assert all(0 <= rate <= 1 for rate in rates if rate is not None)
