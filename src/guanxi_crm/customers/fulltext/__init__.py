"""The search index of customers: FTS5 on SQLite, a tsvector with GIN on PostgreSQL, the same words in both.

==============  ================================================================================================
``text``        what is kept of a customer, and what somebody looks for, as words
``sqlite``      the virtual table, its writes and its query's language
``postgresql``  the table, its writes and its query's language
==============  ================================================================================================

A customer's texts stand in four columns, so that a search goes only over those that the reader may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db import connection
from django.db.models.expressions import RawSQL

from guanxi_crm.customers.fulltext import postgresql, sqlite
from guanxi_crm.customers.fulltext.text import Document, Term

__all__ = ["Engine", "count", "engine", "first", "matching"]


class Engine(Protocol):
    """What the module of each database has."""

    CREATE: tuple[str, ...]
    DROP: tuple[str, ...]
    KEY: str
    """The column that holds the customer's key."""
    MATCHES: str
    """Selects the keys of those who match the query that is its parameter; conditions on `KEY` may be added."""

    def write(self, documents: Iterable[Document]) -> None: ...
    def forget(self, customer_ids: Sequence[int]) -> None: ...
    def query(self, terms: Sequence[Term], columns: Sequence[str]) -> str: ...


def engine() -> Engine:
    """The module for this database."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def matching(
    terms: Sequence[Term], columns: Sequence[str], *, most: int | None = None, beyond: int | None = None,
    upwards: bool = False,
) -> RawSQL:  # fmt: skip
    """Keys of the customers who match, as a subquery: of all, or in order as `first` gives them."""
    sql, values = _asked(terms, columns, most, beyond, upwards)
    # The words are a parameter.
    return RawSQL(sql, values)  # noqa: S611


def first(
    terms: Sequence[Term], columns: Sequence[str], most: int, *, beyond: int | None = None, upwards: bool = False
) -> list[int]:
    """Keys of customers who match, the newest first, or upwards from one: in the index's order, no more than asked."""
    with connection.cursor() as cursor:
        cursor.execute(*_asked(terms, columns, most, beyond, upwards))
        return [key for (key,) in cursor.fetchall()]


def count(terms: Sequence[Term], columns: Sequence[str], most: int) -> int:
    """How many customers match, at most ``most``: in no order, a fraction of what it takes to name them in theirs."""
    sql, values = _asked(terms, columns, None, None, False)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql} LIMIT %s) AS found", [*values, most])
        return int(cursor.fetchone()[0])


def _asked(
    terms: Sequence[Term], columns: Sequence[str], most: int | None, beyond: int | None, upwards: bool
) -> tuple[str, list[object]]:
    here = engine()
    sql, values = here.MATCHES, list[object]((here.query(terms, columns),))
    side, direction = (">", "ASC") if upwards else ("<", "DESC")
    if beyond is not None:
        sql, values = f"{sql} AND {here.KEY} {side} %s", [*values, beyond]
    if most is not None:
        sql, values = f"{sql} ORDER BY {here.KEY} {direction} LIMIT %s", [*values, most]
    return sql, values
