"""Which law of purchasing is chosen, on histories whose law is known, and that nothing of the judgement has a say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from guanxi.studies import Result
from guanxi.studies.value.choose import ROUNDS, choose
from guanxi.studies.value.judge import compare_deviances
from guanxi.studies.value.methods import fit_lifetime
from guanxi.warehouse import Snapshot
from mining.lifetime.worlds import play
from studies.shops import FIRST, planted, study

HORIZON = 180


def past(seed: int, *, customers: int = 2500, dropout: str = "pareto") -> pa.Table:
    """Customers of a known law, with the amount of the horizon that came."""
    leaving = (0.5, 40.0) if dropout == "pareto" else (1.5, 2.0)
    world = play(customers=customers, seed=seed, dropout=dropout, rate=(1.2, 20.0), leaving=leaving, later=HORIZON)
    return world.customers.append_column("later_amount", pa.array(np.rint(world.later_amount).astype(np.int64)))


@pytest.fixture(scope="module")
def pasts() -> dict[dt.date, pa.Table]:
    return {dt.date(2024, 6, 1): past(1), dt.date(2024, 1, 1): past(2, customers=1500)}


def test_each_law_is_asked_at_each_cut_off_by_the_measure_that_is_graded(pasts):
    rounds = choose(pasts.items(), horizon_days=HORIZON).rounds.to_pylist()
    assert [row["customers"] for row in rounds] == [2500] * 3 + [1500] * 3
    for row in rounds:
        then = pasts[row["cutoff"]]
        model, _ = fit_lifetime(then, chosen=row["law"])
        assert model.name == row["law"]
        came = then["later_amount"].to_numpy().astype(float)
        said = model.expect(then, horizon_days=HORIZON).amount
        assert row["amount_deviance"] == pytest.approx(compare_deviances(came, said, said).method)


def test_the_least_deviance_over_all_customers_decides(pasts):
    found = choose(pasts.items(), horizon_days=HORIZON)
    sums: dict[str, float] = {}
    for row in found.rounds.to_pylist():
        sums[row["law"]] = sums.get(row["law"], 0.0) + row["customers"] * row["amount_deviance"]
    assert found.name == min(sums, key=sums.get)


@pytest.mark.parametrize(("dropout", "wrong"), [("pareto", "mbg_nbd"), ("geometric_at_once", "bg_nbd")])
def test_the_law_that_made_the_past_does_better_than_one_that_did_not(dropout, wrong):
    found = choose([(FIRST, past(3, customers=6000, dropout=dropout))], horizon_days=HORIZON)
    deviance = {row["law"]: row["amount_deviance"] for row in found.rounds.to_pylist()}
    right = "pareto_nbd" if dropout == "pareto" else "mbg_nbd"
    assert deviance[right] < deviance[wrong]
    assert found.name != wrong


def test_without_an_earlier_cut_off_nothing_is_chosen():
    found = choose([], horizon_days=HORIZON)
    assert (found.name, found.rounds.num_rows) == (None, 0)


def test_the_law_that_is_named_speaks_whatever_its_likelihood():
    customers = past(4, customers=400)
    likeliest, _ = fit_lifetime(customers)
    for name in likeliest.laws:
        model, _ = fit_lifetime(customers, chosen=name)
        assert model.name == name
        assert next(iter(model.each())) == name


# In the study.


def shop(days: int) -> list[tuple[str, int, float]]:
    """Customers who buy at their own rate until they leave."""
    random = np.random.Generator(np.random.Philox(6))
    found = []
    for number in range(500):
        day, gap, gone = int(random.integers(0, 150)), random.gamma(2.0, 8.0) + 3, random.exponential(150.0)
        first = day
        while day < days and day - first < gone:
            found.append((f"K{number:04}", day, round(float(20 * random.gamma(4.0) / 4 + 1), 2)))
            day += max(1, int(random.exponential(gap)))
    return found


AS_OF = FIRST + dt.timedelta(days=300)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory) -> Snapshot:
    return planted(tmp_path_factory.mktemp("shop"), shop(300))


@pytest.fixture(scope="module")
def result(snapshot) -> Result:
    return study(snapshot, "value", as_of=AS_OF, horizon_days=60)


def test_the_study_chooses_at_cut_offs_whose_horizons_end_before_the_judgement(result):
    rounds = result.tables["choice"].to_pylist()
    cutoffs = {row["cutoff"] for row in rounds}
    assert cutoffs == {AS_OF - dt.timedelta(days=60 * place) for place in range(2, 2 + ROUNDS)}
    assert all(each + dt.timedelta(days=60) <= result.judgement.cutoff for each in cutoffs)
    assert result.parameters["chosen_by"] == "backtest"


def test_the_comparison_shows_all_laws_and_all_baselines(result):
    methods = set(result.tables["comparison"]["method"].to_pylist())
    assert methods == {"bg_nbd", "mbg_nbd", "pareto_nbd", "past_rate", "last_period", "cell_mean", "mean"}
    comparison, choice = result.sections[0].tables[1:]
    assert len(comparison.rows) == 7
    assert len(choice.rows) == 3


def test_what_came_in_the_judged_horizon_has_no_say_in_the_choice(result, tmp_path):
    cut = 240
    wild = [each for each in shop(300) if each[1] < cut] + [("K0001", cut + 1, 9e4), ("K0002", cut + 30, 9e4)]
    other = study(planted(tmp_path, wild), "value", as_of=AS_OF, horizon_days=60)
    assert other.tables["choice"] == result.tables["choice"]
    assert other.judgement.comparisons != result.judgement.comparisons


def test_with_one_earlier_horizon_too_few_the_likeliest_speaks(snapshot):
    result = study(snapshot, "value", as_of=FIRST + dt.timedelta(days=170), horizon_days=60)
    assert result.judgement.grade != "D"
    assert (result.parameters["chosen_by"], result.tables["choice"].num_rows) == ("likelihood", 0)
    parameters = result.tables["parameters"].to_pylist()
    likelihood = {row["law"]: row["value"] for row in parameters if row["parameter"] == "log_likelihood"}
    del likelihood["gamma_gamma"]
    assert result.parameters["law"] == max(likelihood, key=likelihood.get)
