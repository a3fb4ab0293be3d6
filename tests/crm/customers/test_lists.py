"""The list of customers: who stands on it, for whom, in which order, and what the page shows."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from guanxi_crm.core.errors import NotAllowed, RuleBroken
from guanxi_crm.customers.models import Customer, CustomerScores, CustomerTag, ScoreVersion, Tag
from guanxi_crm.customers.selectors import walk
from guanxi_crm.customers.selectors.list_query import SORTS, ListQuery, list_query
from guanxi_crm.customers.selectors.lists import customer_count, customer_list, customers_matching, rows_page
from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.users.policy import nobody

pytestmark = pytest.mark.django_db

SCORES = {
    "A": {"amount": 500_00, "segment": "champions", "value_group": "high", "churn_band": "low", "churn_probability": 0.1,
          "abc": "A", "is_vip": True, "orders": 9, "last_order_at": dt.datetime(2026, 9, 30, 17, tzinfo=dt.UTC)},
    "B": {"amount": 300_00, "segment": "at_risk", "value_group": "high", "churn_band": "high", "churn_probability": 0.8,
          "abc": "A", "is_vip": True, "is_silent": True, "last_order_at": dt.datetime(2026, 9, 30, 15, tzinfo=dt.UTC)},
    "C": {"amount": 300_00, "segment": "new", "value_group": "low", "churn_band": "medium", "churn_probability": 0.5},
    "D": {},
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    """The company's, as the middleware sets it."""
    with timezone.override("Asia/Shanghai"):
        yield


@pytest.fixture
def people(customer_of, sales, colleague, stranger, team):
    """A … D with scores, E without a row; A is Sam's, B Carl's in the same team, the others a stranger's."""
    version = ScoreVersion.objects.create(
        as_of=dt.date(2026, 10, 1), snapshot_id=1, currency="CNY", is_current=True, state="kept"
    )
    owners = {"A": sales, "B": colleague}
    made = {}
    for name in "ABCDE":
        owner = owners.get(name, stranger)
        made[name] = customer_of(
            number=f"C{name}", name=f"王{name}", city="上海" if name in "AB" else "Köln", owner=owner,
            team=owner.teams.get(), phone=f"1380000000{ord(name) % 10}", email=f"{name.lower()}@example.com",
        )  # fmt: skip
        if name in SCORES:
            CustomerScores.objects.create(scored=version, customer=made[name], **SCORES[name])
    old = ScoreVersion.objects.create(as_of=dt.date(2026, 9, 1), snapshot_id=1, state="kept")
    CustomerScores.objects.create(scored=old, customer=made["E"], amount=999_00, segment="champions")
    CustomerTag.objects.create(customer=made["B"], tag=Tag.objects.create(name="大客户", colour="red"))
    search_index([each.pk for each in made.values()])
    return made


def asked(text: str) -> ListQuery:
    return list_query(QueryDict(text))


def names(page) -> str:
    return "".join(Customer.objects.get(pk=each["id"]).name[-1] for each in page.lines)


@pytest.mark.parametrize("few", [walk.FEW, 0])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", "ACBED"), ("sort=-amount", "ACBED"), ("sort=amount", "BCADE"), ("sort=name", "ABCDE"),
        ("sort=-churn_probability", "BCAED"), ("sort=last_order_at", "BACDE"), ("sort=-created_at", "EDCBA"),
        ("sort=number&segment.is=champions&segment.is=new", "AC"), ("sort=name&segment.is_not=champions", "BCDE"),
        ("value_group.is=high&churn_band.is=high", "B"), ("is_vip.is=yes&is_silent.is=yes", "B"),
        ("is_vip.is=no&sort=name", "CD"), ("amount.at_least=300.01", "A"), ("amount.at_most=300&sort=name", "BC"),
        ("amount.is=300&sort=name", "BC"), ("churn_probability.at_least=50%25", "CB"), ("amount.empty=1&sort=name", "DE"),
        ("amount.filled=1&sort=name", "ABC"), ("segment.empty=1&sort=name", "DE"), ("orders.at_least=9", "A"),
        # 17:00 UTC is the next day in Shanghai.
        ("last_order_at.at_least=2026-10-01", "A"), ("last_order_at.at_most=2026-09-30", "B"), ("last_order_at.is=2026-10-01", "A"),
        ("city.is=上海&sort=name", "AB"), ("city.starts=kö&sort=name", "CDE"), ("name.is=王C", "C"),
        ("phone.is=138 0000 0005", "A"), ("email.is=B@example.com", "B"), ("phone.empty=1", ""), ("wechat.filled=1", ""),
        ("tags.filled=1", "B"), ("tags.empty=1&sort=name", "ACDE"),
        ("q=王&sort=name", "ABCDE"), ("q=王B", "B"), ("q=王&segment.is=new", "C"), ("q=李", ""), ("q=0005", "A"),
    ],
)  # fmt: skip
def test_who_is_on_the_list(people, actor, administrator, monkeypatch, few, address, expected):
    # Both ways of reading it: a few keys listed first, and going through the order.
    monkeypatch.setattr(walk, "FEW", few)
    user, query = actor(administrator), asked(address)
    page = customer_list(user=user, query=query)
    assert names(page) == expected
    assert customer_count(user=user, query=query) == len(expected)
    assert page.count in {None, len(expected)}
    assert customers_matching(user=user, query=query).count() == len(expected)
    # The address of a query asks the same again.
    assert asked(query.address()) == query
    assert ListQuery.from_data(query.as_data()) == query


