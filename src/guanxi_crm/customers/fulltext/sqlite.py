"""The search index on SQLite: an FTS5 table whose row is the customer's key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models.expressions import RawSQL

from guanxi_crm.customers.fulltext.text import COLUMNS, Document, Term

__all__ = ["CREATE", "DROP", "first", "forget", "matching", "write"]

CREATE = (
    "CREATE VIRTUAL TABLE customers_search USING fts5(name, number, phone, email, "
    "tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3 4', columnsize = 0)",
    # Merged in small steps as rows come in; a list of many rows is merged at its end.
    "INSERT INTO customers_search(customers_search, rank) VALUES ('automerge', 8)",
)
DROP = ("DROP TABLE IF EXISTS customers_search",)

_MATCHES = "SELECT rowid FROM customers_search WHERE customers_search MATCH %s"


def write(documents: Iterable[Document]) -> None:
    """Put documents in, in place of those of the same customers, which `forget` has taken out."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO customers_search (rowid, name, number, phone, email) VALUES (%s, %s, %s, %s, %s)",
            [(each.customer_id, each.name, each.number, each.phone, each.email) for each in documents],
        )


def forget(customer_ids: Sequence[int]) -> None:
    """Take customers out."""
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM customers_search WHERE rowid = %s", [(each,) for each in customer_ids])


def matching(terms: Sequence[Term], columns: Sequence[str]) -> RawSQL:
    """Keys of the customers who match, as a subquery."""
    # The words are a parameter.
    return RawSQL(_MATCHES, (_query(terms, columns),))  # noqa: S611


def first(
    terms: Sequence[Term], columns: Sequence[str], limit: int, beyond: int | None = None, upwards: bool = False
) -> list[int]:
    """Keys of customers who match, the newest first, or upwards from one: in the index's order, no more than asked."""
    side, direction = (">", "ASC") if upwards else ("<", "DESC")
    rest, values = ("", []) if beyond is None else (f" AND rowid {side} %s", [beyond])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_MATCHES}{rest} ORDER BY rowid {direction} LIMIT %s", [_query(terms, columns), *values, limit]
        )
        return [key for (key,) in cursor.fetchall()]


def _query(terms: Sequence[Term], columns: Sequence[str]) -> str:
    """In FTS5's language; words hold letters and digits only, and stand in quotes."""
    return " AND ".join(_term(each, [name for name in each.columns if name in columns]) for each in terms)


def _term(term: Term, columns: Sequence[str]) -> str:
    phrase = " ".join(f'"{word}"' for word in term.words) if len(term.words) == 1 else f'"{" ".join(term.words)}"'
    phrase += " *" if term.is_prefix else ""
    return f"({{{' '.join(columns)}}} : {phrase})" if len(columns) < len(COLUMNS) else f"({phrase})"
