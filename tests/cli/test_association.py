"""Mining the baskets of a file from the command line, on the real sets too."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import real_file

LONG = "order,item\n1,茶\n1,杯子\n2,茶\n2,杯子\n3,茶\n4,=ink\n"


@pytest.fixture
def baskets(tmp_path) -> Path:
    path = tmp_path / "baskets.csv"
    path.write_text(LONG, encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    octets = path.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(octets.decode("utf-8-sig").splitlines()))


def test_itemsets_are_json_arrays_in_csv_and_lists_in_parquet(guanxi, baskets, tmp_path):
    said = guanxi("itemsets", baskets, "--min-support", "2", "--out", tmp_path / "sets.csv")
    assert (said.code, said.err) == (0, "")
    assert f"3 itemsets of 4 baskets, each in at least 2 of them: {tmp_path / 'sets.csv'}" in said.out
    found = {tuple(json.loads(row["items"])): (row["count"], row["support"]) for row in rows(tmp_path / "sets.csv")}
    assert found == {("茶",): ("3", "0.75"), ("杯子",): ("2", "0.5"), ("杯子", "茶"): ("2", "0.5")}
    assert guanxi("itemsets", baskets, "--min-support", "0.5", "--out", tmp_path / "sets.parquet").code == 0
    table = pq.read_table(tmp_path / "sets.parquet")
    assert table.schema.field("items").type.value_type == pa.string()
    assert {tuple(each) for each in table["items"].to_pylist()} == set(found)


@pytest.mark.parametrize(("kind", "sets"), [("all", 3), ("closed", 2), ("maximal", 1)])
def test_all_closed_and_maximal_sets(guanxi, baskets, tmp_path, kind, sets):
    guanxi("itemsets", baskets, "--min-support", "2", "--kind", kind, "--out", tmp_path / "sets.csv")
    assert len(rows(tmp_path / "sets.csv")) == sets


def test_length_and_number_of_sets_can_be_limited(guanxi, baskets, tmp_path):
    guanxi("itemsets", baskets, "--min-support", "1", "--max-length", "1", "--out", tmp_path / "sets.csv")
    assert len(rows(tmp_path / "sets.csv")) == 3
    guanxi("itemsets", baskets, "--min-support", "1", "--top-k", "1", "--out", tmp_path / "sets.csv")
    assert [row["items"] for row in rows(tmp_path / "sets.csv")] == ['["茶"]']


def test_nothing_frequent_is_an_empty_file_with_headings(guanxi, baskets, tmp_path):
    for name in ("sets.csv", "sets.parquet"):
        assert guanxi("itemsets", baskets, "--min-support", "9", "--out", tmp_path / name).code == 0
    assert rows(tmp_path / "sets.csv") == []
    assert pq.read_table(tmp_path / "sets.parquet").column_names == ["items", "length", "count", "support"]


def test_rules_lead_to_a_target(guanxi, baskets, tmp_path):
    said = guanxi(
        "rules", baskets, "--min-support", "2", "--min-confidence", "0.5", "--target", "茶", "--out", tmp_path / "r.csv",
        "--lang", "zh",
    )  # fmt: skip
    assert "从 4 个购物篮得到 1 条规则" in said.out
    (row,) = rows(tmp_path / "r.csv")
    assert (row["antecedent"], row["consequent"], row["confidence"]) == ('["杯子"]', '["茶"]', "1")


def test_sequences_are_lists_of_baskets(guanxi, tmp_path):
    path = tmp_path / "orders.csv"
    days = {"a": ("01", "08"), "b": ("02", "12"), "c": ("03", "30")}
    lines = [
        f"{who},2026-01-{day},{what}\n"
        for who, both in days.items()
        for day, what in zip(both, ("printer", "ink"), strict=True)
    ]
    path.write_text("Customer ID,Order Date,Item\n" + "".join(lines), encoding="utf-8")
    said = guanxi("sequences", path, "--min-support", "2", "--max-gap-days", "14", "--out", tmp_path / "s.csv")
    assert "sequences of 3 customers" in said.out
    found = {row["sequence"]: row for row in rows(tmp_path / "s.csv")}
    row = found['[["printer"], ["ink"]]']
    assert (row["customers"], row["days_median"]) == ("2", "8.5")
    guanxi("sequences", path, "--min-support", "2", "--follows", "--out", tmp_path / "f.parquet")
    (row,) = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert (row["before"], row["then"], row["customers"]) == ([["printer"]], ["ink"], 3)


@pytest.fixture
def groups(tmp_path) -> Path:
    path = tmp_path / "groups.csv"
    path.write_text("商品,类,大类\n茶,饮品,食品\n咖啡,饮品,食品\n杯子,,器皿\n", encoding="utf-8")
    return path


def test_groups_of_a_taxonomy_are_mined_beside_items(guanxi, baskets, groups, tmp_path):
    out = tmp_path / "sets.csv"
    guanxi("itemsets", baskets, "--min-support", "2", "--taxonomy", groups, "--out", out)
    found = {frozenset(json.loads(row["items"])): row["count"] for row in rows(out)}
    assert (found[frozenset({"饮品"})], found[frozenset({"食品", "器皿"})]) == ("3", "2")
    assert frozenset({"茶", "饮品"}) not in found
    guanxi("itemsets", baskets, "--min-support", "2", "--taxonomy", groups, "--min-ratio", "1.1", "--out", out)
    telling = {frozenset(json.loads(row["items"])): row["expected"] for row in rows(out)}
    # Tea is in all baskets with drinks: what drinks are bought with says as much.
    assert frozenset({"茶", "杯子"}) not in telling
    assert telling[frozenset({"食品", "器皿"})] == ""


def test_rules_lead_from_groups_of_a_taxonomy(guanxi, baskets, groups, tmp_path):
    out = tmp_path / "rules.csv"
    guanxi("rules", baskets, "--min-support", "2", "--taxonomy", groups, "--target", "杯子", "--out", out)
    assert {row["antecedent"]: row["count"] for row in rows(out)} == {'["茶"]': "2", '["饮品"]': "2", '["食品"]': "2"}


def test_rules_are_tested_in_baskets_held_out(guanxi, groups, tmp_path):
    path, out = tmp_path / "many.csv", tmp_path / "rules.csv"
    lines = [f"{order},{item}\n" for order in range(80) for item in (("茶", "杯子") if order < 40 else ("墨水",))]
    path.write_text("order,item\n" + "".join(lines), encoding="utf-8")
    said = guanxi("rules", path, "--min-support", "5", "--hold-out", "0.25", "--taxonomy", groups, "--out", out)
    found = {(row["antecedent"], row["consequent"]): row for row in rows(out)}
    assert f"{len(found)} rules found in 60 baskets and tested in 20 others; {len(found)} stand: {out}" in said.out
    row = found['["饮品"]', '["杯子"]']
    assert (row["stands"], row["holdout_confidence"]) == ("true", "1")
    assert int(row["count"]) + int(row["holdout_count"]) == 40
    guanxi("rules", path, "--min-support", "5", "--hold-out", "0.25", "--alpha", "0", "--seed", "3", "--out", out)
    assert {row["stands"] for row in rows(out)} == {"false"}


@pytest.mark.parametrize(("option", "value"), [("--alpha", "0.1"), ("--seed", "3")])
def test_what_only_matters_to_baskets_held_out_is_refused_without_them(guanxi, baskets, tmp_path, option, value):
    out = tmp_path / "rules.csv"
    said = guanxi("rules", baskets, "--min-support", "2", option, value, "--out", out)
    assert said.code == 2
    assert f"{option} is only of use together with --hold-out" in " ".join(said.err.split())
    assert not out.exists()


def test_an_improvement_takes_redundant_rules_out(guanxi, tmp_path):
    path = real_file("groceries/groceries_long.parquet")
    counts = []
    for more in ([], ["--min-improvement", "0.05"]):
        guanxi(
            "rules", path, "--min-support", ".006", "--min-confidence", ".25", *more, "--out", tmp_path / "r.parquet"
        )
        counts.append(pq.read_table(tmp_path / "r.parquet"))
    assert counts[0].num_rows == 463 > counts[1].num_rows > 0
    assert min(counts[1]["improvement"].to_pylist()) >= 0.05


def test_what_differs_between_two_files(guanxi, baskets, tmp_path):
    later = tmp_path / "later.csv"
    later.write_text("order,item\n" + "".join(f"{order},杯子\n" for order in range(4)), encoding="utf-8")
    out = tmp_path / "differs.csv"
    said = guanxi("contrast", baskets, later, "--min-support", "0.5", "--min-difference", "0.6", "--out", out)
    assert f"1 set, 4 baskets against 4: {out}" in said.out
    (row,) = rows(out)
    assert (row["items"], row["first_count"], row["second_count"], row["difference"]) == ('["茶"]', "3", "0", "-0.75")
    said = guanxi("contrast", baskets, later, "--min-support", "2", "--max-q", "0", "--out", out, "--lang", "zh")
    assert "对比 4 个与 4 个购物篮，得到 0 个商品组合" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--min-support", "2", "--out", "sets.txt"], 2, "has to end in .parquet or .csv"),
        (["--min-support", "often", "--out", "sets.csv"], 2, "“often” is neither a share"),
        (["--min-support", "0", "--out", "sets.csv"], 2, "min_support is 0"),
        (["--min-support", "1.5", "--out", "sets.csv"], 2, "min_support is 1.5"),
        (["--min-support", "2", "--out", "sets.csv", "--item", "nothing"], 3, "no column nothing"),
        (["--min-support", "2", "--out", "sets.csv", "--format", "wide"], 3, "holds yes and no"),
        (["--min-support", "2", "--out", "sets.csv", "--min-ratio", "2"], 2, "only of use together with --taxonomy"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(guanxi, baskets, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    said = guanxi("itemsets", baskets, *arguments)
    assert said.code == code
    assert words in " ".join(said.err.replace("│", " ").split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["baskets.csv"]


def test_a_taxonomy_of_one_column_is_an_error(guanxi, baskets, tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("item\ntea\n", encoding="utf-8")
    said = guanxi("itemsets", baskets, "--min-support", "2", "--taxonomy", path, "--out", tmp_path / "sets.csv")
    assert said.code == 3
    assert "groups.csv has one column only: item" in " ".join(said.err.split())


def test_a_run_that_fails_leaves_the_file_of_the_run_before(guanxi, baskets, tmp_path):
    out = tmp_path / "sets.csv"
    guanxi("itemsets", baskets, "--min-support", "2", "--out", out)
    before = out.read_bytes()
    assert guanxi("itemsets", baskets, "--min-support", "2", "--out", out, "--transaction", "nothing").code == 3
    assert out.read_bytes() == before


@pytest.mark.parametrize(("support", "confidence", "count"), [(".006", ".25", 463), (".001", ".8", 410)])
def test_groceries_have_as_many_rules_as_are_published(guanxi, tmp_path, support, confidence, count):
    path = real_file("groceries/groceries_long.parquet")
    out = tmp_path / "rules.csv"
    said = guanxi("rules", path, "--min-support", support, "--min-confidence", confidence, "--out", out)
    assert f"{count} rules of 9,835 baskets" in said.out
    assert len(rows(out)) == count


def test_who_buys_beer_and_cans_buys_frozen_meals(guanxi, tmp_path):
    path = real_file("baskets1n/baskets1n.csv")
    out = tmp_path / "rules.csv"
    guanxi("rules", path, "--format", "wide", "--min-support", ".1", "--min-confidence", ".8", "--out", out)
    found = {(row["antecedent"], row["consequent"]): (row["count"], row["antecedent_count"]) for row in rows(out)}
    assert found['["beer", "cannedveg"]', '["frozenmeal"]'] == ("146", "167")


def test_traits_of_customers_stand_beside_products(guanxi, tmp_path):
    path = real_file("baskets1n/baskets1n.csv")
    out = tmp_path / "rules.parquet"
    guanxi("rules", path, "--format", "wide", "--traits", "--min-support", ".03", "--min-confidence", ".5",
           "--target", "fish", "--max-length", "4", "--out", out)  # fmt: skip
    left = [set(items) for items in pq.read_table(out)["antecedent"].to_pylist()]
    assert any({"fruitveg"} < items and any(item.startswith("income=") for item in items) for items in left)


@pytest.mark.parametrize(("kind", "sets"), [("all", 8227), ("closed", 5083), ("maximal", 226)])
def test_chess_has_as_many_sets_as_others_count(guanxi, tmp_path, kind, sets):
    path = real_file("fimi/chess.parquet")
    said = guanxi("itemsets", path, "--min-support", ".8", "--kind", kind, "--out", tmp_path / "sets.parquet")
    assert f"{sets:,} itemsets of 3,196 baskets" in said.out
