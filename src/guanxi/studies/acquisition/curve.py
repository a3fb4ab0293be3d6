"""The pay-back curve: what the customers of a campaign have earned together by each day since they were won."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.mining.lifetime.money import cumulative_margins

__all__ = ["at_days", "payback_curve"]

_CURVE = pa.schema(
    [
        ("campaign_id", pa.string()), ("day", pa.int64()), ("margin", pa.float64()), ("cost", pa.int64()),
        ("share_of_cost", pa.float64()),
    ]
)  # fmt: skip


def payback_curve(campaigns: pa.Table, acquired: pa.Table, earned: pa.Table) -> pa.Table:
    """Cumulative margin of each campaign by days since each customer was won.

    Parameters
    ----------
    campaigns : table, one row a campaign: campaign_id (string), cost (int64, minor units)
    acquired : table, one row a customer: customer_id, campaign_id (strings)
    earned : table, one row a customer × day: customer_id (string), day (int64, since he was won, >= 0), margin
        (float64, minor units)

    Returns
    -------
    table, one row a campaign × day on which any of its customers bought or sent back, in the order of the campaigns
        campaign_id : string
        day : int64, since each was won
        margin : float64, whole minor units, cumulative to the end of the day, as `cumulative_margins` has it
        cost : int64, minor units, of the campaign
        share_of_cost : float64, margin / cost; null for a campaign that cost nothing

    Notes
    -----
    O(earned log earned).

    Examples
    --------
    >>> campaigns = pa.table({"campaign_id": ["spring"], "cost": [3000]})
    >>> acquired = pa.table({"customer_id": ["ada", "bo"], "campaign_id": ["spring", "spring"]})
    >>> earned = pa.table({"customer_id": ["ada", "bo", "ada"], "day": [0, 0, 30], "margin": [900.0, 600.0, 1500.0]})
    >>> payback_curve(campaigns, acquired, earned).select(["day", "margin", "share_of_cost"]).to_pylist()
    [{'day': 0, 'margin': 1500.0, 'share_of_cost': 0.5}, {'day': 30, 'margin': 3000.0, 'share_of_cost': 1.0}]
    """
    days = cumulative_margins(acquired, earned)
    parts = []
    for campaign, cost in zip(campaigns["campaign_id"].to_pylist(), campaigns["cost"].to_pylist(), strict=True):
        mine = days.filter(pc.equal(days["campaign_id"], campaign))
        margin = mine["margin"].to_numpy()
        share = margin / cost if cost else np.full(len(margin), np.nan)
        columns = {
            "campaign_id": pa.repeat(campaign, len(margin)),
            "day": mine["day"],
            "margin": margin,
            "cost": pa.repeat(pa.scalar(cost, pa.int64()), len(margin)),
            "share_of_cost": pa.array(share, pa.float64(), from_pandas=True),
        }
        parts.append(pa.table(columns, schema=_CURVE))
    return pa.concat_tables([_CURVE.empty_table(), *parts]).combine_chunks()


def at_days(curve: pa.Table, campaign: str, days: Sequence[int], *, until: int) -> list[float | None]:
    """The share of its cost that a campaign had back by each of some days; None from the day on which nobody was seen.

    Parameters
    ----------
    curve : of `payback_curve`
    campaign : one of it that cost something
    days : ascending
    until : the first day since he was won on which none of its customers has been seen yet

    Examples
    --------
    >>> curve = pa.table({"campaign_id": ["a", "a"], "day": [2, 5], "share_of_cost": [0.5, 1.25]})
    >>> at_days(curve, "a", [0, 4, 8, 12], until=10)
    [0.0, 0.5, 1.25, None]
    """
    mine = curve.filter(pc.equal(curve["campaign_id"], campaign))
    places = np.searchsorted(mine["day"].to_numpy(), np.asarray(days), side="right")
    shares = [0.0, *mine["share_of_cost"].to_pylist()]
    return [shares[place] if day < until else None for place, day in zip(places.tolist(), days, strict=True)]
