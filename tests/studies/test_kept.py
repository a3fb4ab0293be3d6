"""A kept model says the same as the one in memory, asks clearly for what it needs, and runs nothing that is in a file."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from guanxi.errors import DataError, FileError, SchemaError
from guanxi.features.prepare import Encode, Impute, Preparation, Standardise
from guanxi.mining.classify import BucketRate, CalibratedClassifier, GradientBoosting, LogisticRegression
from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD
from guanxi.studies.kept import KeptModel, Lifetime, Probability, inputs_of
from guanxi.words import LANGUAGES

COLUMNS = ["days", "plan"]


def customers(rows: int = 200, *, seed: int = 1) -> pa.Table:
    random = np.random.Generator(np.random.Philox(seed))
    days = random.integers(1, 300, rows)
    plan = np.where(random.random(rows) < 0.5, "月付", "yearly")
    return pa.table({
        "customer_id": [f"K{number:03}" for number in range(rows)],
        "days": [None if day % 17 == 0 else float(day) for day in days],
        "plan": plan,
        "label": (random.random(rows) < days / 300) | (plan == "月付") & (random.random(rows) < 0.3),
    })  # fmt: skip


def histories(rows: int = 60, *, seed: int = 2) -> pa.Table:
    random = np.random.Generator(np.random.Philox(seed))
    frequency = random.poisson(2.0, rows)
    age = random.integers(100, 400, rows).astype(float)
    recency = np.where(frequency > 0, age * random.random(rows), 0.0)
    spent = random.gamma(4.0, 500.0, rows)
    return pa.table({
        "customer_id": [f"K{number:03}" for number in range(rows)], "frequency": frequency, "recency_days": recency,
        "age_days": age, "monetary": pa.array(spent, mask=frequency == 0),
    })  # fmt: skip


def classifier(method) -> CalibratedClassifier:
    steps = (Impute(), Standardise(), Encode())
    preparation = Preparation(steps=steps, columns=tuple(COLUMNS))
    return CalibratedClassifier(preparation=preparation, method=method).fit(customers())


def kept(model, columns: list[str] | None = None) -> KeptModel:
    names = columns or COLUMNS
    answers = Probability(model, inputs_of(customers(), names), "churn", "churn_band", (0.33, 0.66))
    return KeptModel("churn", answers, dt.date(2024, 1, 1), 90, "customer_id", customers().slice(0, 3))


def lifetime(law) -> KeptModel:
    table = histories()
    answers = Lifetime(law.fit(table), GammaGamma(regularisation=1.0).fit(table))
    return KeptModel("value", answers, dt.date(2024, 1, 1), 90, "customer_id", table)


MODELS = {
    "boosting": (lambda: kept(classifier(GradientBoosting(iterations=20))), customers),
    "logistic": (lambda: kept(classifier(LogisticRegression())), customers),
    "rule": (lambda: kept(BucketRate(column="days").fit(customers()), ["days"]), customers),
    "bg_nbd": (lambda: lifetime(BetaGeoNBD(regularisation=1.0)), histories),
    "mbg_nbd": (lambda: lifetime(ModifiedBetaGeoNBD(regularisation=1.0)), histories),
    "pareto_nbd": (lambda: lifetime(ParetoNBD(regularisation=1.0)), histories),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_was_saved_says_exactly_the_same(name, tmp_path):
    make, table = MODELS[name]
    model = make()
    model.save(tmp_path / "model")
    again = KeptModel.load(tmp_path / "model")
    asked = table(70, seed=9)
    assert again.predict(asked) == model.predict(asked)
    assert (again.study, again.as_of, again.horizon_days, again.key) == (
        model.study, model.as_of, model.horizon_days, model.key,
    )  # fmt: skip


def test_it_is_json_and_arrays_and_nothing_else(tmp_path):
    kept(classifier(GradientBoosting(iterations=5))).save(tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["arrays.npz", "model.json"]
    assert json.loads((tmp_path / "model/model.json").read_text(encoding="utf-8"))["study"] == "churn"
    with np.load(tmp_path / "model/arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


# What it is asked about.


@pytest.fixture(scope="module")
def model() -> KeptModel:
    return kept(classifier(GradientBoosting(iterations=20)))


def test_bands_follow_the_probability(model):
    said = model.predict(customers())
    assert said.column_names == ["customer_id", "churn_probability", "churn_low", "churn_high", "churn_band"]
    for row in said.to_pylist():
        high = row["churn_probability"]
        assert row["churn_band"] == ("low" if high < 0.33 else "medium" if high < 0.66 else "high")


def test_the_order_of_columns_and_others_beside_make_no_difference(model):
    table = customers()
    other = table.select(["plan", "label", "customer_id", "days"]).append_column("more", pa.nulls(table.num_rows))
    assert model.predict(other) == model.predict(table)


def test_numbers_may_stand_as_text_with_blanks_about_them(model):
    table = customers()
    texts = [f" {day:g} " if day is not None else "  " for day in table["days"].to_pylist()]
    assert model.predict(table.set_column(1, "days", pa.array(texts))) == model.predict(table)


def test_categories_that_are_numbers_are_read_as_their_names():
    table = customers().set_column(
        2, "plan", pa.array(["1" if each == "月付" else "12" for each in customers()["plan"].to_pylist()])
    )
    preparation = Preparation(steps=(Impute(), Encode()), columns=tuple(COLUMNS))
    learned = CalibratedClassifier(preparation=preparation, method=LogisticRegression()).fit(table)
    model = kept(learned)
    for kind in (pa.int64(), pa.float64()):
        assert model.predict(table.set_column(2, "plan", table["plan"].cast(kind))) == model.predict(table)


def test_all_columns_that_are_missing_are_named_with_what_they_should_hold(model):
    with pytest.raises(SchemaError) as raised:
        model.predict(pa.table({"customer_id": ["a"], "dayz": [1.0]}))
    for language in LANGUAGES:
        assert all(word in raised.value.say(language) for word in ("days (number)", "plan (text)", "dayz"))


def test_a_table_without_the_customer_is_refused(model):
    with pytest.raises(SchemaError, match="customer_id"):
        model.predict(customers().drop_columns(["customer_id"]))


def test_a_text_where_a_number_belongs_is_named_with_its_row(model):
    table = customers(3).set_column(1, "days", pa.array(["1", "2", "soon"]))
    with pytest.raises(DataError) as raised:
        model.predict(table)
    assert raised.value.message.parameters == {"column": "days", "row": 3, "value": "soon"}
    assert all("soon" in raised.value.say(language) for language in LANGUAGES)


def test_a_column_of_another_kind_is_refused(model):
    table = customers(2).set_column(1, "days", pa.array([[1.0], [2.0]]))
    with pytest.raises(SchemaError, match="days"):
        model.predict(table)


def test_an_empty_table_is_answered_with_an_empty_one(model):
    assert model.predict(customers().slice(0, 0)).num_rows == 0


def test_where_rows_had_no_name_they_are_numbered(model):
    unnamed = KeptModel("churn", model.answers, None, None, None, model.example)
    assert unnamed.predict(customers(3).drop_columns(["customer_id"]))["customer_id"].to_pylist() == ["1", "2", "3"]


# Files that are no models, or worse.


@pytest.fixture
def folder(tmp_path, model) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


class _Evil:
    """Unpickled, it would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def refused(folder: Path) -> str:
    with pytest.raises(FileError) as raised:
        KeptModel.load(folder)
    assert all(raised.value.say(language) for language in LANGUAGES)
    return raised.value.code


