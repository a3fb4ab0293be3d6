"""Contracts whose law is known: what is read of dates, what is seen by cohort, which law is chosen, what they are worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from guanxi.errors import DataError, SchemaError, SettingError
from guanxi.mine.retention import retention_file
from guanxi.mining.lifetime import ShiftedBetaGeo
from guanxi.report.page import render
from guanxi.studies.retention import Retention, retention
from guanxi.studies.retention.constant import Constancy
from guanxi.studies.retention.contracts import months_before, read_contracts
from guanxi.studies.retention.report import document_of
from guanxi.words import LANGUAGES

AS_OF = dt.date(2025, 1, 1)
TRUTH = (0.8, 4.0)


def month(number: int, day: int = 1) -> dt.date:
    """Of 2023 and after, from 0."""
    return dt.date(2023 + number // 12, number % 12 + 1, day)


def table(*rows: tuple[object, object]) -> pa.Table:
    return pa.table({"no": [f"K{row}" for row in range(len(rows))], "begun": [b for b, _ in rows],
                     "gone": [e for _, e in rows]})  # fmt: skip


def periods(*rows: tuple[object, object], period: str = "month") -> list[tuple[int, bool]]:
    found = read_contracts(table(*rows), began="begun", ended="gone", key="no", period=period, as_of=AS_OF).table()
    return list(zip(found["periods"].to_pylist(), found["has_left"].to_pylist(), strict=True))


def subscribers(customers: int = 3000, seed: int = 4) -> pa.Table:
    """Each leaves at a renewal with his own constant chance, Beta(.8, 4); they began in the first twenty months."""
    random = np.random.Generator(np.random.Philox(seed))
    begun = random.integers(0, 20, customers)
    lasts = random.geometric(np.clip(random.beta(*TRUTH, customers), 1e-9, 1))
    ends = [month(b + n) if b + n < 24 else None for b, n in zip(begun.tolist(), lasts.tolist(), strict=True)]
    fees = pa.array(random.choice([10.0, 25.0], customers))
    return table(*zip([month(b) for b in begun.tolist()], ends, strict=True)).append_column("fee", fees)


@pytest.fixture(scope="module")
def contracts() -> pa.Table:
    return subscribers()


@pytest.fixture(scope="module")
def found(contracts) -> Retention:
    return retention(contracts, began="begun", ended="gone", key="no", value="fee", as_of=AS_OF)


def test_periods_are_counted_from_day_to_day_and_who_leaves_within_one_has_had_it():
    day = dt.date
    assert periods((day(2024, 1, 15), day(2024, 4, 15)), (day(2024, 1, 15), day(2024, 4, 16))) == [(3, True), (4, True)]
    assert periods((day(2024, 12, 5), None), (day(2024, 11, 30), None)) == [(0, False), (1, False)]
    # The 31st comes round on the last of a shorter month.
    assert periods((day(2024, 1, 31), day(2024, 2, 29)), (day(2024, 5, 3), day(2024, 5, 3))) == [(1, True), (1, True)]
    assert periods((day(2022, 3, 1), None), (day(2022, 3, 1), day(2024, 6, 1)), period="year") == [
        (2, False),
        (3, True),
    ]


def test_nothing_is_known_of_what_comes_later():
    there, later, gone = (month(3), None), (month(30), None), (month(2), dt.date(2025, 6, 1))
    assert periods(there, later, gone) == [(20, False), (21, False)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_of_a_moment_the_day_counts_whatever_its_fractions(unit):
    moments = [dt.datetime(1969, 12, 31, 23, 59, 59, 999_000), dt.datetime(2024, 1, 15, 23, 30, 0, 250_000)]
    if unit == "s":
        moments = [each.replace(microsecond=0) for each in moments]
    column = pa.array(moments, pa.timestamp(unit))
    rows = pa.table({"begun": column, "gone": pa.nulls(2, pa.date32())})
    found = read_contracts(rows, began="begun", ended="gone", key=None, period="month", as_of=AS_OF)
    assert found.began.astype(str).tolist() == ["1969-12-31", "2024-01-15"]


def test_of_a_moment_with_a_time_zone_the_day_there_counts():
    midnight = pa.array([dt.datetime(2024, 1, 14, 16, tzinfo=dt.UTC)], pa.timestamp("us", "Asia/Shanghai"))
    rows = pa.table({"begun": midnight, "gone": pa.nulls(1)})
    found = read_contracts(rows, began="begun", ended="gone", key=None, period="month", as_of=AS_OF)
    assert found.began.astype(str).tolist() == ["2024-01-15"]


def test_those_that_began_too_late_are_counted():
    rows = table((month(3), None), (month(24), None), (month(2), None), (month(30), month(31)))
    found = read_contracts(rows, began="begun", ended="gone", key="no", period="month", as_of=AS_OF)
    assert (len(found.rows), found.left_out) == (2, 2)
    assert (len(found.before(month(3)).rows), found.before(month(3)).left_out) == (1, 3)


def test_dates_are_read_in_the_ways_that_people_write_them():
    rows = [("2024-01-15", "2024/4/15"), (" 15.01.2024", ""), ("2024年1月15日", "2024-04-15 10:30:00")]
    assert periods(*rows) == [(3, True), (11, False), (3, True)]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(None, None)], "retention.no_beginning"),
        ([("soon", None)], "retention.no_date"),
        ([(month(3), month(2))], "retention.ends_before"),
        ([(month(30), None)], "retention.no_contracts"),
    ],
)
def test_what_cannot_be_is_refused(rows, code):
    with pytest.raises(DataError) as raised:
        periods(*rows)
    assert raised.value.code == code
    assert all(raised.value.message.say(language) for language in LANGUAGES)


def test_a_name_that_stands_twice_or_is_empty_is_refused():
    rows = table((month(0), month(3)), (month(1), None), (month(4), None), (month(2), None))
    with pytest.raises(DataError) as raised:
        read_contracts(rows.set_column(0, "no", pa.array(["K2", "K1", "K2", "K1"])), began="begun", ended="gone",
                       key="no", period="month", as_of=AS_OF)  # fmt: skip
    assert raised.value.code == "retention.key_repeated"
    assert raised.value.message.parameters == {"column": "no", "keys": 2, "customers": ["K2", "K1"]}
    assert "K2" in raised.value.say("en")
    assert "K2" in raised.value.say("zh")
    with pytest.raises(DataError) as raised:
        read_contracts(rows.set_column(0, "no", pa.array(["K2", None, "K3", None])), began="begun", ended="gone",
                       key="no", period="month", as_of=AS_OF)  # fmt: skip
    assert raised.value.message.parameters == {"table": "contracts", "column": "no", "rows": 2}


@pytest.mark.parametrize("setting", [
    {"horizon_periods": 0}, {"horizon_periods": -3}, {"annual_discount_rate": -2.0}, {"annual_discount_rate": -0.01},
])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_name(contracts, setting):
    with pytest.raises(SettingError) as raised:
        retention(contracts, began="begun", ended="gone", **setting)
    (name,) = setting
    assert all(name in raised.value.say(language) for language in LANGUAGES)


def test_a_missing_column_and_a_value_that_is_no_number_are_refused(contracts):
    with pytest.raises(SchemaError):
        retention(contracts, began="start", ended="gone")
    with pytest.raises(SchemaError):
        retention(contracts, began="begun", ended="gone", value="price")
    with pytest.raises(DataError) as raised:
        retention(contracts, began="begun", ended="gone", value="no")
    assert raised.value.code == "retention.no_number"
    fees = pa.array([float("nan"), *contracts["fee"].to_pylist()[1:]])
    with pytest.raises(DataError) as raised:
        retention(contracts.set_column(3, "fee", fees), began="begun", ended="gone", value="fee")
    assert raised.value.message.parameters == {"table": "contracts", "column": "fee", "rows": 1}


def test_the_law_is_found_and_beats_the_same_share_for_everybody(found):
    assert found.judged[found.law] < found.judged["same_for_all"]
    assert (found.published, found.judgement.grade) == (found.law, "A")
    (comparison,) = found.judgement.comparisons
    assert (comparison.method, comparison.baseline) == (found.judged[found.law], found.judged["same_for_all"])
    fitted = ShiftedBetaGeo().fit(found.contracts.table())
    for row, true in zip(fitted.parameters(confidence=0.99).to_pylist(), TRUTH, strict=True):
        assert row["low"] < true < row["high"]


def test_the_curve_lies_on_what_was_seen_and_goes_on_beyond_it(found):
    rows = found.curve.to_pylist()
    seen = [row for row in rows if row["at_risk"] is not None and row["at_risk"] > 200]
    assert all(abs(row["model"] - row["survival"]) < 0.03 for row in seen)
    assert [row["period"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["survival"] is None
    assert rows[-1]["model_low"] < rows[-1]["model"] < rows[-1]["model_high"]


def test_each_cohort_is_seen_as_long_as_it_is_old(found):
    by_cohort = {}
    for row in found.cohorts.to_pylist():
        by_cohort.setdefault(row["cohort"], []).append(row)
    assert list(by_cohort) == [f"{2023 + each // 4}-Q{each % 4 + 1}" for each in range(7)]
    for rows in by_cohort.values():
        assert [row["survival"] for row in rows] == sorted((row["survival"] for row in rows), reverse=True)
    counted = pc.value_counts(found.customers["cohort"]).to_pylist()
    first = next(each["counts"] for each in counted if each["values"] == "2023-Q1")
    assert by_cohort["2023-Q1"][0]["at_risk"] == first
    assert max(row["period"] for row in by_cohort["2023-Q1"]) >= 21


def test_who_is_there_is_worth_his_fee_times_the_periods_to_come_and_who_left_nothing_more(found, contracts):
    fee = dict(zip(contracts["no"].to_pylist(), contracts["fee"].to_pylist(), strict=True))
    for row in found.customers.to_pylist():
        assert (row["residual_value"] is None) == row["has_left"]
        if not row["has_left"]:
            assert row["residual_value"] == pytest.approx(fee[row["customer_id"]] * row["expected_periods"])
            assert row["residual_low"] < row["residual_value"] < row["residual_high"]


def test_the_longer_he_has_stayed_the_likelier_he_stays(found):
    here = found.customers.filter(pc.invert(found.customers["has_left"])).sort_by("periods")
    assert np.diff(here["p_renews_next"].to_numpy()).min() >= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_the_curve_the_cohorts_and_the_most_worth(found, language):
    document = document_of(found, file="abo.csv")
    (section,) = document.sections
    assert [figure.id for figure in section.figures] == ["retention-curve"]
    assert len(section.tables) == 3
    assert len(section.tables[-1].rows) == 25
    assert document.footer.parameters["left_out"] == 0
    page = render(document, language)
    assert {"en": "Kaplan–Meier", "zh": "剩余价值"}[language] in page


def test_few_contracts_are_not_judged_and_the_likelier_law_speaks():
    rows = [(month(0), month(3)), (month(1), month(3)), (month(2), None), (month(0), None), (month(5), month(11))]
    found = retention(table(*rows), began="begun", ended="gone", as_of=AS_OF)
    assert found.judged == {}
    assert (found.published, found.judgement.grade) == (found.law, "D")
    assert found.customers["residual_value"].null_count == 3


def test_every_renewal_since_is_judged_by_what_was_known_before(found, contracts):
    """Counted again, contract by contract and month by month."""
    cutoff, law = dt.date(2024, 10, 1), ShiftedBetaGeo(regularisation=0.1)
    before = found.contracts.before(cutoff).table()
    rates = law.fit(before).retention(periods=24)["retention"].to_pylist()
    losses = []
    for begun, gone in zip(contracts["begun"].to_pylist(), contracts["gone"].to_pylist(), strict=True):
        age = [(each.year - begun.year) * 12 + each.month - begun.month for each in map(month, (21, 22, 23))]
        for number, due in zip(age, map(month, (21, 22, 23)), strict=True):
            if begun < cutoff and number > 0 and (gone is None or gone >= due):
                losses.append(-np.log(1 - rates[number] if gone == due else rates[number]))
    assert found.judgement.cutoff == cutoff
    assert found.judgement.comparisons[0].customers == len(losses)
    assert found.judged["sbg"] == pytest.approx(np.mean(losses))


@pytest.mark.parametrize(
    ("date", "months", "earlier"),
    [
        (dt.date(2025, 1, 31), 3, dt.date(2024, 10, 31)),
        (dt.date(2025, 5, 31), 3, dt.date(2025, 2, 28)),
        (dt.date(2024, 5, 30), 3, dt.date(2024, 2, 29)),
        (dt.date(2025, 1, 17), 9, dt.date(2024, 4, 17)),
        (dt.date(2024, 12, 1), 12, dt.date(2023, 12, 1)),
    ],
)
def test_the_same_day_some_months_earlier(date, months, earlier):
    assert months_before(date, months) == earlier


@pytest.mark.parametrize(("period", "cutoff"), [("month", dt.date(2024, 9, 20)), ("quarter", dt.date(2024, 3, 20))])
def test_three_periods_are_held_out_to_the_day(contracts, period, cutoff):
    found = retention(contracts, began="begun", ended="gone", period=period, as_of=dt.date(2024, 12, 20))
    assert found.judgement.cutoff == cutoff


@pytest.fixture(scope="module")
def alike() -> Retention:
    """Everybody leaves with the same chance at every renewal, one in eight: there is nothing for a law to find."""
    random = np.random.Generator(np.random.Philox(11))
    begun, lasts = random.integers(0, 20, 2000).tolist(), random.geometric(0.125, 2000).tolist()
    ends = [month(b + n) if b + n < 24 else None for b, n in zip(begun, lasts, strict=True)]
    return retention(table(*zip([month(b) for b in begun], ends, strict=True), (month(24), None)), began="begun",
                     ended="gone", key="no", as_of=AS_OF, horizon_periods=24)  # fmt: skip


def test_a_law_that_does_not_beat_the_plain_rule_is_not_published(alike):
    assert (alike.published, alike.judgement.grade) == ("same_for_all", "C")
    (comparison,) = alike.judgement.comparisons
    assert comparison.gain_low <= 0
    assert alike.law in ("sbg", "bdw")
    known = alike.contracts.table()
    renewals = sum(known["periods"].to_pylist())
    share = 1 - sum(known["has_left"].to_pylist()) / renewals
    assert share == pytest.approx(0.875, abs=0.01)
    assert alike.curve["model"].to_pylist() == pytest.approx(
        [share**each for each in alike.curve["period"].to_pylist()]
    )
    assert alike.curve["retention"].to_pylist() == pytest.approx([share] * len(alike.curve))
    assert alike.cohorts["model"].to_pylist() == pytest.approx([share**t for t in alike.cohorts["period"].to_pylist()])


def test_by_the_plain_rule_all_contracts_are_worth_the_same(alike):
    here = alike.customers.filter(pc.invert(alike.customers["has_left"]))
    share = alike.model.share
    kept, monthly = share ** np.arange(1, 25), 1.1 ** (-np.arange(1, 25) / 12)
    assert set(here["p_renews_next"].to_pylist()) == {share}
    assert here["p_stays"].to_pylist() == pytest.approx([share**24] * len(here))
    assert here["residual_value"].to_pylist() == pytest.approx([kept @ monthly] * len(here))
    (row,) = here.slice(0, 1).to_pylist()
    assert row["residual_low"] < row["residual_value"] < row["residual_high"]
    # Of so many, one in ten leaves before periods_low is over, and one in ten stays longer than periods_high.
    assert kept[row["periods_low"]] <= 0.9 < kept[row["periods_low"] - 1] if row["periods_low"] else kept[0] <= 0.9
    assert kept[row["periods_high"]] <= 0.1 < kept[row["periods_high"] - 1]
    gone = alike.customers.filter(alike.customers["has_left"])
    assert all(gone[name].null_count == len(gone) for name in ("p_renews_next", "expected_low", "residual_value"))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["(grade C)", "Published: plain rule", "1 that began later is left out"]),
        ("zh", ["（C 级）", "采用：简单规则", "另有 1 份当日或之后开始的未计入"]),
    ],
)
def test_the_report_says_that_the_plain_rule_is_published_and_what_was_left_out(alike, language, said):
    page = render(document_of(alike, file="abo.csv"), language)
    assert [each for each in said if each not in page] == []


def ageing(leaves: Callable[[int], float], *, contracts: int, seed: int) -> Retention:
    """Contracts of which a share, by age, leaves at each renewal; they began in the first twenty months."""
    random = np.random.Generator(np.random.Philox(seed))
    rows = []
    for begun in random.integers(0, 20, contracts).tolist():
        age = 1
        while begun + age < 24 and random.random() >= leaves(age):
            age += 1
        rows.append((month(begun), month(begun + age) if begun + age < 24 else None))
    return retention(table(*rows), began="begun", ended="gone", key="no", as_of=AS_OF)


@pytest.fixture(scope="module")
def easily_lost() -> Retention:
    """Of 60 who come up first one in three leaves, later ever fewer: too few later renewals to say what foresees them."""
    return ageing(lambda age: 0.35 / age, contracts=60, seed=14)


def test_the_plain_rule_is_compatible_with_what_was_seen_where_it_is_published(alike):
    assert alike.constancy.degrees > 10
    assert alike.constancy.p_value > 0.05
    assert alike.judgement.explained.code == "retention.judged_c"


def test_where_the_share_changes_with_age_a_law_is_published_though_later_renewals_do_not_tell(easily_lost):
    found = easily_lost
    (comparison,) = found.judgement.comparisons
    assert (found.judgement.grade, comparison.gain_low <= 0, found.constancy.rejected) == ("C", True, True)
    assert found.published in ("sbg", "bdw")
    at_risk, left = (found.curve[name].drop_null().to_numpy() for name in ("at_risk", "left"))
    assert found.constancy == Constancy.of(at_risk, left)
    assert (
        found.curve["model"].to_pylist() == found.model.retention(periods=len(found.curve))["survival"][1:].to_pylist()
    )
    first = found.curve.to_pylist()[0]
    assert first["survival_low"] < first["model"] < first["survival_high"] < 1 - left.sum() / at_risk.sum()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["(grade C)", "the share that renews changes with age (p "]),
        ("zh", ["（C 级）", "随合同已维持的期数而变（p "]),
    ],
)
def test_the_report_says_why_a_law_is_published_in_grade_c(easily_lost, language, said):
    page = render(document_of(easily_lost, file="abo.csv"), language).replace("&lt;", "<")
    assert [each for each in said if each not in page] == []


def test_of_a_chance_of_leaving_that_rises_the_law_is_published_that_can_follow_it():
    """Though by the few later renewals the other one, which is no better than the plain rule, looked the better."""
    found = ageing(lambda age: min(0.03 + 0.03 * age, 0.6), contracts=150, seed=9)
    assert (found.law, found.published, found.judgement.grade) == ("sbg", "bdw", "C")
    assert "beta-discrete Weibull" in found.judgement.explained.say("en")
    assert found.model.c_ > 1


def departures(found: Retention, **columns: list[float | None]) -> list[str]:
    """What the report says of a curve, in English."""
    (section,) = document_of(replace(found, curve=pa.table(columns)), file="abo.csv").sections
    return [each.say("en") for each in section.intro if each.code == "retention.departure"]


def test_the_report_says_where_the_published_curve_leaves_what_was_seen(alike):
    seen = {"period": [1, 2, 3, 4], "survival": [0.7, 0.6, 0.5, None], "survival_low": [0.68, 0.57, 0.46, None],
            "survival_high": [0.72, 0.63, 0.54, None]}  # fmt: skip
    assert departures(alike, **seen, model=[0.855, 0.73, 0.5, 0.4]) == [
        "The published curve leaves the 80% interval of what was seen in 2 of 3 periods, farthest in period 1: 85.5% still "
        "there, where 70.0% (68.0% to 72.0%) were seen; by chance alone about one period in five may."
    ]
    assert departures(alike, **seen, model=[0.7, 0.57, 0.54, 0.1]) == []
    (below,) = departures(alike, **seen, model=[0.7, 0.6, 0.455, 0.1])
    assert "in 1 of 3 periods, farthest in period 3" in below
    # While nobody has left there is no interval to leave.
    assert departures(alike, period=[1], survival=[1.0], survival_low=pa.nulls(1, pa.float64()),
                      survival_high=pa.nulls(1, pa.float64()), model=[0.9]) == []  # fmt: skip


def test_a_row_of_the_report_is_a_contract(alike):
    (section,) = document_of(alike, file="abo.csv").sections
    heading = section.tables[-1].columns[0].label
    assert [heading.say(language) for language in ("en", "zh")] == ["Contract", "合同"]


def test_errors_name_the_file(tmp_path):
    file = tmp_path / "abo.csv"
    file.write_text("no,begun,gone,fee\nK1,2024-01-01,,3\n,2024-01-01,,\n", encoding="utf-8")
    wrong = [
        ({"began": "start"}, SchemaError, {"column": "start"}),
        ({"value": "price"}, SchemaError, {"column": "price"}),
        ({"key": "no"}, DataError, {"column": "no", "rows": 1}),
        ({"value": "fee"}, DataError, {"column": "fee", "rows": 1}),
    ]
    for options, kind, parameters in wrong:
        with pytest.raises(kind) as raised:
            retention_file(file, **{"began": "begun", "ended": "gone", **options})
        assert raised.value.message.parameters.items() >= {"table": "abo.csv", **parameters}.items()
        assert all("abo.csv" in raised.value.say(language) for language in LANGUAGES)
