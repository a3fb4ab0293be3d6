"""The search index of customers: FTS5 on SQLite, a tsvector with GIN on PostgreSQL, the same words in both.

==============  ================================================================================================
``text``        what is kept of a customer, and what somebody looks for, as words
``sqlite``      the virtual table, its writes and its query
``postgresql``  the table, its writes and its query
==============  ================================================================================================

A customer's texts stand in four columns, so that a search goes only over those that the reader may see.
"""

from __future__ import annotations

from types import ModuleType

from django.db import connection

from guanxi_crm.customers.fulltext import postgresql, sqlite

__all__ = ["engine"]


def engine() -> ModuleType:
    """The module for this database: each has CREATE, DROP, `write`, `forget`, `matching` and `first`."""
    return postgresql if connection.vendor == "postgresql" else sqlite
