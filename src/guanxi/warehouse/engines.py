"""The engine that a person names: ``duckdb``, or the master of a Spark."""

from __future__ import annotations

import importlib
import re

from guanxi.errors import SettingError
from guanxi.warehouse.duckdb import DuckDB
from guanxi.warehouse.engine import Engine

__all__ = ["engine_from"]

_MASTER = re.compile(r"local(\[(\*|\d+)(, ?\d+)?\])?|spark://\S+|k8s://\S+|yarn")


def engine_from(text: str) -> Engine:
    """The engine for what a person writes after ``--engine``.

    Parameters
    ----------
    text : ``duckdb``, or a Spark master: ``local[*]``, ``local[2]``, ``spark://host:7077``, ``k8s://…``, ``yarn``

    Raises
    ------
    SettingError : none of these.

    Examples
    --------
    >>> engine_from("duckdb").name
    'duckdb'
    """
    if text == DuckDB.name:
        return DuckDB()
    if not _MASTER.fullmatch(text):
        raise SettingError("spark.no_such_engine", value=text)
    # Only here, because whoever does not ask for Spark should not wait for what it needs.
    engine: Engine = importlib.import_module("guanxi.warehouse.spark").Spark(text)
    return engine
