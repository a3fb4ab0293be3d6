"""What the database's planner knows of tables, and what it cannot know: which way through a large table is short."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container
from typing import Any

from django.core.cache import caches
from django.db import connection, models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact, In, Lookup

__all__ = ["many_known", "many_note", "planner_refresh", "unindexed"]

_SQLITE_ROWS = 2000
"""Looked at in each index: enough for averages, and a matter of milliseconds."""
_MANY_SECONDS = 60
_LOOKUPS: dict[str, Callable[..., Lookup]] = {"": Exact, "exact": Exact, "in": In}


def planner_refresh(*several: type[models.Model], every_row: bool = False) -> None:
    """Count anew how the values of some tables are spread: after many rows were written.

    Parameters
    ----------
    every_row : where indexes begin with columns of few values, of which SQLite would otherwise see the first alone: two
        seconds for a million rows of scores
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA analysis_limit={0 if every_row else _SQLITE_ROWS}")
        for model in several:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def many_known(*asked: object) -> bool:
    """Whether it was found within the last minute that many records match: to choose a way of reading, never who
    may see what.

    Parameters
    ----------
    asked : whatever its ``repr`` tells apart
    """
    return caches["process"].get(_many_key(asked)) is not None


def many_note(*asked: object) -> None:
    """Many records match: known in this process for a minute."""
    caches["process"].set(_many_key(asked), True, _MANY_SECONDS)


def _many_key(asked: tuple[object, ...]) -> str:
    return f"planner.many.{hashlib.blake2b(repr(asked).encode(), digest_size=16).hexdigest()}"


class _Unindexed(Func):
    """A column whose index SQLite is not to use; PostgreSQL weighs the ways by itself."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def unindexed(condition: Q, columns: Container[str]) -> Q:
    """The same condition, for a query that goes through another index in its order until it has enough.

    Parameters
    ----------
    columns : paths whose equality with one or several values is to be looked at row by row
    """
    found = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            found.children.append(unindexed(child, columns))
        elif isinstance(child, tuple):
            path, value = child
            name, _, lookup = path.rpartition("__") if path not in columns else (path, "", "")
            plain = name in columns and lookup in _LOOKUPS
            found.children.append(_LOOKUPS[lookup](_Unindexed(F(name)), value) if plain else child)
        else:
            found.children.append(child)
    return found
