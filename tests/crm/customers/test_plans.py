"""How the database reads a list: its page in the order of an index, nothing sorted that was read for it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from guanxi_crm.core.planner import planner_refresh
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion
from guanxi_crm.customers.selectors import walk
from guanxi_crm.customers.selectors.list_query import SORTS, list_query
from guanxi_crm.customers.selectors.lists import customer_list

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
SEGMENTS = ("champions", "loyal", "new", "at_risk")


@pytest.fixture
def many(company, sales, team):
    """Four hundred customers, all of one team, with many equal values."""
    if connection.vendor != "sqlite":
        pytest.skip("reads the plans of SQLite; PostgreSQL's planner weighs pages by itself")
    version = ScoreVersion.objects.create(as_of=NOW.date(), snapshot_id=1, is_current=True)
    people = Customer.objects.bulk_create(
        Customer(number=f"C{at}", name=f"王{at % 50}", owner=sales, team=team, created_at=NOW + dt.timedelta(hours=at), updated_at=NOW)
        for at in range(400)
    )  # fmt: skip
    CustomerScores.objects.bulk_create(
        CustomerScores(
            scored=version, customer=each, amount=at % 7, expected_amount=at % 5, churn_probability=(at % 3) / 3,
            last_order_at=NOW - dt.timedelta(days=at % 90), segment=SEGMENTS[at % 4], value_group=("high", "low")[at % 2],
            churn_band=("high", "low")[at % 2], is_vip=at % 2 == 0, is_silent=at % 4 == 0,
        )
        for at, each in enumerate(people)
    )  # fmt: skip
    planner_refresh(Customer, CustomerScores)


@pytest.mark.may_skip
@pytest.mark.parametrize("role", ["administrator", "sales"])
def test_a_sorted_list_reads_its_page_and_no_more(many, actor, request, monkeypatch, role):
    monkeypatch.setattr(walk, "FEW", 10)
    user = actor(request.getfixturevalue(role))
    assert {address: sorts(user, address) for name in SORTS for address in (f"sort={name}", f"sort=-{name}")} == {
        address: [] for name in SORTS for address in (f"sort={name}", f"sort=-{name}")
    }


@pytest.mark.may_skip
def test_so_does_one_segment_group_or_band(many, actor, administrator):
    several = {
        "segment.is=loyal": ("amount", "expected_amount", "churn_probability"),
        "value_group.is=high": ("amount", "churn_probability"),
        "churn_band.is=high": ("amount", "expected_amount"),
        "value_group.is=high&churn_band.is=high": ("amount",),
        "is_vip.is=yes&is_silent.is=yes": ("amount",),
    }
    user = actor(administrator)
    for where, names in several.items():
        for name in names:
            for sign in ("", "-"):
                assert sorts(user, f"{where}&sort={sign}{name}") == []


def sorts(user, address: str) -> list[str]:
    """Where the first and the second page had to be sorted after reading."""
    found = []
    query = list_query(QueryDict(address))
    with CaptureQueriesContext(connection) as captured:
        page = customer_list(user=user, query=query)
        assert len(page.lines) == 50
        customer_list(user=user, query=query, cursor=page.next)
    for each in captured.captured_queries:
        if "LIMIT 51" in each["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}")
                plan = [row[3] for row in cursor.fetchall()]
            found += [f"{step}: {plan}" for step in plan if "TEMP B-TREE" in step]
    return found
