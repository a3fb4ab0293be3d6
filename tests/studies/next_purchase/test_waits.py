"""The laws of the wait, by hand and against the law that they stand for, and the score by which they are judged."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.mining.lifetime import BetaGeoNBD
from guanxi.mining.lifetime.choice import fit_purchase_laws, likeliest
from guanxi.studies.next_purchase.waits import Waits, by_cells, by_law, by_own_gap
from mining.lifetime.worlds import histories, play


def people(*rows: tuple[int, float, float, int | None]) -> pa.Table:
    """Of each: repeat purchases, days from first to last, days from first to the date, day of the next purchase."""
    table = histories(*(row[:3] for row in rows))
    silence = pa.array([int(age - recency) for _, recency, age, _ in rows])
    more = {
        "days_since_last_order": silence,
        "orders": pa.array([row[0] + 1 for row in rows]),
        "amount": pa.array([100 * (row[0] + 1) for row in rows]),
        "next_day": pa.array([row[3] for row in rows], pa.int64()),
    }
    for name, column in more.items():
        table = table.append_column(name, column)
    return table


def sure(*days: int, horizon: int = 10) -> Waits:
    ends = np.arange(horizon + 1)
    return Waits(np.arange(len(days)), (ends > np.array(days)[:, None]).astype(float))


def test_of_who_names_one_day_the_score_is_the_number_of_days_he_is_off():
    assert sure(3, 3, 3, 10, 10).score(np.array([3, 5, 0, 10, 8])).tolist() == [0.0, 2.0, 3.0, 0.0, 2.0]


def test_the_score_is_least_for_the_true_law():
    """Waits of 6,000 customers with a chance of .1 a day, against laws that are drawn away from it."""
    dice = np.random.Generator(np.random.Philox(2))
    came = np.minimum(dice.geometric(0.1, 6000) - 1, 30)
    ends, place = np.arange(31), np.zeros(6000, dtype=int)
    means = {p: Waits(place, (1 - (1 - p) ** ends)[None]).score(came).mean() for p in (0.06, 0.1, 0.16)}
    assert min(means, key=means.get) == 0.1
    named = Waits(place, sure(7, horizon=30).chances).score(came).mean()
    assert means[0.1] < named


def test_a_law_gives_its_own_probability_of_an_order_by_each_day():
    world = play(customers=1500, seed=4, dropout="geometric", rate=(1.2, 30.0), leaving=(1.5, 2.0))
    law = BetaGeoNBD().fit(world.customers)
    waits = by_law(law, world.customers, horizon_days=90)
    assert (waits.chances[:, 0] == 0).all()
    assert (np.diff(waits.chances, axis=1) >= 0).all()
    for days in (1, 10, 37, 90):
        exact = law.purchase_probabilities(world.customers, horizon_days=days, most=1)["probability"].to_numpy()[1::2]
        # In between it is a straight line of a curve that bends.
        assert waits.probability(days) == pytest.approx(exact, abs=2e-3)


def test_own_gap_is_the_day_of_the_last_order_and_the_mean_gap():
    customers = people(
        (4, 40.0, 43.0, None),  # every 10 days, 3 ago: in 7
        (4, 40.0, 52.0, None),  # 12 ago, late by 2: at once
        (4, 40.0, 65.0, None),  # late by 15, more than another gap: not waited for
        (0, 0.0, 4.0, None),  # bought once: the mean gap of all, 120 / 12 = 10
    )
    waits = by_own_gap(customers, customers.slice(0, 0), horizon_days=30)
    assert waits.due(0.5).tolist() == [7, 0, 30, 6]
    assert waits.probability(30).tolist() == [1.0, 1.0, 0.0, 1.0]


def test_own_gap_learns_how_often_and_how_far_it_was_off():
    learned = people(*[(4, 40.0, 43.0, 9)] * 30, *[(4, 40.0, 43.0, 5)] * 30, *[(4, 40.0, 43.0, None)] * 40,
                     *[(4, 40.0, 65.0, 20)] * 10, *[(4, 40.0, 65.0, None)] * 30)  # fmt: skip
    waits = by_own_gap(people((4, 40.0, 45.0, None), (4, 40.0, 65.0, None)), learned, horizon_days=30)
    assert waits.probability(30).tolist() == pytest.approx([0.6, 0.25])
    # Due in 5; half of those who came did so two days early, the others two days late.
    assert (waits.due(0.1)[0], waits.due(0.9)[0], waits.due(0.5)[1]) == (3, 7, 20)


def test_cells_are_what_customers_alike_did_drawn_towards_all():
    learned = people(*[(9, 90.0, 91.0, 2)] * 200, *[(0, 0.0, 80.0, None)] * 200)
    waits = by_cells(learned, learned, horizon_days=10)
    said = waits.probability(10)
    assert said[0] == pytest.approx((200 + 20 * 0.5) / 220)
    assert said[-1] == pytest.approx(20 * 0.5 / 220)
    assert waits.due(0.5)[0] == 2


@pytest.mark.parametrize(
    ("dropout", "leaving", "name"),
    [("geometric", (1.5, 2.0), "bg_nbd"), ("pareto", (1.5, 60.0), "pareto_nbd")],
)
def test_the_law_that_made_the_past_is_the_likeliest(dropout, leaving, name):
    world = play(customers=3000, seed=8, dropout=dropout, rate=(1.2, 30.0), leaving=leaving)
    laws = fit_purchase_laws(world.customers)
    assert likeliest(laws) == name


def test_where_no_law_found_a_maximum_none_is_the_likeliest():
    laws = fit_purchase_laws(histories(*[(3, 90.0, 100.0)] * 50))
    assert (likeliest(laws) is None) == (not any(law.converged_ for law in laws.values()))
    assert likeliest({}) is None
