"""The engines that tests run on. A process has one Spark, so all tests on this machine's share it."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from guanxi.warehouse import DuckDB, Engine
from guanxi.warehouse.spark import Spark

LIGHT = {
    # Tables of ten rows: the time goes into tasks and into compiling, so have few of both.
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

LOCAL_SPARK = Spark("local[2]", memory_limit_mib=1024, settings=LIGHT)
ENGINES: dict[str, Engine] = {"duckdb": DuckDB(threads=2), "spark": LOCAL_SPARK}


def need_spark() -> None:
    """Skip a test where Spark is not installed."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("no Spark here: pip install 'guanxi[spark]' and Java 17 or later")


def engine_named(name: str) -> Engine:
    if name == "spark":
        need_spark()
    return ENGINES[name]
