"""Numbers of itemsets and sums of their counts on real baskets, as PyFIM 6.28 counts them (eclat, targets s, c and m).

Recorded, because PyFIM has no wheel on PyPI: a test may not depend on a C compiler.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from guanxi.mining.association import frequent_itemsets


@cache
def baskets(name: str, root: Path) -> pa.Table:
    if name == "shop":
        lines = pq.read_table(root / "online_retail_ii_year1" / "online_retail_ii_2009_2010.parquet")
        sold = pc.and_(pc.greater(lines["Quantity"], 0), pc.greater(lines["Price"], 0))
        lines = lines.filter(pc.and_(sold, pc.invert(pc.starts_with(lines["Invoice"], "C"))))
        return pa.table({"transaction": lines["Invoice"], "item": lines["StockCode"]})
    if name == "ta_feng":
        lines = pq.read_table(root / "ta_feng_baskets" / "baskets.parquet")
        basket = pc.binary_join_element_wise(lines["part"], lines["user"], lines["basket_no"].cast(pa.string()), "/")
        return pa.table({"transaction": basket, "item": lines["item"]})
    if name == "baskets1n":
        table = pyarrow.csv.read_csv(root / "baskets1n" / "baskets1n.csv")
        rows = [
            (row, item if flag in ("T", True) else None)
            for item in table.column_names[7:]
            for row, flag in enumerate(table[item].to_pylist())
        ]
        return pa.table({"transaction": [row for row, _ in rows], "item": [item for _, item in rows]})
    return pq.read_table(root / f"{name}.parquet")


@pytest.mark.parametrize(
    ("name", "min_support", "everything", "closed", "maximal"),
    [
        ("groceries/groceries_long", 0.006, (747, 113090), (747, 113090), (532, 45083)),
        ("groceries/groceries_long", 0.002, (4223, 219695), (4223, 219695), (2675, 71690)),
        ("groceries/groceries_long", 0.0005, (49580, 562109), (46267, 543825), (22725, 130527)),
        ("baskets1n", 0.1, (17, 3745), (17, 3745), (7, 1183)),
        ("baskets1n", 0.02, (142, 9168), (142, 9168), (44, 1176)),
        ("shop", 0.01, (1348, 497531), (1348, 497531), (997, 289153)),
        ("shop", 0.003, (48751, 4445238), (48671, 4439671), (29057, 2120952)),
        ("ta_feng", 0.002, (615, 190038), (615, 190038), (561, 153304)),
        ("ta_feng", 0.001, (1592, 288491), (1592, 288491), (1439, 212264)),
    ],
)
def test_the_counts_of_pyfim_come_out(real_data, name, min_support, everything, closed, maximal):
    table = baskets(name, real_data)
    found = [frequent_itemsets(table, min_support=min_support, kind=kind) for kind in ("all", "closed", "maximal")]
    assert [(len(each), each.counts.sum()) for each in found] == [everything, closed, maximal]
