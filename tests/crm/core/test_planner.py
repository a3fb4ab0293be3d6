"""Conditions that are looked at row by row, and what is known for a while."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import Q

from guanxi_crm.core.planner import many_known, many_note, planner_refresh, unindexed
from guanxi_crm.customers.models import Customer

pytestmark = pytest.mark.django_db
COLUMNS = {"owner_id", "team_id", "city"}


@pytest.mark.parametrize(
    "condition",
    [
        Q(), Q(owner_id=1), Q(team_id__in=[1, 2]), Q(owner_id=1) | Q(team_id__in=[1]), ~Q(city="x") & Q(owner_id=1),
        Q(city__startswith="x"), Q(owner_id__isnull=True), Q(city__in=["x", "y"]) | ~(Q(owner_id=1) & Q(name="王")),
        Q(pk__in=()), Q(owner_id=1) | Q(pk__in=()),
    ],
)  # fmt: skip
def test_the_same_are_found_without_an_index(condition, customer_of, sales, stranger, team):
    for owner, city, name in ((sales, "x", "王"), (stranger, "y", "王"), (None, "", "李"), (sales, "xy", "李")):
        customer_of(owner=owner, team=team if owner is sales else None, city=city, name=name)
    condition = _named(condition, {1: sales.pk, 2: stranger.pk}, team.pk)
    keys = Customer.objects.order_by("pk").values_list("pk", flat=True)
    assert list(keys.filter(unindexed(condition, COLUMNS))) == list(keys.filter(condition))


def test_sqlite_is_kept_from_the_index():
    sql = str(Customer.objects.filter(unindexed(Q(owner_id=1, name="x"), COLUMNS)).query)
    if connection.vendor == "sqlite":
        assert '+"customers_customer"."owner_id" = 1' in sql
    assert '+"customers_customer"."name"' not in sql
    assert ("+" in sql) == (connection.vendor == "sqlite")


def test_what_is_many_is_told_apart_by_all_that_is_asked():
    caches["process"].clear()
    assert not many_known("a", Q(owner_id=1))
    many_note("a", Q(owner_id=1))
    assert many_known("a", Q(owner_id=1))
    assert not many_known("a", Q(owner_id=2))
    assert not many_known("b", Q(owner_id=1))


@pytest.mark.may_skip
def test_of_few_values_every_row_is_counted_where_that_is_asked(customer_of, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL samples its tables by itself")
    monkeypatch.setattr("guanxi_crm.core.planner._SQLITE_ROWS", 3)
    for at in range(40):
        customer_of(city=("杭州", "上海")[at % 2])

    def told() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'customers_by_city'")
            return cursor.fetchone()[0].split()[:2]

    planner_refresh(Customer)
    assert told() != ["40", "20"]
    planner_refresh(Customer, every_row=True)
    assert told() == ["40", "20"]


def _named(condition: Q, owners: dict[int, int], team: int) -> Q:
    """The condition with the keys of this database."""
    found = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            found.children.append(_named(child, owners, team))
        elif child[0] == "owner_id":
            found.children.append(("owner_id", owners[child[1]]))
        elif child[0] == "team_id__in":
            found.children.append(("team_id__in", [team]))
        else:
            found.children.append(child)
    return found
