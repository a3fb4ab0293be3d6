"""Flat tables that say who has left: planted ones, and public ones with published figures."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.special import expit, logit

from data import real_file
from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.studies.churn import contract
from guanxi.studies.churn.flat import read_flat
from guanxi.words import LANGUAGES, Message


def subscribers(rows: int = 600, *, seed: int = 1, leak: bool = False) -> pa.Table:
    """Monthly contracts and few months make leave; the colour does not. With a leak, a survey after the fact."""
    random = np.random.Generator(np.random.Philox(seed))
    months = random.integers(1, 72, rows)
    plan = np.where(random.random(rows) < 0.5, "monthly", "yearly")
    left = random.random(rows) < expit(1.2 * (plan == "monthly") - 0.05 * months + 0.3)
    columns = {
        "id": [f"S{number:04}" for number in range(rows)],
        "months": months,
        "plan": plan,
        "colour": random.choice(["红", "blue", "green"], rows),
        "paid": [" " if month == 1 else f"{month * 9.5:.2f}" for month in months],
    }
    if leak:
        columns["exit_survey"] = np.where(left, random.integers(3, 9, rows), random.integers(0, 5, rows))
    return pa.table({**columns, "Churn": np.where(left, "Yes", "No")})


@pytest.fixture(scope="module")
def found():
    return contract(subscribers(), label="Churn", repeats=2)


def test_the_causes_are_the_strongest_columns(found):
    assert found.drivers["column"].to_pylist()[-1] == "colour"
    assert set(found.drivers["column"].to_pylist()[:3]) == {"months", "plan", "paid"}


def test_the_plain_method_is_published_where_the_rich_one_is_not_surely_better(found):
    loss = next(each for each in found.comparisons if each.measure == "log_loss")
    assert loss.gain_low < 0
    assert found.best == "logistic"


def test_both_are_measured_on_the_same_folds(found):
    assert [each.measure for each in found.comparisons] == ["roc_auc", "average_precision", "log_loss", "brier_score"]
    for measure in ("roc_auc", "log_loss"):
        assert {len(found.measures[name][measure]) for name in ("logistic", "boosting")} == {10}


def test_everybody_is_spoken_of_by_models_that_had_not_seen_him(found):
    rows = found.scores.to_pylist()
    assert [row["customer_id"] for row in rows] == subscribers()["id"].to_pylist()
    assert all(0 < row["probability"] < 1 for row in rows)
    assert {each["code"] for row in rows for each in row["reasons"]} == {"months", "plan", "colour", "paid"}


def test_reasons_add_up_to_what_the_model_says(found):
    table = read_flat(subscribers(), label="Churn").table
    odds = logit(found.model.predict(table)["probability"].to_numpy())
    sums = np.array([sum(each["effect"] for each in reasons) for reasons in found.scores["reasons"].to_pylist()])
    assert np.ptp(odds - sums) < 1e-9


def test_an_honest_table_has_no_suspects(found):
    assert found.suspects == ()


def test_a_column_that_knows_too_much_is_named_and_used():
    table = subscribers(leak=True)
    named = contract(table, label="Churn", repeats=1)
    (suspect,) = named.suspects
    assert suspect.column == "exit_survey"
    assert suspect.alone > suspect.others
    assert named.drivers["column"].to_pylist()[0] == "exit_survey"
    assert all("exit_survey" in suspect.warning.say(language) for language in LANGUAGES)
    assert suspect.warning in named.section.notes


def test_what_is_declared_to_be_known_before_is_not_named():
    named = contract(subscribers(leak=True), label="Churn", repeats=1, known_at={"exit_survey": "before"})
    assert named.suspects == ()


def test_what_is_declared_to_be_known_after_is_named_however_little_it_tells():
    named = contract(subscribers(), label="Churn", repeats=1, known_at={"colour": "after"})
    (suspect,) = named.suspects
    assert (suspect.column, suspect.warning.code) == ("colour", "churn.contract_after")
    assert "colour" in named.drivers["column"].to_pylist()


def test_the_same_seed_gives_the_same_answer():
    first, second = (contract(subscribers(300), label="Churn", repeats=1, seed=4) for _ in range(2))
    assert first.scores == second.scores
    assert first.comparisons == second.comparisons


def test_all_is_told_in_both_languages(found):
    section = found.section
    told = [*section.intro, *section.notes, *(figure.title for figure in section.figures)]
    told += [cell for table in section.tables for row in table.rows for cell in row if isinstance(cell, Message)]
    assert all(message.say(language) for message in told for language in LANGUAGES)
    assert all(part.caption is not None for part in (*section.figures, *section.tables))


def test_texts_that_are_numbers_but_for_blanks_are_numbers():
    flat = read_flat(subscribers(), label="Churn")
    assert flat.table["paid"].type == pa.float64()
    assert flat.table["paid"].null_count == sum(month == 1 for month in subscribers()["months"].to_pylist())
    assert flat.columns == ("months", "plan", "colour", "paid")


@pytest.mark.parametrize("values", [[True, False], [1, 0], ["Yes", "No"], ["是", "否"], [1.0, 0.0]])
def test_a_usual_word_for_yes_is_understood(values):
    assert read_flat(pa.table({"x": [1, 2], "left": values}), label="left").label.tolist() == [1, 0]


def test_another_word_is_asked_for():
    table = pa.table({"x": [1, 2], "state": ["gone", "here"]})
    with pytest.raises(DataError) as raised:
        read_flat(table, label="state")
    assert raised.value.code == "churn.contract_which_is_yes"
    assert read_flat(table, label="state", positive="gone").label.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"label": "left"}, SchemaError, "errors.no_such_column"),
        ({"label": "plan", "positive": "weekly"}, DataError, "churn.contract_which_is_yes"),
        ({"label": "colour"}, DataError, "churn.contract_two_values"),
        ({"label": "Churn", "folds": 1}, SettingError, "errors.at_least"),
        ({"label": "Churn", "repeats": 0}, SettingError, "errors.at_least"),
        ({"label": "Churn", "known_at": {"plan": "never"}}, SettingError, "churn.contract_known_at"),
        ({"label": "Churn", "known_at": {"planet": "before"}}, SchemaError, "errors.no_such_column"),
        ({"label": "Churn", "folds": 200}, DataError, "churn.contract_too_few"),
    ],
)
def test_what_cannot_be_done_is_said(options, error, code):
    with pytest.raises(error) as raised:
        contract(subscribers(), **options)
    assert raised.value.code == code
    assert all(raised.value.say(language) for language in LANGUAGES)


# Public tables. Figures of peers: AUC .8489 (± .012 from fold to fold) boosting, .8452 logistic regression.


@pytest.mark.slow
def test_telco_is_told_as_well_as_by_the_peers():
    found = contract(pq.read_table(real_file("telco_ibm/telco_ibm.parquet")), label="Churn", repeats=2)
    means = {name: {m: float(v.mean()) for m, v in each.items()} for name, each in found.measures.items()}
    # Two standard errors of ten folds.
    assert means["boosting"]["roc_auc"] == pytest.approx(0.8489, abs=2 * 0.012 / 10**0.5)
    assert means["logistic"]["roc_auc"] == pytest.approx(0.8452, abs=2 * 0.012 / 10**0.5)
    assert means["boosting"]["log_loss"] == pytest.approx(0.4121, abs=0.008)
    assert means["boosting"]["brier_score"] == pytest.approx(0.1338, abs=0.003)
    assert found.suspects == ()
    assert {"Contract", "tenure"} <= set(found.drivers["column"].to_pylist()[:4])


@pytest.mark.slow
def test_the_duration_of_the_call_is_suspect_in_the_banks_campaign():
    table = pq.read_table(real_file("uci_bank_marketing/bank_full.parquet"))
    # Every fourth client, for the sake of time.
    found = contract(table.take(list(range(0, table.num_rows, 4))), label="deposit", repeats=1)
    assert [suspect.column for suspect in found.suspects] == ["duration"]


@pytest.mark.slow
def test_the_tenure_is_not_suspect_in_the_online_shop():
    table = pq.read_table(real_file("ecommerce_churn/ecommerce_churn.parquet"))
    assert contract(table, label="Churn", repeats=1).suspects == ()
