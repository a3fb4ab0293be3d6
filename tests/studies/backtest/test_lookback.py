"""One study at one cut-off held against what came: figures that can be counted by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from guanxi.evaluate import compare_errors, compare_log_loss
from guanxi.schema import SCORES
from guanxi.studies.backtest import look_back
from guanxi.studies.base import Account, Foretells, Judgement, Result
from guanxi.words import Message

CUTOFF, UNTIL = dt.date(2024, 3, 1), dt.date(2024, 5, 30)
NAMES = [f"K{number:02}" for number in range(20)]


def of_yes(came, said, plain):
    return compare_log_loss(came.astype(np.int64), said, plain)


PROBABILITY = Foretells("churn_probability", "probability", lambda *_: None, of_yes, 0.05)
AMOUNT = Foretells("expected_amount", "amount", lambda *_: None, compare_errors, 0.05)


def said(
    values: list[float], *, score: str, low: list[float] | None = None, high: list[float] | None = None,
    grade: str = "A", missing: tuple[Message, ...] = (),
) -> Result:  # fmt: skip
    """A study that says something of the first so many customers."""
    rows = len(values)
    columns = {
        "customer_id": NAMES[:rows], "study": ["s"] * rows, "score": [score] * rows, "as_of": [CUTOFF] * rows,
        "snapshot_id": [1] * rows, "value": values, "low": low or [None] * rows, "high": high or [None] * rows,
        "reasons": [None] * rows,
    }  # fmt: skip
    scores = pa.table({name: pa.array(each, SCORES.arrow.field(name).type) for name, each in columns.items()})
    return Result(
        study="s", as_of=CUTOFF, snapshot_id=1, parameters={"method": "boosting"}, account=Account(1, 0, {}),
        scores=scores, judgement=Judgement(grade, Message("words.example", {"rows": 1, "share": 0.1})), missing=missing,
    )  # fmt: skip


def came(values: list[float], **plain: list[float]) -> pa.Table:
    return pa.table({"customer_id": NAMES[: len(values)], "came": values, **plain})


def measures(found) -> dict[str, float]:
    return {each.measure: each.value for each in found.measures}


SURE = [0.9] * 10 + [0.1] * 10
LEFT = [1.0] * 9 + [0.0] * 10 + [1.0]


def test_a_probability_is_measured_by_ranking_loss_calibration_and_bias():
    found = look_back(said(SURE, score="churn_probability"), came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    told = measures(found)
    assert told["roc_auc"] == pytest.approx(0.9)
    assert told["log_loss"] == pytest.approx(-(18 * np.log(0.9) + 2 * np.log(0.1)) / 20)
    assert told["brier_score"] == pytest.approx((18 * 0.01 + 2 * 0.81) / 20)
    assert told["bias"] == pytest.approx(0.0)
    # Of equal scores each counts in part: two of the ten first are asked, nine of whom left.
    assert told["top_tenth_found"] == pytest.approx(1.8 / 10)
    assert found.covered is None


def test_it_is_held_against_the_baseline_that_turned_out_best():
    plain = {"even": [0.5] * 20, "knowing": [0.6] * 10 + [0.4] * 10, "wrong": [0.1] * 20}
    found = look_back(said(SURE, score="churn_probability"), came(LEFT, **plain), PROBABILITY, until=UNTIL)
    assert found.baseline == "knowing"
    assert found.comparison == of_yes(np.array(LEFT), np.array(SURE), np.array(plain["knowing"]))
    assert {each.measure: each.value for each in found.plain_measures}["roc_auc"] == pytest.approx(0.9)


def test_the_grade_is_of_the_difference_from_that_baseline():
    right, wrong = [0.95 if left else 0.05 for left in LEFT], [0.05 if left else 0.95 for left in LEFT]
    for values, letter in ((right, "A"), (wrong, "C"), ([0.5] * 20, "C")):
        found = look_back(
            said(values, score="churn_probability"), came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL
        )
        assert found.grade == letter


def test_a_study_that_had_too_little_data_gets_a_d_and_says_what_it_lacked():
    lacked = Message("churn.missing_history", {"first": CUTOFF, "days": 90, "least": 270})
    result = said(SURE, score="churn_probability", grade="D", missing=(lacked,))
    found = look_back(result, came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    assert (found.grade, found.missing) == ("D", (lacked,))
    # What was published then is measured all the same.
    assert measures(found)["roc_auc"] == pytest.approx(0.9)


@pytest.mark.parametrize("left", [[1.0] * 20, [0.0] * 20, [1.0] + [0.0] * 19])
def test_where_all_did_the_same_there_is_nothing_to_compare(left):
    found = look_back(said(SURE, score="churn_probability"), came(left, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    assert (found.grade, found.comparison, found.measures) == ("D", None, ())
    (missing,) = found.missing
    assert missing.parameters == {"customers": 20, "ones": sum(left), "zeros": 20 - sum(left)}


def test_without_a_baseline_that_could_learn_there_is_no_grade():
    found = look_back(said(SURE, score="churn_probability"), came(LEFT), PROBABILITY, until=UNTIL)
    assert (found.grade, found.baseline, found.comparison) == ("D", None, None)
    assert measures(found)["roc_auc"] == pytest.approx(0.9)


def test_an_amount_is_measured_by_error_bias_and_the_best_customers():
    expected = [float(number * 100) for number in range(20)]
    actual = [each + 100 for each in expected]
    result = said(expected, score="expected_amount", low=[each - 50 for each in expected],
                  high=[each + 100 if place % 2 else each for place, each in enumerate(expected)])  # fmt: skip
    found = look_back(result, came(actual, past_rate=[0.0] * 20), AMOUNT, until=UNTIL)
    assert measures(found) == {
        "mean_absolute_error": 100.0, "root_mean_squared_error": 100.0, "top_tenth_found": 1.0, "bias": -100.0,
    }  # fmt: skip
    assert found.grade == "A"
    # Every second interval reaches as far as what came.
    assert found.covered == 0.5


def test_the_classes_are_of_about_equal_number_the_least_first():
    expected = [float(number) for number in range(20)]
    found = look_back(said(expected, score="expected_amount"), came([5.0] * 20, p=expected), AMOUNT, until=UNTIL)
    rows = found.deciles.to_pylist()
    assert [row["customers"] for row in rows] == [2] * 10
    assert [row["said"] for row in rows] == [0.5 + 2 * place for place in range(10)]
    assert {row["came"] for row in rows} == {5.0}
    assert {row["covered"] for row in rows} == {None}


def test_only_customers_of_whom_something_was_said_are_asked():
    found = look_back(said(SURE[:15], score="churn_probability"), came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    assert found.customers == 15


def test_another_score_of_the_study_is_not_read():
    found = look_back(said(SURE, score="p_alive"), came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    assert (found.customers, found.grade, found.deciles.num_rows) == (0, "D", 0)


def test_it_is_data_too():
    found = look_back(said(SURE, score="churn_probability"), came(LEFT, rule=[0.5] * 20), PROBABILITY, until=UNTIL)
    data = found.as_data()
    assert (data["cutoff"], data["until"], data["grade"], data["method"]) == (
        "2024-03-01",
        "2024-05-30",
        "A",
        "boosting",
    )
