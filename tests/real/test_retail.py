"""A real shop's year, 525,461 lines: every line accounted for, whatever the format of the file."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data import real_file
from guanxi.studies import STUDIES
from mine.shop import read_csv
from real.conftest import RETAIL

# One worker reads each format once: of three the workbook alone takes longer than all other tests of a shop.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("retail")]
FORMATS = ["parquet", "csv", "xlsx"]


@pytest.fixture(scope="module", params=FORMATS)
def retail(request, run_once, retail_file):
    return run_once(retail_file(request.param))


@pytest.fixture(scope="module")
def published():
    return pq.read_table(real_file(RETAIL))


def test_every_row_is_accounted_for(retail):
    (file,) = retail.mined.intake.files
    account = file.account
    assert (account.records, account.loaded, account.set_aside, account.known) == (525_461, 525_461, 0, 0)
    for result in retail.mined.results:
        account = result.account
        assert account.delivered == 525_461
        assert account.used + account.set_aside + sum(account.kept_out.values()) == 525_461
    by_study = {result.study: result.account for result in retail.mined.results}
    assert set(by_study["overview"].kept_out) == {"test_line", "no_amount"}
    assert set(by_study["segments"].kept_out) == {"test_line", "no_amount", "no_customer"}


def test_repeats_and_lines_without_a_customer_are_counted(retail):
    lines = retail.lines("customer_id", "is_repeat")
    assert lines["customer_id"].null_count == 107_927
    assert pc.sum(lines["is_repeat"]).as_py() == 6_865
    findings = {finding.code: finding.rows for finding in retail.mined.intake.files[0].quality.findings}
    assert (findings["missing_customer"], findings["repeated"]) == (107_927, 6_865)


def test_customers_are_those_of_the_file(retail, published):
    customers = retail.customers
    assert customers.num_rows == 4_383
    assert pc.sum(pc.greater(customers["amount"], 0)).as_py() == 4_312
    assert pc.sum(pc.equal(customers["segment"], "no_purchase_yet")).as_py() == 71
    ids = pc.unique(pc.drop_null(published["CustomerID"]))
    assert sorted(customers["customer_id"].to_pylist()) == sorted(str(int(float(each))) for each in ids.to_pylist())


def test_the_formats_say_the_same(run_once, retail_file):
    tables = [run_once(retail_file(kind)).customers for kind in FORMATS]
    assert tables[0] == tables[1] == tables[2]


def test_dates_and_currency_are_the_shops(retail):
    assert retail.mined.as_of == dt.date(2010, 12, 10)
    assert retail.mined.snapshot.settings.currency == "GBP"


def test_both_languages_tell_of_the_same_customers(retail):
    sheets = {language: read_csv(getattr(retail, language) / "customers.csv") for language in ("en", "zh")}
    numbers = ("customer_id", "orders", "amount", "r", "f", "m", "abc")
    assert [[row[name] for name in numbers] for row in sheets["en"]] == [
        [row[name] for name in numbers] for row in sheets["zh"]
    ]
    assert {row["segment"] for row in sheets["zh"]} >= {"明星客户", "沉睡客户", "尚未购买"}
    for language in ("en", "zh"):
        report = (getattr(retail, language) / "report.html").read_text(encoding="utf-8")
        assert {"en": "Champions", "zh": "明星客户"}[language] in report
        result = json.loads((getattr(retail, language) / "result.json").read_text(encoding="utf-8"))
        assert [study["study"] for study in result["studies"]] == list(STUDIES)


def test_the_sums_are_those_of_the_published_file(run_once, retail_file, published):
    """Sales of known customers: quantity × price of the lines above 0, to the penny of each line's rounding."""
    amount = pc.multiply(pc.cast(published["Quantity"], "float64"), pc.cast(published["Price"], "float64"))
    known = pc.and_(pc.is_valid(published["CustomerID"]), pc.greater(amount, 0))
    expected = pc.sum(pc.filter(amount, known)).as_py()
    found = float(pc.sum(run_once(retail_file("parquet")).customers["amount"]).as_py())
    assert found == pytest.approx(expected, rel=1e-4)
