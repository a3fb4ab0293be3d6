"""Columns that know too much: what may have been written after the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from guanxi.errors import SchemaError, SettingError
from guanxi.evaluate import folds_of, roc_auc
from guanxi.features.prepare import Encode, Preparation
from guanxi.mining.classify import BucketRate, GradientBoosting
from guanxi.studies.churn.flat import KEY, OUTCOME, Flat
from guanxi.words import Message

__all__ = ["KnownAt", "Suspect", "require_declarations", "suspects"]

KnownAt = Literal["before", "after"]
_LOOKED_AT = 3
_NEARLY_ALL = 0.98
_BUCKETS = 20


@dataclass(frozen=True)
class Suspect:
    """A column, what it tells alone, and what all the others tell together (AUC on held-out folds)."""

    column: str
    alone: float
    others: float
    declared: KnownAt | None

    @property
    def warning(self) -> Message:
        words = {"column": self.column, "alone": self.alone, "others": self.others}
        return Message("churn.contract_after" if self.declared == "after" else "churn.contract_suspect", words)


def require_declarations(flat: Flat, known_at: Mapping[str, KnownAt]) -> None:
    """Raise where a declared column is not there (`SchemaError`) or the declaration is none (`SettingError`)."""
    for column, when in known_at.items():
        if column not in flat.columns:
            raise SchemaError("errors.no_such_column", table="customers", column=column, columns=list(flat.columns))
        if when not in ("before", "after"):
            raise SettingError("churn.contract_known_at", column=column, value=when)


def suspects(flat: Flat, *, known_at: Mapping[str, KnownAt], folds: int, seed: int) -> list[Suspect]:
    """Columns to warn of, the most telling first.

    A column is suspect when it alone tells the outcome as well as all the others together (AUC on held-out folds), or
    nearly perfectly (.98), and nobody has declared that it is known before; and whenever it is declared to be known
    only after. Only the three most telling columns are asked, for the others cannot be suspect if these are not.

    Notes
    -----
    A hint, not a proof: a leak that two columns share hides behind each other, a weak one does not stand out, and a
    legitimate column that carries nearly everything is named until it is declared. Only who knows when a column is
    written can say.
    """
    fold = folds_of(flat.label, folds=folds, seed=seed)
    alone = {column: roc_auc(flat.label, _alone(flat, column, fold)).value for column in flat.columns}
    ranked = sorted(flat.columns, key=lambda column: (-max(alone[column], 1 - alone[column]), column))
    asked = [column for column in ranked[:_LOOKED_AT] if known_at.get(column) != "before"]
    asked += [column for column in ranked if known_at.get(column) == "after" and column not in asked]
    found = []
    for column in asked:
        others = roc_auc(flat.label, _others(flat, column, fold)).value if len(flat.columns) > 1 else 0.5
        declared = known_at.get(column)
        if declared == "after" or alone[column] >= min(others, _NEARLY_ALL):
            found.append(Suspect(column, alone[column], others, declared))
    return found


def _alone(flat: Flat, column: str, fold: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """What one column says of rows that it has not been learned from."""
    table = flat.table.select([KEY, column, OUTCOME])
    if column not in _texts(flat):
        rule = BucketRate(column=column, buckets=_BUCKETS, label=OUTCOME)
        said = np.zeros(len(fold))
        for each in np.unique(fold):
            rule.fit(table.filter(fold != each))
            said[fold == each] = rule.predict(table.filter(fold == each))["probability"].to_numpy()
        return said
    shares = Preparation(steps=(Encode(how="target"),), columns=(column,), key=KEY, label=OUTCOME)
    said = np.zeros(len(fold))
    for each in np.unique(fold):
        shares.fit(table.filter(fold != each))
        said[fold == each] = shares.transform(table.filter(fold == each))[column].to_numpy()
    return said


def _others(flat: Flat, column: str, fold: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    table = flat.table.drop_columns([column])
    columns = tuple(name for name in flat.columns if name != column)
    said = np.zeros(len(fold))
    for each in np.unique(fold):
        past, asked = table.filter(fold != each), table.filter(fold == each)
        preparation = Preparation(steps=(Encode(),), columns=columns, key=KEY).fit(past)
        learned = preparation.transform(past).append_column(OUTCOME, past[OUTCOME])
        model = GradientBoosting(key=KEY, label=OUTCOME).fit(learned)
        said[fold == each] = model.predict(preparation.transform(asked))["probability"].to_numpy()
    return said


def _texts(flat: Flat) -> set[str]:
    return {name for name in flat.columns if str(flat.table[name].type).endswith("string")}
