"""What every study promises, asked of each on the simulated company."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest

from guanxi.errors import DataError, SettingError
from guanxi.report.document import DataTable
from guanxi.schema import SCORES
from guanxi.studies import STUDIES, Account, accounts, run
from guanxi.studies.base import KEEP_OUT_RULES
from guanxi.warehouse import DuckDB, Warehouse
from guanxi.words import LANGUAGES, Message

every_study = pytest.mark.parametrize("name", STUDIES)


@pytest.fixture
def result(company, name):
    return company.mined.result(name)


def messages(value: object) -> Iterator[Message]:
    if isinstance(value, Message):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from messages(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from messages(each)
    elif hasattr(value, "__dataclass_fields__"):
        yield from messages([getattr(value, field) for field in value.__dataclass_fields__])


@every_study
def test_it_says_its_question_its_gate_and_its_method(name):
    for language in LANGUAGES:
        assert all(STUDIES[name].say(what, language) for what in ("question", "gate", "method"))


@every_study
def test_its_scores_are_the_canonical_table(result, name):
    assert result.scores.schema.equals(SCORES.arrow)
    assert set(result.scores["study"].to_pylist()) <= {name}
    keys = result.scores.select(list(SCORES.key))
    assert keys.group_by(list(SCORES.key)).aggregate([]).num_rows == keys.num_rows
    assert result.scores["value"].null_count == 0


@every_study
def test_its_account_adds_up_over_rules_of_its_own(company, result, name):
    account = result.account
    assert account.delivered == company.mined.intake.files[0].account.records
    assert account.used + account.set_aside + sum(account.kept_out.values()) == account.delivered
    assert set(account.kept_out) <= set(STUDIES[name].rules) <= set(KEEP_OUT_RULES)
    assert min(account.used, account.set_aside, *account.kept_out.values()) >= 0


@every_study
def test_it_names_the_date_and_the_data(company, result, name):
    assert (result.study, result.as_of, result.snapshot_id) == (
        name,
        company.mined.as_of,
        company.mined.snapshot.data_id,
    )


@every_study
def test_all_its_words_are_there_in_both_languages(result, name):
    told = list(
        messages([result.sections, result.advice, result.lists, result.sheets, result.judgement, result.missing])
    )
    assert told
    for message in told:
        for language in LANGUAGES:
            assert message.say(language).strip()


@every_study
def test_every_figure_and_table_says_how_it_was_counted(result, name):
    parts = [part for section in result.sections for part in (*section.figures, *section.tables)]
    for part in [*parts, *result.lists, *result.sheets.values()]:
        assert part.caption is not None, part.title


@every_study
def test_it_is_the_same_again(company, result, name):
    (again,) = run(company.mined.snapshot, names=[name], engine=DuckDB())
    assert again.as_data() == result.as_data()
    assert again.scores == result.scores
    assert all(again.tables[table] == result.tables[table] for table in result.tables)


@every_study
def test_it_is_data_too(result, name):
    assert json.loads(json.dumps(result.as_data()))["study"] == name


def test_what_a_study_would_use_is_known_without_running_it(company):
    found = dict(accounts(company.mined.snapshot, engine=DuckDB()))
    assert found == {result.study: result.account for result in company.mined.results}


def test_members_are_every_customer_once(company):
    result = company.mined.result("segments")
    assert result.members.column_names == ["customer_id", "segment", "value_group", "abc", "is_vip", "is_silent"]
    ids = result.members["customer_id"].to_pylist()
    assert len(ids) == len(set(ids)) == result.tables["customers"].num_rows
    assert result.members["segment"].null_count == 0


def test_the_segments_sum_up_to_all_customers(company):
    result = company.mined.result("segments")
    segments, customers = result.tables["segments"], result.tables["customers"]
    assert sum(segments["customers"].to_pylist()) == customers.num_rows
    assert sum(segments["amount"].to_pylist()) == sum(customers["amount"].to_pylist())
    assert sum(segments["share"].to_pylist()) == pytest.approx(1)
    assert sum(segments["amount_share"].to_pylist()) == pytest.approx(1)


def test_reasons_are_three_the_most_unusual_first(company):
    for row in company.mined.result("segments").tables["customers"].to_pylist():
        if row["r"] is None:
            assert row["reasons"] is None
            continue
        effects = [reason["effect"] for reason in row["reasons"]]
        assert [abs(effect) for effect in effects] == sorted(map(abs, effects), reverse=True)
        assert {reason["code"]: reason["effect"] + 3 for reason in row["reasons"]} == {
            "segments.reason_recency": row["r"],
            "segments.reason_frequency": row["f"],
            "segments.reason_amount": row["m"],
        }


def test_an_account_says_what_is_left():
    account = Account(delivered=10, set_aside=1, kept_out={"no_customer": 2})
    assert account.as_data() == {"delivered": 10, "used": 7, "set_aside": 1, "kept_out": {"no_customer": 2}}


def test_an_empty_warehouse_has_nothing_to_study(warehouse: Warehouse):
    with pytest.raises(DataError):
        run(warehouse.snapshot(), engine=DuckDB())


def test_a_study_that_is_not_there_is_named(company):
    with pytest.raises(SettingError, match="no study fortune"):
        run(company.mined.snapshot, names=["overview", "fortune"], engine=DuckDB())


def test_a_horizon_of_no_day_is_refused(company):
    with pytest.raises(SettingError, match="at least 1"):
        run(company.mined.snapshot, horizon_days=0, engine=DuckDB())


def test_tables_hold_arrow_and_sheets_hold_words(company):
    for result in company.mined.results:
        assert all(isinstance(table, pa.Table) for table in result.tables.values())
        assert all(isinstance(sheet, DataTable) for sheet in result.sheets.values())
