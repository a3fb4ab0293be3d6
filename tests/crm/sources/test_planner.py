"""After many rows the database counts anew how they are spread, so that it finds short ways through them."""

from __future__ import annotations

import pytest
from django.db import connection

from crm.sources.test_import_flow import brought_in
from guanxi_crm.customers.models import ContactPoint, Customer
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.sources.work import sync

pytestmark = pytest.mark.django_db
TABLES = {model._meta.db_table for model in (Customer, ContactPoint, Product, Order, OrderLine)}


def counted() -> set[str]:
    """Tables of which the planner knows how their values are spread."""
    sql = "SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = current_schema()"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Makes the table of statistics where there is none yet.
            cursor.execute("ANALYZE sqlite_schema")
            sql = "SELECT DISTINCT tbl FROM sqlite_stat1"
        cursor.execute(sql)
        return TABLES & {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(("many", "expected"), [(1, TABLES), (10**6, set())])
def test_statistics_are_counted_anew_after_a_large_import(
    client, administrator, room, shop, work, monkeypatch, many, expected
):
    monkeypatch.setattr(sync, "_MANY", many)
    before = counted()
    client.force_login(administrator)
    brought_in(client, work, shop / "orders.csv", shop / "customers.csv", shop / "products.csv")
    assert counted() == before | expected
