"""Queries that Django writes once and the database answers many times.

A query takes Django several times as long to write as the database to answer, and for a record's page it is the same
for every record that somebody looks at, but for the record's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import QuerySet
from django.db.models.query import get_related_populators

from guanxi_crm.core.policy import Actor

__all__ = ["STAND_IN", "Prepared", "kept"]

STAND_IN = 2**62 + 25_113
"""Stands for the record's key where a query is written: a key that no record has."""
_LEAST_KEY, _LARGEST_KEY = -(2**63), 2**63 - 1
_MOST_KEPT = 2_000
_KEPT: dict[tuple[object, ...], object] = {}
Given = ParamSpec("Given")
Kept = TypeVar("Kept")


class Prepared:
    """A query written with `STAND_IN` for the key of the record, which is only known when it is asked.

    It holds for whom it was written for: what a user may see is written into it.

    Parameters
    ----------
    query : of models, with those of its ``select_related`` but without annotations, or of ``values()``
    """

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        compiler = query.query.get_compiler(connection=connection)
        try:
            self._sql, self._parameters = compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._parameters = "", ()
            return
        columns = compiler.get_converters([column for column, _, _ in compiler.select]).items()
        self._converters = [
            (place, column, [_unbound(convert) for convert in converters]) for place, (converters, column) in columns
        ]
        wanted = query.query
        if not wanted.default_cols:
            self._names = list(wanted.selected or (*wanted.values_select, *wanted.annotation_select))
            return
        self._model = query.model
        first, *_, last = compiler.klass_info["select_fields"]
        self._columns = slice(first, last + 1)
        self._names = [column.target.attname for column, _, _ in compiler.select[self._columns]]
        self._related = get_related_populators(compiler.klass_info, compiler.select, connection.alias)

    def rows(self, key: int = 0) -> list[dict[str, Any]]:
        """The rows of a query of ``values()``, of the record of a key; of a query without one, simply its rows."""
        return [dict(zip(self._names, row, strict=True)) for row in self._found(key)]

    def records(self, key: int = 0) -> list[Any]:
        """The same of a query of models, with the records of its ``select_related``."""
        records = []
        for row in self._found(key):
            record = self._model.from_db(connection.alias, self._names, row[self._columns])
            for related in self._related:
                related.populate(row, record)
            records.append(record)
        return records

    def _found(self, key: int) -> Iterator[list[Any]]:
        # What is beyond a column's numbers is nobody's key.
        if not self._sql or not _LEAST_KEY <= key <= _LARGEST_KEY:
            return
        meant: dict[int | str, int | str] = {STAND_IN: key, str(STAND_IN): str(key)}
        # Lists and the like, which are no keys, stand for themselves.
        parameters = [meant.get(each, each) if isinstance(each, int | str) else each for each in self._parameters]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            found = cursor.fetchall()
        for row in map(list, found):
            for place, column, converters in self._converters:
                for convert in converters:
                    row[place] = convert(row[place], column, connection)
            yield row


def _unbound(convert: Callable[..., Any]) -> Callable[..., Any]:
    """A converter without the connection of who writes the query, which would stay open when its thread has gone."""
    if not isinstance(getattr(convert, "__self__", None), BaseDatabaseOperations):
        return convert
    name = convert.__name__
    return lambda value, column, asked: getattr(asked.ops, name)(value, column, asked)


def kept(make: Callable[Given, Kept], *given: Given.args, **named: Given.kwargs) -> Kept:
    """What a function makes of some values, made once for them and kept in this process: the queries of a page.

    Parameters
    ----------
    make : a function of a module; of an `Actor` it may use all that tells him apart from others
    given, named : what it is called with: actors, and values that can be keys of a dictionary
    """
    values = (*given, *named.items())
    told_apart = (connection.vendor, make, *(each.told_apart if isinstance(each, Actor) else each for each in values))
    made = _KEPT.get(told_apart)
    if made is None:
        made = make(*given, **named)
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[told_apart] = made
    return cast("Kept", made)
