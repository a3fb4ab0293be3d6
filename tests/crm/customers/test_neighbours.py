"""Who stands before and after a customer in a list."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.http import QueryDict

from guanxi_crm.core.errors import NotAllowed
from guanxi_crm.customers.models import Customer, CustomerScores, ScoreVersion
from guanxi_crm.customers.selectors import neighbours as neighbours_module
from guanxi_crm.customers.selectors import walk
from guanxi_crm.customers.selectors.list_query import ListQuery, list_query
from guanxi_crm.customers.selectors.lists import customer_list
from guanxi_crm.customers.selectors.neighbours import MOST_ADDRESS, Neighbours, list_of_address, neighbours_of
from guanxi_crm.customers.services.search_index import search_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(customer_of, sales, colleague, stranger, team):
    """Twelve, of whom nine are the team's; some amounts are equal, the last two have no scores."""
    version = ScoreVersion.objects.create(
        state=ScoreVersion.State.KEPT, is_current=True, as_of=dt.date(2026, 3, 1), snapshot_id=1, currency="CNY"
    )
    owners = itertools.cycle([(sales, team), (colleague, team), (sales, None), (stranger, None)])
    made = [
        customer_of(name=f"王{number % 5}", city=("上海", "杭州")[number % 2], owner=owner, team=of)
        for number, (owner, of) in zip(range(12), owners, strict=False)
    ]
    CustomerScores.objects.bulk_create(
        CustomerScores(
            scored=version, customer=each, amount=(place % 4) * 100, segment=("loyal", "new")[place % 3 == 0]
        )
        for place, each in enumerate(made[:10])
    )
    search_index([each.pk for each in made])
    return made


ADDRESSES = ["", "sort=name", "sort=-name", "sort=amount", "sort=-amount", "city.is=上海", "segment.is=loyal&sort=-amount",
             "owner.is=me&sort=name", "q=王", "q=王1", "q=王&city.is=杭州&sort=name"]  # fmt: skip


def listed(user, query: ListQuery) -> list[int]:
    return [line["id"] for line in customer_list(user=user, query=query).lines]


@pytest.mark.parametrize("few", [1500, 2])
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("role", ["sales", "administrator"])
def test_they_are_those_of_the_list(role, address, few, people, request, actor, monkeypatch):
    monkeypatch.setattr(walk, "FEW", few)
    user, query = actor(request.getfixturevalue(role)), list_query(QueryDict(address))
    keys = listed(user, query)
    assert keys or "owner.is=me" in address
    for before, key, after in zip([None, *keys], keys, [*keys[1:], None], strict=False):
        seen = neighbours_of(Customer.objects.get(pk=key), user=user, query=query)
        assert seen == Neighbours(before, after)


def test_a_search_that_finds_very_many_goes_by_the_newest(people, actor, administrator, sales, monkeypatch):
    monkeypatch.setattr(neighbours_module, "WIDE", 3)
    seen = neighbours_of(people[5], user=actor(administrator), query=ListQuery(text="王"))
    assert seen == Neighbours(people[6].pk, people[4].pk)
    query = list_query(QueryDict("q=王&city.is=杭州"))
    assert neighbours_of(people[5], user=actor(administrator), query=query) == Neighbours(people[7].pk, people[3].pk)
    # The fourth is a stranger's.
    assert neighbours_of(people[4], user=actor(sales), query=ListQuery(text="王")) == Neighbours(
        people[5].pk, people[2].pk
    )


@pytest.mark.parametrize("near", [neighbours_module.NEAR, 1, 0])
@pytest.mark.parametrize("sort", ["amount", "-amount"])
def test_one_comes_from_those_with_a_value_to_those_without_and_back(
    sort, near, people, actor, administrator, monkeypatch
):
    monkeypatch.setattr(neighbours_module, "NEAR", near)
    user, query = actor(administrator), ListQuery(sort=sort)
    *_, last, first, other = keys = listed(user, query)
    assert {first, other} == {each.pk for each in people[10:]}

    def around(key: int) -> Neighbours:
        return neighbours_of(Customer.objects.get(pk=key), user=user, query=query)

    assert around(last) == Neighbours(keys[-4], first)
    # Of those without a value only those near by are looked for.
    assert around(first) == Neighbours(last, other if near else None)
    assert around(other) == Neighbours(first if near else last, None)


def test_who_has_left_the_list_still_has_his_place(people, actor, administrator):
    query = list_query(QueryDict("segment.is=loyal&sort=-amount"))
    user = actor(administrator)
    keys = listed(user, query)
    CustomerScores.objects.filter(customer_id=keys[2]).update(segment="at_risk")
    assert neighbours_of(Customer.objects.get(pk=keys[2]), user=user, query=query) == Neighbours(keys[1], keys[3])


@pytest.mark.parametrize(
    "address", ["name.is=王小明", "sort=name", "phone.is=138", "amount.at_least=x", "what.is=1", "sort=x"]
)
def test_a_list_by_a_hidden_field_is_none(address, viewer, actor, company):
    assert list_of_address(address, user=actor(viewer)) is None


def test_nobody_goes_on_in_the_order_of_a_hidden_field(people, viewer, actor):
    with pytest.raises(NotAllowed):
        neighbours_of(people[4], user=actor(viewer), query=ListQuery(sort="name"))
    assert neighbours_of(people[4], user=actor(viewer), query=ListQuery(sort="-amount"))


def test_a_list_whose_address_was_too_long_to_be_carried_along_is_none(manager, actor, company):
    address = "sort=name&city.is=" + "x" * (MOST_ADDRESS - 18)
    assert list_of_address(address, user=actor(manager)) == list_query(QueryDict(address))
    assert list_of_address(f"{address}x", user=actor(manager)) is None


def test_a_list_is_read_from_its_address(manager, actor, company):
    query = list_query(QueryDict("segment.is=loyal&sort=-amount&q=王"))
    assert list_of_address(query.address(view="risk"), user=actor(manager)) == query


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_number_of_queries_does_not_grow(address, people, sales, actor, django_assert_max_num_queries):
    user, query = actor(sales), list_query(QueryDict(address))
    for each in (people[4], people[10]):
        with django_assert_max_num_queries(8):
            neighbours_of(each, user=user, query=query)
