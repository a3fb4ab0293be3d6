"""Preparations: every step by hand, learned from the past only, kept and told."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import DataError, FileError, NotFittedError, SchemaError, SettingError
from guanxi.features.prepare import (
    Clip,
    Combine,
    Discretise,
    Encode,
    Impute,
    Normalise,
    Preparation,
    Select,
    Standardise,
)
from guanxi.words import LANGUAGES

EVERY_STEP = (
    Combine("per_order", "amount", "orders"), Impute(("amount", "per_order")), Clip(("amount",), 0.1, 0.9),
    Normalise(("amount",), "log"), Standardise(("amount",)), Normalise(("per_order",)),
    Discretise(("orders",), "frequency", 2), Encode(("city",), least=2), Select(),
)  # fmt: skip


def past() -> pa.Table:
    return pa.table({
        "customer_id": ["ada", "bo", "张三", "dora", "emil", "fay"],
        "amount": [100.0, None, 300.0, 900.0, 50.0, 10.0],
        "orders": pa.array([1, 2, 0, 3, 1, 2], pa.int64()),
        "city": ["北京", "Bonn", "北京", None, "Bonn", "Rome"],
        "left": [1, 0, 1, 0, 1, 0],
    })  # fmt: skip


def numbers(*values: float | None, name: str = "x") -> pa.Table:
    rows = [f"c{row:03}" for row in range(len(values))]
    return pa.table({"customer_id": rows, name: pa.array(values, pa.float64())})


def column(table: pa.Table, step, name: str = "x", *, asked: pa.Table | None = None) -> list[float | None]:
    return Preparation(steps=(step,)).fit(table).transform(asked or table)[name].to_pylist()


@pytest.mark.parametrize(("how", "fill"), [("median", 3.0), ("mean", 4.0), ("zero", 0.0)])
def test_empty_values_are_filled_from_the_past(how, fill):
    table = numbers(1, 3, 8, None)
    assert column(table, Impute(how=how)) == [1, 3, 8, fill]
    assert column(table, Impute(how=how), asked=numbers(None, 100)) == [fill, 100]


def test_that_a_value_was_empty_is_a_column_of_its_own_where_the_past_had_such():
    made = Preparation(steps=(Impute(),)).fit(numbers(1, None)).transform(numbers(None, 5))
    assert made.to_pydict() == {"customer_id": ["c000", "c001"], "x": [1, 5], "x_missing": [1, 0]}
    assert Preparation(steps=(Impute(),)).fit(numbers(1, 2)).transform(numbers(None)).column_names == [
        "customer_id", "x",
    ]  # fmt: skip


def test_a_column_without_any_value_is_filled_with_zero():
    assert column(numbers(None, None), Impute()) == [0, 0]


def test_extremes_are_pulled_in_to_quantiles_of_the_past():
    table = numbers(*range(101))
    assert column(table, Clip(low=0.1, high=0.9), asked=numbers(-5, 50, 1000, None)) == [10, 50, 90, None]


def test_standardised_by_mean_and_deviation_of_the_past():
    assert column(numbers(1, 3), Standardise(), asked=numbers(1, 3, 5, None)) == [-1, 1, 3, None]
    assert column(numbers(7, 7), Standardise(), asked=numbers(7, 9)) == [0, 2]


def test_normalised_to_the_range_of_the_past():
    assert column(numbers(10, 20), Normalise(), asked=numbers(5, 15, 25)) == [0, 0.5, 1]
    assert column(numbers(10, 10), Normalise()) == [0, 0]


def test_logarithms_keep_their_sign():
    found = column(numbers(0, np.e - 1, 1 - np.e), Normalise(how="log"))
    assert found == pytest.approx([0, 1, -1])


@pytest.mark.parametrize(
    ("how", "made"), [("ratio", [2.0, None]), ("difference", [3.0, 4.0]), ("sum", [9.0, 4.0]), ("product", [18.0, 0.0])]
)
def test_two_columns_are_combined(how, made):
    table = pa.table({"customer_id": ["a", "b"], "x": [6.0, 4.0], "y": [3.0, 0.0]})
    assert column(table, Combine("z", "x", "y", how), "z") == made


def test_classes_of_equal_width_and_of_equal_frequency():
    table = numbers(0, 1, 2, 3, 100)
    assert column(table, Discretise(how="width", bins=4)) == [0, 0, 0, 0, 3]
    assert column(numbers(1, 2, 3, 4), Discretise(how="frequency", bins=2)) == [0, 0, 1, 1]
    assert column(numbers(1, 1, 1, 9), Discretise(how="frequency", bins=4)) == [0, 0, 0, 1]
    assert column(numbers(5, 5, None), Discretise(bins=3)) == [0, 0, None]


def test_categories_become_columns_and_rare_ones_share_one():
    made = Preparation(steps=(Encode(least=2),), columns=("city",)).fit(past()).transform(past())
    assert made.column_names[1:] == ["city=Bonn", "city=北京", "city=…"]
    assert made["city=北京"].to_pylist() == [1, 0, 1, 0, 0, 0]
    assert made["city=…"].to_pylist() == [0, 0, 0, 1, 0, 1]


def test_a_category_that_the_past_did_not_know_is_rare_or_nothing():
    new = past().slice(0, 1).set_column(3, "city", pa.array(["东京"]))
    with_rest = Preparation(steps=(Encode(least=2),), columns=("city",)).fit(past())
    assert with_rest.transform(new).to_pylist()[0]["city=…"] == 1
    without = Preparation(steps=(Encode(least=1),), columns=("city",)).fit(past())
    assert set(list(without.transform(new).to_pylist()[0].values())[1:]) == {0.0}


def test_a_category_becomes_the_share_that_it_had():
    step = Encode(how="target", weight=0, least=1)
    fitted = Preparation(steps=(step,), columns=("city",), label="left").fit(past())
    assert fitted.transform(past())["city"].to_pylist() == [1, 0.5, 1, 0, 0.5, 0]
    new = past().slice(0, 1).set_column(3, "city", pa.array(["东京"]))
    assert fitted.transform(new)["city"].to_pylist() == [0.5]


def test_nobody_is_told_his_own_outcome():
    # Every customer is a category of his own: of a leak his share would be his label.
    random = np.random.Generator(np.random.Philox(1))
    label = random.integers(0, 2, 200)
    table = pa.table(
        {"customer_id": [f"{n:03}" for n in range(200)], "who": [f"k{n}" for n in range(200)], "left": label}
    )
    preparation = Preparation(steps=(Encode(how="target", weight=1),), columns=("who",), label="left")
    assert abs(np.corrcoef(preparation.fit_transform(table)["who"].to_numpy(), label)[0, 1]) < 0.3
    assert np.corrcoef(preparation.transform(table)["who"].to_numpy(), label)[0, 1] > 0.99


def test_columns_that_do_not_vary_are_left_out():
    table = numbers(1, 2).append_column("same", pa.array([0.1, 0.1]))
    assert Preparation(steps=(Select(),)).fit(table).transform(table).column_names == ["customer_id", "x"]


def test_the_columns_that_tell_most_of_the_outcome_are_kept():
    random = np.random.Generator(np.random.Philox(2))
    label = random.integers(0, 2, 400)
    columns = {
        "noise": random.normal(size=400),
        "tells": label + random.normal(size=400) / 3,
        "more": random.random(400),
    }
    table = pa.table({"customer_id": [f"{n:03}" for n in range(400)], **columns, "left": label})
    made = Preparation(steps=(Select("information", most=1),), label="left").fit(table).transform(table)
    assert made.column_names == ["customer_id", "tells"]


def test_dates_and_booleans_are_numbers():
    table = pa.table({"customer_id": ["a"], "on": [dt.date(1970, 1, 11)], "yes": [True]})
    assert Preparation().fit(table).transform(table).to_pylist() == [{"customer_id": "a", "on": 10.0, "yes": 1.0}]


def test_of_every_column_it_is_known_what_it_was_made_from():
    fitted = Preparation(steps=EVERY_STEP, columns=("amount", "orders", "city")).fit(past())
    assert fitted.origins_["amount_missing"] == fitted.origins_["per_order"] == "amount"
    assert {source for name, source in fitted.origins_.items() if name.startswith("city=")} == {"city"}


def test_what_comes_later_changes_nothing_of_what_was_learned():
    fitted = Preparation(steps=EVERY_STEP, columns=("amount", "orders", "city")).fit(past())
    alone = fitted.transform(past().slice(0, 1))
    wild = pa.concat_tables([past().slice(0, 1), past().set_column(1, "amount", pa.array([1e9] * 6))])
    assert fitted.transform(wild).slice(0, 1) == alone


def test_the_order_of_the_rows_does_not_matter():
    order = [3, 1, 5, 0, 2, 4]
    for steps, label in ((EVERY_STEP, None), ((Encode(how="target"),), "left")):
        make = Preparation(steps=steps, columns=("amount", "orders", "city"), label=label)
        straight = make.fit_transform(past())
        assert make.fit_transform(past().take(order)) == straight.take(order)


def test_fitting_again_forgets_the_past():
    again = Preparation(steps=(Impute(),)).fit(numbers(1, None)).fit(numbers(5, None, name="y"))
    assert again.transform(numbers(None, name="y")).to_pylist() == [{"customer_id": "c000", "y": 5, "y_missing": 1}]


def test_it_is_kept_as_json_and_arrays(tmp_path):
    fitted = Preparation(steps=EVERY_STEP, columns=("amount", "orders", "city")).fit(past())
    fitted.save(tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["arrays.npz", "model.json"]
    again = Preparation.load(tmp_path / "kept")
    assert again.transform(past()) == fitted.transform(past())
    assert again.steps == fitted.steps
    with pytest.raises(FileError):
        Preparation.load(tmp_path / "nothing")


def test_every_step_is_told_in_words():
    steps = (
        *EVERY_STEP, Impute(flag=False), Encode(how="target"), Select("information"), Discretise(how="width"),
        Discretise(how="entropy"), *(Combine("z", "x", "y", how) for how in ("difference", "sum", "product")),
    )  # fmt: skip
    for message in Preparation(steps=steps).describe():
        assert all(message.say(language) for language in LANGUAGES)


def test_no_row_is_prepared_too():
    fitted = Preparation(steps=EVERY_STEP, columns=("amount", "orders", "city")).fit(past())
    assert fitted.transform(past().slice(0, 0)).num_rows == 0


@pytest.mark.parametrize(
    ("steps", "error", "code"),
    [
        ((Impute(how="mode"),), SettingError, "prepare.not_one_of"),
        ((Clip(low=0.9, high=0.1),), SettingError, "prepare.quantiles"),
        ((Discretise(bins=1),), SettingError, "errors.at_least"),
        ((Discretise(how="entropy"),), SettingError, "prepare.needs_a_label"),
        ((Encode(how="target"),), SettingError, "prepare.needs_a_label"),
        ((Impute(("colour",)),), SchemaError, "errors.no_such_column"),
        ((Encode(("amount",)),), SchemaError, "errors.no_such_column"),
    ],
)
def test_what_cannot_be_done_is_said(steps, error, code):
    with pytest.raises(error) as raised:
        Preparation(steps=steps).fit(past())
    assert raised.value.code == code


def test_a_label_is_0_or_1_in_every_row():
    table = past().set_column(4, "left", pa.array([0, 1, 2, 0, 0, 1]))
    with pytest.raises(DataError) as raised:
        Preparation(label="left").fit(table)
    assert raised.value.code == "prepare.not_a_label"


def test_a_column_that_is_missing_later_is_named():
    with pytest.raises(SchemaError):
        Preparation().fit(past()).transform(past().drop_columns(["orders"]))


def test_transform_before_fit_says_so():
    with pytest.raises(NotFittedError):
        Preparation().transform(past())
