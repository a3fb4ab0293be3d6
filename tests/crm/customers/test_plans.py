"""How the database reads a list: its page in the order of an index, nothing sorted that was read for it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from guanxi_crm.core.planner import planner_refresh
from guanxi_crm.customers.models import Customer, CustomerScores, CustomerTag, ScoreVersion, Tag
from guanxi_crm.customers.selectors import walk
from guanxi_crm.customers.selectors.list_query import SORTS, list_query
from guanxi_crm.customers.selectors.lists import customer_list
from guanxi_crm.sales.models import Order
from guanxi_crm.sales.selectors import orders
from guanxi_crm.sales.selectors.orders import OrderFilter, order_page

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


@pytest.mark.may_skip
@pytest.mark.parametrize("name", ["city", "country", "region", "level"])
def test_who_of_ones_team_lives_in_a_place_is_told_from_its_index_alone(many, actor, sales, name):
    (probe,) = [each for each in asked(actor(sales), f"{name}.is=x") if "LIMIT 501" in each or "LIMIT 1501" in each]
    team, own = (step for step in plan(probe) if "customers_customer" in step)
    assert f"USING COVERING INDEX customers_by_{name} ({name}=? AND team_id=?)" in team
    # The owner's customers of other teams, not everybody who lives there.
    assert f"({name}=?" not in own


@pytest.mark.may_skip
def test_whose_customers_of_an_owner_one_may_see_is_told_from_his_index_alone(many, actor, sales, stranger):
    (probe,) = [each for each in asked(actor(sales), f"owner.is={stranger.pk}") if "LIMIT 1501" in each]
    assert any("USING COVERING INDEX customers_of_owner" in step for step in plan(probe))


@pytest.mark.may_skip
def test_those_who_have_a_tag_are_not_all_listed_to_see_whether_they_are_many(many, actor, administrator, sales):
    tag = Tag.objects.create(name="大客户")
    CustomerTag.objects.bulk_create(CustomerTag(tag=tag, customer=each) for each in Customer.objects.all()[:50])
    for user in (actor(administrator), actor(sales)):
        (probe,) = [each for each in asked(user, f"tags.is={tag.pk}") if "LIMIT 1501" in each]
        assert not any("LIST SUBQUERY" in step or "MULTI-INDEX OR" in step for step in plan(probe))


@pytest.mark.may_skip
def test_orders_of_a_team_are_read_in_their_order(many, actor, sales, monkeypatch):
    monkeypatch.setattr(orders, "_FEW", 10)
    people = Customer.objects.order_by("pk")[:60]
    Order.objects.bulk_create(
        Order(key=f"k{at}", source="s", number=f"O{at}", customer=each, ordered_at=NOW - dt.timedelta(hours=at), ordered_on=NOW.date(),
              lines_count=1, items=1, amount=1, currency="CNY")
        for at, each in enumerate(people)
    )  # fmt: skip
    planner_refresh(Order)
    with CaptureQueriesContext(connection) as captured:
        page = order_page(user=actor(sales), asked=OrderFilter())
        assert len(page.records) == 50
        assert len(order_page(user=actor(sales), asked=OrderFilter(), cursor=page.next).records) == 10
    pages = [each["sql"] for each in captured.captured_queries if "LIMIT 51" in each["sql"]]
    assert len(pages) == 2
    assert not any("TEMP B-TREE" in step for each in pages for step in plan(each))


def test_that_many_match_is_known_for_a_while_and_few_are_always_counted_anew(
    customer_of, actor, sales, team, monkeypatch
):
    monkeypatch.setattr(walk, "FEW", 1)
    user, query = actor(sales), list_query(QueryDict("level.is=金"))
    assert customer_list(user=user, query=query).lines == []
    made = [customer_of(owner=sales, team=team, level="金") for _ in range(3)]
    assert {each["id"] for each in customer_list(user=user, query=query).lines} == {each.pk for each in made}
    with CaptureQueriesContext(connection) as captured:
        assert len(customer_list(user=user, query=query).lines) == 3
    assert not any(each["sql"].endswith("LIMIT 2") for each in captured.captured_queries)
    Customer.objects.filter(pk=made[0].pk).update(level="")
    assert len(customer_list(user=user, query=query).lines) == 2


def asked(user, address: str) -> list[str]:
    """What the database is asked for the list at an address."""
    with CaptureQueriesContext(connection) as captured:
        customer_list(user=user, query=list_query(QueryDict(address)))
    return [each["sql"] for each in captured.captured_queries]


def plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]


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
            found += [f"{step}: {each['sql']}" for step in plan(each["sql"]) if "TEMP B-TREE" in step]
    return found
