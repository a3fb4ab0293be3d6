"""The search index on PostgreSQL: one tsvector a customer, its four columns told apart by weight, under a GIN index.

Vectors and queries are written out word by word, so that no dictionary, parser or locale of the server has a say: a
server whose locale is C would drop every Chinese character.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from guanxi_crm.customers.fulltext.text import COLUMNS, Document, Term

__all__ = ["CREATE", "DROP", "KEY", "MATCHES", "forget", "query", "write"]

CREATE: tuple[str, ...] = (
    "CREATE TABLE customers_search (customer_id bigint PRIMARY KEY, document tsvector NOT NULL)",
    # No list of pending entries: a search would have to read it, and writes come in batches anyway.
    "CREATE INDEX customers_search_document ON customers_search USING gin (document) WITH (fastupdate = off)",
)
DROP: tuple[str, ...] = ("DROP TABLE IF EXISTS customers_search",)

KEY = "customer_id"
MATCHES = "SELECT customer_id FROM customers_search WHERE document @@ %s::tsquery"
_WEIGHT = dict(zip(COLUMNS, "ABCD", strict=True))
_COLUMN_GAP = 2
"""Between two columns, so that words on either side of the border are not neighbours."""


def write(documents: Iterable[Document]) -> None:
    """Put documents in, in place of those of the same customers, which `forget` has taken out."""
    rows = [(each.customer_id, _vector(each)) for each in documents]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_search (customer_id, document) "
            "SELECT key, vector::tsvector FROM unnest(%s::bigint[], %s::text[]) AS rows (key, vector)",
            [[key for key, _ in rows], [vector for _, vector in rows]],
        )


def forget(customer_ids: Sequence[int]) -> None:
    """Take customers out."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_search WHERE customer_id = ANY(%s)", [list(customer_ids)])


def _vector(document: Document) -> str:
    lexemes, position = [], 0
    for column, weight in _WEIGHT.items():
        for word in getattr(document, column).split():
            position += 1
            lexemes.append(f"'{word}':{position}{weight}")
        position += _COLUMN_GAP
    return " ".join(lexemes)


def query(terms: Sequence[Term], columns: Sequence[str]) -> str:
    """In PostgreSQL's language; words hold letters and digits only, and stand in quotes."""
    return " & ".join(f"({_term(each, [name for name in each.columns if name in columns])})" for each in terms)


def _term(term: Term, columns: Sequence[str]) -> str:
    weights = "".join(_WEIGHT[name] for name in columns)
    star = "*" if term.is_prefix else ""
    return " <-> ".join(f"'{word}':{star}{weights}" for word in term.words)
