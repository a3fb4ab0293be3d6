"""Queries that Django writes once and the database answers many times.

A query of seven parts takes Django several times as long to write as the database to answer, and it is the same for
every record that somebody looks at, but for the record's key.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

__all__ = ["STAND_IN", "Prepared"]

STAND_IN = 2**62 + 25_113
"""Stands for the record's key where a query is written: a key that no record has."""


class Prepared:
    """A query of one record, written with `STAND_IN` for its key.

    It holds for whom it was written for: what a user may see is written into it.

    Parameters
    ----------
    rows : of ``values()``
    """

    def __init__(self, rows: QuerySet[Any, dict[str, Any]]) -> None:
        self._compiler = rows.query.get_compiler(connection=connection)
        try:
            self._sql, self._parameters = self._compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._parameters = "", ()
        query = rows.query
        self._names = list(query.selected or (*query.values_select, *query.annotation_select))

    def rows(self, key: int) -> list[dict[str, Any]]:
        """The rows of the record of a key."""
        if not self._sql:
            return []
        meant = {STAND_IN: key, str(STAND_IN): str(key)}
        with connection.cursor() as cursor:
            # Lists and the like, which are no keys, stand for themselves.
            parameters = [meant.get(each, each) if isinstance(each, int | str) else each for each in self._parameters]
            cursor.execute(self._sql, parameters)
            found = cursor.fetchall()
        return [dict(zip(self._names, row, strict=True)) for row in self._compiler.results_iter(results=[found])]