@pytest.mark.parametrize("few", [walk.FEW, 0])
def test_keys_of_owner_team_and_tags(people, actor, sales, administrator, monkeypatch, few):
    monkeypatch.setattr(walk, "FEW", few)
    user = actor(administrator)
    tag = Tag.objects.get()
    assert names(customer_list(user=user, query=asked(f"tags.is={tag.pk}"))) == "B"
    assert names(customer_list(user=user, query=asked(f"tags.is_not={tag.pk}&sort=name"))) == "ACDE"
    assert names(customer_list(user=user, query=asked(f"owner.is={sales.pk}"))) == "A"
    assert names(customer_list(user=user, query=asked(f"owner.is_not={sales.pk}&sort=name"))) == "BCDE"
    assert names(customer_list(user=user, query=asked("owner.is=me"))) == ""
    assert names(customer_list(user=actor(sales), query=asked("owner.is=me"))) == "A"
    assert names(customer_list(user=actor(sales), query=asked("team.is=mine&sort=name"))) == "AB"


@pytest.mark.parametrize("few", [walk.FEW, 0])
@pytest.mark.parametrize(
    "address", ["", "q=王", "sort=-amount", "city.starts=", "amount.at_most=300", "q=王&segment.is=new"]
)
def test_only_those_whom_one_may_see(people, actor, sales, monkeypatch, few, address):
    monkeypatch.setattr(walk, "FEW", few)
    page = customer_list(user=actor(sales), query=asked(address))
    assert set(names(page)) <= {"A", "B"}
    assert customer_count(user=actor(sales), query=asked(address)) <= 2


