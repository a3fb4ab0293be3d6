"""The churn study finds what customers were made to leave for, and its probabilities hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from guanxi import mine as job
from guanxi import simulate
from guanxi.evaluate import calibration_bins
from guanxi.features import customer_features
from guanxi.schema import SCORES
from guanxi.simulate import DISCOUNT_BUYERS, ONE_SEGMENT, BadOrders, Relations
from guanxi.studies import Result
from guanxi.studies.base import RUN_SCORES
from guanxi.studies.churn import Contract, contract, timeline
from guanxi.studies.churn.study import run
from guanxi.warehouse import DuckDB, Warehouse
from simulate.worlds import flat_table
from studies.shops import AT

STARTS = dt.date(2024, 1, 1)
AS_OF_DAY = 730
AS_OF = STARTS + dt.timedelta(days=AS_OF_DAY)
HORIZON = 90


@dataclass(frozen=True)
class Judged:
    """What is said of each customer, beside whether he left, his last order had been bad, and he had sent something back."""

    result: Result
    reasons: list[dict[str, float]]
    """By theme, the effects, the strongest first."""
    said: np.ndarray
    left: np.ndarray
    bad: np.ndarray
    returned: np.ndarray


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> Judged:
    """A company in which half of those who leave had a bad order, and sent a line of it back.

    A bad last order raises the log-odds of leaving by 3.5; other things come back once in two hundred lines.
    """
    folder: Path = tmp_path_factory.mktemp("judged")
    law = BadOrders(before_leaving=0.5, otherwise=0.03, sent_back=1.0)
    made = simulate.company(
        customers=4000, seed=17, days=AS_OF_DAY + HORIZON, segments=ONE_SEGMENT, return_share=0.005,
        relations=Relations(bad_orders=law),
    )  # fmt: skip
    written = made.write(folder, format="parquet", relations=False)
    job.import_files([written["orders"]], folder / "warehouse", at=AT, currency="CNY")
    with Warehouse.open(folder / "warehouse") as warehouse:
        snapshot = warehouse.snapshot()
    with DuckDB().bind(snapshot) as session:
        customer_features(session, as_of=AS_OF)
        session.register(RUN_SCORES, SCORES.empty())
        result = run(session, as_of=AS_OF, horizon_days=HORIZON)
        until = AS_OF + dt.timedelta(days=HORIZON)
        customer_features(session, as_of=until)
        came = timeline.outcomes_at(session, cutoff=AS_OF, until=until).to_pylist()
    left = {row["customer_id"]: row["churned"] for row in came}
    people = result.tables["customers"].to_pylist()
    bad = {(row["customer_id"], row["ordered_at"]) for row in made.ledger().true_bad_orders().to_pylist()}
    last = _last_orders(pa.Table.from_batches(made.batches()))
    return Judged(
        result=result,
        reasons=[{_theme(each["code"]): each["effect"] for each in row["reasons"]} for row in people],
        said=np.array([row["churn_probability"] for row in people]),
        left=np.array([left[row["customer_id"]] for row in people]),
        bad=np.array([(row["customer_id"], last[row["customer_id"]]) in bad for row in people]),
        returned=np.array([_value(row["reasons"], "returns") > 0 for row in people]),
    )


def _value(reasons: list[dict], theme: str) -> float:
    return next(each["value"] for each in reasons if _theme(each["code"]) == theme)


def _last_orders(lines: pa.Table) -> dict[str, dt.datetime]:
    """When each customer had ordered last, returns apart, as of the date."""
    start = dt.datetime.combine(AS_OF, dt.time())
    return {
        row["customer_id"]: row["ordered_at"]
        for row in lines.select(["customer_id", "ordered_at", "order_id"]).to_pylist()
        if row["ordered_at"] < start and not row["order_id"].startswith("R")
    }


def _theme(code: str) -> str:
    theme = code.removeprefix("churn.reason_")
    return "rhythm" if theme == "one_day" else theme


def strengths(judged: Judged) -> dict[str, float]:
    """Mean absolute effect by theme."""
    return {
        theme: float(np.mean([abs(each.get(theme, 0.0)) for each in judged.reasons])) for theme in judged.reasons[0]
    }


def test_who_had_a_bad_order_leaves_more_often(judged):
    assert judged.bad.sum() > 500
    assert judged.left[judged.bad].mean() > judged.left[~judged.bad].mean() + 0.15


def test_the_probabilities_hold_in_the_horizon_that_came(judged):
    bins = calibration_bins(judged.left.astype(np.int64), judged.said, confidence=0.99)
    assert len(bins) == 10
    assert sum(each.came_low <= each.said <= each.came_high for each in bins) >= 9


@pytest.mark.parametrize("returned", [True, False])
def test_the_probabilities_hold_for_who_has_sent_something_back_and_who_has_not(judged, returned):
    mine = judged.returned == returned
    assert mine.sum() > 500
    assert judged.said[mine].mean() == pytest.approx(judged.left[mine].mean(), abs=0.04)


def test_who_had_a_bad_order_is_said_to_leave_much_more_likely(judged):
    """Less so than he does: the study knows the share that came back ever, not whether it was of the last order."""
    said, came = (each[judged.bad].mean() - each[~judged.bad].mean() for each in (judged.said, judged.left))
    assert 0.5 * came < said < came


def test_the_true_causes_are_first_among_the_reasons(judged):
    """Who has left is silent, and had sent something back. Weekends and money per order have nothing to do with it."""
    strength = strengths(judged)
    ranked = sorted(strength, key=strength.get, reverse=True)
    assert ranked[:2] == ["silence", "returns"]
    for idle in ("weekend", "order_amount", "recent_amount"):
        assert strength["returns"] > 4 * strength[idle]


def test_what_was_sent_back_is_among_the_first_two_reasons_of_who_had_a_bad_order(judged):
    told = [list(each) for each, bad in zip(judged.reasons, judged.bad, strict=True) if bad]
    speaks = [each["returns"] > 0 for each, bad in zip(judged.reasons, judged.bad, strict=True) if bad]
    assert np.mean(["returns" in themes[:2] for themes in told]) > 0.9
    assert np.mean(speaks) > 0.9


def test_it_speaks_against_leaving_where_nothing_was_sent_back(judged):
    others = [each["returns"] for each, bad in zip(judged.reasons, judged.bad, strict=True) if not bad]
    assert np.mean(np.array(others) < 0) > 0.75
    assert np.mean(others) < 0


def test_it_is_better_than_the_plain_rule(judged):
    assert judged.result.judgement.grade == "A"


# Through the door for flat tables: causes that are seen in visits, complaints and prices only.


@pytest.fixture(scope="module")
def flat() -> pa.Table:
    made = simulate.company(customers=8000, seed=13, days=AS_OF_DAY + HORIZON, segments=DISCOUNT_BUYERS)
    return flat_table(made, until_day=AS_OF_DAY, horizon_days=HORIZON, seed=1)


@pytest.fixture(scope="module")
def told(flat) -> Contract:
    return contract(flat, label="gone", key="customer_id", folds=3, repeats=1)


def test_every_true_cause_comes_before_the_noise(told):
    strength = {row["column"]: row["mean_effect"] for row in told.drivers.to_pylist()}
    noise = max(strength["noise"], strength["noise_kind"])
    for cause in ("days_since_last_order", "visits_30d", "complained", "price_share"):
        assert strength[cause] > 1.5 * noise, (cause, strength)


@pytest.mark.parametrize(
    ("column", "sign"), [("days_since_last_order", 1), ("visits_30d", -1), ("complained", 1), ("price_share", -1)]
)
def test_every_true_cause_speaks_in_its_direction(flat, told, column, sign):
    """Silence, complaints and discounts for leaving, visits and full prices against it."""
    effects = [
        next((each["effect"] for each in row if each["code"] == column), 0.0)
        for row in told.scores["reasons"].to_pylist()
    ]
    values = flat[column].to_numpy(zero_copy_only=False).astype(float)
    assert sign * np.corrcoef(values, effects)[0, 1] > 0.5


def test_noise_is_no_suspect_of_knowing_the_outcome(told):
    assert not {"noise", "noise_kind"} & {each.column for each in told.suspects}


def test_the_probabilities_of_the_flat_table_hold_on_average_in_every_tenth(flat, told):
    said, left = told.scores["probability"].to_numpy(), flat["gone"].to_numpy(zero_copy_only=False)
    for tenth in np.array_split(np.argsort(said, kind="stable"), 10):
        assert said[tenth].mean() == pytest.approx(left[tenth].mean(), abs=0.06)
