"""What holds for every method of guanxi.mining, met by each new one without being asked."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pyarrow as pa
import pytest

from guanxi import mining
from guanxi.errors import NotFittedError


def estimators() -> Iterator[type]:
    """Every public class under guanxi.mining that has ``fit``."""
    for module in pkgutil.walk_packages(mining.__path__, "guanxi.mining."):
        found = importlib.import_module(module.name)
        for _, cls in inspect.getmembers(found, inspect.isclass):
            if cls.__module__ == module.name and not cls.__name__.startswith("_") and hasattr(cls, "fit"):
                yield cls


PURCHASES = pa.table({
    "customer_id": ["ada", "bo", "张三", "dora"],
    "frequency": pa.array([6, 2, 0, 1], pa.int64()),
    "recency_days": [170.0, 20.0, 0.0, 100.0],
    "age_days": [180.0, 180.0, 90.0, 120.0],
    "monetary": [2500.0, 900.0, None, 4000.0],
})  # fmt: skip

LABELLED = pa.table(
    {
        "customer_id": ["ada", "bo", "张三", "dora"],
        "days_since_last_order": [10.0, 300.0, 20.0, 200.0],
        "label": [0, 1, 1, 0],
    }
)

CONTRACTS = pa.table({
    "customer_id": ["ada", "bo", "张三", "dora"],
    "periods": pa.array([1, 4, 2, 3], pa.int64()),
    "has_left": [True, False, True, False],
})  # fmt: skip

EXAMPLES = {
    **dict.fromkeys(("LogisticRegression", "GradientBoosting", "CalibratedClassifier", "BucketRate"), LABELLED),
    **dict.fromkeys(("BetaGeoNBD", "GammaGamma", "ModifiedBetaGeoNBD", "ParetoNBD", "WithCovariates"), PURCHASES),
    **dict.fromkeys(("BetaDiscreteWeibull", "ShiftedBetaGeo"), CONTRACTS),
    "BetaGeoBetaBinomial": pa.table({
        "customer_id": ["ada", "bo", "张三", "dora"],
        "frequency": pa.array([4, 1, 0, 2], pa.int64()),
        "recency_periods": pa.array([6, 2, 0, 5], pa.int64()),
        "age_periods": pa.array([6, 6, 3, 5], pa.int64()),
    }),
    "RFM": pa.table({
        "customer_id": ["ada", "bo", "张三", "dora"],
        "days_since_last_order": pa.array([1, 20, 300, None], pa.int64()),
        "orders": [4, 2, 1, 0],
        "amount": [4000, 100, 50, 0],
    }),
    "CellMean": pa.table({
        "customer_id": ["ada", "bo", "张三", "dora"],
        "r": [5, 5, 1, 2],
        "f": [5, 5, 1, 3],
        "orders": [4, 2, 1, 1],
        "amount": [400, 100, 100, 30],
        "later_orders": [3, 1, 0, 1],
    }),
}  # fmt: skip
"""A small table that each method can learn from; a new method enters with a line here."""


@pytest.fixture(params=list(estimators()), ids=lambda cls: cls.__name__)
def estimator(request: pytest.FixtureRequest) -> type:
    return request.param


@pytest.fixture
def example(estimator: type) -> pa.Table:
    return EXAMPLES[estimator.__name__]


def learned(fitted: object) -> dict[str, str]:
    return {name: repr(value) for name, value in vars(fitted).items() if name.endswith("_")}


def test_every_method_has_an_example():
    assert {cls.__name__ for cls in estimators()} == set(EXAMPLES)


def test_the_constructor_takes_keywords_with_defaults_and_only_stores_them(estimator):
    parameters = inspect.signature(estimator).parameters.values()
    assert all(each.kind is each.KEYWORD_ONLY and each.default is not each.empty for each in parameters)
    given = {each.name: object() for each in parameters}
    assert vars(estimator(**given)) == given


def test_fit_returns_self_and_what_is_learned_ends_in_an_underscore(estimator, example):
    fresh = estimator()
    before = set(vars(fresh))
    assert fresh.fit(example) is fresh
    new = set(vars(fresh)) - before
    assert new
    assert all(name.endswith("_") and not name.startswith("_") for name in new)


def test_predict_before_fit_says_which_method(estimator, example):
    with pytest.raises(NotFittedError) as raised:
        estimator().predict(example)
    assert raised.value.message.parameters == {"method": estimator.__name__}


def test_fitting_twice_is_fitting_last(estimator, example):
    twice = estimator().fit(example.slice(0, 2)).fit(example)
    assert learned(twice) == learned(estimator().fit(example))
    assert twice.predict(example) == estimator().fit(example).predict(example)


def test_one_row_per_customer_in_the_order_given(estimator, example):
    found = estimator().fit(example).predict(example)
    assert found["customer_id"].to_pylist() == ["ada", "bo", "张三", "dora"]


def test_the_order_of_the_rows_does_not_matter(estimator, example):
    order = [2, 0, 3, 1]
    straight = estimator().fit(example).predict(example)
    shuffled = estimator().fit(example.take(order)).predict(example.take(order))
    assert shuffled == straight.take(order)


def test_the_input_is_not_touched(estimator, example):
    copy = pa.Table.from_pylist(example.to_pylist(), schema=example.schema)
    estimator().fit(example).predict(example)
    assert example == copy


def test_more_columns_than_needed_do_no_harm(estimator, example):
    more = example.append_column("colour", pa.array(["red"] * len(example)))
    assert estimator().fit(more).predict(more) == estimator().fit(example).predict(example)


def test_a_table_in_several_pieces_is_one_table(estimator, example):
    pieces = pa.concat_tables([example.slice(0, 1), example.slice(1)])
    assert estimator().fit(pieces).predict(pieces).combine_chunks() == estimator().fit(example).predict(example)
