"""The engine that a person names: ``duckdb``, or the master of a Spark."""

from __future__ import annotations

import re

from guanxi.errors import SettingError
from guanxi.warehouse.duckdb import DuckDB
from guanxi.warehouse.engine import Engine
from guanxi.warehouse.spark import Spark

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
    >>> engine_from("duckdb").name, engine_from("local[2]").name
    ('duckdb', 'spark')
    """
    if text == DuckDB.name:
        return DuckDB()
    if _MASTER.fullmatch(text):
        return Spark(text)
    raise SettingError("spark.no_such_engine", value=text)
