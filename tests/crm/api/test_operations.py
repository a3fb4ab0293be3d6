"""Every operation of the API: who may ask it and what he sees, who may not and learns nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from crm_world import marks_in, role_without
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.models import Customer, CustomerScores
from guanxi_crm.site.api.entry import api
from guanxi_crm.users.models import ApiToken

pytestmark = pytest.mark.django_db
SNAPSHOT = Path(__file__).with_name("openapi.json")

OPERATIONS = {
    "me": ("/me", None),
    "customers": ("/customers", "customer.view"),
    "customer": ("/customers/{customer}", "customer.view"),
    "scores": ("/scores", "customer.view"),
    "orders": ("/orders", "order.view"),
    "order": ("/orders/{order}", "order.view"),
    "products": ("/products", "product.view"),
    "product": ("/products/{product}", "product.view"),
    "runs": ("/runs", "run.view"),
    "run": ("/runs/{run}", "run.view"),
}
NEEDS_SCOPE = [name for name, (_, scope) in OPERATIONS.items() if scope]
LISTS = ["customers", "scores", "orders", "products", "runs"]


def address(name, there):
    path = OPERATIONS[name][0]
    return path.format(customer=there.customer.pk, order=there.order.pk, product=there.product.pk, run=there.run.pk)


def operations():
    return {
        told["operationId"]: told for methods in api.get_openapi_schema()["paths"].values() for told in methods.values()
    }


def test_the_document_is_as_it_was_approved():
    document = json.dumps(api.get_openapi_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("GUANXI_WRITE_SNAPSHOTS"):
        SNAPSHOT.write_text(document, encoding="utf-8")
    assert document == SNAPSHOT.read_text(encoding="utf-8")


def test_everybody_may_read_the_document(client, company):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Guanxi"


def test_all_operations_are_tested_here_and_only_read():
    assert set(operations()) == set(OPERATIONS)
    assert {method for methods in api.get_openapi_schema()["paths"].values() for method in methods} == {"get"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_who_may_is_answered(name, ask, there, manager):
    answer = ask(address(name, there), of=manager)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("name", NEEDS_SCOPE)
def test_without_its_scope_a_token_is_refused(name, ask, there, manager):
    other = "task.view"
    answer = ask(address(name, there), of=manager, scopes=[other])
    assert (answer.status_code, answer.json()["code"]) == (403, "crm_core.not_allowed")


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_a_token_nothing_is_told(name, there, client):
    answer = client.get(f"/api/v1{address(name, there)}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.json()) == {"code", "detail"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_session_is_no_token(name, there, client_of, administrator):
    assert client_of(administrator).get(f"/api/v1{address(name, there)}").status_code == 401


@pytest.mark.parametrize("name", ["customer", "order"])
def test_anothers_record_is_not_there(name, ask, there, stranger):
    answer = ask(address(name, there), of=stranger)
    assert answer.status_code == 404
    nowhere = ask(OPERATIONS[name][0].format(customer=10**9, order=10**9), of=stranger)
    assert answer.content == nowhere.content


def test_lists_hold_ones_own_and_ones_teams(ask, there, sales, stranger):
    assert [each["id"] for each in ask("/customers", of=sales).json()["items"]] == [there.customer.pk]
    assert [each["customer_id"] for each in ask("/scores", of=sales).json()["items"]] == [there.customer.pk]
    assert [each["id"] for each in ask("/orders", of=sales).json()["items"]] == [there.order.pk]
    for path in ("/customers", "/scores", "/orders"):
        assert ask(path, of=stranger).json() == {"items": [], "next": None}


def test_a_customer_is_whole(ask, there, manager, sales):
    told = ask(f"/customers/{there.customer.pk}", of=manager).json()
    assert (told["number"], told["name"], told["tags"]) == ("ZQ-4471", "Zqname", ["Zqtag"])
    assert told["owner"] == {"id": sales.pk, "name": "Sam Sales"}
    assert [each["value"] for each in told["contact_points"]] == [
        "13877772946",
        "zqmail@example.com",
        "zqwechat",
        "Zqaddress 5",
    ]
    scores = told["scores"]
    assert (scores["amount"], scores["currency"], scores["as_of"]) == (98765432, "CNY", "2026-01-01")
    assert (scores["expected_amount_low"], scores["expected_amount_high"]) == (75543219, 77543219)
    assert [each["code"] for each in scores["reasons"]["churn"]] == ["churn.reason_silence"]


def test_reasons_are_told_in_the_readers_language(ask, there, manager):
    def text(language):
        told = ask(f"/customers/{there.customer.pk}", of=manager, language=language).json()
        return told["scores"]["reasons"]["churn"][0]["text"]

    assert text("en") != text("zh-CN")
    assert "43,391" in text("zh-CN")


def test_a_customer_without_scores_has_none(ask, there, manager):
    CustomerScores.objects.filter(customer=there.plain).delete()
    assert ask(f"/customers/{there.plain.pk}", of=manager).json()["scores"] is None


def test_an_order_has_lines_and_its_customer(ask, there, manager):
    told = ask(f"/orders/{there.order.pk}", of=manager).json()
    assert (told["number"], told["amount"], told["currency"]) == ("ZQ-ORD-5519", 54321987, "CNY")
    assert told["customer"] == {"id": there.customer.pk, "number": "ZQ-4471", "name": "Zqname"}
    (line,) = told["lines"]
    assert (line["quantity"], line["amount"], line["unit_price"], line["product"]["unit_cost"]) == (
        3,
        53321987,
        "12.000000",
        "7391.250000",
    )


def test_a_token_for_orders_tells_no_names(ask, there, manager):
    answer = ask(f"/orders/{there.order.pk}", of=manager, scopes=["order.view"])
    assert answer.json()["customer"] == {"id": there.customer.pk}
    assert marks_in(answer.content.decode(), "product", ["name", "unit_cost"]) == []


def test_a_run_says_what_each_study_found(ask, there, manager):
    told = ask(f"/runs/{there.run.pk}", of=manager).json()
    assert (told["state"], told["is_published"], [each["grade"] for each in told["results"]]) == ("done", False, ["B"])


def test_me_says_what_the_token_may(ask, company, analyst):
    told = ask("/me", of=analyst, scopes=["customer.view", "order.view"]).json()
    assert told["name"] == "Ann Analyst (till)"
    assert told["actions"] == {"customer": {"view": "all"}, "order": {"view": "all"}}
    assert "name" not in told["fields"]["customer"]
    assert "amount" in told["fields"]["customer"]


# What is hidden


def test_hidden_fields_are_absent_not_null(ask, there, analyst):
    listed = ask("/customers", of=analyst).json()["items"][0]
    alone = ask(f"/customers/{there.customer.pk}", of=analyst).json()
    for hidden in ("name", "gender", "born_on", "postal_code"):
        assert hidden not in listed
        assert hidden not in alone
    assert "contact_points" not in alone
    assert "customer" not in ask(f"/orders/{there.order.pk}", of=analyst).json()


FILTERS = [
    each["name"] for each in operations()["customers"]["parameters"] if each["name"] in record_type("customer").by_name
]
SORTS = ("created_at", "name", "number", "amount", "expected_amount", "churn_probability", "last_order_at")


@pytest.mark.parametrize("field", FILTERS)
def test_nobody_filters_by_what_is_hidden_from_him(field, ask, there, user_of):
    user = user_of()
    user.roles.set([role_without(("customer", field))])
    value = {"is_vip": "yes", "is_silent": "yes", "owner": "me", "team": "mine", "tags": str(there.tag.pk)}.get(
        field, "x"
    )
    unknown = ask("/customers", of=user, no_such_field=value)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "crm_site.api_unknown")
    for given in (value, "nonsense"):
        answer = ask("/customers", of=user, **{field: given})
        assert (answer.status_code, answer.json()) == as_of_unknown(unknown, "no_such_field", field)


def as_of_unknown(unknown, name, asked):
    """Status and content of the answer to a name that there is not, as if it had been another."""
    content = unknown.json()
    return unknown.status_code, content | {"detail": content["detail"].replace(name, asked)}


@pytest.mark.parametrize("field", SORTS)
def test_nobody_sorts_by_what_is_hidden_from_him(field, ask, there, user_of):
    user = user_of()
    user.roles.set([role_without(("customer", field))])
    assert ask("/customers", of=user).status_code == 200
    unknown = ask("/customers", of=user, sort="no_such_field")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "crm_site.api_bad_value")
    for sort in (field, f"-{field}"):
        answer = ask("/customers", of=user, sort=sort)
        assert (answer.status_code, answer.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize(
    ("field", "asked"),
    [("number", {"number": "x"}), ("ordered_at", {"ordered_from": "2026-01-01"}), ("customer", {"customer": 1})],
)
def test_nobody_filters_orders_by_what_is_hidden_from_him(field, asked, ask, there, user_of):
    user = user_of()
    user.roles.set([role_without(("order", field))])
    unknown = ask("/orders", of=user, no_such_field="x")
    (name,) = asked
    for given in (asked, {name: "nonsense"}):
        answer = ask("/orders", of=user, **given)
        assert (answer.status_code, answer.json()) == as_of_unknown(unknown, "no_such_field", name)


def test_nobody_filters_products_by_what_is_hidden_from_him(ask, there, user_of):
    user = user_of()
    user.roles.set([role_without(("product", "category"))])
    unknown, answer = (ask("/products", of=user, **{name: "Tea"}) for name in ("no_such_field", "category"))
    assert (answer.status_code, answer.json()) == as_of_unknown(unknown, "no_such_field", "category")


def test_everything_that_can_be_asked_is_described_with_an_example():
    for told in (each["get"] for each in api.get_openapi_schema()["paths"].values()):
        assert told["summary"], told["operationId"]
        assert told["description"], told["operationId"]
        for parameter in told.get("parameters", ()):
            schema = parameter["schema"]
            where = (told["operationId"], parameter["name"])
            assert parameter.get("description") or schema.get("description"), where
            assert schema.get("examples") or parameter.get("examples") or parameter["name"] == "cursor", where


# Filters, sorts, search


def test_filters_narrow(ask, there, manager):
    def found(**asked):
        return [each["number"] for each in ask("/customers", of=manager, **asked).json()["items"]]

    assert found(segment="zqsegment") == ["ZQ-4471"]
    assert found(segment="zqsegment", country="elsewhere") == []
    assert found(is_vip="yes") == ["ZQ-4471"]
    assert found(tags=there.tag.pk) == ["ZQ-4471"]
    assert found(number="P-1") == ["P-1"]
    assert found(owner=there.customer.owner_id) == ["ZQ-4471"]


def test_sorts_sort(ask, there, manager):
    def found(sort):
        return [each["number"] for each in ask("/customers", of=manager, sort=sort).json()["items"]]

    assert found("-amount") == ["ZQ-4471", "P-1"]
    assert found("amount") == ["P-1", "ZQ-4471"]
    assert found("name") == ["P-1", "ZQ-4471"]


def test_orders_are_filtered(ask, there, manager):
    def found(**asked):
        return len(ask("/orders", of=manager, **asked).json()["items"])

    assert (
        found(number="ZQ-ORD-5519", customer=there.customer.pk, ordered_from="1994-06-21", ordered_until="1994-06-21")
        == 1
    )
    assert found(ordered_from="1994-06-22") == 0
    assert found(customer=there.plain.pk) == 0


def test_products_are_searched(ask, there, manager):
    assert [each["code"] for each in ask("/products", of=manager, q="zqprod").json()["items"]] == ["ZQ-P-3313"]
    assert ask("/products", of=manager, category="other").json()["items"] == []


# Pages


@pytest.mark.parametrize("sort", [None, "name", "-amount", "churn_probability"])
def test_pages_visit_everybody_exactly_once(sort, ask, there, manager):
    now = there.plain.created_at
    Customer.objects.bulk_create(
        Customer(number=f"N{n:02}", name=f"Name {n % 3}", created_at=now, updated_at=now) for n in range(11)
    )
    seen, asked = [], {"limit": 3} | ({"sort": sort} if sort else {})
    cursor = {}
    for _ in range(20):
        page = ask("/customers", of=manager, **asked, **cursor).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == sorted(Customer.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("name", LISTS)
def test_queries_do_not_grow_with_the_page(name, ask, there, manager, django_assert_max_num_queries):
    now = there.plain.created_at
    version = CustomerScores.objects.first().scored
    more = Customer.objects.bulk_create(
        Customer(number=f"N{n}", name=f"N {n}", created_at=now, updated_at=now, owner=manager) for n in range(60)
    )
    CustomerScores.objects.bulk_create(CustomerScores(scored=version, customer=each, amount=1) for each in more)
    ask("/me", of=manager)
    with django_assert_max_num_queries(8):
        assert ask(OPERATIONS[name][0], of=manager, limit=200).status_code == 200


@pytest.mark.parametrize("name", ["customer", "order", "product", "run"])
def test_a_record_costs_eight_queries_at_most(name, ask, there, manager, django_assert_max_num_queries):
    ask("/me", of=manager)
    with django_assert_max_num_queries(8):
        assert ask(address(name, there), of=manager).status_code == 200


# Refused in a way that helps


BAD = [
    ("/customers", {"limit": 0}), ("/customers", {"limit": 201}), ("/customers", {"limit": "many"}),
    ("/customers", {"sort": "phone"}), ("/customers", {"cursor": "!"}), ("/customers", {"cursor": "bnVsbA"}),
    ("/customers", {"is_vip": "maybe"}), ("/customers", {"owner": "Sam"}), ("/customers", {"segmnt": "new"}),
    ("/customers", {"phone": "138"}), ("/customers", {"name": "\0"}), ("/customers/abc", {}), ("/customers/0", {}),
    (f"/customers/{2**63}", {}), ("/orders", {"ordered_from": "yesterday"}), ("/orders", {"customer": "x"}),
    ("/orders", {"customer": 2**70}), ("/products", {"cursor": "WzFd"}), ("/runs/1", {}), ("/runs", {"limit": -1}),
    ("/scores", {"cursor": "W251bGwsbnVsbCwwXQ"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "asked"), BAD)
def test_what_is_not_understood_is_refused_by_name(path, asked, ask, company, manager):
    answer = ask(path, of=manager, **asked)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail"}


@pytest.mark.parametrize(("language", "word"), [("en", "No such"), ("zh-CN", "没有")])
def test_refusals_are_in_the_readers_language(language, word, ask, company, manager):
    assert word in ask("/customers", of=manager, language=language, nonsense=1).json()["detail"]


def test_only_so_many_a_minute(ask, company, manager, monkeypatch):
    monkeypatch.setattr("guanxi_crm.core.api.time.time", lambda: 1_000_000.0)
    cache.set(f"api.{manager.pk}.{1_000_000 // 60}", 1200, 60)
    answer = ask("/me", of=manager)
    assert (answer.status_code, answer.json()["code"]) == (429, "crm_site.api_too_many")
    assert 0 < int(answer["Retry-After"]) <= 60


# Tokens


def test_a_token_in_the_address_is_refused_and_told_nothing(token_of, company, manager):
    secret = token_of(manager)
    header = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=header).status_code == 200
    assert Client().get("/api/v1/me", {"token": secret}).status_code == 401
    assert Client().get("/api/v1/me", {"token": secret}, headers=header).status_code == 401


def test_revoking_holds_at_once(token_of, company, manager):
    header = {"Authorization": f"Bearer {token_of(manager)}"}
    assert Client().get("/api/v1/me", headers=header).status_code == 200
    ApiToken.objects.update(revoked_at=manager.created_at)
    assert Client().get("/api/v1/me", headers=header).status_code == 401


def test_roles_hold_at_once(ask, there, manager):
    assert ask("/customers", of=manager).status_code == 200
    manager.roles.clear()
    assert ask("/customers", of=manager).status_code == 403


def test_whoever_has_left_is_out(ask, company, manager):
    assert ask("/me", of=manager).status_code == 200
    manager.is_active = False
    manager.save()
    assert ask("/me", of=manager).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_changed_by_the_api(method, token_of, there, manager):
    header = {"Authorization": f"Bearer {token_of(manager)}"}
    answer = getattr(Client(), method)(f"/api/v1/customers/{there.customer.pk}", headers=header)
    assert answer.status_code == 405
    assert Customer.objects.filter(pk=there.customer.pk).exists()
