"""The affinity study on a shop and on the simulated company, whose planted pairs are known."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi.mine.outputs import write_outputs
from guanxi.report.document import say_value
from guanxi.simulate.catalogue import catalogue
from guanxi.studies.affinity.baskets import read_baskets
from guanxi.studies.affinity.learn import learn
from guanxi.warehouse import DuckDB
from studies.affinity.shops import chance, shop
from studies.shops import FIRST, study

NOW = FIRST + dt.timedelta(days=200)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    held = chance(800, 15, seed=4, chance=0.12)
    for number, items in enumerate(held):
        items += [f"=A{number % 7}", f"茶{number % 7}"]
    return shop(tmp_path_factory.mktemp("planted"), held)


@pytest.fixture(scope="module")
def result(planted):
    return study(planted, "affinity", as_of=NOW)


def texts(section, language="en"):
    said = [*section.intro, *section.notes]
    for table in section.tables:
        said += [table.title, table.caption, *(value for row in table.rows for value in row if value is not None)]
    for figure in section.figures:
        said += [figure.title, figure.finding, figure.caption]
    return " ".join(say_value(each, "text", language) for each in said)


def test_pairs_are_judged_shown_and_said(result):
    assert result.judgement.grade == "A"
    assert [section.id for section in result.sections] == ["affinity", "bought-together"]
    assert result.parameters["baskets"] == 800
    assert result.parameters["min_count"] == 10
    (advice,) = result.advice
    assert "Name of" in advice.title.say("en")
    assert "Name of =A" in texts(result.sections[1])
    assert "评级 A" in texts(result.sections[1], "zh")


def test_baskets_without_a_known_customer_count(planted, result):
    rules = result.tables["rules"].to_pylist()
    row = next(each for each in rules if each["antecedent"] == ["=A0"] and each["consequent"] == ["茶0"])
    assert row["count"] == row["antecedent_count"] == 115
    assert row["antecedent_names"] == ["Name of =A0"]


def test_a_product_with_a_companion_shows_it_first(result):
    rows = result.tables["companions"].to_pylist()
    first = {row["product"]: row["companion"] for row in rows if row["place"] == 1}
    assert all(first[f"=A{number}"] == f"茶{number}" and first[f"茶{number}"] == f"=A{number}" for number in range(7))
    assert {row["basis"] for row in rows} == {"rule"}


def test_the_web_holds_every_planted_pair_and_a_slider(result):
    (figure,) = result.sections[0].figures
    rows = figure.chart.table.rows
    pairs = {frozenset(row[:2]) for row in rows}
    assert {frozenset((f"Name of =A{n}", f"Name of 茶{n}")) for n in range(7)} <= pairs


def test_what_comes_on_or_after_the_date_changes_nothing(planted):
    with DuckDB().bind(planted) as session:
        cut = FIRST + dt.timedelta(days=100)
        early = read_baskets(session, as_of=cut)
        assert max(early.table["ordered_on"].to_pylist()) == cut - dt.timedelta(days=1)
        everything = read_baskets(session, as_of=NOW)
    assert learn(everything.before(cut)).rules.equals(learn(early.table).rules)


def test_a_large_shop_is_read_from_its_latest_whole_days(planted):
    with DuckDB().bind(planted) as session:
        everything = read_baskets(session, as_of=NOW)
        part = read_baskets(session, as_of=NOW, most_lines=1000)
    assert not everything.shortened
    assert part.shortened
    assert 900 < part.table.num_rows <= 1000
    assert part.table.num_rows == everything.since_date(part.since).num_rows


def test_without_products_it_says_what_is_missing(tmp_path):
    result = study(shop(tmp_path, [["a"], ["b"]], product=False), "affinity")
    assert [each.code for each in result.missing] == ["affinity.missing_products"]
    assert result.judgement.grade == "D"
    assert [section.id for section in result.sections] == ["affinity"]
    assert "number or a name" in texts(result.sections[0])


def test_few_baskets_are_no_error_and_show_the_best_sellers(tmp_path):
    held = [["tea", "cup"]] * 30 + [["ink"]] * 60 + [["pen"]] * 40
    result = study(shop(tmp_path, held), "affinity")
    assert [each.code for each in result.missing] == ["affinity.missing_baskets"]
    assert result.judgement.grade == "D"
    rows = result.tables["companions"].to_pylist()
    assert {row["basis"] for row in rows} == {"popular"}
    assert [row["companion"] for row in rows if row["product"] == "tea"] == ["ink", "pen", "cup"]
    assert result.advice == []


def test_what_does_not_go_together_is_said_so(tmp_path):
    result = study(shop(tmp_path, [["tea"], ["cup"]] * 40), "affinity")
    assert [section.id for section in result.sections] == ["affinity"]
    assert "No products were found" in texts(result.sections[0])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_text_is_there_in_both_languages(result, language):
    assert all(texts(section, language) for section in result.sections)


def test_rules_are_written_as_lists_and_as_json(company, tmp_path):
    write_outputs(company.mined, tmp_path, language="zh")
    table = pq.read_table(tmp_path / "rules.parquet")
    assert table.schema.field("antecedent").type == pa.list_(pa.field("element", pa.string()))
    octets = (tmp_path / "rules.csv").read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    import csv

    rows = list(csv.DictReader(octets.decode("utf-8-sig").splitlines()))
    assert len(rows) == table.num_rows > 100
    first, same = rows[0], table.to_pylist()[0]
    assert json.loads(first["antecedent"]) == same["antecedent"]
    assert json.loads(first["consequent_names"]) == same["consequent_names"]
    assert float(first["confidence"]) == pytest.approx(same["confidence"], rel=1e-5)
    assert float(first["q"]) == pytest.approx(same["q"], rel=1e-5)


def test_planted_pairs_of_the_simulated_company_stand_first(company):
    shop = catalogue()
    codes = [shop.codes[first] for first in shop.family_first]
    result = company.mined.result("affinity")
    shown = {}
    for row in result.tables["companions"].to_pylist():
        shown.setdefault(row["product"], []).append(row["companion"])
    found = [codes[pair.companion] in shown.get(codes[pair.product], []) for pair in shop.pairs]
    assert sum(found) >= 0.9 * len(shop.pairs)
    assert result.judgement.grade in "AB"


def test_the_probability_of_a_planted_pair_lies_in_the_interval_of_its_rule(company):
    # The companion is also bought by itself, so that the rule may hold more often than it was planted.
    shop = catalogue()
    codes = [shop.codes[first] for first in shop.family_first]
    rules = {
        (row["antecedent"][0], row["consequent"][0]): row
        for row in company.mined.result("affinity").tables["rules"].to_pylist()
        if len(row["antecedent"]) == 1
    }
    for pair in shop.pairs:
        row = rules.get((codes[pair.product], codes[pair.companion]))
        assert row is None or row["confidence_high"] > pair.probability


def test_the_same_baskets_shuffled_give_hardly_a_rule(company):
    # Sizes of baskets and numbers of each product as they are; only who stands with whom is chance.
    lines = company.lines.filter(pa.array(np.array(company.lines["line_kind"].to_pylist()) == "sale"))
    baskets = lines["order_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    items = np.random.default_rng(3).permutation(np.array(lines["product_id"].to_pylist()))
    held = pa.table({"transaction": baskets, "item": items})
    learned = learn(held.group_by(["transaction", "item"]).aggregate([]))
    real = company.mined.result("affinity")
    assert learned.tested > 1000
    assert learned.found <= 0.02 * real.tables["rules"].num_rows
