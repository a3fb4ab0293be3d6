"""The command bar: places, things to do, customers."""

from __future__ import annotations

import pytest
from django.urls import reverse

from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.users.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(customer_of):
    """Makes a customer who can be found."""

    def make(**values):
        customer = customer_of(**values)
        search_index([customer.pk])
        return customer

    return make


def found(client, text="") -> dict[str, list[str]]:
    """Names by kind."""
    answer = client.get(reverse("site:search"), {"q": text}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return {kind: [each["name"] for each in lines] for kind, lines in answer.json().items()}


def part(client, text="") -> str:
    return client.get(reverse("site:search"), {"q": text}, headers={"HX-Request": "true"}).content.decode()


def test_before_a_word_is_typed_there_are_places_and_no_customers(client_of, manager, known):
    known(name="王小明")
    seen = found(client_of(manager))
    assert seen["places"][0] == "Home"
    assert seen["customers"] == []


def test_a_place_is_found_by_its_name_in_the_readers_language(client_of, manager):
    assert found(client_of(manager), "hOm")["places"] == ["Home"]
    assert found(client_of(manager, language="zh-CN"), "首页")["places"] == ["首页"]
    assert found(client_of(manager), "nothing of that kind") == {"places": [], "actions": [], "customers": []}


def test_a_customer_is_found_by_two_chinese_characters(client_of, manager, known):
    known(name="王小明", city="上海", number="C7")
    known(name="李雷")
    assert found(client_of(manager), "小明")["customers"] == ["王小明"]
    text = part(client_of(manager), "小明")
    assert "上海 · C7" in text
    assert 'role="option"' in text


def test_nobody_is_found_whom_one_may_not_see(client_of, sales, stranger, known):
    known(name="王小明", owner=stranger)
    assert found(client_of(sales), "小明")["customers"] == []
    assert "王小明" not in part(client_of(sales), "小明")


def test_a_hidden_name_is_neither_searched_nor_shown(client_of, viewer, known):
    known(name="王小明", number="C7")
    assert found(client_of(viewer), "小明")["customers"] == []
    assert found(client_of(viewer), "C7")["customers"] == ["C7"]
    assert "王小明" not in part(client_of(viewer), "C7")


def test_who_sees_no_customers_still_finds_places(client_of, user_of, known):
    Role.objects.create(code="none", grants={})
    known(name="王小明")
    seen = found(client_of(user_of("none")), "小明")
    assert seen["customers"] == []
    assert found(client_of(user_of("none")), "home")["places"] == ["Home"]


def test_where_there_are_more_the_bar_leads_to_the_list(client_of, manager, known):
    for number in range(9):
        known(name=f"王{number}")
    text = part(client_of(manager), "王")
    assert text.count('class="avatar') == 8
    assert f"{reverse('customers:list')}?q=%E7%8E%8B" in text


def test_what_is_typed_is_text(client_of, manager):
    assert "&lt;script&gt;" in part(client_of(manager), "<script>")


def test_the_bar_asks_as_often_for_many_customers_as_for_one(client_of, manager, known, django_assert_max_num_queries):
    client = client_of(manager)
    for number in range(8):
        known(name=f"王{number}")
    found(client)
    with django_assert_max_num_queries(8):
        found(client, "王")


def test_who_has_not_signed_in_finds_nothing(client, company):
    assert client.get(reverse("site:search"), {"q": "王"}).status_code == 302
