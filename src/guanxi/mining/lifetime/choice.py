"""Which law of purchasing: all that are there, fitted, and the one under which the past is most likely."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from guanxi.mining.lifetime.beta_geo import BetaGeoNBD
from guanxi.mining.lifetime.modified_beta_geo import ModifiedBetaGeoNBD
from guanxi.mining.lifetime.pareto_nbd import ParetoNBD
from guanxi.mining.lifetime.purchases import PurchaseModel

__all__ = ["PURCHASE_LAWS", "fit_purchase_laws", "likeliest"]

Law = BetaGeoNBD | ModifiedBetaGeoNBD | ParetoNBD
PURCHASE_LAWS: Mapping[str, type[Law]] = MappingProxyType(
    {"bg_nbd": BetaGeoNBD, "mbg_nbd": ModifiedBetaGeoNBD, "pareto_nbd": ParetoNBD}
)
"""The laws of purchasing without a contract. Each has four parameters, so that their likelihoods compare."""
_WEAK = 0.1


def fit_purchase_laws(customers: pa.Table) -> dict[str, PurchaseModel]:
    """Fit each of `PURCHASE_LAWS`; one whose likelihood has no maximum is fitted with a weak prior.

    Parameters
    ----------
    customers : table, one row per customer, as in `BetaGeoNBD.fit`

    Returns
    -------
    fitted models by name; which of them found a maximum, their ``converged_`` tells

    Raises
    ------
    SchemaError, DataError : as `BetaGeoNBD.fit`.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_days": [170.0, 20.0, 0.0, 100.0], "age_days": [180.0, 180.0, 90.0, 120.0]})
    >>> laws = fit_purchase_laws(table)
    >>> list(laws), likeliest(laws)
    (['bg_nbd', 'mbg_nbd', 'pareto_nbd'], 'bg_nbd')
    """
    found: dict[str, PurchaseModel] = {}
    for name, kind in PURCHASE_LAWS.items():
        law = kind().fit(customers)
        found[name] = law if law.converged_ else kind(regularisation=_WEAK).fit(customers)
    return found


def likeliest(laws: Mapping[str, PurchaseModel]) -> str | None:
    """The name of the fitted law with the greatest likelihood of those that found a maximum; None where none did."""
    there = [name for name, law in laws.items() if law.converged_]
    return max(there, key=lambda name: laws[name].log_likelihood_) if there else None
