"""The search index on SQLite: an FTS5 table whose row is the customer's key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from guanxi_crm.customers.fulltext.text import COLUMNS, Document, Term

__all__ = ["CREATE", "DROP", "KEY", "MATCHES", "forget", "query", "write"]

CREATE: tuple[str, ...] = (
    "CREATE VIRTUAL TABLE customers_search USING fts5(name, number, phone, email, "
    "tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3 4', columnsize = 0)",
    # Merged in small steps as rows come in; a list of many rows is merged at its end.
    "INSERT INTO customers_search(customers_search, rank) VALUES ('automerge', 8)",
)
DROP: tuple[str, ...] = ("DROP TABLE IF EXISTS customers_search",)

KEY = "rowid"
MATCHES = "SELECT rowid FROM customers_search WHERE customers_search MATCH %s"


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


def query(terms: Sequence[Term], columns: Sequence[str]) -> str:
    """In FTS5's language; words hold letters and digits only, and stand in quotes."""
    return " AND ".join(_term(each, [name for name in each.columns if name in columns]) for each in terms)


def _term(term: Term, columns: Sequence[str]) -> str:
    phrase = " ".join(f'"{word}"' for word in term.words) if len(term.words) == 1 else f'"{" ".join(term.words)}"'
    phrase += " *" if term.is_prefix else ""
    return f"({{{' '.join(columns)}}} : {phrase})" if len(columns) < len(COLUMNS) else f"({phrase})"