@pytest.mark.parametrize("name", ["model.json", "arrays.npz"])
def test_a_pickle_in_place_of_a_file_is_not_run(folder, name, tmp_path):
    trace = tmp_path / "trace"
    (folder / name).write_bytes(pickle.dumps(_Evil(trace)))
    assert refused(folder) == "prepare.not_a_model"
    assert not trace.exists()


def test_a_pickle_within_the_arrays_is_not_run(folder, tmp_path):
    trace = tmp_path / "trace"
    arrays = dict(np.load(folder / "arrays.npz"))
    arrays["a0"] = np.array([_Evil(trace)], dtype=object)
    np.savez(folder / "arrays.npz", **arrays)
    assert refused(folder) == "prepare.not_a_model"
    assert not trace.exists()


def changed(folder: Path, change) -> None:
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    change(data)
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")


def _method(data: dict) -> dict:
    return data["learned"]["model"]["method"]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(form=2),
        lambda data: data.update(answers="KeptModel"),
        lambda data: data["learned"].update(kind="Popen"),
        lambda data: data["learned"].update(inputs={"days": "code"}),
        lambda data: data["learned"].update(inputs={"nights": "number"}),
        lambda data: data["learned"].update(borders=[0.5]),
        lambda data: data.update(horizon_days=10**12),
        lambda data: data.pop("study"),
        lambda data: _method(data).update(method="Thread"),
        lambda data: _method(data).update({"__class__": "x_"}),
        lambda data: _method(data).update({"run_": "x"}),
        lambda data: _method(data)["forest_"].pop("value"),
        lambda data: _method(data)["forest_"].update(left={"$array": "nowhere"}),
        lambda data: data["learned"]["model"]["preparation"]["steps"].append({"step": "Step"}),
        lambda data: data["learned"]["model"]["preparation"]["learned"].pop(),
        lambda data: data["learned"]["model"].update(covariance={"$array": "a0"}),
        lambda data: data["learned"]["model"].update(slope="steep"),
    ],
)
def test_what_is_not_a_models_data_is_refused(folder, change):
    changed(folder, change)
    assert refused(folder) == "prepare.not_a_model"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, '{"form": 1}'])
def test_what_is_no_description_is_refused(folder, text):
    (folder / "model.json").write_text(text, encoding="utf-8")
    assert refused(folder) == "prepare.not_a_model"


def test_trees_that_lead_in_circles_are_refused(folder):
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    place = _method(data)["forest_"]["left"]["$array"]
    arrays = dict(np.load(folder / "arrays.npz"))
    arrays[place] = np.where(arrays[place] >= 0, 0, -1)
    np.savez(folder / "arrays.npz", **arrays)
    assert refused(folder) == "prepare.not_a_model"


def test_arrays_that_unfold_beyond_all_measure_are_refused(folder, monkeypatch):
    monkeypatch.setattr("guanxi.features.prepare.saved._MOST_BYTES", 10_000)
    assert refused(folder) == "prepare.not_a_model"


def test_a_law_without_sense_is_refused(tmp_path):
    lifetime(BetaGeoNBD(regularisation=1.0)).save(tmp_path / "model")
    changed(tmp_path / "model", lambda data: data["learned"]["law"]["parameters"].update(r=-1.0))
    assert refused(tmp_path / "model") == "prepare.not_a_model"


def test_a_folder_without_a_model_is_named(folder):
    (folder / "arrays.npz").unlink()
    assert refused(folder) == "prepare.no_model"
    shutil.rmtree(folder)
    assert refused(folder) == "prepare.no_model"
