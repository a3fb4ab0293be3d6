"""The command bar: customers, orders, products, things to do, places."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from guanxi_crm.customers.models import Customer
from guanxi_crm.customers.services.search_index import search_index
from guanxi_crm.sales.models import Order, Product
from guanxi_crm.users.models import Role

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


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
    assert not any(found(client_of(manager), "nothing of that kind").values())


@pytest.mark.parametrize(
    ("text", "action"),
    [("import", "Bring in files"), ("导入", "Bring in files"), ("upload CSV", "Bring in files"),
     ("new customer", "New customer"), ("新建客户", "New customer"), ("customer add", "New customer"),
     ("run studies", "Run studies now"), ("运行", "Run studies now"), ("export", "Export customers"),
     ("导出", "Export customers"), ("to do", "Add a task")],
)  # fmt: skip
def test_things_to_do_are_found_by_their_words_in_either_language(text, action, client_of, manager):
    assert action in found(client_of(manager), text)["actions"]
    codes = {"Bring in files": "导入文件", "New customer": "新建客户", "Run studies now": "立即运行研究",
             "Export customers": "导出客户", "Add a task": "添加任务"}  # fmt: skip
    assert codes[action] in found(client_of(manager, language="zh-CN"), text)["actions"]


def test_a_latin_word_is_found_by_how_it_begins_and_its_name_comes_first(client_of, administrator):
    assert found(client_of(administrator), "ort")["actions"] == []
    assert found(client_of(administrator), "set")["places"][:1] != []
    assert found(client_of(administrator), "data")["places"][0] == "Data"


def test_nothing_is_offered_that_one_may_not_do(client_of, viewer, sales):
    for user, words in (
        (viewer, ("import", "new customer", "run studies", "export", "invite")),
        (sales, ("import", "export")),
    ):
        for word in words:
            assert found(client_of(user), word)["actions"] == [], word
    assert found(client_of(sales), "audit")["places"] == []


def test_what_leads_to_a_part_of_a_page_says_so(client_of, manager):
    assert f'href="{reverse("insights:list")}#run-now"' in part(client_of(manager), "run studies")
    assert f'href="{reverse("customers:list")}#export"' in part(client_of(manager), "export")


@pytest.fixture
def ordered(customer_of):
    """Makes an order of a number."""

    def make(number: str, **values):
        values = {"customer": customer_of(name="王小明"), "amount": 12345, **values}
        return Order.objects.create(
            key=f"k{number}", source="shop", number=number, ordered_at=AT, ordered_on=AT.date(), lines_count=1, items=1,
            currency="CNY", **values,
        )  # fmt: skip

    return make


def test_an_order_is_found_by_its_number(client_of, manager, ordered):
    order = ordered("SO-7001")
    ordered("SO-7002")
    for text in ("SO-7001", "so-7001"):
        assert found(client_of(manager), text)["orders"] == ["SO-7001"]
    text = part(client_of(manager), "SO-7001")
    assert reverse("sales:order", args=[order.pk]) in text
    assert "王小明 · 2026-03-01 · CN¥123.45" in text
    assert found(client_of(manager), "SO-70")["orders"] == []


def test_of_an_order_no_more_is_told_than_its_page_would(client_of, analyst, viewer, sales, stranger, ordered):
    ordered("SO-7001", customer=None, amount=0, returns_amount=500)
    seen = part(client_of(analyst), "SO-7001")
    assert "-CN¥5.00" in seen
    Order.objects.update(
        customer=Customer.objects.create(number="C1", name="王小明", owner=stranger, created_at=AT, updated_at=AT)
    )
    assert "王小明" not in part(client_of(analyst), "SO-7001")
    assert found(client_of(sales), "SO-7001")["orders"] == []
    role = viewer.roles.get()
    role.grants["order"]["fields"]["number"] = "hidden"
    role.save()
    assert found(client_of(viewer), "SO-7001")["orders"] == []


def test_a_character_that_no_database_keeps_is_passed_over(client_of, manager, ordered):
    ordered("SO-7002", customer=None)
    assert found(client_of(manager), "\0SO-70\x0002")["orders"] == ["SO-7002"]
    assert found(client_of(manager), "\0") == found(client_of(manager), "")


def test_a_product_is_found_by_name_and_code(client_of, manager, user_of):
    Product.objects.create(code="CO051", name="速溶黑咖啡 Instant coffee")
    for text in ("咖啡", "instant", "co05"):
        assert found(client_of(manager), text)["products"] == ["速溶黑咖啡 Instant coffee"]
    assert "CO051" in part(client_of(manager), "咖啡")
    Role.objects.create(code="blind", grants={"product": {"actions": {"view": "all"}, "fields": {"name": "hidden"}}})
    blind = client_of(user_of("blind"))
    assert found(blind, "咖啡")["products"] == []
    assert found(blind, "co05")["products"] == ["CO051"]
    Role.objects.create(code="none", grants={})
    assert found(client_of(user_of("none")), "co05")["products"] == []


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
    with django_assert_max_num_queries(10):
        found(client, "王")


def test_who_has_not_signed_in_finds_nothing(client, company):
    assert client.get(reverse("site:search"), {"q": "王"}).status_code == 302