def test_that_one_of_two_has_many_says_nothing_of_the_other(
    people, actor, manager, administrator, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(walk, "FEW", 2)
    Customer.objects.filter(pk__in=[people[name].pk for name in "ABC"]).update(owner=manager)
    mine = list_query(QueryDict("owner.is=me")).conditions
    # Asked first how many there are; then known for a minute, of this user.
    for user, queries in ((manager, 1), (manager, 0), (administrator, 1)):
        asking = actor(user)
        with django_assert_num_queries(queries):
            walk.walked(user=asking, conditions=mine, currency="CNY")


def test_nobody_sees_nothing(people):
    with pytest.raises(NotAllowed):
        customer_list(user=nobody(), query=ListQuery())
    with pytest.raises(NotAllowed):
        customer_count(user=nobody(), query=asked("segment.is=new"))


@pytest.mark.parametrize(
    "address", ["name.is=王A", "phone.is=13800000005", "email.filled=1", "sort=name", "born_on.at_least=1990-01-01"]
)
def test_a_hidden_field_is_neither_filtered_nor_sorted_by(people, actor, analyst, address):
    with pytest.raises(NotAllowed):
        customer_list(user=actor(analyst), query=asked(address))


def test_a_hidden_field_is_not_shown(people, actor, analyst):
    page = customer_list(user=actor(analyst), query=asked("columns=name,phone,email,amount,city"))
    assert page.columns == ("number", "amount", "city")
    assert all(set(line) == {"id", "number", "amount", "city", "abc", "is_vip", "is_silent"} for line in page.lines)


@pytest.mark.parametrize(
    "address",
    ["nothing.is=1", "amount.like=1", "segment.starts=c", "amount.at_least=x", "amount.at_least=1e999", "amount.at_least=nan",
     "orders.at_least=inf", "orders.is=" + "9" * 30, "last_order_at.is=2026-13-01", "owner.is=x", "owner.is=" + "9" * 30,
     "is_vip.is=maybe", "sort=city", "sort=current__amount", "columns=password", "consents.is=1", "notes.filled=1",
     "phone.starts=1", "owner__password.is=x", "id.is=1"],
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused(people, client_of, administrator, address):
    answer = client_of(administrator).get(f"{reverse('customers:list')}?{address}")
    assert answer.status_code in {400, 403}


def test_pages_follow_one_another(people, actor, administrator):
    user, found, cursor = actor(administrator), "", None
    while True:
        page = customer_list(user=user, query=asked("sort=-amount"), size=2, cursor=cursor)
        found += names(page)
        cursor = page.next
        if cursor is None:
            break
    assert found == "ACBED"
    back = customer_list(user=user, query=asked("sort=-amount"), size=2, cursor=page.previous)
    assert names(back) == "BE"


def test_a_search_that_finds_very_many_shows_the_newest(people, actor, administrator, sales, monkeypatch):
    monkeypatch.setattr("guanxi_crm.customers.selectors.lists.WIDE", 2)
    page = customer_list(user=actor(administrator), query=asked("q=王&sort=amount"), size=2)
    assert (names(page), page.sort, page.count) == ("ED", "", 5)
    page = customer_list(user=actor(administrator), query=asked("q=王"), size=2, cursor=page.next)
    assert names(page) == "CB"
    assert names(customer_list(user=actor(administrator), query=asked("q=王"), size=2, cursor=page.previous)) == "ED"
    assert names(customer_list(user=actor(sales), query=asked("q=王"))) == "BA"
    assert names(customer_list(user=actor(administrator), query=asked("q=王&value_group.is=high"))) == "BA"


@pytest.mark.parametrize("near", [0, 1, 3, 4000])
def test_a_search_among_some_turns_pages_both_ways(people, actor, sales, customer_of, team, monkeypatch, near):
    # Of thirteen who are found, seven are his, as they come; near: how many are looked through before all are listed.
    monkeypatch.setattr("guanxi_crm.customers.selectors.lists.WIDE", 2)
    monkeypatch.setattr("guanxi_crm.customers.selectors.search.NEAR", near)
    others = {0, 1, 5}
    more = [customer_of(name=f"王{at}", **({} if at in others else {"owner": sales, "team": team})) for at in range(8)]
    search_index([each.pk for each in more])
    user, found, cursors = actor(sales), [], [None]
    while cursors[-1] is not None or not found:
        page = customer_list(user=user, query=asked("q=王"), size=3, cursor=cursors[-1])
        found.append(names(page))
        cursors.append(page.next)
    assert found == ["764", "32B", "A"]
    assert page.count is None
    back = customer_list(user=user, query=asked("q=王"), size=3, cursor=page.previous)
    assert (names(back), back.next) == ("32B", cursors[2])
    assert customer_list(user=user, query=asked("q=王"), size=9).count == 7
    narrow = customer_list(user=user, query=asked("q=王&value_group.is=high"), size=3)
    assert (names(narrow), narrow.sort) == ("BA", "")


def test_that_a_search_finds_very_many_is_known_for_a_while(people, actor, sales, customer_of, team, monkeypatch):
    monkeypatch.setattr("guanxi_crm.customers.selectors.lists.WIDE", 2)
    more = [customer_of(name=f"王{at}", owner=sales, team=team) for at in range(3)]
    search_index([each.pk for each in more])
    user, asks = actor(sales), []

    def page(cursor=None):
        with CaptureQueriesContext(connection) as captured:
            found = customer_list(user=user, query=asked("q=王"), size=2, cursor=cursor)
        asks.append(sum("customers_search" in each["sql"] for each in captured.captured_queries))
        return found

    first = page()
    assert names(first) == "21"
    assert names(page(first.next)) == "0B"
    # The first page is among those who were found to see whether they are many; the next is read by itself.
    assert asks == [1, 1]


def test_programs_get_what_the_list_shows(people, actor, administrator, sales):
    columns = ("pk", "name", "current__amount")
    for user in (actor(administrator), actor(sales)):
        for address in ("", "q=王", "q=王&segment.is=champions", "city.is=上海", "q=nobody"):
            query = asked(address)
            listed = customer_list(user=user, query=replace(query, sort="-created_at"))
            rows = rows_page(user=user, query=query, order=None, columns=columns, size=50)
            assert sorted(row["pk"] for row in rows.records) == sorted(line["id"] for line in listed.lines)
            keys = [row["pk"] for row in rows.records]
            assert keys == sorted(keys, reverse=True)
    by_amount = replace(SORTS["amount"], descending=True)
    rows = rows_page(user=actor(administrator), query=asked("q=王"), order=by_amount, columns=columns, size=50)
    assert [row["name"][-1] for row in rows.records] == list("ACBED")
    with pytest.raises(NotAllowed):
        rows_page(user=nobody(), query=asked(""), order=None, columns=columns, size=50)


def test_before_the_first_scores_the_newest_come_first(customer_of, actor, administrator):
    first, second = customer_of(), customer_of()
    page = customer_list(user=actor(administrator), query=ListQuery())
    assert ([each["id"] for each in page.lines], page.sort) == ([second.pk, first.pk], "-created_at")


def test_queries_do_not_grow_with_the_rows(
    people, actor, administrator, sales, customer_of, django_assert_max_num_queries
):
    columns = "columns=name,phone,email,owner,team,tags,amount,city&sort=-amount"
    everybody = [customer_of(name=f"李{number}", phone=f"{13900000000 + number}", owner=sales) for number in range(30)]
    search_index([each.pk for each in everybody])
    for user in (actor(administrator), actor(sales)):
        for address in (columns, columns + "&q=李", columns + "&tags.is_not=9&segment.is_not=new"):
            customer_list(user=user, query=asked(address))
            with django_assert_max_num_queries(8):
                assert len(customer_list(user=user, query=asked(address)).lines) >= 30


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(people, client_of, administrator, language):
    client = client_of(administrator, language=language)
    text = client.get(reverse("customers:list")).content.decode()
    assert text.count("data-row ") == 5
    assert text.count("<h1") == 1
    assert "¥500" in text
    assert ("有流失风险" if language == "zh" else "At risk") in text
    assert ("沉默" if language == "zh" else "silent") in text
    assert not re.search(r"crm_customers\.|segments\.", text)
    for part in ("customers:filters", "customers:bulk"):
        answer = client.get(reverse(part), {"segment.is": "new"})
        assert answer.status_code == 200
        assert not re.search(r"crm_customers\.|segments\.", answer.content.decode())
    counted = client.get(reverse("customers:count"), {"segment.is": "new"}).content.decode()
    assert "1" in counted


def test_texts_are_escaped(customer_of, client_of, administrator):
    customer_of(name="<script>alert(1)</script>", city='"><img src=x>', owner=administrator)
    text = client_of(administrator).get(reverse("customers:list"), {"columns": "name,city,owner"}).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_htmx_gets_the_part_that_changes(people, client_of, administrator):
    headers = {"HX-Request": "true", "HX-Target": "list"}
    answer = client_of(administrator).get(reverse("customers:list"), {"q": "王B"}, headers=headers)
    text = answer.content.decode()
    assert "<html" not in text
    assert text.count("data-row ") == 1
    assert "HX-Target" in answer["Vary"]


def test_empty_states_say_what_to_do(client_of, administrator, company):
    client = client_of(administrator)
    assert "No customers yet" in client.get(reverse("customers:list")).content.decode()
    assert "Nobody matches" in client.get(reverse("customers:list"), {"city.is": "x"}).content.decode()


def test_the_page_hides_what_is_hidden(people, client_of, analyst, sales):
    text = client_of(analyst).get(reverse("customers:list")).content.decode()
    assert "王A" not in text
    assert "CA" in text
    text = client_of(sales).get(reverse("customers:list")).content.decode()
    assert "王A" in text
    assert "王C" not in text
    assert reverse("customers:export") not in text


def test_strangers_are_asked_to_sign_in(client, company):
    for name in ("customers:list", "customers:filters", "customers:bulk", "customers:count"):
        assert client.get(reverse(name)).status_code == 302


def test_conditions_that_are_no_conditions_are_refused():
    for data in ({"filters": 1}, {"filters": [1]}, {"filters": [{"values": [1]}]}, {"columns": 1}, {"sort": "x"}):
        with pytest.raises(RuleBroken):
            ListQuery.from_data(data)
