"""A study's fitted model, kept as JSON and arrays, and asked again about another table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError, FileError, GuanxiError, SchemaError
from guanxi.features.prepare import read_learned, write_learned
from guanxi.features.prepare.frame import is_number, is_text
from guanxi.mining.classify import BucketRate, CalibratedClassifier
from guanxi.mining.lifetime import BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD, predict_amount
from guanxi.mining.lifetime.purchases import PurchaseModel

__all__ = ["EXAMPLE_ROWS", "KeptModel", "Lifetime", "Probability", "inputs_of"]

Kind = Literal["number", "text"]
KEY = "customer_id"
EXAMPLE_ROWS = 100
"""Of the table that a study had asked its model about, kept beside it as an example of what to give."""
_FORM = 1
_COVERAGE = 0.8
_MOST_DAYS = 3650
_BANDS = ("low", "medium", "high")


class _Answers(Protocol):
    """What is kept."""

    @property
    def inputs(self) -> Mapping[str, Kind]: ...
    def ask(self, table: pa.Table, horizon_days: int | None) -> pa.Table: ...
    def as_data(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Probability:
    """A probability of a yes, with bands.

    Attributes
    ----------
    model : fitted
    inputs : the columns that it reads
    name : of the probability; the answer has it, NAME_low and NAME_high (80 %), and ``band``
    band : name of the column of bands
    borders : from which probability on a customer is in the medium and in the high band
    """

    model: CalibratedClassifier | BucketRate
    inputs: Mapping[str, Kind]
    name: str
    band: str
    borders: tuple[float, float]

    def ask(self, table: pa.Table, horizon_days: int | None) -> pa.Table:  # noqa: ARG002 - the model knows its own
        """One row a row, in the order given."""
        said = self.model.predict(table)
        place = np.searchsorted(self.borders, said["probability"].to_numpy(), side="right")
        return pa.table(
            {
                KEY: table[KEY],
                f"{self.name}_probability": said["probability"],
                f"{self.name}_low": said["low"],
                f"{self.name}_high": said["high"],
                self.band: pa.array(np.array(_BANDS)[place], pa.string()),
            }
        )

    def as_data(self) -> dict[str, Any]:
        """As plain values and arrays."""
        told = {name: getattr(self, name) for name in ("name", "band", "borders")}
        return {**told, "inputs": dict(self.inputs), "kind": type(self.model).__name__, "model": self.model.as_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `as_data` described."""
        low, high = (float(each) for each in data["borders"])
        inputs = {str(name): _kind(kind) for name, kind in data["inputs"].items()}
        model = _MODELS[data["kind"]].from_data(data["model"])
        return cls(model, inputs, str(data["name"]), str(data["band"]), (low, high))


