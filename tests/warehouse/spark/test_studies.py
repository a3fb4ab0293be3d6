"""The studies from end to end on Spark give what they give on DuckDB."""

from __future__ import annotations

import pytest

from guanxi import studies
from guanxi.warehouse import DuckDB
from warehouse.engines import LOCAL_SPARK, need_spark
from warehouse.spark.results import imported, same


def test_a_simulated_company_is_the_same_on_spark(simulated, right):
    need_spark()
    same(studies.run(simulated, engine=LOCAL_SPARK), right)


@pytest.mark.slow
def test_a_real_shop_is_the_same_on_spark(real_data, tmp_path):
    need_spark()
    file = real_data / "online_retail_ii_year1" / "online_retail_ii_2009_2010.parquet"
    for snapshot in imported([file], tmp_path / "warehouse"):
        same(studies.run(snapshot, engine=LOCAL_SPARK), studies.run(snapshot, engine=DuckDB(threads=2)))
