"""Engines by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guanxi.errors import SettingError
from guanxi.warehouse import DuckDB
from guanxi.warehouse.engines import engine_from
from guanxi.warehouse.spark import Spark


def test_duckdb_is_an_engine_by_name():
    assert isinstance(engine_from("duckdb"), DuckDB)


@pytest.mark.parametrize(
    "master",
    ["local", "local[*]", "local[2]", "local[2, 3]", "spark://a:7077,b:7077", "yarn", "k8s://https://host:443"],
)
def test_a_master_is_a_spark(master):
    engine = engine_from(master)
    assert isinstance(engine, Spark)
    assert engine.master == master


@pytest.mark.parametrize("text", ["", "DuckDB", "spark", "local[x]", "local[*] ", "http://host", "sparkle://host"])
def test_anything_else_is_refused_with_what_there_is(text):
    with pytest.raises(SettingError, match="spark://host:7077"):
        engine_from(text)


def test_who_does_not_ask_for_spark_does_not_wait_for_it():
    code = (
        "import sys; from guanxi.warehouse.engines import engine_from; engine_from('duckdb'); "
        "sys.exit(bool({'pyspark', 'sqlglot'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