@dataclass(frozen=True)
class Lifetime:
    """A law of purchasing with a law of spending; the answer has p_alive, expected_orders and expected_amount."""

    law: PurchaseModel
    spend: GammaGamma

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """The columns that it reads."""
        return dict.fromkeys(("frequency", "recency_days", "age_days", "monetary"), "number")

    def ask(self, table: pa.Table, horizon_days: int | None) -> pa.Table:
        """One row a row, in the order given; amounts in minor units."""
        assert horizon_days is not None
        table = table.set_column(
            table.column_names.index("frequency"), "frequency", table["frequency"].cast(pa.int64())
        )
        orders = self.law.predict(table, horizon_days=horizon_days, coverage=_COVERAGE)
        amount = predict_amount(self.law, self.spend, table, horizon_days=horizon_days, coverage=_COVERAGE)
        return pa.table(
            {
                KEY: table[KEY],
                "p_alive": orders["p_alive"],
                "expected_orders": orders["expected_purchases"],
                "expected_orders_low": orders["purchases_low"],
                "expected_orders_high": orders["purchases_high"],
                "expected_amount": amount["expected_amount"],
                "expected_amount_low": amount["amount_low"],
                "expected_amount_high": amount["amount_high"],
            }
        )

    def as_data(self) -> dict[str, Any]:
        """As plain values."""
        return {"law": self.law.as_data(), "spend": self.spend.as_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `as_data` described; ValueError where its parameters are none."""
        found = cls(_LAWS[data["law"]["method"]].from_data(data["law"]), GammaGamma.from_data(data["spend"]))
        for each in (found.law, found.spend):
            values = np.array([float(value) for value in each.as_data()["parameters"].values()])
            if not (np.isfinite(values) & (values > 0)).all():
                raise ValueError(f"parameters {values.tolist()}")
        return found


_MODELS: Mapping[str, type[CalibratedClassifier] | type[BucketRate]] = MappingProxyType(
    {each.__name__: each for each in (CalibratedClassifier, BucketRate)}
)
_LAWS = MappingProxyType({each.__name__: each for each in (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)})
_ANSWERS: Mapping[str, type[Probability] | type[Lifetime]] = MappingProxyType(
    {each.__name__: each for each in (Probability, Lifetime)}
)


@dataclass(frozen=True)
class KeptModel:
    """What a study has learned, to be asked about other customers, elsewhere or later.

    Parameters
    ----------
    study : that learned it
    answers : what was learned
    as_of : what it learned lies before this date; None where the table had no time
    horizon_days : what it foretells; None likewise
    key : the column that names the customer; None where rows are numbered
    example : the first rows of what the study asked it about

    Examples
    --------
    >>> past = pa.table({"customer_id": ["a", "b", "c", "d"], "days": [1, 2, 30, 40], "label": [0, 0, 1, 1]})
    >>> rule = BucketRate(column="days", buckets=2, weight=2.0).fit(past)
    >>> answers = Probability(rule, {"days": "number"}, "churn", "churn_band", (0.33, 0.66))
    >>> kept = KeptModel("churn", answers, dt.date(2024, 1, 1), 90, "customer_id", past)
    >>> kept.predict(pa.table({"customer_id": ["e"], "days": [3.0]}))["churn_probability"].to_pylist()
    [0.75]
    """

    study: str
    answers: _Answers
    as_of: dt.date | None
    horizon_days: int | None
    key: str | None
    example: pa.Table

    def predict(self, table: pa.Table) -> pa.Table:
        """Ask the model about the customers of a table.

        Parameters
        ----------
        table : one row a customer: the key, and the columns that the model reads, in any order and with others beside;
            numbers may stand as text

        Returns
        -------
        table, one row per row in the order given: customer_id (string), and what the model says

        Raises
        ------
        SchemaError : columns are missing, all of which are named with what they should hold.
        DataError : a number is expected and something else stands there.
        """
        wanted = {**({self.key: "text"} if self.key else {}), **self.answers.inputs}
        missing = [f"{name} ({kind})" for name, kind in wanted.items() if name not in table.column_names]
        if missing:
            raise SchemaError("predict.missing_columns", columns=missing, there=table.column_names)
        columns = {name: _as(kind, table[name], name) for name, kind in self.answers.inputs.items()}
        names = table[self.key].cast(pa.string()) if self.key else _numbered(table.num_rows)
        return self.answers.ask(pa.table({KEY: names, **columns}), self.horizon_days)

    def save(self, folder: Path) -> None:
        """Keep it in a folder as JSON and arrays; the example is its owner's to write."""
        told = {
            "form": _FORM,
            "study": self.study,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "horizon_days": self.horizon_days,
            "key": self.key,
            "answers": type(self.answers).__name__,
        }
        write_learned(folder, {**told, "learned": self.answers.as_data()})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that was saved in a folder. Whoever made the files, nothing in them is run.

        Raises
        ------
        FileError : there is none, it is damaged, it is of a newer Guanxi, or it is something else.
        """
        data = read_learned(folder)
        try:
            if data["form"] != _FORM:
                raise ValueError(f"form {data['form']}")
            days = data["horizon_days"]
            if days is not None and not 1 <= int(days) <= _MOST_DAYS:
                raise ValueError(f"horizon of {days} days")
            made = cls(
                study=str(data["study"]),
                answers=_ANSWERS[data["answers"]].from_data(data["learned"]),
                as_of=dt.date.fromisoformat(data["as_of"]) if data["as_of"] else None,
                horizon_days=None if days is None else int(days),
                key=None if data["key"] is None else str(data["key"]),
                example=pa.table({}),
            )
            made._try()
        except GuanxiError as error:
            raise FileError("prepare.not_a_model", path=str(folder), problem=str(error)) from error
        except Exception as error:
            # The files may hold anything, and so may go wrong in any way; what was read is dropped as a whole.
            raise FileError("prepare.not_a_model", path=str(folder), problem=type(error).__name__) from error
        return made

    def _try(self) -> None:
        """Ask about one invented customer: a model whose parts do not fit each other fails here, not in use."""
        values = {"number": pa.array([1.0]), "text": pa.array(["x"])}
        asked = pa.table({KEY: ["x"], **{name: values[kind] for name, kind in self.answers.inputs.items()}})
        self.answers.ask(asked, self.horizon_days)


def inputs_of(table: pa.Table, columns: list[str]) -> dict[str, Kind]:
    """What a model reads of each column of the table that it was learned from."""
    return {name: "text" if is_text(table[name].type) else "number" for name in columns}


def _as(kind: Kind, column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """A column as numbers or as texts, blanks as empty values."""
    if kind == "number":
        if is_number(column.type):
            return column
        if not is_text(column.type):
            raise SchemaError(
                "errors.wrong_type", table="customers", column=name, expected="number", found=str(column.type)
            )
        return _numbers(_filled(column), name)
    if is_text(column.type):
        return _filled(column)
    whole = pa.types.is_floating(column.type) and pc.all(pc.equal(pc.floor(column), column)).as_py()
    return (column.cast(pa.int64()) if whole else column).cast(pa.string())


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _numbers(texts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        row, value = next((row, text) for row, text in enumerate(texts.to_pylist()) if not _is_number(text))
        raise DataError("predict.not_a_number", column=name, row=row + 1, value=value) from None


def _is_number(text: str | None) -> bool:
    try:
        pa.scalar(text, pa.string()).cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _numbered(rows: int) -> pa.Array:
    return pa.array([str(row + 1) for row in range(rows)], pa.string())


def _kind(text: object) -> Kind:
    if text == "number":
        return "number"
    if text == "text":
        return "text"
    raise ValueError(f"kind {text}")
