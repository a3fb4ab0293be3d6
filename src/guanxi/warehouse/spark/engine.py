"""Starting Spark, or joining the one that is running."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from guanxi.errors import MissingExtra, SettingError
from guanxi.warehouse.catalog import Snapshot
from guanxi.warehouse.spark.session import SparkSession, failures, unwarned_of_pandas

if TYPE_CHECKING:
    from pyspark import sql

__all__ = ["Spark"]

_SAME_ANSWERS = {
    # What DuckDB refuses (an overflow, a text that is no number), Spark refuses too, instead of answering NULL.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(1 << 17),
}
"""Settings that an answer depends on; they hold in every session, also in a Spark that somebody else has started."""


class Spark:
    """Apache Spark, on this machine or on a cluster; for data that one machine cannot hold or is too slow for.

    A process has one Spark. It starts with the first session, which takes some seconds, serves all later ones, and ends
    with `close` or with the process. Where one is running already with the same master, as in a notebook of a managed
    platform, that one is used.

    Parameters
    ----------
    master : str
        ``local[*]`` (all processors of this machine), ``local[2]``, or the URL of a cluster: ``spark://host:7077``,
        ``yarn``, ``k8s://…``. A cluster reads the warehouse's files itself, so its directory must be mounted under the
        same path on every machine of it, and each needs Python and the packages of this one.
    memory_limit_mib : int
        Memory of this process' Java part; in local mode that is all of Spark.
    temporary : Path, optional
        Where local mode spills; by default the system's temporary directory.
    settings : mapping, optional
        Any settings of Spark's own, such as ``spark.executor.memory``. What an answer depends on cannot be changed.

    Raises
    ------
    MissingExtra : pyspark or Java is not installed; the message says how to install it.
    SettingError : Spark cannot be started with this master, or runs with another one already.

    Notes
    -----
    Executors run the Python of this process, or the one that the environment variable ``PYSPARK_PYTHON`` names.

    Examples
    --------
    >>> Spark("local[2]").name
    'spark'
    """

    name = "spark"

    def __init__(
        self,
        master: str = "local[*]",
        *,
        memory_limit_mib: int = 2048,
        temporary: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.master = master
        self.memory_limit_mib = memory_limit_mib
        self.temporary = temporary
        self.settings = settings
        self._spark: sql.SparkSession | None = None

    @contextmanager
    def bind(self, snapshot: Snapshot) -> Iterator[SparkSession]:
        """A session over exactly the files of ``snapshot``."""
        own = self._running().newSession()
        for name, value in _SAME_ANSWERS.items():
            own.conf.set(name, value)
        session = SparkSession(own, snapshot)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """End Spark; a later session would start it again."""
        if self._spark is not None:
            self._spark.stop()
            self._spark = None

    def _running(self) -> sql.SparkSession:
        builder = _pyspark_sql().SparkSession.builder.master(self.master)
        for name, value in self._start_settings().items():
            builder = builder.config(name, value)
        try:
            with _python_of_executors(), unwarned_of_pandas():
                self._spark = builder.getOrCreate()
        except failures() as error:
            if "JAVA_GATEWAY_EXITED" in str(error) and not _java_is_there():
                raise MissingExtra("spark.no_java") from error
            raise SettingError("spark.cannot_start", master=self.master, cause=_first_line(error)) from error
        # They print what `QueryError` will say.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        running = self._spark.sparkContext.master
        if running != self.master:
            self._spark = None
            raise SettingError("spark.another_master", running=running, wanted=self.master)
        return self._spark

    def _start_settings(self) -> dict[str, str]:
        log = Path(str(resources.files(__package__).joinpath("log4j2.properties"))).as_uri()
        found = {
            "spark.app.name": "guanxi",
            "spark.driver.memory": f"{self.memory_limit_mib}m",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log}",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        if self.master.startswith("local"):
            # Nobody from outside has any business with it.
            found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
            # One machine has few processors; 200 tasks a step, Spark's default, would mostly wait for each other.
            found["spark.sql.shuffle.partitions"] = "32"
        if self.temporary is not None:
            found["spark.local.dir"] = str(self.temporary)
        given = dict(self.settings or {})
        options = "spark.driver.extraJavaOptions"
        if options in given:
            given[options] = f"{found[options]} {given[options]}"
        return found | given


def _pyspark_sql() -> ModuleType:
    """pyspark.sql, imported when first needed: it is optional, and takes a second."""
    try:
        return importlib.import_module("pyspark.sql")
    except ModuleNotFoundError:
        raise MissingExtra("spark.not_installed") from None


def _java_is_there() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home, "bin", "java")) if home else "java") is not None


@contextmanager
def _python_of_executors() -> Iterator[None]:
    """Executors run this very Python unless the environment names one; Spark's default is whatever ``python3`` is."""
    name = "PYSPARK_PYTHON"
    given = os.environ.get(name)
    os.environ[name] = given or sys.executable
    try:
        yield
    finally:
        if given is None:
            del os.environ[name]


def _first_line(error: Exception) -> str:
    """What Java says has gone wrong, without where in Spark it was noticed."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "Exception" in line), lines[0] if lines else "").strip(" :")
