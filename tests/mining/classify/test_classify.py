"""Classifiers: against scikit-learn, against Shapley's definition, and kept."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression as Peer

from guanxi.errors import DataError, NotFittedError, SchemaError, SettingError
from guanxi.features.prepare import Combine, Encode, Impute, Preparation, Standardise
from guanxi.mining.classify import BucketRate, CalibratedClassifier, GradientBoosting, LogisticRegression, platt
from guanxi.mining.classify.trees import Forest


def made(rows: int, *, seed: int = 1, empty: float = 0.0, columns: int = 4):
    """A table, its matrix and its labels: x0 matters much, x1 · x2 too, an empty x3 a little."""
    random = np.random.Generator(np.random.Philox(seed))
    matrix = random.normal(size=(rows, columns))
    matrix[random.random(matrix.shape) < empty] = np.nan
    filled = np.nan_to_num(matrix)
    odds = 1.5 * filled[:, 0] - filled[:, 1] * filled[:, 2] + 0.5 * np.isnan(matrix[:, 3])
    label = (random.random(rows) < expit(odds)).astype(np.int64)
    named = {f"x{place}": pa.array(matrix[:, place], from_pandas=True) for place in range(columns)}
    return pa.table({"customer_id": [f"{n:06}" for n in range(rows)], **named, "label": label}), matrix, label


def total(explained: pa.Table) -> np.ndarray:
    return np.sum([explained[name].to_numpy() for name in explained.column_names[1:]], axis=0)


def test_logistic_regression_is_that_of_scikit_learn():
    table, matrix, label = made(800)
    peer = Peer(C=0.5, tol=1e-10, max_iter=1000).fit(matrix, label)
    found = LogisticRegression(penalty=2.0).fit(table)
    assert found.coefficients_ == pytest.approx(peer.coef_[0], abs=1e-5)
    assert found.predict(table)["probability"].to_numpy() == pytest.approx(peer.predict_proba(matrix)[:, 1], abs=1e-5)


@pytest.mark.parametrize("empty", [0.0, 0.15])
def test_boosting_is_that_of_scikit_learn(empty):
    table, matrix, label = made(1500, empty=empty)
    found = GradientBoosting(iterations=60).fit(table)
    peer = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, learning_rate=0.045, min_samples_leaf=20, early_stopping=False, random_state=0
    ).fit(matrix, label.astype(float))
    unseen, other, _ = made(500, seed=9, empty=0.3)
    for rows, values in ((table, matrix), (unseen, other)):
        assert found.log_odds(rows) == pytest.approx(peer.decision_function(values), abs=1e-10)


def test_a_column_that_was_empty_throughout_says_nothing():
    table, _, _ = made(300)
    empty = table.append_column("never", pa.nulls(300, pa.float64()))
    found = GradientBoosting(iterations=20).fit(empty)
    assert found.log_odds(empty) == pytest.approx(GradientBoosting(iterations=20).fit(table).log_odds(table))
    filled = table.append_column("never", pa.array([1.0] * 300))
    assert found.predict(filled) == found.predict(empty)


def value_of(forest: Forest, node: int, row: np.ndarray, known: set[int]) -> float:
    """What a tree says of a row of which some columns are known: the mean over both ways where one is not."""
    column = forest.feature[node]
    if column < 0:
        return float(forest.value[node])
    ways = [int(forest.left[node]), int(forest.right[node])]
    if column in known:
        missing = np.isnan(row[column])
        left = forest.missing_left[node] if missing else row[column] <= forest.threshold[node]
        return value_of(forest, ways[0] if left else ways[1], row, known)
    return sum(forest.cover[way] / forest.cover[node] * value_of(forest, way, row, known) for way in ways)


def shapley(forest: Forest, row: np.ndarray, column: int) -> float:
    roots = [0, *(np.flatnonzero(np.diff(forest.tree)) + 1).tolist()]
    others = [each for each in range(len(row)) if each != column]
    found = 0.0
    for size in range(len(others) + 1):
        weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(row))
        for known in itertools.combinations(others, size):
            gains = [
                value_of(forest, root, row, {*known, column}) - value_of(forest, root, row, set(known))
                for root in roots
            ]
            found += weight * sum(gains)
    return found


def test_effects_of_trees_are_shapley_values_by_their_definition():
    table, matrix, _ = made(600, empty=0.1)
    found = GradientBoosting(iterations=12, learning_rate=0.2).fit(table)
    explained = found.explain(table)
    for row in (0, 7, 211):
        for column in range(4):
            right = shapley(found.forest_, matrix[row], column)
            assert explained[f"x{column}"][row].as_py() == pytest.approx(right, abs=1e-12)


@pytest.mark.parametrize("method", [LogisticRegression(), GradientBoosting(iterations=40)])
def test_effects_add_up_to_the_score(method):
    table, _, _ = made(500)
    method.fit(table)
    assert expit(total(method.explain(table))) == pytest.approx(method.predict(table)["probability"].to_numpy())


def test_effects_of_a_column_that_does_not_matter_are_small():
    table, _, _ = made(3000)
    for method in (LogisticRegression(), GradientBoosting()):
        explained = method.fit(table).explain(table)
        strength = [np.abs(explained[f"x{place}"].to_numpy()).mean() for place in range(4)]
        assert max(strength) == strength[0] > 5 * strength[3]


def test_calibrated_effects_add_up_over_the_columns_before_preparation():
    table, _, _ = made(900, empty=0.1)
    table = table.append_column("city", pa.array(["北京", "Bonn", None] * 300))
    steps = (Combine("ratio", "x0", "x1"), Impute(), Standardise(), Encode())
    columns = ("x0", "x1", "x2", "x3", "city")
    preparation = Preparation(steps=steps, columns=columns)
    found = CalibratedClassifier(preparation=preparation, method=LogisticRegression()).fit(table)
    explained = found.explain(table)
    assert set(explained.column_names) == {"customer_id", "base", "x0", "x1", "x2", "x3", "city"}
    said = found.predict(table)
    assert expit(total(explained)) == pytest.approx(said["probability"].to_numpy())
    low, probability, high = (said[name].to_numpy() for name in ("low", "probability", "high"))
    assert np.all((low < probability) & (probability < high))


def test_a_preparation_never_sees_the_label():
    table, _, _ = made(300)
    found = CalibratedClassifier(preparation=Preparation(), method=LogisticRegression()).fit(table)
    assert "label" not in found.method_.features_


def test_dates_are_unseen_in_turn():
    parts = [made(400, seed=seed)[0].append_column("period", pa.array([seed] * 400)) for seed in (1, 2, 3)]
    found = CalibratedClassifier(method=LogisticRegression()).fit(pa.concat_tables(parts))
    assert found.unseen_.num_rows == 1200
    assert found.method_.features_ == ["x0", "x1", "x2", "x3"]
    first = LogisticRegression().fit(pa.concat_tables(parts[1:]).drop_columns(["period"]))
    said = set(np.round(first.log_odds(parts[0]), 9))
    assert len(said & {round(each, 9) for each in found.unseen_["log_odds"].to_pylist()}) == 400


def test_levels_that_differ_between_dates_flatten_the_slope():
    def at(seed: int, shift: float) -> pa.Table:
        random = np.random.Generator(np.random.Philox(seed))
        x = random.normal(size=2000)
        label = (random.random(2000) < expit(2 * x + shift)).astype(np.int64)
        period = pa.array([seed] * 2000)
        return pa.table({"customer_id": [f"{n:04}" for n in range(2000)], "x": x, "label": label, "period": period})

    steady = CalibratedClassifier(method=LogisticRegression()).fit(pa.concat_tables([at(1, 0), at(2, 0)]))
    shifting = CalibratedClassifier(method=LogisticRegression()).fit(pa.concat_tables([at(1, -1.5), at(2, 1.5)]))
    assert steady.slope_ == pytest.approx(1, abs=0.1)
    assert shifting.slope_ < 0.75
    assert shifting.intercept_ == pytest.approx(0, abs=0.15)


def test_overconfident_log_odds_are_set_right():
    random = np.random.Generator(np.random.Philox(4))
    true = random.normal(size=20_000)
    label = (random.random(20_000) < expit(true)).astype(np.int64)
    slope, intercept, covariance = platt(2 * true + 1, label)
    assert slope == pytest.approx(0.5, abs=4 * covariance[0, 0] ** 0.5)
    assert intercept == pytest.approx(-0.5, abs=4 * covariance[1, 1] ** 0.5)


def test_a_perfect_separation_stays_finite_and_a_reversed_one_says_nothing():
    odds, label = np.array([-1.0, -2.0, 1.0, 2.0]), np.array([0, 0, 1, 1])
    slope, intercept, _ = platt(odds, label)
    assert 0 < slope < 20
    assert intercept == pytest.approx(0)
    slope, intercept, _ = platt(-odds, label)
    assert (slope, intercept) == (0, pytest.approx(0))
    assert platt(odds, np.zeros(4, dtype=np.int64))[:2] == (1, 0)


@pytest.mark.parametrize("method", [LogisticRegression(penalty=3.0), GradientBoosting(iterations=30)])
def test_a_model_is_kept_as_json_and_arrays(tmp_path, method):
    table, _, _ = made(400)
    preparation = Preparation(steps=(Impute(), Standardise()), columns=("x0", "x1", "x2"))
    found = CalibratedClassifier(preparation=preparation, method=method).fit(table)
    found.save(tmp_path / "model")
    again = CalibratedClassifier.load(tmp_path / "model")
    assert again.predict(table) == found.predict(table)
    assert again.explain(table) == found.explain(table)
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".npz"}


def test_a_rule_is_the_share_of_the_class_drawn_towards_all():
    table = pa.table({"customer_id": list("abcd"), "x": [1, 1, 9, None], "label": [0, 0, 1, 1]})
    found = BucketRate(column="x", buckets=2, weight=2).fit(table).predict(table)
    # Classes: up to 1 (0 of 2), above (1 of 1), empty (1 of 1); two imaginary customers of whom one has label 1.
    assert found["probability"].to_pylist() == [0.25, 0.25, pytest.approx(2 / 3), pytest.approx(2 / 3)]
    for row in found.to_pylist():
        assert row["low"] < row["probability"] < row["high"]


def test_a_rule_for_values_never_seen_is_that_of_the_nearest_class_and_of_empty_ones_all():
    past = pa.table({"customer_id": list("abcd"), "x": [1, 2, 3, 4], "label": [0, 0, 1, 1]})
    asked = pa.table({"customer_id": ["p", "q", "r"], "x": [-5, 99, None]})
    found = BucketRate(column="x", buckets=2, weight=0).fit(past).predict(asked)
    assert found["probability"].to_pylist() == [0, 1, 0.5]


def test_one_class_only_cannot_be_learned():
    table, _, _ = made(20)
    same = table.set_column(5, "label", pa.array([1] * 20))
    for method in (LogisticRegression(), GradientBoosting(), CalibratedClassifier()):
        with pytest.raises(DataError) as raised:
            method.fit(same)
        assert raised.value.code == "classify.one_class"


def test_an_empty_number_is_named_where_none_may_be():
    table, _, _ = made(200, empty=0.2)
    with pytest.raises(DataError) as raised:
        LogisticRegression().fit(table)
    assert raised.value.message.parameters["column"] == "x0"


def test_nothing_to_learn_from_is_said():
    bare = pa.table({"customer_id": ["a", "b"], "city": ["x", "y"], "label": [0, 1]})
    with pytest.raises(SchemaError, match="no column of numbers"):
        LogisticRegression().fit(bare)
    with pytest.raises(DataError):
        BucketRate(column="x").fit(pa.table({"customer_id": pa.array([], pa.string()), "x": pa.array([], pa.int64()),
                                             "label": pa.array([], pa.int64())}))  # fmt: skip


@pytest.mark.parametrize(
    "method",
    [LogisticRegression(penalty=0), GradientBoosting(leaves=9), BucketRate(column="x0", buckets=0),
     BucketRate(column="x0", weight=-1)],
)  # fmt: skip
def test_settings_out_of_range_are_said(method):
    with pytest.raises(SettingError):
        method.fit(made(50)[0])


@pytest.mark.parametrize("method", [LogisticRegression(), GradientBoosting(), CalibratedClassifier(), BucketRate()])
def test_predict_before_fit_says_which_method(method):
    with pytest.raises(NotFittedError) as raised:
        method.predict(made(5)[0])
    assert raised.value.message.parameters == {"method": type(method).__name__}


def test_the_overall_share_comes_back():
    table, _, label = made(2000)
    found = CalibratedClassifier().fit(table)
    share = found.predict(table)["probability"].to_numpy().mean()
    assert logit(share) == pytest.approx(logit(label.mean()), abs=0.05)
