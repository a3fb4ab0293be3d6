"""Keeping the search index like the customers: for every service that writes a name, a number or how to reach one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db import transaction

from guanxi_crm.customers.fulltext import engine
from guanxi_crm.customers.fulltext.text import Document, document
from guanxi_crm.customers.models import ContactPoint, Customer

__all__ = ["search_index", "search_index_all"]

_BATCH = 5000


@transaction.atomic
def search_index(customer_ids: Sequence[int]) -> None:
    """Write some customers into the search index as they are now; who is no longer there is taken out.

    Part of a write: in its transaction, after it. Whoever calls has asked the policy. For many, in batches of 5,000.
    """
    keys = list(customer_ids)
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        engine().forget(batch)
        engine().write(_documents(batch))


def search_index_all(*, after: int = 0) -> Iterator[int]:
    """Write everybody into the index anew, 5,000 customers a transaction; yields how many so far.

    After an import of a whole company, or where the index is in doubt. ``after`` is a key to go on from. About a minute
    for a million.
    """
    done = 0
    while keys := list(Customer.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        search_index(keys)
        after, done = keys[-1], done + len(keys)
        yield done


def _documents(keys: Sequence[int]) -> list[Document]:
    reached: dict[tuple[int, str], list[str]] = defaultdict(list)
    # In no order of the rows: a database without statistics would read the whole table in that order.
    points = ContactPoint.objects.filter(customer_id__in=keys, kind__in=("phone", "email")).order_by()
    for key, kind, value in points.values_list("customer_id", "kind", "value"):
        reached[key, kind].append(value)
    people = Customer.objects.filter(pk__in=keys).values_list("pk", "name", "number")
    return [document(key, name, number, reached[key, "phone"], reached[key, "email"]) for key, name, number in people]
