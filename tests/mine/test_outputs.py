"""What the main job writes: every file complete and, for a shop of nine rows, every number as counted by hand."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi import simulate, words
from guanxi.errors import FileError, MissingExtra
from guanxi.mine import require_writable
from guanxi.mine.outputs import CUSTOMER_COLUMNS, GRADED, inert
from guanxi.report import page
from guanxi.schema import REASONS
from mine.shop import HEADER, read_csv, read_result, run, write_csv

FILES = [
    "coverage.csv", "customers.csv", "customers.parquet", "customers_to_reach.csv", "due.csv", "mapping.yaml",
    "quality.json", "rejects.csv", "report.html", "result.json", "rules.csv", "rules.parquet", "segments.csv",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def out(folder, language) -> Path:
    path = folder / language
    run([write_csv(folder / "orders.csv")], path, language=language)
    return path


@pytest.fixture(scope="module")
def customers(out) -> dict[str, dict]:
    return {row["customer_id"]: row for row in pq.read_table(out / "customers.parquet").to_pylist()}


def test_all_files_are_there_and_nothing_else(out):
    assert sorted(path.name for path in out.iterdir()) == FILES


def test_customers_have_the_promised_columns_and_types(out):
    schema = pq.read_schema(out / "customers.parquet")
    assert schema.names == ["customer_id", *CUSTOMER_COLUMNS, *(f"grade_{study}" for study in GRADED), "currency"]
    assert schema.field("amount").type == pa.decimal128(19, 2)
    assert schema.field("first_order_at").type == pa.timestamp("us")
    assert schema.field("reasons").type.equals(REASONS)
    assert schema.field("r").type == pa.int64()


def test_customers_are_in_order(customers):
    assert list(customers) == ["=1+1", "张三", "李四", "王五"]


def test_a_customer_is_what_his_rows_say(customers):
    reasons = customers["张三"].pop("reasons")
    assert customers["张三"] == {
        "customer_id": "张三",
        "first_order_at": dt.datetime(2024, 1, 5, 10),
        "last_order_at": dt.datetime(2024, 3, 1, 9, 15),
        "orders": 2,
        "items": 7.0,
        "amount": Decimal("47.50"),
        "returns_amount": Decimal("10.00"),
        "days_since_last_order": 5,
        "mean_days_between_orders": 56.0,
        "r": 2,  # one of three buyers bought less lately, a third is less than two fifths
        "f": 4,
        "m": 4,
        "segment": "at_risk",
        "value_group": "high",
        "abc": "A",
        "country": "CN",
        "is_vip": True,
        "is_silent": False,
        "p_alive": None,  # three customers are too few to fit a law to, or to judge anything by
        "expected_orders": 2.0,  # his own rate over one horizon, for nobody is known for longer
        "expected_orders_low": None,
        "expected_orders_high": None,
        "expected_amount": Decimal("47.50"),
        "expected_amount_low": None,
        "expected_amount_high": None,
        "next_order_on": None,
        "next_order_amount": Decimal("23.75"),
        "lifetime_value": None,
        "lifetime_value_low": None,
        "lifetime_value_high": None,
        "churn_probability": None,
        "churn_band": None,
        "value_at_risk": None,  # nor is there anything to build it upon
        "grade_value": "D",
        "grade_churn": "D",
        "currency": "EUR",
    }
    assert reasons == [
        {"code": "segments.reason_recency", "value": 5.0, "effect": -1.0},
        {"code": "segments.reason_frequency", "value": 2.0, "effect": 1.0},
        {"code": "segments.reason_amount", "value": 4750.0, "effect": 1.0},
    ]


def test_who_only_got_something_for_free_has_no_purchase_and_no_value(customers):
    never = customers["王五"]
    assert (never["segment"], never["orders"], never["amount"]) == ("no_purchase_yet", 0, Decimal(0))
    empty = (
        "first_order_at",
        "days_since_last_order",
        "r",
        "f",
        "m",
        "value_group",
        "abc",
        "reasons",
        "expected_amount",
    )
    assert [never[name] for name in empty] == [None] * len(empty)


def test_the_sheet_of_customers_says_the_same_in_words(out, language):
    row = {each["customer_id"]: each for each in read_csv(out / "customers.csv")}["张三"]
    said = {
        "en": ("At risk", "High value", "days since the last order: 5; orders: 2; spent so far: 47.50 EUR"),
        "zh": ("有流失风险", "高价值", "距最近一次购买 5 天；共 2 单；累计消费 47.50 EUR"),
    }[language]
    assert (row["segment"], row["value_group"], row["reasons"]) == said
    assert (row["first_order_at"], row["amount"], row["is_vip"]) == ("2024-01-05 10:00:00", "47.50", "1")


def test_what_is_expected_of_customers_stands_beside_them_in_days_and_whole_units(tmp_path):
    shop = simulate.company(
        customers=400, seed=2, days=700, starts_on=dt.date(2022, 7, 1), segments=simulate.ONE_SEGMENT
    )
    orders = shop.write(tmp_path)["orders"]
    mined = run([orders], tmp_path / "out", currency="CNY")
    schema = pq.read_schema(tmp_path / "out/customers.parquet")
    assert schema.field("next_order_on").type == pa.date32()
    assert all(schema.field(f"expected_amount{end}").type == pa.decimal128(19, 2) for end in ("", "_low", "_high"))
    table = {row["customer_id"]: row for row in pq.read_table(tmp_path / "out/customers.parquet").to_pylist()}
    said = mined.result("value").tables["customers"].to_pylist()
    told = [row for row in said if row["next_order_on"] is not None]
    assert len(told) > 50
    sheet = {row["customer_id"]: row for row in read_csv(tmp_path / "out/customers.csv")}
    for row in told:
        mine, cells = table[row["customer_id"]], sheet[row["customer_id"]]
        assert mine["expected_amount"] == Decimal(round(row["expected_amount"])) / 100
        assert mine["p_alive"] == row["p_alive"]
        assert cells["next_order_on"] == row["next_order_on"].isoformat()
        assert float(cells["p_alive"]) == round(row["p_alive"], 4)
        assert cells["expected_orders"] == str(round(row["expected_orders"], 2)).removesuffix(".0")
        assert cells["grade_value"] == mined.result("value").judgement.grade


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(out):
    names = [row["customer_id"] for row in read_csv(out / "customers.csv")]
    assert names == ["'=1+1", "张三", "李四", "王五"]


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@x", " =1", "\t=1", "＝1+1", "\r=1"])
def test_every_beginning_of_a_formula_is_known(text):
    assert inert(pa.chunked_array([[text]])).to_pylist() == ["'" + text]


def test_the_apostrophe_is_taken_off_again_when_the_sheet_comes_back(out, folder, language):
    header = ("Customer ID", "Name", "Country")
    ids = [row["customer_id"] for row in read_csv(out / "customers.csv")]
    back = write_csv(
        folder / f"back-{language}.csv", [(each, f"Name {n}", "China") for n, each in enumerate(ids)], header
    )
    mined = run([folder / "orders.csv", back], folder / f"again-{language}")
    found = pq.read_table(folder / f"again-{language}" / "customers.parquet")["customer_id"].to_pylist()
    assert found == ["=1+1", "张三", "李四", "王五"]
    assert mined.intake.files[0].mapping.kind == "customers"


def test_segments_add_up_and_say_what_to_do(out, language):
    rows = read_csv(out / "segments.csv")
    assert list(rows[0]) == ["segment", "definition", "customers", "share", "amount", "amount_share", "advice"]
    assert sum(int(row["customers"]) for row in rows) == 4
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("67.50")
    assert sum(Decimal(row["share"]) for row in rows) == 1
    said = {
        "en": "last order at least 5 days ago; at least 2 orders",
        "zh": "最近一次购买在 5 天以前；至少 2 单",
    }[language]
    assert [row["definition"] for row in rows if row["amount"] == "47.50"] == [said]
    assert all(row["advice"] for row in rows)


def test_every_record_set_aside_is_named_with_its_line_and_its_reason(out, language):
    (reject,) = read_csv(out / "rejects.csv")
    assert (reject["file"], reject["line"], reject["column"], reject["value"]) == (
        "orders.csv", "10", "Order Time", "yesterday",
    )  # fmt: skip
    assert {"en": "The date cannot be read", "zh": "日期"}[language] in reject["reason"]
    assert json.loads(reject["record"])["Product Code"] == "@P1"


def test_the_quality_of_each_file_is_there(out):
    (quality,) = json.loads((out / "quality.json").read_text(encoding="utf-8"))["files"]
    assert quality["records"] == 9
    assert set(quality["measures"]) == {
        "accuracy", "completeness", "consistency", "timeliness", "understandability",
    }  # fmt: skip


def test_the_result_accounts_for_every_row(out):
    result = read_result(out)
    assert (result["as_of"], result["snapshot_id"]) == ("2024-03-06", 1)
    assert result["parameters"] == {"horizon_days": 90, "currency": "EUR", "timezone": "UTC"}
    assert [{name: file[name] for name in ("records", "loaded", "known", "set_aside")} for file in result["files"]] == [
        {"records": 9, "loaded": 8, "known": 0, "set_aside": 1}
    ]
    of_all = {"delivered": 9, "used": 7, "set_aside": 1, "kept_out": {"no_amount": 1}}
    of_customers = {"delivered": 9, "used": 6, "set_aside": 1, "kept_out": {"no_amount": 1, "no_customer": 1}}
    assert {study["study"]: study["rows"] for study in result["studies"]} == {
        "overview": of_all,
        "value": of_customers,
        "next_purchase": of_customers,
        "segments": of_customers,
        "churn": of_customers,
        "affinity": of_all,
        "coverage": of_customers,
    }
    assert [each["code"] for each in result["missing"]] == [
        "value.missing_history", "next_purchase.missing_history", "churn.missing_history", "affinity.missing_baskets",
        "coverage.missing_holdings",
    ]  # fmt: skip


def test_the_result_says_what_each_stage_took(out):
    stages = json.loads((out / "result.json").read_text(encoding="utf-8"))["stages"]
    assert [each["stage"] for each in stages] == [
        "read", "map", "load", "features", "study_overview", "study_value", "study_next_purchase", "study_segments",
        "study_churn", "study_affinity", "study_coverage", "write",
    ]  # fmt: skip
    assert all(each["seconds"] >= 0 and each["peak_memory_mib"] > 0 for each in stages)
    assert stages[0]["bytes"] == (out.parent / "orders.csv").stat().st_size
    assert stages[2]["rows"] == 9


def test_the_report_has_no_word_left_untranslated(out, language):
    text = (out / "report.html").read_text(encoding="utf-8")
    told = text.partition("<body")[2]
    assert [code for code in words.codes() if f">{code}<" in told or f'"{code}"' in told] == []
    other = {"en": "客户群", "zh": "Customers"}[language]
    assert other not in told
    assert {"en": 'lang="en"', "zh": 'lang="zh-Hans"'}[language] in text


def test_names_that_look_like_markup_stay_text_in_the_report(tmp_path):
    rows = [("A1", "2024-01-05 10:00", "<script>alert(1)</script>", "P1", "</script>", "2", "10.00", "China")] * 2
    run([write_csv(tmp_path / "orders.csv", rows)], tmp_path / "out")
    text = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "&lt;/script&gt;" in text


def test_times_in_the_sheet_are_the_companys_and_in_the_table_utc(folder, tmp_path):
    run([folder / "orders.csv"], tmp_path / "out", timezone="Asia/Shanghai")
    table = pq.read_table(tmp_path / "out/customers.parquet").to_pylist()
    assert {row["customer_id"]: row for row in table}["张三"]["first_order_at"] == dt.datetime(2024, 1, 5, 2)
    sheet = {row["customer_id"]: row for row in read_csv(tmp_path / "out/customers.csv")}
    assert sheet["张三"]["first_order_at"] == "2024-01-05 10:00:00"


def test_a_currency_without_cents_has_amounts_without_cents(tmp_path):
    rows = [("A1", "2024-01-05 10:00", "张三", "P1", "Tea", "2", "300", "Japan")]
    run([write_csv(tmp_path / "orders.csv", rows, HEADER)], tmp_path / "out", currency="JPY")
    assert pq.read_table(tmp_path / "out/customers.parquet")["amount"].to_pylist() == [Decimal(600)]
    assert read_csv(tmp_path / "out/customers.csv")[0]["reasons"].endswith("spent so far: 600 JPY")


def test_the_same_input_gives_the_same_bytes_but_for_what_it_took(folder, out, language, tmp_path):
    again = tmp_path / "again"
    run([folder / "orders.csv"], again, language=language)
    for name in FILES:
        if name != "result.json":
            assert (again / name).read_bytes() == (out / name).read_bytes(), name
    assert read_result(again) == read_result(out)


def test_a_directory_that_can_be_written_is_left_as_it_was(tmp_path):
    require_writable(tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be written") as caught:
        require_writable(tmp_path / "file" / "out")
    assert caught.value.exit_code == 3


def test_where_no_report_could_be_drawn_no_work_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_LIBRARY", "assets/not-fetched.js")
    with pytest.raises(MissingExtra, match="make assets"):
        require_writable(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
