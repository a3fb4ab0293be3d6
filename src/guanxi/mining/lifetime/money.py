"""From what customers spend to what is earned: margin, what is at risk, what winning them cost and when it is back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guanxi.errors import DataError
from guanxi.mining.lifetime.likelihood import require_positive
from guanxi.schema import require_columns

__all__ = ["acquisition", "cumulative_margins", "margins", "value_at_risk"]


def margins(lines: pa.Table, *, rate: float | None = None) -> pa.Table:
    """What is left of each customer's purchases after the cost of the goods.

    Parameters
    ----------
    lines : table, one row a line of an order
        customer_id : string; lines without one are left out
        amount : int64, minor units
        cost : int64, minor units, of all pieces of the line; null where it is not known
    rate : float, > 0
        Share of the amount that is earned with lines of unknown cost; without it they are left out of the margin.

    Returns
    -------
    table, one row a customer, by customer_id
        customer_id : string
        amount : int64, minor units
        known_amount : int64, minor units, of lines whose cost is known
        margin : float64, minor units; null where no line has a cost and no rate was given
        margin_rate : float64, of the amount that the margin is of; null where that is nothing

    Raises
    ------
    SchemaError : a column is missing or of another type.
    SettingError : the rate is not above 0.

    Notes
    -----
    A return has a negative amount and a negative cost, and so takes its margin back. O(lines).

    Examples
    --------
    >>> lines = pa.table({"customer_id": ["ada", "ada", "bo"], "amount": [1000, 500, 300], "cost": [600, None, None]})
    >>> margins(lines).to_pylist()[0]
    {'customer_id': 'ada', 'amount': 1500, 'known_amount': 1000, 'margin': 400.0, 'margin_rate': 0.4}
    >>> margins(lines, rate=0.2)["margin"].to_pylist()
    [500.0, 60.0]
    """
    lines = _read(lines, {"customer_id": pa.string(), "amount": pa.int64(), "cost": pa.int64()}, of="order_lines")
    if rate is not None:
        require_positive("rate", rate)
    lines = lines.filter(pc.is_valid(lines["customer_id"]))
    known = pc.is_valid(lines["cost"])
    zero = pa.scalar(0, pa.int64())
    earned = pc.subtract(lines["amount"], lines["cost"]).cast(pa.float64())
    if rate is not None:
        earned = pc.if_else(known, earned, pc.multiply(lines["amount"].cast(pa.float64()), rate))
    table = pa.table(
        {
            "customer_id": lines["customer_id"],
            "amount": lines["amount"],
            "known_amount": pc.if_else(known, lines["amount"], zero),
            "margin": earned,
            "of": lines["amount"] if rate is not None else pc.if_else(known, lines["amount"], zero),
        }
    )
    sums = table.group_by("customer_id").aggregate([(name, "sum") for name in table.column_names[1:]])
    sums = sums.rename_columns([name.removesuffix("_sum") for name in sums.column_names]).sort_by("customer_id")
    of = sums["of"].cast(pa.float64())
    share = pc.divide(sums["margin"], pc.if_else(pc.equal(of, 0.0), None, of))
    found = sums.select(["customer_id", "amount", "known_amount", "margin"])
    return found.append_column("margin_rate", share).combine_chunks()


def value_at_risk(expected: pa.Table, leaving: pa.Table) -> pa.Table:
    """What would be lost with each customer, times the probability that he leaves.

    Both as they stand in `scores`: expected_amount of the study value and churn_probability of the study churn. Where
    to begin with keeping customers: neither the best, who stay, nor those who surely leave and never brought much.

    Parameters
    ----------
    expected : table, one row a customer: customer_id, value (float64, minor units, >= 0)
    leaving : table, one row a customer: customer_id, value (float64, 0 … 1)

    Returns
    -------
    table, one row a customer who is in both, the most at risk first: customer_id, expected_amount, probability,
        value_at_risk (float64, minor units)

    Raises
    ------
    SchemaError : a column is missing or of another type.
    DataError : a probability lies outside 0 … 1.

    Notes
    -----
    An expected amount already allows for leaving, so that this is a measure to rank by and a lower bound of the amount
    at stake, not an expected loss. The sum over customers is that of amounts, for expectations add up. O(customers).

    Examples
    --------
    >>> expected = pa.table({"customer_id": ["ada", "bo", "cy"], "value": [9000.0, 2000.0, 50.0]})
    >>> leaving = pa.table({"customer_id": ["bo", "ada", "di"], "value": [0.9, 0.1, 0.5]})
    >>> value_at_risk(expected, leaving).select(["customer_id", "value_at_risk"]).to_pylist()
    [{'customer_id': 'bo', 'value_at_risk': 1800.0}, {'customer_id': 'ada', 'value_at_risk': 900.0}]
    """
    kinds = {"customer_id": pa.string(), "value": pa.float64()}
    expected, leaving = _read(expected, kinds, of="expected"), _read(leaving, kinds, of="leaving")
    chance = leaving["value"].to_numpy()
    if outside := int(np.count_nonzero(~((chance >= 0) & (chance <= 1)))):
        raise DataError("lifetime.not_probabilities", rows=outside)
    places = pc.index_in(expected["customer_id"], leaving["customer_id"])
    both = pc.is_valid(places)
    amount, probability = expected["value"].filter(both), leaving["value"].take(places.filter(both))
    table = pa.table(
        {
            "customer_id": expected["customer_id"].filter(both),
            "expected_amount": amount,
            "probability": probability,
            "value_at_risk": pc.multiply(amount, probability),
        }
    )
    return table.sort_by([("value_at_risk", "descending"), ("customer_id", "ascending")]).combine_chunks()


def acquisition(campaigns: pa.Table, acquired: pa.Table, earned: pa.Table) -> pa.Table:
    """What each campaign's customers cost to win, what they have brought since, and after how many days it was back.

    Parameters
    ----------
    campaigns : table, one row a campaign: campaign_id (string), cost (int64, minor units, of the whole campaign, what
        was spent on single customers included)
    acquired : table, one row a customer who was won: customer_id, campaign_id (strings)
    earned : table, one row a customer × day on which he bought: customer_id (string), day (int64, days since he was
        won, >= 0), margin (float64, minor units)

    Returns
    -------
    table, one row a campaign in the order given
        campaign_id : string
        customers : int64, won
        cost : int64, minor units
        cost_per_customer : float64; null where nobody was won
        margin : float64, whole minor units, earned with them so far
        return_rate : float64, (margin − cost) / cost; null for a campaign that cost nothing
        payback_days : int64, the first day by which their margin together has covered the cost, 0 for a campaign that
            cost nothing; null where it has not

    Raises
    ------
    SchemaError : a column is missing or of another type.
    DataError : a customer was won by two campaigns.

    Notes
    -----
    Who would have come anyway is won by nobody: where there was a control group, name only as many as came beyond it.
    Days count from each customer's own beginning, so that campaigns of different length compare. O(earned log earned).

    Examples
    --------
    >>> campaigns = pa.table({"campaign_id": ["spring"], "cost": [3000]})
    >>> acquired = pa.table({"customer_id": ["ada", "bo"], "campaign_id": ["spring", "spring"]})
    >>> earned = pa.table({"customer_id": ["ada", "bo", "ada"], "day": [0, 4, 30], "margin": [1000.0, 500.0, 1800.0]})
    >>> found = acquisition(campaigns, acquired, earned).to_pylist()[0]
    >>> found["cost_per_customer"], found["payback_days"], round(found["return_rate"], 2)
    (1500.0, 30, 0.1)
    """
    text, whole = pa.string(), pa.int64()
    campaigns = _read(campaigns, {"campaign_id": text, "cost": whole}, of="campaigns")
    acquired = _read(acquired, {"customer_id": text, "campaign_id": text}, of="acquired")
    earned = _read(earned, {"customer_id": text, "day": whole, "margin": pa.float64()}, of="earned")
    if twice := acquired.num_rows - len(pc.unique(acquired["customer_id"])):
        raise DataError("lifetime.won_twice", rows=twice)
    by_day = cumulative_margins(acquired, earned)
    rows = []
    for name, cost in zip(campaigns["campaign_id"].to_pylist(), campaigns["cost"].to_pylist(), strict=True):
        mine = by_day.filter(pc.equal(by_day["campaign_id"], name))
        customers = int(pc.sum(pc.equal(acquired["campaign_id"], name)).as_py() or 0)
        days, totals = [0, *mine["day"].to_pylist()], [0.0, *mine["margin"].to_pylist()]
        margin = totals[-1]
        back = next((day for day, total in zip(days, totals, strict=True) if total >= cost), None)
        rows.append(
            {
                "campaign_id": name,
                "customers": customers,
                "cost": cost,
                "cost_per_customer": cost / customers if customers else None,
                "margin": margin,
                "return_rate": (margin - cost) / cost if cost else None,
                "payback_days": back,
            }
        )
    return pa.Table.from_pylist(rows, schema=_ACQUISITION)


def cumulative_margins(acquired: pa.Table, earned: pa.Table) -> pa.Table:
    """What the customers of each campaign have earned together by the end of each day.

    Parameters
    ----------
    acquired, earned : of `acquisition`

    Returns
    -------
    table, one row a campaign × day on which one of its customers bought or sent back, by day
        campaign_id : string
        day : int64, since each was won
        margin : float64, cumulative, rounded half to even to whole minor units, so that a cost is either covered or not

    Examples
    --------
    >>> acquired = pa.table({"customer_id": ["ada"], "campaign_id": ["spring"]})
    >>> earned = pa.table({"customer_id": ["ada", "ada"], "day": [0, 9], "margin": [100 * 0.29, 11.0]})
    >>> cumulative_margins(acquired, earned)["margin"].to_pylist()
    [29.0, 40.0]
    """
    won_by = acquired["campaign_id"].take(pc.index_in(earned["customer_id"], acquired["customer_id"]))
    rows = pa.table({"campaign_id": won_by, "day": earned["day"], "margin": earned["margin"]})
    rows = rows.filter(pc.is_valid(won_by))
    sums = rows.group_by(["campaign_id", "day"], use_threads=False).aggregate([("margin", "sum")])
    sums = sums.sort_by([("campaign_id", "ascending"), ("day", "ascending")]).combine_chunks()
    exact, names = sums["margin_sum"].to_numpy().copy(), sums["campaign_id"]
    for name in pc.unique(names).to_pylist():
        mine = pc.equal(names, name).to_numpy()
        exact[mine] = np.cumsum(exact[mine])
    return pa.table({"campaign_id": names, "day": sums["day"], "margin": np.rint(exact)})


_ACQUISITION = pa.schema(
    [
        ("campaign_id", pa.string()), ("customers", pa.int64()), ("cost", pa.int64()),
        ("cost_per_customer", pa.float64()), ("margin", pa.float64()), ("return_rate", pa.float64()),
        ("payback_days", pa.int64()),
    ]
)  # fmt: skip


def _read(table: pa.Table, columns: dict[str, pa.DataType], *, of: str) -> pa.Table:
    require_columns(table, columns, of=of)
    return table.select(list(columns))
