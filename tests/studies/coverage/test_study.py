"""The coverage study on a shop made for it, and on the simulated company."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pytest

from guanxi import mine as job
from guanxi.mine.outputs import write_outputs
from guanxi.report.document import say_value
from guanxi.studies import coverage as package
from guanxi.studies import segments
from guanxi.studies.base import RUN_SCORES
from guanxi.warehouse import DuckDB, Warehouse
from studies.shops import AT, FIRST, study

DAYS = 300
NOW = FIRST + dt.timedelta(days=DAYS)


def make(folder, purchases, *, category=True):
    """A shop of purchases (customer, day, product)."""
    path = folder / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Order No", "Order Date", "Customer ID", "Product Code", "Product Name", "Category", "Amount"])
        for number, (customer, day, product) in enumerate(sorted(purchases, key=lambda each: each[1])):
            code = f"{product}-{number % 3}"
            writer.writerow(
                [
                    f"N{number}",
                    FIRST + dt.timedelta(days=day),
                    customer,
                    code,
                    f"Name {code}",
                    product if category else "",
                    "5.00",
                ]
            )
    job.import_files([path], folder / "warehouse", at=AT, currency="EUR")
    with Warehouse.open(folder / "warehouse") as warehouse:
        return warehouse.snapshot()


def purchases(customers=700, *, seed=1):
    """Who buys tea also comes to buy a pot, in time; bread is everybody's, ink nobody's in particular."""
    random = np.random.default_rng(seed)
    for number in range(customers):
        who = f"C{number:04}"
        yield who, int(random.integers(0, 200)), "bread"
        yield who, int(random.integers(211, DAYS)), "bread"
        if number % 3 == 0:
            yield who, int(random.integers(0, 200)), "茶"
            if random.random() < 0.7:
                yield who, int(random.integers(0, DAYS)), "pot"
        elif random.random() < 0.1:
            yield who, int(random.integers(0, DAYS)), "pot"
        if random.random() < 0.4:
            yield who, int(random.integers(0, DAYS)), "ink"
    yield "late", DAYS - 1, "bread"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return make(tmp_path_factory.mktemp("shop"), purchases())


@pytest.fixture(scope="module")
def result(snapshot):
    return study(snapshot, "coverage", as_of=NOW)


def cell(result, group, product):
    return next(
        row for row in result.tables["coverage"].to_pylist() if (row["group"], row["product"]) == (group, product)
    )


def test_counts_are_those_of_the_lines(result):
    has = {}
    for customer, _, product in purchases():
        has.setdefault(product, set()).add(customer)
    for group, product in (("茶", "pot"), ("ink", "pot"), ("pot", "茶"), ("bread", "ink")):
        row = cell(result, group, product)
        assert (row["customers"], row["holders"]) == (len(has[group]), len(has[group] & has[product]))


def test_customers_to_reach_lack_the_product_and_are_in_the_group(result):
    has = {}
    for customer, _, product in purchases():
        has.setdefault(customer, set()).add(product)
    rows = [row for row in result.tables["candidates"].to_pylist() if row["group_kind"] == "holds"]
    assert rows
    assert all(
        row["group"] in has[row["customer_id"]] and row["product"] not in has[row["customer_id"]] for row in rows
    )
    reach = {(r["group_kind"], r["group"], r["product"]): r["to_reach"] for r in result.tables["coverage"].to_pylist()}
    listed = {}
    for row in result.tables["candidates"].to_pylist():
        key = (row["group_kind"], row["group"], row["product"])
        listed[key] = listed.get(key, 0) + 1
    assert all(count <= reach[key] for key, count in listed.items())


def test_the_rule_that_points_to_them_is_named(result):
    assert result.judgement.grade in "AB"
    row = cell(result, "bread", "pot")
    assert row["to_reach"] > 0
    assert "茶" in row["rule"]
    first = next(
        each for each in result.tables["candidates"].to_pylist() if (each["group"], each["product"]) == ("bread", "pot")
    )
    assert "茶" in first["rule"]
    assert first["chance"] > 0.6


def test_groups_by_amount_are_those_of_the_scores(snapshot, result):
    scored = study(snapshot, "segments", as_of=NOW).tables["customers"].to_pylist()
    best = sum(row["m"] == 5 for row in scored)
    row = next(r for r in result.tables["coverage"].to_pylist() if (r["group_kind"], r["group"]) == ("amount", "5"))
    assert row["customers"] == best


def test_a_plan_of_ones_own_can_be_given(snapshot):
    with DuckDB().bind(snapshot) as session:
        session.register(RUN_SCORES, study(snapshot, "segments", as_of=NOW).scores)
        found = package.STUDY.run(session, as_of=NOW, wanted=0.9)
    assert set(found.tables["coverage"]["wanted"].to_pylist()) == {0.9}
    assert "those that were given" in texts(found)


def test_what_comes_on_or_after_the_date_changes_nothing(tmp_path, snapshot):
    cut = FIRST + dt.timedelta(days=250)
    until = make(tmp_path, [each for each in purchases() if each[1] < 250])
    one, other = (study(each, "coverage", as_of=cut) for each in (snapshot, until))
    assert one.tables["coverage"].equals(other.tables["coverage"])
    assert one.tables["candidates"].equals(other.tables["candidates"])
    assert one.judgement.comparisons == other.judgement.comparisons


def texts(result, language="en"):
    (section,) = result.sections
    said = [*section.intro, *section.notes]
    for figure in section.figures:
        said += [figure.finding, figure.caption]
    for table in section.tables:
        said += [table.title, table.caption, *(value for row in table.rows for value in row if value is not None)]
    return " ".join(say_value(each, "text", language) for each in said)


def test_it_is_said_in_both_languages(result):
    assert "has bread" in texts(result)
    assert "Of those who have" in texts(result)
    assert "已有“bread”" in texts(result, "zh")


def test_without_categories_products_are_named(tmp_path):
    result = study(make(tmp_path, purchases(400), category=False), "coverage", as_of=NOW)
    assert result.parameters["level"] == "product"
    assert "has Name bread-" in texts(result)


def test_few_customers_are_no_error_and_no_rule_is_named(tmp_path):
    result = study(make(tmp_path, purchases(90)), "coverage", as_of=NOW)
    assert [each.code for each in result.missing] == ["coverage.missing_customers"]
    assert result.judgement.grade == "D"
    assert result.tables["coverage"].num_rows
    assert result.tables["coverage"]["rule"].null_count == result.tables["coverage"].num_rows


def test_a_shop_without_customers_says_what_is_missing(tmp_path):
    result = study(make(tmp_path, [("", 1, "tea"), ("a", 2, "tea")]), "coverage", as_of=NOW)
    assert [each.code for each in result.missing] == ["coverage.missing_holdings"]
    assert "not enough customers" in texts(result)


def test_the_simulated_company_gets_its_files(company, tmp_path):
    write_outputs(company.mined, tmp_path, language="en")
    for name in ("coverage", "customers_to_reach"):
        rows = list(csv.DictReader((tmp_path / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()))
        assert len(rows) > 100
    assert company.mined.result("coverage").judgement is not None


def test_the_study_reads_the_scores_of_segments():
    assert package.STUDY.reads == (segments.STUDY.name,)
