"""Starting Spark, and saying what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guanxi.errors import SettingError
from guanxi.warehouse import Warehouse
from guanxi.warehouse.spark import Spark
from warehouse.engines import LOCAL_SPARK, need_spark

ASK = """
import datetime as dt, sys
from pathlib import Path
from guanxi.errors import GuanxiError
from guanxi.warehouse import Settings, Warehouse
from guanxi.warehouse.spark import Spark
{before}
with Warehouse.create(Path({path!r}), Settings("EUR", "UTC"), at=dt.datetime(2026, 1, 1)) as warehouse:
    try:
        with Spark({master!r}).bind(warehouse.snapshot()) as session:
            {ask}
    except GuanxiError as error:
        print(type(error).__name__, error.exit_code, error)
"""


def asked(
    path: Path, *, before: str = "", ask: str = "pass", master: str = "local[1]", **environment: str
) -> subprocess.CompletedProcess[str]:
    """What a program of its own says that works with Spark."""
    code = ASK.format(before=before, path=str(path / "warehouse"), master=master, ask=ask)
    given = {name: value for name, value in os.environ.items() if name != "PYSPARK_PYTHON"} | environment
    return subprocess.run(
        [sys.executable, "-c", code], env=given, cwd=path, capture_output=True, text=True, check=False
    )


def test_without_pyspark_one_sentence_says_what_to_install(tmp_path):
    found = asked(tmp_path, before="sys.modules['pyspark.sql'] = sys.modules['pyspark'] = None")
    assert found.stdout.startswith(
        'MissingExtra 5 Spark is not installed. Install it with: pip install "guanxi[spark]"'
    )
    assert found.stderr == ""


def test_without_java_one_sentence_says_what_to_install(tmp_path):
    need_spark()
    found = asked(tmp_path, JAVA_HOME="/nowhere")
    assert found.stdout.startswith("MissingExtra 5 Spark needs Java 17 or later")


def test_a_master_that_spark_does_not_know_is_an_error_of_setting(tmp_path):
    need_spark()
    found = asked(tmp_path, master="nonsense")
    assert found.stdout.startswith("SettingError 2 Spark could not be started with the master nonsense:")
    assert "Master must" in found.stderr


def test_spark_uses_this_python_says_nothing_and_leaves_nothing_behind(tmp_path):
    need_spark()
    ask = (
        "import os, pyarrow as pa; from guanxi.warehouse import load_query; "
        "found = session.map_batches(lambda batch: pa.record_batch({'python': [sys.executable] * batch.num_rows}), "
        "load_query('guanxi.studies', 'event_span')); "
        "print(found['python'].to_pylist() == [sys.executable], os.environ.get('PYSPARK_PYTHON'))"
    )
    found = asked(tmp_path, ask=ask)
    assert found.stdout == "True None\n"
    # One line is Java's own.
    assert [line for line in found.stderr.splitlines() if "incubator" not in line] == []
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse"]


def test_a_process_has_one_spark(warehouse: Warehouse):
    need_spark()
    with (
        LOCAL_SPARK.bind(warehouse.snapshot()),
        pytest.raises(SettingError, match=r"already runs Spark with the master local\[2\]"),
        Spark("local[1]").bind(warehouse.snapshot()),
    ):
        pass


def test_spark_can_be_ended_and_starts_again(warehouse: Warehouse):
    need_spark()
    for _ in range(2):
        with LOCAL_SPARK.bind(warehouse.snapshot()) as session:
            assert session.snapshot == warehouse.snapshot()
        LOCAL_SPARK.close()
    LOCAL_SPARK.close()
