"""Walking through the past of a planted shop, and of the real ones."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import numpy as np
import pytest

from guanxi import studies
from guanxi.errors import DataError, SettingError
from guanxi.mine.backtest import write_backtest
from guanxi.report.page import render
from guanxi.studies.backtest import Backtest, backtest, document_of, grades_table
from guanxi.warehouse import DuckDB, Snapshot
from guanxi.words import LANGUAGES
from studies.shops import FIRST, planted

HORIZON = 60
DAYS = 360
AS_OF = FIRST + dt.timedelta(days=DAYS)


def shop(days: int, *, customers: int = 900, seed: int = 1) -> Iterator[tuple[str, int, float]]:
    """Customers who buy at their own rate until they leave."""
    random = np.random.Generator(np.random.Philox(seed))
    for number in range(customers):
        day, rate, gone = int(random.integers(0, 150)), random.gamma(2.0, 12.0) + 3, random.exponential(250.0)
        first = day
        while day < days and day - first < gone:
            yield f"K{number:04}", day, float(random.integers(500, 5000)) / 100
            day += max(1, int(random.exponential(rate)))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory) -> Snapshot:
    return planted(tmp_path_factory.mktemp("shop"), shop(DAYS))


@pytest.fixture(scope="module")
def found(snapshot) -> Backtest:
    return backtest(snapshot, as_of=AS_OF, horizon_days=HORIZON, cutoffs=2, engine=DuckDB())


def test_the_cut_offs_lie_a_horizon_apart_the_earliest_first(found):
    for study in found.studies:
        assert [each.cutoff for each in found.of(study)] == [FIRST + dt.timedelta(days=day) for day in (240, 300)]
        assert [each.until for each in found.of(study)] == [FIRST + dt.timedelta(days=day) for day in (300, 360)]


def test_every_study_that_foretells_something_is_asked(found):
    assert found.studies == tuple(name for name, each in studies.STUDIES.items() if each.foretells is not None)
    assert found.studies == ("value", "next_purchase", "churn")


def test_what_was_said_is_what_the_study_says_as_of_that_date(snapshot, found):
    cutoff = FIRST + dt.timedelta(days=240)
    (alone,) = studies.run(snapshot, names=["churn"], as_of=cutoff, horizon_days=HORIZON, engine=DuckDB())
    (lookback,) = (each for each in found.of("churn") if each.cutoff == cutoff)
    assert lookback.customers == alone.scores.num_rows
    assert lookback.method == alone.parameters["method"]
    said = np.average(lookback.deciles["said"].to_numpy(), weights=lookback.deciles["customers"].to_numpy())
    assert said == pytest.approx(np.mean(alone.scores["value"].to_numpy()))


def test_what_came_is_counted_from_the_orders(found):
    cutoff = 300
    purchases = list(shop(DAYS))
    before = {who for who, day, _ in purchases if day < cutoff}
    after = {who for who, day, _ in purchases if day >= cutoff}
    lookback = found.of("churn")[1]
    came = np.average(lookback.deciles["came"].to_numpy(), weights=lookback.deciles["customers"].to_numpy())
    assert lookback.customers == len(before)
    assert came == pytest.approx(len(before - after) / len(before))
    ordered = found.of("next_purchase")[1]
    came = np.average(ordered.deciles["came"].to_numpy(), weights=ordered.deciles["customers"].to_numpy())
    assert (ordered.customers, came) == (len(before), pytest.approx(len(before & after) / len(before)))
    assert ordered.comparison.measure == "brier_score"
    spent = sum(round(100 * amount) for who, day, amount in purchases if day >= cutoff and who in before)
    value = found.of("value")[1]
    came = np.average(value.deciles["came"].to_numpy(), weights=value.deciles["customers"].to_numpy())
    assert came == pytest.approx(spent / len(before))


def test_where_it_does_no_better_the_plain_rule_is_what_was_published(found):
    first, last = found.of("churn")
    assert (first.grade, first.method) == ("C", "recency")
    assert last.grade == "B"
    assert last.comparison.gain_low > 0
    assert found.grades("churn") == {"B": 1, "C": 1}


def test_changing_the_future_changes_nothing_that_was_said(tmp_path, found):
    wild = [*(each for each in shop(DAYS) if each[1] < 300), *((f"K{n:04}", 301, 1e6) for n in range(900))]
    other = backtest(planted(tmp_path, wild), names=["churn"], as_of=AS_OF, horizon_days=HORIZON, cutoffs=2,
                     engine=DuckDB())  # fmt: skip
    first, again = found.of("churn")[0], other.of("churn")[0]
    assert first.as_data() == again.as_data()
    last, changed = found.of("churn")[1], other.of("churn")[1]
    assert last.deciles["said"] == changed.deciles["said"]
    assert last.deciles["came"] != changed.deciles["came"]


def test_a_date_before_the_gate_gets_a_d_with_what_is_missing(snapshot):
    found = backtest(snapshot, names=["churn"], as_of=AS_OF, horizon_days=HORIZON, cutoffs=9, engine=DuckDB())
    # There is no order before the first day, so that there are five cut-offs and not nine.
    assert found.lookbacks[0].cutoff == FIRST + dt.timedelta(days=60)
    assert found.lookbacks[0].grade == "D"
    assert found.lookbacks[0].missing[0].code == "churn.missing_history"
    assert len(found.lookbacks) == 5


def test_its_table_has_a_row_a_measure_that_of_the_grade_first(found):
    rows = found.as_table().to_pylist()
    for each in found.lookbacks:
        mine = [row for row in rows if (row["study"], row["cutoff"]) == (each.study, each.cutoff)]
        assert (mine[0]["measure"], mine[0]["gain"]) == (each.comparison.measure, each.comparison.gain)
        assert {row["gain"] for row in mine[1:]} == {None}
        assert {row["grade"] for row in mine} == {each.grade}


def test_all_is_told_in_both_languages(found):
    document = document_of(found)
    assert [section.id for section in document.sections] == [
        "backtest-value",
        "backtest-next-purchase",
        "backtest-churn",
    ]
    for language in LANGUAGES:
        assert render(document, language)
    parts = [part for section in document.sections for part in (*section.figures, *section.tables)]
    assert all(part.caption is not None for part in parts)


def test_its_picture_holds_the_errors_of_both(found):
    (section,) = (each for each in document_of(found).sections if each.id == "backtest-churn")
    said, plain = section.figures[0].chart.option["series"]
    compared = [each.comparison for each in found.of("churn")]
    assert said["data"] == [each.method for each in compared]
    assert plain["data"] == [each.baseline for each in compared]


def test_its_files_replace_those_before(found, tmp_path):
    for _ in range(2):
        written = write_backtest(found, tmp_path / "out", language="zh")
    assert [path.name for path in written] == ["backtest.csv", "backtest.html", "backtest.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in written]
    data = json.loads((tmp_path / "out/backtest.json").read_text(encoding="utf-8"))
    assert data["grades"] == {study: found.grades(study) for study in found.studies}
    assert (tmp_path / "out/backtest.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_grades_of_a_run_stand_in_a_table_with_their_shares(snapshot):
    results = studies.run(snapshot, names=["overview", "value"], as_of=AS_OF, horizon_days=HORIZON, engine=DuckDB())
    table = grades_table(results)
    judged = [each for each in results if each.judgement is not None]
    assert [row[1] for row in table.rows] == [each.judgement.grade for each in judged]
    assert "100%" in table.caption.say("en")
    assert grades_table([each for each in results if each.judgement is None]) is None


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"names": ["fortune"]}, SettingError, "errors.no_such_study"),
        ({"names": ["overview"]}, SettingError, "backtest.foretells_nothing"),
        ({"cutoffs": 0}, SettingError, "errors.at_least"),
        ({"horizon_days": 0}, SettingError, "errors.at_least"),
        ({"horizon_days": 1000}, DataError, "backtest.nothing_before"),
    ],
)
def test_what_cannot_be_done_is_said(snapshot, options, error, code):
    with pytest.raises(error) as raised:
        backtest(snapshot, engine=DuckDB(), **options)
    assert raised.value.code == code
    assert all(raised.value.say(language) for language in LANGUAGES)
