"""Value at risk: what is expected of a customer times his probability of leaving, or a reason why it is not told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from guanxi import studies
from guanxi.schema import SCORES
from guanxi.studies import Result
from guanxi.studies.base import RUN_SCORES
from guanxi.studies.churn.at_risk import least_who_hold, with_value_at_risk
from guanxi.warehouse import DuckDB
from guanxi.words import LANGUAGES, Message
from studies.shops import FIRST, planted

PROBABILITIES = {"anna": 0.8, "bert": 0.5, "cleo": 0.1, "dora": None}


def expected(amounts: dict[str, float], *, judged: bool = True) -> pa.Table:
    """What the study value has said; without an interval where it was not judged."""
    rows = [
        {
            "customer_id": who, "study": "value", "score": "expected_amount", "as_of": FIRST, "snapshot_id": 1,
            "value": amount, "low": 0.0 if judged else None, "high": 2 * amount if judged else None, "reasons": None,
        }
        for who, amount in amounts.items()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCORES.arrow)


def at_risk(
    folder: Path, said: pa.Table, probabilities: dict[str, float | None] = PROBABILITIES
) -> tuple[dict, Message | None]:
    """Of each customer, and why of nobody."""
    customers = pa.table({
        "customer_id": list(probabilities),
        "churn_probability": pa.array(list(probabilities.values()), pa.float64()),
    })  # fmt: skip
    with DuckDB().bind(planted(folder, [("x", 0, 5.0)])) as session:
        session.register(RUN_SCORES, said)
        table, reason = with_value_at_risk(customers, session)
    return dict(zip(table["customer_id"].to_pylist(), table["value_at_risk"].to_pylist(), strict=True)), reason


def test_it_is_the_expected_amount_times_the_probability_of_leaving(tmp_path):
    found, reason = at_risk(tmp_path, expected({"dora": 700.0, "bert": 300.0, "anna": 1000.0, "else": 5000.0}))
    assert found == {"anna": 800.0, "bert": 150.0, "cleo": None, "dora": None}
    assert reason is None


@pytest.mark.parametrize("said", [expected({"anna": 1000.0, "bert": 300.0}, judged=False), SCORES.empty()])
def test_an_expectation_that_was_not_judged_is_not_built_upon(tmp_path, said):
    found, reason = at_risk(tmp_path, said)
    assert set(found.values()) == {None}
    assert reason == Message("churn.at_risk_unjudged")


def test_without_probabilities_there_is_none(tmp_path):
    found, reason = at_risk(tmp_path, expected({"anna": 1000.0}), {"anna": None})
    assert (found, reason) == ({"anna": None}, Message("churn.at_risk_unknown"))


def test_other_scores_and_other_studies_are_not_read(tmp_path):
    said = expected({"anna": 1000.0})
    other = said.set_column(1, "study", pa.array(["other"])).set_column(5, "value", pa.array([9.0]))
    orders = said.set_column(2, "score", pa.array(["expected_orders"])).set_column(5, "value", pa.array([7.0]))
    found, _ = at_risk(tmp_path, pa.concat_tables([other.cast(said.schema), said, orders.cast(said.schema)]))
    assert found["anna"] == 800.0


@pytest.mark.parametrize(("share", "customers"), [(0.1, 1), (0.5, 1), (0.8, 2), (0.81, 2), (0.95, 3), (1.0, 3)])
def test_as_few_as_can_hold_a_share(share, customers):
    assert least_who_hold(np.array([10.0, 70.0, 20.0]), share=share) == customers


# In the study.


def shop(days: int, customers: int) -> Iterator[tuple[str, int, float]]:
    """Customers who buy at their own rate until they leave."""
    random = np.random.Generator(np.random.Philox(1))
    for number in range(customers):
        day, rate, gone = int(random.integers(0, 150)), random.gamma(2.0, 12.0) + 3, random.exponential(250.0)
        first = day
        while day < days and day - first < gone:
            yield f"K{number:04}", day, float(random.integers(500, 5000)) / 100
            day += max(1, int(random.exponential(rate)))


def both(folder: Path, customers: int) -> tuple[Result, Result]:
    found = studies.run(
        planted(folder, shop(300, customers)), names=["value", "churn"], as_of=FIRST + dt.timedelta(days=300),
        horizon_days=60, engine=DuckDB(),
    )  # fmt: skip
    return found[0], found[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> tuple[Result, Result]:
    return both(tmp_path_factory.mktemp("shop"), 900)


def test_the_study_reads_what_value_has_said(results):
    value, churn = results
    scores = value.scores.filter(pa.compute.equal(value.scores["score"], "expected_amount"))
    amounts = dict(zip(scores["customer_id"].to_pylist(), scores["value"].to_pylist(), strict=True))
    for row in churn.tables["customers"].to_pylist():
        assert row["expected_amount"] == amounts[row["customer_id"]]
        assert row["value_at_risk"] == row["expected_amount"] * row["churn_probability"]


def test_the_report_adds_it_up_by_band(results):
    (section,) = results[1].sections
    (figure,) = (each for each in section.figures if each.id == "churn-value-at-risk")
    rows = results[1].tables["customers"].to_pylist()
    bands = [band for band in ("high", "medium", "low") if any(row["churn_band"] == band for row in rows)]
    sums = [sum(row["value_at_risk"] for row in rows if row["churn_band"] == band) for band in bands]
    assert [row[0] for row in figure.chart.table.rows] == [Message(f"churn.band_{band}") for band in bands]
    assert [row[1] for row in figure.chart.table.rows] == pytest.approx(sums)
    told = figure.finding.parameters
    assert told["amount"].minor == round(sum(sums))
    assert told["expected"].minor == round(sum(row["expected_amount"] for row in rows))
    assert told["high"].minor == round(sums[0])
    assert told["share"] == pytest.approx(sum(sums) / sum(row["expected_amount"] for row in rows))


def test_the_advice_says_with_how_few_to_begin(results):
    (call,) = (each for each in results[1].advice if each.title.code == "churn.do_high")
    rows = [row for row in results[1].tables["customers"].to_pylist() if row["churn_band"] == "high"]
    amounts = sorted((row["value_at_risk"] for row in rows), reverse=True)
    told = call.text.parameters
    assert told["at_risk"].minor == round(sum(amounts))
    assert sum(amounts[: told["few"]]) >= sum(amounts) / 2 > sum(amounts[: told["few"] - 1])
    assert "begin there" in call.text.say("en")
    assert all(call.text.say(language) for language in LANGUAGES)


def test_a_young_shop_is_told_why_there_is_none(tmp_path):
    value, churn = both(tmp_path, 60)
    assert value.judgement.grade == "D"
    (section,) = churn.sections
    assert "churn-value-at-risk" not in {figure.id for figure in section.figures}
    assert Message("churn.at_risk_unjudged") in section.notes
    assert churn.tables["customers"]["value_at_risk"].null_count == churn.tables["customers"].num_rows
    assert {each.text.code for each in churn.advice} <= {"churn.do_high_how", "churn.do_medium_how"}
