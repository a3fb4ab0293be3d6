"""The churn study: on the simulated company, whose truth is known, and on planted shops with too little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.special import logit

from guanxi import mine as job
from guanxi import simulate
from guanxi.evaluate import calibration_bins, log_loss
from guanxi.features import customer_features
from guanxi.mining.lifetime import BetaGeoNBD
from guanxi.schema import SCORES
from guanxi.studies import Result
from guanxi.studies.base import RUN_SCORES
from guanxi.studies.churn import methods, report, timeline
from guanxi.studies.churn.bands import band_of
from guanxi.studies.churn.study import STUDY, run
from guanxi.studies.kept import KeptModel
from guanxi.warehouse import DuckDB, Snapshot, Warehouse
from guanxi.words import LANGUAGES, Message
from studies.shops import AT, FIRST, planted

AS_OF = dt.date(2025, 12, 31)
HORIZON = 90


def churn(snapshot: Snapshot, as_of: dt.date, horizon_days: int) -> Result:
    """The study alone, without anything that the study value would have said."""
    with DuckDB().bind(snapshot) as session:
        customer_features(session, as_of=as_of)
        session.register(RUN_SCORES, SCORES.empty())
        return run(session, as_of=as_of, horizon_days=horizon_days)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> tuple[Snapshot, pa.Table]:
    """A company of one law, without a season, whose books go on for a horizon after the date; and its truth."""
    folder: Path = tmp_path_factory.mktemp("world")
    made = simulate.company(customers=4000, seed=5, days=820, segments=simulate.ONE_SEGMENT)
    written = made.write(folder, format="parquet")
    job.import_files([written["orders"]], folder / "warehouse", at=AT, currency="CNY")
    with Warehouse.open(folder / "warehouse") as warehouse:
        return warehouse.snapshot(), pq.read_table(written["truth_customers"])


@pytest.fixture(scope="module")
def result(world) -> Result:
    return churn(world[0], AS_OF, HORIZON)


@pytest.fixture(scope="module")
def people(world, result) -> list[dict[str, object]]:
    """What is said of each customer, what is true of him, and whether he left."""
    with DuckDB().bind(world[0]) as session:
        customer_features(session, as_of=AS_OF + dt.timedelta(days=HORIZON))
        came = timeline.outcomes_at(session, cutoff=AS_OF, until=AS_OF + dt.timedelta(days=HORIZON))
    said = result.tables["customers"].drop_columns(["reasons"])
    truth = world[1].select(["customer_id", "rate_per_day", "left_at"])
    joined = said.join(came.select(["customer_id", "churned"]), "customer_id", join_type="inner").join(
        truth, "customer_id"
    )
    return joined.to_pylist()


def true_probability(person: dict) -> float:
    """Of no order within the horizon, had one known his rate and when he leaves."""
    start = dt.datetime.combine(AS_OF, dt.time())
    stays = min(HORIZON, max(0.0, (person["left_at"] - start).total_seconds() / 86_400))
    return float(np.exp(-person["rate_per_day"] * stays))


def test_the_probabilities_hold_in_the_horizon_that_came(people):
    label = np.array([person["churned"] for person in people]).astype(np.int64)
    said = np.array([person["churn_probability"] for person in people])
    assert len(people) > 2500
    bins = calibration_bins(label, said, confidence=0.99)
    assert sum(each.came_low <= each.said <= each.came_high for each in bins) >= len(bins) - 1


def test_the_probabilities_are_those_of_the_truth_on_average_in_every_class(people):
    people = sorted(people, key=lambda person: person["churn_probability"])
    for tenth in np.array_split(np.arange(len(people)), 10):
        said = np.mean([people[place]["churn_probability"] for place in tenth])
        true = np.mean([true_probability(people[place]) for place in tenth])
        assert said == pytest.approx(true, abs=0.06)


def test_it_beats_the_plain_rule_in_the_horizon_that_came(people, result):
    assert result.judgement.grade in "AB"
    label = np.array([person["churned"] for person in people]).astype(np.int64)
    said = np.array([person["churn_probability"] for person in people])
    plain = methods.BucketRate(label="churned").fit(result_of(people)).predict(result_of(people))
    assert log_loss(label, said).value < log_loss(label, plain["probability"].to_numpy()).value


def result_of(people: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(people).select(["customer_id", "days_since_last_order", "churned"])


def test_who_has_left_long_ago_is_said_to_be_leaving(people):
    start = dt.datetime.combine(AS_OF, dt.time())
    gone = [person["churn_probability"] for person in people if (start - person["left_at"]).days > 120]
    here = [person["churn_probability"] for person in people if person["left_at"] > start]
    assert len(gone) > 300
    assert np.mean(gone) > 0.85
    assert np.mean(here) < 0.55


def strengths(result: Result) -> dict[str, float]:
    """Mean absolute effect by theme."""
    found: dict[str, list[float]] = {}
    for reasons in result.tables["customers"]["reasons"].to_pylist():
        for each in reasons:
            code = "churn.reason_rhythm" if each["code"] == "churn.reason_one_day" else each["code"]
            found.setdefault(code.removeprefix("churn.reason_"), []).append(abs(each["effect"]))
    return {theme: float(np.mean(effects)) for theme, effects in found.items()}


def test_true_causes_are_first_among_the_reasons(result):
    """Silence tells who has left, the number of orders his rate; returns, weekends and money per order tell nothing."""
    strength = strengths(result)
    assert max(strength, key=strength.get) == "silence"
    for idle in ("returns", "weekend", "order_amount"):
        assert strength["silence"] > 5 * strength[idle]


def test_the_reasons_of_who_is_leaving_begin_with_what_speaks_for_it(result):
    for row in result.tables["customers"].to_pylist():
        effects = [abs(each["effect"]) for each in row["reasons"]]
        assert effects == sorted(effects, reverse=True)
        if row["churn_probability"] > 0.9:
            assert row["reasons"][0]["effect"] > 0


def test_reasons_add_up_to_the_score_but_for_one_number_that_all_share(result):
    rows = result.tables["customers"].to_pylist()
    bases = [logit(row["churn_probability"]) - sum(each["effect"] for each in row["reasons"]) for row in rows]
    assert np.ptp(bases) < 1e-9


def test_scores_are_the_canonical_table_with_intervals(result):
    scores = result.scores
    assert scores.schema.equals(SCORES.arrow)
    assert scores.num_rows == result.tables["customers"].num_rows
    low, value, high = (scores[name].to_numpy() for name in ("low", "value", "high"))
    assert np.all((low >= 0) & (low <= value) & (value <= high) & (high <= 1))


def test_it_is_asked_of_everybody_who_bought_in_the_year_before(world, result):
    truth = world[1]
    assert set(result.tables["customers"]["customer_id"].to_pylist()) <= set(truth["customer_id"].to_pylist())
    assert max(result.tables["customers"]["days_since_last_order"].to_pylist()) <= 365


def test_all_is_told_in_both_languages_and_every_figure_says_how_it_was_counted(result):
    (section,) = result.sections
    assert [figure.id for figure in section.figures] == [
        "churn-probability", "churn-reasons", "churn-calibration", "churn-gains",
    ]  # fmt: skip
    for part in (*section.figures, *section.tables, *result.lists):
        assert part.caption is not None
    told = [*section.intro, *section.notes, *(figure.finding for figure in section.figures)]
    told += [message for advice in result.advice for message in (advice.title, advice.text)]
    told += [cell for table in (*section.tables, *result.lists) for row in table.rows for cell in row]
    for message in told:
        if isinstance(message, Message):
            assert all(message.say(language) for language in LANGUAGES)


def test_the_list_is_of_who_wavers_or_leaves_the_most_at_stake_first(result):
    (calls,) = result.lists
    assert len(calls.rows) == report.CALL_LIST_ROWS
    stakes = [row[4] for row in calls.rows]
    assert stakes == sorted(stakes, reverse=True)
    assert all(row[1] >= 0.33 for row in calls.rows)


def test_it_is_the_same_again(world, result):
    again = churn(world[0], AS_OF, HORIZON)
    assert again.scores == result.scores
    assert again.as_data() == result.as_data()


def test_the_session_holds_the_features_of_the_date_in_the_end(world):
    with DuckDB().bind(world[0]) as session:
        customer_features(session, as_of=AS_OF)
        session.register(RUN_SCORES, SCORES.empty())
        before = timeline.customers_now(session, horizon_days=HORIZON)
        run(session, as_of=AS_OF, horizon_days=HORIZON)
        assert timeline.customers_now(session, horizon_days=HORIZON) == before


def measured(result: Result, method: str, measure: str) -> float:
    (row,) = (
        row for row in result.tables["comparison"].to_pylist() if (row["method"], row["measure"]) == (method, measure)
    )
    return row["value"]


def test_the_purchase_model_is_judged_beside_the_others_at_the_same_date(result):
    assert set(result.tables["comparison"]["method"].to_pylist()) == {
        "recency", "everybody", "logistic", "boosting", "lifetime", "p_alive",
    }  # fmt: skip
    # The company is made by a law close to the model's own, so that here it ranks as well as anybody can.
    assert measured(result, "lifetime", "roc_auc") > measured(result, "recency", "roc_auc")
    assert measured(result, "lifetime", "roc_auc") > measured(result, "p_alive", "roc_auc")


def test_the_purchase_model_is_fitted_on_what_was_known_at_each_date(world):
    with DuckDB().bind(world[0]) as session:
        customer_features(session, as_of=dt.date(2025, 6, 30))
        known = timeline.customers_now(session, horizon_days=HORIZON)
    alone = BetaGeoNBD(regularisation=0.1).fit(histories_before(world[0], dt.date(2025, 6, 30)))
    found = alone.probability_alive(histories_before(world[0], dt.date(2025, 6, 30)))
    expected = dict(zip(found["customer_id"].to_pylist(), found["p_alive"].to_pylist(), strict=True))
    assert known["p_alive"].to_pylist() == [expected[each] for each in known["customer_id"].to_pylist()]


def histories_before(snapshot: Snapshot, as_of: dt.date) -> pa.Table:
    """Counted from the order lines themselves."""
    lines = pq.read_table(
        snapshot.files("order_lines"), columns=["customer_id", "ordered_on", "line_kind", "item_kind"]
    )
    days: dict[str, set[dt.date]] = {}
    for line in lines.to_pylist():
        if (
            line["customer_id"]
            and line["line_kind"] == "sale"
            and line["item_kind"] != "test"
            and line["ordered_on"] < as_of
        ):
            days.setdefault(line["customer_id"], set()).add(line["ordered_on"])
    rows = [
        {
            "customer_id": customer, "frequency": len(each) - 1, "recency_days": float((max(each) - min(each)).days),
            "age_days": float((as_of - min(each)).days),
        }
        for customer, each in sorted(days.items())
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def test_of_many_customers_a_sample_is_learned_from_that_meets_them_again():
    many, fewer = (pa.table({"customer_id": [f"客{number}" for number in range(rows)]}) for rows in (20_000, 10_000))
    drawn, later = (timeline._sample(table, most=2_000)["customer_id"].to_pylist() for table in (many, fewer))
    assert len(drawn) == pytest.approx(2_000, abs=4 * 2_000**0.5)
    # Of the fewer a greater share is drawn, and with it all that were drawn from the many.
    known = set(fewer["customer_id"].to_pylist())
    assert {each for each in drawn if each in known} <= set(later)
    assert timeline._sample(fewer, most=10_000) is fewer


# Nothing sees the future.


def shop(days: int, *, customers: int = 900, seed: int = 1) -> Iterator[tuple[str, int, float]]:
    """Customers who buy at their own rate until they leave."""
    random = np.random.Generator(np.random.Philox(seed))
    for number in range(customers):
        day, rate, gone = int(random.integers(0, 150)), random.gamma(2.0, 12.0) + 3, random.exponential(250.0)
        first = day
        while day < days and day - first < gone:
            yield f"K{number:04}", day, float(random.integers(500, 5000)) / 100
            day += max(1, int(random.exponential(rate)))


def test_changing_the_future_changes_nothing(tmp_path):
    as_of = FIRST + dt.timedelta(days=300)
    whole = list(shop(400))
    known = [each for each in whole if each[1] < 300]
    wild = [*known, *((who, day, 1e6) for who, day, _ in whole if day >= 300 for _ in range(2))]
    found = [
        churn(planted(folder, purchases), as_of, 60)
        for name, purchases in (("known", known), ("wild", wild))
        if (folder := tmp_path / name) and not folder.mkdir()
    ]
    assert found[0].judgement.grade != "D"
    assert found[0].tables["customers"] == found[1].tables["customers"]
    assert found[0].judgement == found[1].judgement


def test_at_an_earlier_date_nothing_is_known_of_what_came_after_it(tmp_path):
    as_of, cutoff = (FIRST + dt.timedelta(days=day) for day in (300, 240))
    whole = list(shop(300))
    folders = [tmp_path / name for name in ("whole", "then")]
    for folder in folders:
        folder.mkdir()
    with DuckDB().bind(planted(folders[0], whole)) as session:
        customer_features(session, as_of=as_of)
        outcomes = {1: timeline.outcomes_at(session, cutoff=cutoff, until=as_of)}
        past = timeline.read_past(session, as_of=as_of, horizon_days=60, cutoffs={1: cutoff}, outcomes=outcomes)
    with DuckDB().bind(planted(folders[1], [each for each in whole if each[1] < 240])) as session:
        customer_features(session, as_of=cutoff)
        then = timeline.customers_now(session, horizon_days=60)
    assert past.then[1].drop_columns(["churned"]) == then
    later = {who for who, day, _ in whole if day >= 240}
    assert dict(zip(past.then[1]["customer_id"].to_pylist(), past.then[1]["churned"].to_pylist(), strict=True)) == {
        who: who not in later for who in then["customer_id"].to_pylist()
    }


# With little.


def test_too_few_customers_are_given_the_plain_rule(tmp_path):
    found = churn(planted(tmp_path, shop(300, customers=200)), FIRST + dt.timedelta(days=300), 60)
    assert (found.judgement.grade, found.parameters["method"]) == ("D", "recency")
    (missing,) = found.missing
    assert missing.code == "churn.missing_customers"
    assert missing.parameters["customers"] < 500
    rows = found.tables["customers"].to_pylist()
    assert all(0 < row["churn_probability"] < 1 for row in rows)
    assert {each["code"] for row in rows for each in row["reasons"]} == {"churn.reason_silence"}


def test_too_short_a_history_is_given_the_plain_rule(tmp_path):
    found = churn(planted(tmp_path, shop(170)), FIRST + dt.timedelta(days=170), 60)
    assert found.judgement.grade == "D"
    assert found.missing[0].as_data() == {
        "code": "churn.missing_history", "first": FIRST.isoformat(), "days": 60, "least": 180,
    }  # fmt: skip
    assert found.scores.num_rows > 0


def test_where_no_outcome_is_known_yet_nothing_is_said(tmp_path):
    found = churn(planted(tmp_path, [("only", 0, 5.0)]), FIRST + dt.timedelta(days=1), 90)
    assert (found.scores.num_rows, found.parameters["method"]) == (0, None)
    assert found.tables["customers"].to_pylist()[0]["churn_probability"] is None
    assert (found.lists, found.advice) == ([], [])
    for language in LANGUAGES:
        assert found.judgement.explained.say(language)


def test_who_only_returned_is_not_asked(tmp_path):
    found = churn(planted(tmp_path, [("x", 0, -5.0), ("y", 3, -2.0)]), FIRST + dt.timedelta(days=30), 10)
    assert found.tables["customers"].num_rows == found.scores.num_rows == 0


def test_where_the_past_tells_nothing_more_the_plain_rule_is_published(tmp_path):
    # Everybody orders by chance with the same rate and nobody leaves: no feature can know more than the others.
    random = np.random.Generator(np.random.Philox(7))
    purchases = [
        (f"K{who:04}", int(day), 10.0) for who in range(900) for day in np.flatnonzero(random.random(300) < 1 / 60)
    ]
    found = churn(planted(tmp_path, purchases), FIRST + dt.timedelta(days=300), 60)
    assert (found.judgement.grade, found.parameters["method"]) == ("C", "everybody")


@pytest.mark.parametrize(
    ("probability", "band"), [(0, "low"), (0.3299, "low"), (0.33, "medium"), (0.66, "high"), (1, "high")]
)
def test_bands_begin_at_their_borders(probability, band):
    assert band_of(np.array([float(probability)])).tolist() == [band]


def test_the_model_that_is_kept_says_what_was_published(world, result, tmp_path):
    result.model.save(tmp_path / "churn")
    again = KeptModel.load(tmp_path / "churn")
    with DuckDB().bind(world[0]) as session:
        customer_features(session, as_of=AS_OF)
        now = timeline.customers_now(session, horizon_days=HORIZON)
    said = again.predict(now)
    published = result.tables["customers"]
    for name in ("customer_id", "churn_probability", "churn_low", "churn_high", "churn_band"):
        assert said[name].to_pylist() == published[name].to_pylist()
    assert result.model.example.num_rows == 100


def test_it_says_its_question_its_gate_and_its_method():
    for language in LANGUAGES:
        assert all(STUDY.say(what, language) for what in ("question", "gate", "method"))
