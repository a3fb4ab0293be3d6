"""Dated tables, and the engine that reads them.

`catalog` knows which files a snapshot is made of, `publish` makes the next snapshot, `engine` says what an engine can
do and `duckdb` is one; `sql` loads the named queries that other floors keep beside their
code, and `lint` says what they may say.
"""

from guanxi.warehouse.catalog import Snapshot, Warehouse
from guanxi.warehouse.duckdb import DuckDB
from guanxi.warehouse.engine import Engine, Session
from guanxi.warehouse.publish import Publication, publication
from guanxi.warehouse.records import LEARNED, Delivery, Moment, Part, Redaction, Settings
from guanxi.warehouse.sql import Query, load_query

__all__ = [
    "LEARNED",
    "Delivery",
    "DuckDB",
    "Engine",
    "Moment",
    "Part",
    "Publication",
    "Query",
    "Redaction",
    "Session",
    "Settings",
    "Snapshot",
    "Warehouse",
    "load_query",
    "publication",
]
