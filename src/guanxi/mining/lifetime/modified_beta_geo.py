"""The MBG/NBD model: a customer may leave after each purchase, the first one included."""

from __future__ import annotations

from typing import ClassVar

from guanxi.mining.lifetime.beta_geo import BetaGeoNBD

__all__ = ["ModifiedBetaGeoNBD"]


class ModifiedBetaGeoNBD(BetaGeoNBD):
    """How often customers buy, where many never come back after the first purchase (MBG/NBD) [1]_.

    `BetaGeoNBD` with one chance more to leave: at the first purchase. So who has bought only once need not be active.
    Parameters, attributes and methods are those of `BetaGeoNBD`.

    References
    ----------
    .. [1] Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base
       analysis. International Journal of Research in Marketing 24(3), 201-209.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"customer_id": ["ada", "bo", "cy", "di"], "frequency": [6, 1, 0, 2],
    ...                   "recency_days": [170.0, 20.0, 0.0, 100.0], "age_days": [180.0, 180.0, 90.0, 120.0]})
    >>> model = ModifiedBetaGeoNBD(regularisation=1.0).fit(table)
    >>> [round(each, 2) for each in model.probability_alive(table)["p_alive"].to_pylist()]
    [0.91, 0.23, 0.41, 0.81]
    """

    _chances_at_first: ClassVar = 1
