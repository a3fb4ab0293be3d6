"""The same door for contracts: a flat table that says of each customer whether he has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guanxi.errors import DataError, SettingError
from guanxi.evaluate import (
    Comparison,
    average_precision,
    brier_score,
    compare_over_folds,
    folds_of,
    log_loss,
    roc_auc,
)
from guanxi.features.prepare import Clip, Encode, Impute, Preparation, Select, Standardise
from guanxi.features.prepare.frame import is_number, to_numbers
from guanxi.mining.classify import CalibratedClassifier, GradientBoosting, LogisticRegression, reasons_of
from guanxi.report import charts
from guanxi.report.document import Column, DataTable, Figure, Section
from guanxi.studies.churn.bands import BORDERS
from guanxi.studies.churn.flat import KEY, OUTCOME, Flat, read_flat
from guanxi.studies.churn.suspects import KnownAt, Suspect, require_declarations, suspects
from guanxi.studies.kept import EXAMPLE_ROWS, KeptModel, Probability, inputs_of
from guanxi.words import Message

__all__ = ["Contract", "contract"]

_MEASURES = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier_score": brier_score,
}
_HIGHER_IS_BETTER = {"roc_auc": True, "average_precision": True, "log_loss": False, "brier_score": False}
_PLAIN, _RICH = "logistic", "boosting"
_COLUMNS_SHOWN = 12
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contract:
    """What a flat table with a label tells of leaving.

    Attributes
    ----------
    best : the method that is published: boosting where its log loss is surely less, else logistic regression
    measures : by method and measure, the value on every held-out fold, float64 of shape (repeats × folds,)
    comparisons : boosting against logistic regression on the same folds, one a measure
    suspects : columns that may know the outcome, each with its ``warning``; all of them were used
    model : the published method, fitted on all rows and calibrated
    scores : one row a customer: customer_id, left (whether he had), probability (mean over repeats, by models that had
        not seen him), reasons (code: the column's name; value: null for texts; effects in log-odds by ``model``)
    customers : the table as it was read: customer_id, its columns, churned
    kept : the same model, as it is kept and asked about other customers
    drivers : one row a column: column, mean_effect (mean absolute effect on the log-odds), the strongest first
    """

    best: str
    measures: Mapping[str, Mapping[str, Values]]
    comparisons: tuple[Comparison, ...]
    suspects: tuple[Suspect, ...]
    model: CalibratedClassifier
    scores: pa.Table
    drivers: pa.Table
    customers: pa.Table
    kept: KeptModel
    section: Section


def contract(
    table: pa.Table,
    *,
    label: str,
    key: str | None = None,
    positive: object = None,
    known_at: Mapping[str, KnownAt] = MappingProxyType({}),
    folds: int = 5,
    repeats: int = 5,
    seed: int = 0,
) -> Contract:
    """Who leaves, from a flat table in which it is written who has.

    For subscriptions and contracts, where leaving is an event; for shops, where customers leave without a word, use the
    study. Without dates nothing can be judged ahead in time: methods are compared by repeated cross-validation.

    Parameters
    ----------
    table : one row a customer; columns of numbers, booleans, dates or texts
    label : the column of the outcome, with two values
    key : the column that names the row; by default the first one, if all its values are different
    positive : which value of the label means that he left; needed where no usual word says so
    known_at : of columns, whether they are known "before" the outcome or only "after" it. No column is ever dropped:
        what may know the outcome is named in ``suspects``
    folds, repeats : of the cross-validation, stratified by the label
    seed : of the folds

    Raises
    ------
    SchemaError : a named column is missing.
    DataError : the label has not two values, or a value has too few customers for the folds.
    SettingError : fewer than two folds, no repeat, or another word in ``known_at``.

    Notes
    -----
    2 × repeats × folds fits, and up to folds × 3 for the suspects.
    """
    if folds < 2 or repeats < 1:
        name, least, value = ("folds", 2, folds) if folds < 2 else ("repeats", 1, repeats)
        raise SettingError("errors.at_least", name=name, least=least, value=value)
    flat = read_flat(table, label=label, key=key, positive=positive)
    require_declarations(flat, known_at)
    smallest = int(min(flat.label.sum(), len(flat.label) - flat.label.sum()))
    if smallest < 2 * folds:
        raise DataError("churn.contract_too_few", rows=smallest, least=2 * folds, folds=folds)
    measures, said = _cross_validated(flat, folds=folds, repeats=repeats, seed=seed)
    comparisons = tuple(
        compare_over_folds(
            name, measures[_RICH][name], measures[_PLAIN][name], folds=folds, rows=len(flat.label),
            higher_is_better=_HIGHER_IS_BETTER[name],
        )
        for name in _MEASURES
    )  # fmt: skip
    surely = next(each for each in comparisons if each.measure == "log_loss").gain_low > 0
    best = _RICH if surely else _PLAIN
    preparation, method = _methods(flat)[best]
    model = CalibratedClassifier(preparation=preparation, method=method, key=KEY, label=OUTCOME, folds=folds)
    model.fit(flat.table)
    reasons, drivers = _explained(model, flat)
    named = tuple(suspects(flat, known_at=known_at, folds=folds, seed=seed))
    return Contract(
        best=best,
        measures=measures,
        comparisons=comparisons,
        suspects=named,
        model=model,
        scores=pa.table(
            {
                KEY: flat.table[KEY],
                "left": pa.array(flat.label == 1),
                "probability": pa.array(said[best]),
                "reasons": reasons,
            }
        ),
        drivers=drivers,
        customers=flat.table,
        kept=_kept(model, flat),
        section=_section(measures, comparisons, named, drivers, best, rows=len(flat.label), folds=folds),
    )


def _kept(model: CalibratedClassifier, flat: Flat) -> KeptModel:
    columns = model.inputs_
    answers = Probability(model, inputs_of(flat.table, columns), "churn", "churn_band", BORDERS)
    example = flat.table.select([KEY, *columns]).slice(0, EXAMPLE_ROWS)
    example = example.rename_columns([flat.key, *columns]) if flat.key else example.drop_columns([KEY])
    return KeptModel("churn", answers, None, None, flat.key, example)


def _methods(flat: Flat) -> dict[str, tuple[Preparation, LogisticRegression | GradientBoosting]]:
    line = (Impute(), Clip(), Standardise(), Encode(), Select())
    return {
        _PLAIN: (Preparation(steps=line, columns=flat.columns, key=KEY), LogisticRegression(key=KEY, label=OUTCOME)),
        _RICH: (
            Preparation(steps=(Encode(),), columns=flat.columns, key=KEY),
            GradientBoosting(key=KEY, label=OUTCOME),
        ),
    }


def _cross_validated(
    flat: Flat, *, folds: int, repeats: int, seed: int
) -> tuple[dict[str, dict[str, Values]], dict[str, Values]]:
    """By method: each measure on each held-out fold, and what was said of each row on average over the repeats."""
    found: dict[str, dict[str, list[float]]] = {n: {each: [] for each in _MEASURES} for n in (_PLAIN, _RICH)}
    said = {name: np.zeros(len(flat.label)) for name in found}
    for repeat in range(repeats):
        fold = folds_of(flat.label, folds=folds, seed=seed + repeat)
        for each in range(folds):
            unseen = fold == each
            past, asked = flat.table.filter(~unseen), flat.table.filter(unseen)
            for name, (preparation, method) in _methods(flat).items():
                learned = preparation.fit(past).transform(past).append_column(OUTCOME, past[OUTCOME])
                values = method.fit(learned).predict(preparation.transform(asked))["probability"].to_numpy()
                said[name][unseen] += values / repeats
                for measure, function in _MEASURES.items():
                    found[name][measure].append(function(flat.label[unseen], values).value)
    return {name: {m: np.array(values) for m, values in each.items()} for name, each in found.items()}, said


def _explained(model: CalibratedClassifier, flat: Flat) -> tuple[pa.Array, pa.Table]:
    parts = model.explain(flat.table)
    names = [name for name in flat.columns if name in parts.column_names]
    effects = np.column_stack([parts[name].to_numpy() for name in names])
    empty = np.full(len(flat.label), np.nan)
    values = np.column_stack([to_numbers(flat.table[n]) if is_number(flat.table[n].type) else empty for n in names])
    strength = np.abs(effects).mean(axis=0)
    order = np.argsort(-strength, kind="stable")
    drivers = pa.table({"column": [names[place] for place in order], "mean_effect": strength[order]})
    return reasons_of(names, values, effects), drivers


def _section(
    measures: Mapping[str, Mapping[str, Values]], comparisons: tuple[Comparison, ...], named: tuple[Suspect, ...],
    drivers: pa.Table, best: str, *, rows: int, folds: int,
) -> Section:  # fmt: skip
    counted = Message("churn.contract_counted", {"rows": rows, "folds": folds})
    shown = drivers.slice(0, _COLUMNS_SHOWN)
    table = DataTable(
        title=Message("churn.contract_comparison"),
        columns=[
            Column("measure", Message("churn.column_measure")),
            *(Column(name, Message(f"churn.method_{name}")) for name in measures),
            Column("difference", Message("churn.column_difference")),
        ],
        rows=[
            (
                Message(f"evaluate.{each.measure}"),
                *(
                    Message("churn.contract_over_folds", {
                        "mean": float(found[each.measure].mean()), "deviation": float(found[each.measure].std(ddof=1)),
                    })
                    for found in measures.values()
                ),
                Message("evaluate.interval", {"value": each.gain, "low": each.gain_low, "high": each.gain_high}),
            )
            for each in comparisons
        ],
        caption=Message("churn.contract_comparison_caption", {"counted": counted}),
    )  # fmt: skip
    figure = Figure(
        id="churn-drivers",
        title=Message("churn.contract_drivers"),
        chart=charts.bar(
            shown["column"].to_pylist(), shown["mean_effect"].to_pylist(), kind="number",
            name=Message("churn.contract_effect"), by=Message("churn.contract_column"),
        ),
        caption=Message("churn.contract_drivers_caption", {"counted": counted}),
    )  # fmt: skip
    return Section(
        id="churn-contract",
        title=Message("churn.title"),
        intro=[Message("churn.contract_intro", {"method": Message(f"churn.method_{best}")})],
        figures=[figure],
        tables=[table],
        notes=[each.warning for each in named],
    )
