"""The arithmetic of coverage: who has a product now, who should, and how many that makes to reach."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pyarrow as pa

from guanxi.errors import DataError, SettingError
from guanxi.evaluate import wilson
from guanxi.schema import require_columns

__all__ = ["coverage"]

_COUNTS = {"group": pa.string(), "product": pa.string(), "customers": pa.int64(), "holders": pa.int64()}
_BEST_PART = 0.75


def coverage(counts: pa.Table, wanted: float | Mapping[str, float] | None = None) -> pa.Table:
    """How far each group of customers is covered with each product, and how many customers are to be reached.

    For a plan such as a bank's: of 133,085 customers with a home loan 25,693 hold a credit card, 70 % should.

    Parameters
    ----------
    counts : table, key group, product; other columns are kept
        group : string, a kind of customers
        product : string
        customers : int64, how many there are in the group
        holders : int64, how many of them have the product
    wanted : share of a group that should have the product, 0 to 1: one for all, or by group. A group without one should
        have what the best fourth of the groups have of that product (the upper quartile, which one of them has). A
        column ``group_kind``, where there is one, says which groups are compared.

    Returns
    -------
    table, the rows of ``counts`` with
        coverage : float64, holders as a share of the customers; null for a group of nobody
        coverage_low, coverage_high : 95 % interval of it (Wilson)
        wanted : float64
        to_reach : int64, as many customers more as make the wanted share, exactly: ⌈wanted · customers⌉ − holders, or 0

    Raises
    ------
    SchemaError : a column is missing or of another type.
    DataError : a count is below 0, or there are more holders than customers; names the row.
    SettingError : a wanted share is not within 0 to 1, or is for a group that is not there.

    Examples
    --------
    >>> counts = pa.table({"group": ["home loan", "VIP"], "product": ["card", "card"],
    ...                    "customers": [133085, 67055], "holders": [25693, 18076]})
    >>> found = coverage(counts, 0.7)
    >>> [round(share, 2) for share in found["coverage"].to_pylist()], found["to_reach"].to_pylist()
    ([0.19, 0.27], [67467, 28863])
    """
    require_columns(counts, _COUNTS, of="counts")
    rows = counts.to_pylist()
    groups = {row["group"] for row in rows}
    by_group: dict[str, float | Fraction] = {}
    if wanted is not None:
        by_group |= wanted if isinstance(wanted, Mapping) else dict.fromkeys(groups, wanted)
    for group, share in by_group.items():
        if group not in groups:
            raise SettingError("coverage.no_such_group", group=group, groups=sorted(groups))
        if not 0 <= share <= 1:
            raise SettingError("coverage.wanted_share", group=group, value=str(share))
    for row in rows:
        if not 0 <= row["holders"] <= row["customers"]:
            raise DataError("coverage.impossible", **{name: row[name] for name in _COUNTS})
    reached = _reached(rows)
    said: dict[str, list[float | int | None]] = {
        name: [] for name in ("coverage", "coverage_low", "coverage_high", "wanted", "to_reach")
    }
    for row in rows:
        customers, holders = row["customers"], row["holders"]
        low, high = wilson(holders, customers) if customers else (None, None)
        share = by_group.get(row["group"], reached[_kind(row)])
        said["coverage"].append(holders / customers if customers else None)
        said["coverage_low"].append(low)
        said["coverage_high"].append(high)
        said["wanted"].append(float(share))
        # As it is written: .7 of ten is seven, not eight.
        exact = share if isinstance(share, Fraction) else Fraction(str(share))
        said["to_reach"].append(max(0, math.ceil(exact * customers) - holders))
    for name, values in said.items():
        counts = counts.append_column(name, pa.array(values, pa.int64() if name == "to_reach" else pa.float64()))
    return counts


def _kind(row: Mapping[str, str]) -> tuple[str | None, str]:
    return row.get("group_kind"), row["product"]


def _reached(rows: list[dict[str, object]]) -> dict[tuple[str | None, str], Fraction]:
    """By kind of group and product, the coverage that the best fourth of the groups have."""
    shares: dict[tuple[str | None, str], list[Fraction]] = {}
    for row in rows:
        of = shares.setdefault(_kind(row), [])  # type: ignore[arg-type]
        if row["customers"]:
            of.append(Fraction(int(str(row["holders"])), int(str(row["customers"]))))
    return {
        key: sorted(of)[int(np.ceil(_BEST_PART * len(of))) - 1] if of else Fraction(0) for key, of in shares.items()
    }
