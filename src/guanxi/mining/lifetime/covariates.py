"""Customers of different kinds in one model: traits that change how often they buy and how soon they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtri

from guanxi.errors import DataError, SettingError
from guanxi.mining.lifetime.beta_geo import BetaGeoNBD
from guanxi.mining.lifetime.histories import Histories, Values, read_histories, refuse
from guanxi.mining.lifetime.likelihood import Derivatives, LikelihoodModel, maximise
from guanxi.mining.lifetime.modified_beta_geo import ModifiedBetaGeoNBD
from guanxi.mining.lifetime.pareto_nbd import ParetoNBD
from guanxi.mining.lifetime.purchases import PurchaseModel
from guanxi.schema import require_columns

__all__ = ["WithCovariates"]

_MODELS: Mapping[str, type[PurchaseModel]] = {
    each.__name__: each for each in (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)
}
_KINDS = 1000
_RATE = ("rate", 1, -1.0)
"""What a coefficient is called, the parameter that it acts on, and which way: λ grows as α shrinks."""


class WithCovariates(LikelihoodModel):
    """A purchase model in which traits of the customer scale his rate of buying and his leaving [1]_.

    For traits that do not change: the channel he came by, his region, whether his first order was a gift. The rate λ of
    a customer with traits z is e^(Σ coefficient · z) times that of one with none; in `ParetoNBD` so is the rate μ of
    leaving, in `BetaGeoNBD` a and b each have coefficients of their own. Traits whose intervals hold 0 do not matter.

    Parameters
    ----------
    model : the class BetaGeoNBD, ModifiedBetaGeoNBD or ParetoNBD
    rate, leaving : names of columns of numbers (encode texts first, see `guanxi.features.prepare.Encode`)
    regularisation : as of the model, and of the coefficients about 0

    Attributes
    ----------
    covariance_, log_likelihood_, converged_, iterations_, customers_, warnings_ : as in `BetaGeoNBD`; the covariance is
        of the log-parameters and the coefficients

    Notes
    -----
    Customers of equal traits follow a plain model, whose gradient and Hessian are reused by the chain rule: the cost is
    that of the plain model with histories gathered within kinds of customers. Traits of more than 1,000 kinds are
    refused: discretise them first.

    References
    ----------
    .. [1] Fader & Hardie (2007), Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models.
       brucehardie.com/notes/019.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_days": [170.0, 20.0, 0.0, 100.0], "age_days": [180.0, 180.0, 90.0, 120.0],
    ...                   "is_member": [True, False, False, True]})
    >>> model = WithCovariates(model=BetaGeoNBD, rate=["is_member"], regularisation=1.0).fit(table)
    >>> model.parameters()["parameter"].to_pylist()
    ['r', 'alpha', 'a', 'b', 'rate_is_member']
    >>> [round(each, 2) for each in model.predict(table, horizon_days=90)["expected_purchases"].to_pylist()]
    [2.23, 0.14, 0.64, 1.08]
    """

    def __init__(
        self,
        *,
        model: type[PurchaseModel] = BetaGeoNBD,
        rate: Sequence[str] = (),
        leaving: Sequence[str] = (),
        regularisation: float = 0.0,
    ) -> None:
        super().__init__(regularisation=regularisation)
        self.model = model
        self.rate = rate
        self.leaving = leaving

    def fit(self, customers: pa.Table) -> Self:
        """Learn the parameters of the model and the coefficients together.

        Parameters
        ----------
        customers : table, one row per customer, as in the model's own ``fit``, and the traits (bool, int64 or float64)

        Raises
        ------
        SettingError : another model.
        SchemaError, DataError : as the model raises them; also where a trait is missing, empty or not a number, or
            there are more than 1,000 kinds of customers.
        """
        if self.model not in _MODELS.values():
            raise SettingError("lifetime.no_covariates", method=self.model.__name__, methods=list(_MODELS))
        plain = self.model(regularisation=self.regularisation)._fit(customers)
        kinds = [(traits, read_histories(some)) for traits, _, some in self._kinds(customers)]
        coefficients = len(self._effects())
        centre = np.concatenate([plain._centre(read_histories(customers)), np.ones(coefficients)])
        start = np.concatenate([plain._parameters(), np.ones(coefficients)])
        found = maximise(
            lambda parameters: self._log_likelihood(parameters, kinds),
            centre,
            start=start,
            regularisation=self.regularisation,
        )
        self._learn(found, len(customers))
        return self

    def parameters(self, *, confidence: float = 0.95) -> pa.Table:
        """The parameters of who has no trait, then the coefficients, with their uncertainty.

        Returns
        -------
        table, as the model's own; a coefficient's interval is normal on itself, and it may be below zero
        """
        found = super().parameters(confidence=confidence)
        own = len(self.model._names)
        values = np.log(self._parameters()[own:])
        if self.covariance_ is None:
            return _with_tail(found, own, {"value": values})
        spread = np.sqrt(np.diag(self.covariance_))[own:]
        reach = ndtri((1 + confidence) / 2) * spread
        ends = {"value": values, "standard_error": spread, "low": values - reach, "high": values + reach}
        return _with_tail(found, own, ends)

    def at(self, traits: Mapping[str, float]) -> PurchaseModel:
        """The plain model that customers with these traits follow, with all that is known and open about it."""
        self._require_fitted()
        return self._plain(np.array([float(traits[name]) for name in self._traits()]))

    def predict(self, customers: pa.Table, *, horizon_days: float = 90.0, coverage: float = 0.8) -> pa.Table:
        """As the model's own ``predict``, each customer by the model of his kind."""
        return self._by_kind(customers, lambda model, some: model.predict(
            some, horizon_days=horizon_days, coverage=coverage))  # fmt: skip

    def expected_purchases(self, customers: pa.Table, *, horizon_days: float, coverage: float = 0.8) -> pa.Table:
        """As the model's own ``expected_purchases``, each customer by the model of his kind."""
        return self._by_kind(customers, lambda model, some: model.expected_purchases(
            some, horizon_days=horizon_days, coverage=coverage))  # fmt: skip

    def as_data(self) -> dict[str, Any]:
        return {
            **super().as_data(), "model": self.model.__name__, "rate": list(self.rate),
            "leaving": list(self.leaving),
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        if data["method"] != cls.__name__:
            raise SettingError("lifetime.another_method", method=cls.__name__, found=data["method"])
        found = cls(
            model=_MODELS[data["model"]], rate=data["rate"], leaving=data["leaving"],
            regularisation=data["regularisation"],
        )  # fmt: skip
        found._restore(data)
        return found

    @property
    def _names(self) -> tuple[str, ...]:  # type: ignore[override]
        return (*self.model._names, *(f"{word}_{trait}" for word, _, _, trait in self._effects()))

    def _effects(self) -> list[tuple[str, int, float, str]]:
        """Of each coefficient: its word, the parameter that it acts on, which way, and the trait."""
        leaving = [("leaving", 3, -1.0)] if self.model is ParetoNBD else [("a", 2, 1.0), ("b", 3, 1.0)]
        return [
            *((*_RATE, trait) for trait in self.rate),
            *((*each, trait) for each in leaving for trait in self.leaving),
        ]

    def _traits(self) -> list[str]:
        return list(dict.fromkeys((*self.rate, *self.leaving)))

    def _design(self, traits: Values) -> Values:
        """By which the log-parameters of a kind follow from the log-parameters and the coefficients."""
        value = dict(zip(self._traits(), traits.tolist(), strict=True))
        own = len(self.model._names)
        effects = self._effects()
        design = np.hstack([np.eye(own), np.zeros((own, len(effects)))])
        for place, (_, acts_on, sign, trait) in enumerate(effects):
            design[acts_on, own + place] = sign * value[trait]
        return design

    def _log_likelihood(self, parameters: Values, kinds: Sequence[tuple[Values, Histories]]) -> Derivatives:
        size = len(parameters)
        plain = self.model()
        value, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        for traits, histories in kinds:
            design = self._design(traits)
            own = np.exp(design @ np.log(parameters))
            found = plain._log_likelihood(own, histories).by_logarithm(own)
            value += found.value
            gradient += design.T @ found.gradient
            hessian += design.T @ found.hessian @ design
        # `maximise` asks for the derivatives by the parameters themselves.
        by_parameter = (hessian - np.diag(gradient)) / np.outer(parameters, parameters)
        return Derivatives(value, gradient / parameters, by_parameter)

    def _plain(self, traits: Values) -> PurchaseModel:
        design = self._design(traits)
        found = self.model(regularisation=self.regularisation)
        found._store(np.exp(design @ np.log(self._parameters())))
        found.covariance_ = None if self.covariance_ is None else design @ self.covariance_ @ design.T
        for name in ("log_likelihood_", "converged_", "iterations_", "customers_", "warnings_"):
            setattr(found, name, getattr(self, name))
        return found

    def _kinds(self, customers: pa.Table) -> Iterator[tuple[Values, npt.NDArray[np.intp], pa.Table]]:
        """Each kind of customer: the traits, the rows, and the rows' table."""
        names = self._traits()
        columns = []
        for name in names:
            values = customers[name] if name in customers.column_names else None
            if values is None or not _is_number(values.type):
                require_columns(customers, {name: pa.float64()}, of="customers")
            if empty := customers[name].null_count:
                raise DataError("errors.empty_values", table="customers", column=name, rows=empty)
            numbers = customers[name].to_numpy().astype(np.float64)
            refuse(customers, ~np.isfinite(numbers), "lifetime.not_finite", column=name)
            columns.append(numbers)
        if not columns:
            yield np.zeros(0), np.arange(len(customers)), customers
            return
        distinct, place = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
        if len(distinct) > _KINDS:
            raise DataError("lifetime.too_many_kinds", kinds=len(distinct), most=_KINDS, columns=names)
        order = np.argsort(place.ravel(), kind="stable")
        starts = np.searchsorted(place.ravel()[order], np.arange(1, len(distinct)))
        for traits, rows in zip(distinct, np.split(order, starts), strict=True):
            yield traits, rows, customers.take(pa.array(rows))

    def _by_kind(self, customers: pa.Table, ask: Callable[[PurchaseModel, pa.Table], pa.Table]) -> pa.Table:
        self._require_fitted()
        parts, order = [], []
        for traits, rows, some in self._kinds(customers):
            parts.append(ask(self._plain(traits), some))
            order.append(rows)
        back = np.argsort(np.concatenate(order), kind="stable")
        return pa.concat_tables(parts).take(pa.array(back))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _with_tail(table: pa.Table, own: int, columns: Mapping[str, Values]) -> pa.Table:
    """The table with the values of its rows from ``own`` on replaced."""
    for name, values in columns.items():
        kept = table[name].to_pylist()[:own]
        table = table.set_column(
            table.column_names.index(name), name, pa.array([*kept, *values.tolist()], pa.float64())
        )
    return table
