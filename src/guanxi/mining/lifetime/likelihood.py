"""Maximum likelihood for models of a few positive parameters: the search, its honesty, and what is learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from guanxi.errors import NotFittedError, SettingError
from guanxi.mining.lifetime.histories import Values
from guanxi.words import Message

__all__ = [
    "Derivatives",
    "LikelihoodModel",
    "Maximum",
    "interval_of_expectation",
    "maximise",
    "require_not_negative",
    "require_positive",
    "require_share",
]

_STEPS = 200
_GAIN = 1e-9
_REACH = 12.0
_STRIDE = 2.0
_HALVINGS = 40
_FAR = 600.0
"""Of a logarithm; e to it is still a float."""


@dataclass(frozen=True)
class Derivatives:
    """A log-likelihood at one point, with its first and second derivatives by the parameters themselves."""

    value: float
    gradient: Values
    hessian: Values

    def by_logarithm(self, parameters: Values) -> Derivatives:
        """The same function with derivatives by the logarithms of the parameters."""
        gradient = self.gradient * parameters
        hessian = self.hessian * np.outer(parameters, parameters) + np.diag(gradient)
        return Derivatives(self.value, gradient, hessian)


@dataclass(frozen=True)
class Maximum:
    """Where the search ended. ``covariance`` is of the log-parameters, None where it cannot be told."""

    parameters: Values
    log_likelihood: float
    covariance: Values | None
    converged: bool
    iterations: int
    at_edge: tuple[int, ...]


def maximise(
    log_likelihood: Callable[[Values], Derivatives],
    centre: Values,
    *,
    start: Values | None = None,
    regularisation: float = 0.0,
) -> Maximum:
    """The positive parameters of the greatest log-likelihood, by Newton's method on their logarithms.

    Parameters
    ----------
    log_likelihood : function of the parameters
    centre : where regularisation draws to, and about which is searched
    start : where the search starts; by default at the centre
    regularisation : float, >= 0
        Subtracts regularisation / 2 · Σ (log parameter − log centre)² from the log-likelihood.

    Returns
    -------
    Maximum : converged when a further Newton step would gain less than 1e-9 in log-likelihood, the Hessian is
        negative definite, and no parameter lies at the edge of the search (a factor e^12 from the centre).

    Notes
    -----
    Where the Hessian is not negative definite, the absolute values of its eigenvalues are used: still a way upwards.
    Steps are limited to a factor e² a parameter and halved until the log-likelihood rises.
    """
    middle = np.log(centre)

    def penalised(place: Values) -> tuple[Derivatives, float]:
        parameters = np.exp(place)
        found = log_likelihood(parameters)
        by_log = found.by_logarithm(parameters)
        away = place - middle
        value = found.value - regularisation / 2 * float(away @ away)
        hessian = by_log.hessian - regularisation * np.eye(len(place))
        return Derivatives(value, by_log.gradient - regularisation * away, hessian), found.value

    place = middle if start is None else np.log(start)
    here, plain = penalised(place)
    converged = False
    iterations = 0
    while iterations < _STEPS:
        step = _ascent(here)
        if here.gradient @ step / 2 < _GAIN:
            converged = True
            break
        iterations += 1
        moved = _uphill(penalised, place, here, step, middle)
        if moved is None:
            break
        place, here, plain = moved
    at_edge = tuple(int(each) for each in np.flatnonzero(np.abs(place - middle) >= _REACH - 1e-9))
    covariance = _inverse(-here.hessian)
    return Maximum(
        parameters=np.exp(place),
        log_likelihood=plain,
        covariance=None if at_edge else covariance,
        converged=converged and covariance is not None and not at_edge,
        iterations=iterations,
        at_edge=at_edge,
    )


def _ascent(here: Derivatives) -> Values:
    sizes, axes = np.linalg.eigh(here.hessian)
    sizes = np.maximum(np.abs(sizes), max(1e-10 * float(np.abs(sizes).max()), 1e-300))
    return axes @ ((axes.T @ here.gradient) / sizes)


_Function = Callable[[Values], tuple[Derivatives, float]]


def _uphill(
    function: _Function, place: Values, here: Derivatives, step: Values, middle: Values
) -> tuple[Values, Derivatives, float] | None:
    """Where a step, or a part of it, raises the function enough, and the function there; None where nothing does."""
    step = step * min(1.0, _STRIDE / float(np.abs(step).max()))
    # Sums over many customers carry rounding; less than this is no descent.
    noise = 1e-14 * abs(here.value)
    for _ in range(_HALVINGS):
        there = np.clip(place + step, middle - _REACH, middle + _REACH)
        if np.array_equal(there, place):
            return None
        found, plain = function(there)
        promised = float(here.gradient @ (there - place))
        if np.isfinite(found.value) and found.value >= here.value + 1e-4 * promised - noise:
            return there, found, plain
        step = step / 2
    return None


def _inverse(matrix: Values) -> Values | None:
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    half = np.linalg.inv(root)
    return half.T @ half


class LikelihoodModel:
    """What all models fitted by `maximise` share: learned parameters with their uncertainty, saving and loading."""

    _names: ClassVar[tuple[str, ...]]

    covariance_: Values | None
    log_likelihood_: float
    converged_: bool
    iterations_: int
    customers_: int
    warnings_: tuple[Message, ...]

    def __init__(self, *, regularisation: float = 0.0) -> None:
        self.regularisation = regularisation

    def parameters(self, *, confidence: float = 0.95) -> pa.Table:
        """The parameters with their uncertainty.

        Parameters
        ----------
        confidence : float
            Of the intervals: normal on the logarithm of the parameter, so that they stay positive.

        Returns
        -------
        table, one row per parameter: parameter (string), value, standard_error, low, high (float64; the last three
        null where the fit did not converge)
        """
        self._require_fitted()
        require_share("confidence", confidence)
        values = self._parameters()
        columns: dict[str, list[float] | list[None]]
        if self.covariance_ is None:
            nothing = [None] * len(values)
            columns = {"standard_error": nothing, "low": nothing, "high": nothing}
        else:
            spread = np.sqrt(np.diag(self.covariance_))
            reach = ndtri((1 + confidence) / 2) * spread
            # Of a parameter of which nothing is known the interval has no end.
            with np.errstate(over="ignore"):
                low, high = values * np.exp(-reach), values * np.exp(reach)
            columns = {"standard_error": (values * spread).tolist(), "low": low.tolist(), "high": high.tolist()}
        return pa.table(
            {
                "parameter": list(self._names),
                "value": values,
                **{name: pa.array(column, pa.float64()) for name, column in columns.items()},
            }
        )

    def as_data(self) -> dict[str, Any]:
        """Everything learned as plain data, ready for JSON; `from_data` makes the same model of it."""
        self._require_fitted()
        return {
            "method": type(self).__name__,
            "regularisation": self.regularisation,
            "parameters": dict(zip(self._names, self._parameters().tolist(), strict=True)),
            "covariance": None if self.covariance_ is None else self.covariance_.tolist(),
            "log_likelihood": self.log_likelihood_,
            "converged": self.converged_,
            "iterations": self.iterations_,
            "customers": self.customers_,
            "warnings": [message.as_data() for message in self.warnings_],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The model that `as_data` described.

        Raises
        ------
        SettingError : the data describe another method.
        """
        if data["method"] != cls.__name__:
            raise SettingError("lifetime.another_method", method=cls.__name__, found=data["method"])
        model = cls(regularisation=data["regularisation"])
        model._restore(data)
        return model

    def _restore(self, data: Mapping[str, Any]) -> None:
        self._store(np.array([data["parameters"][name] for name in self._names]))
        self.covariance_ = None if data["covariance"] is None else np.array(data["covariance"])
        self.log_likelihood_ = data["log_likelihood"]
        self.converged_ = data["converged"]
        self.iterations_ = data["iterations"]
        self.customers_ = data["customers"]
        self.warnings_ = tuple(
            Message(each["code"], {name: value for name, value in each.items() if name != "code"})
            for each in data["warnings"]
        )

    def _learn(self, found: Maximum, customers: int, warnings: Sequence[Message] = ()) -> None:
        self._store(found.parameters)
        self.covariance_ = found.covariance
        self.log_likelihood_ = found.log_likelihood
        self.converged_ = found.converged
        self.iterations_ = found.iterations
        self.customers_ = customers
        if found.at_edge:
            gone = [self._names[each] for each in found.at_edge]
            warnings = [Message("lifetime.ran_away", {"parameters": gone}), *warnings]
        elif not found.converged:
            warnings = [Message("lifetime.not_converged", {"iterations": found.iterations}), *warnings]
        self.warnings_ = tuple(warnings)

    def _store(self, parameters: Values) -> None:
        for name, value in zip(self._names, parameters.tolist(), strict=True):
            setattr(self, name + "_", value)

    def _parameters(self) -> Values:
        return np.array([getattr(self, name + "_") for name in self._names])

    def _plausible_parameters(self) -> list[Values]:
        """Equally weighted parameters that stand for what the data leave open.

        The points of the spherical cubature rule of third degree, which has the mean and the covariance of the
        asymptotic normal law of the log-parameters. Where that is not known, the fitted parameters alone.
        """
        fitted = self._parameters()
        if self.covariance_ is None:
            return [fitted]
        # Where hardly anything is known, no further out than the parameters were searched.
        root = np.clip(np.linalg.cholesky(self.covariance_) * np.sqrt(len(fitted)), -_REACH, _REACH)
        return [fitted * np.exp(sign * column) for column in root.T for sign in (-1, 1)]

    def _require_fitted(self) -> None:
        if not hasattr(self, "converged_"):
            raise NotFittedError("errors.not_fitted", method=type(self).__name__)


def interval_of_expectation(expected: Values, plausible: Sequence[Values], coverage: float) -> tuple[Values, Values]:
    """Around an expectation, given its values at the plausible parameters: normal on the logarithm."""
    logarithms = np.log(np.maximum(plausible, 1e-300))
    reach = np.exp(np.minimum(ndtri((1 + coverage) / 2) * logarithms.std(axis=0), _FAR))
    return expected / reach, expected * reach


def require_positive(name: str, value: float) -> None:
    """`SettingError` unless the value is above zero."""
    if not value > 0:
        raise SettingError("lifetime.not_positive", name=name, value=value)


def require_not_negative(name: str, value: float) -> None:
    """`SettingError` unless the value is zero or above."""
    if not value >= 0:
        raise SettingError("errors.at_least", name=name, least=0, value=value)


def require_share(name: str, value: float) -> None:
    """`SettingError` unless the value lies between 0 and 1."""
    if not 0 < value < 1:
        raise SettingError("lifetime.not_a_share", name=name, value=value)
