"""Rules between what customers have, asked of each customer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guanxi.studies.coverage.holdings import Holdings
from guanxi.studies.coverage.pointing import learn, named_first, point

LOAN, CARD, FUND = range(3)


def bank():
    """Of 100 with a loan 60 have a card; of 200 without one 20; funds by chance."""
    held = np.zeros((300, 3), np.bool_)
    held[:100, LOAN] = True
    held[:60, CARD] = True
    held[100:120, CARD] = True
    held[::5, FUND] = True
    return Holdings("product", pa.array([f"c{n}" for n in range(300)]), ["loan", "card", "fund"], held)


def test_rules_are_those_beyond_chance():
    rules = learn(bank()).table
    assert {(row["antecedent"][0], row["consequent"][0]) for row in rules.to_pylist() if len(row["antecedent"]) == 1} == {
        ("loan", "card"), ("card", "loan"),
    }  # fmt: skip


def test_a_customer_is_pointed_to_by_the_surest_rule_whose_left_side_he_has():
    holdings = bank()
    found = point(learn(holdings), holdings)
    assert found.chance(np.array([61]), CARD) == pytest.approx(60 / 100)
    assert found.antecedent(61, CARD) == ["loan"]


def test_whom_no_rule_speaks_of_has_the_chance_of_all():
    holdings = bank()
    found = point(learn(holdings), holdings)
    assert found.chance(np.array([201]), CARD) == pytest.approx(80 / 300)
    assert found.antecedent(201, CARD) is None


def test_what_is_named_first_is_lacking_and_likeliest():
    holdings = bank()
    holdings.held[0] = True
    first = named_first(point(learn(holdings), holdings), holdings)
    assert first[0] == -1
    assert first[61] == CARD
    assert not holdings.held[np.arange(300), first][first >= 0].any()


def test_nobody_is_no_error():
    holdings = Holdings("product", pa.array([], pa.string()), [], np.zeros((0, 0), np.bool_))
    found = point(learn(holdings), holdings)
    assert found.rule.shape == (0, 0)
    assert len(named_first(found, holdings)) == 0
