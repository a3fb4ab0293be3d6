"""Hidden is hidden: role × record type × field × way in, each generated from the record types.

A field that is hidden from a role stands in no answer, whichever way he comes in; and nobody filters, sorts or searches
by it, or writes it. See `crm_world` for the marks by which that is seen.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from crm_world import MARKS, marks_in, role_without
from guanxi_crm.core.models import AuditEntry
from guanxi_crm.core.records import record_type
from guanxi_crm.customers.selectors.list_query import SORTS
from guanxi_crm.users.models import ApiToken
from guanxi_crm.users.services.tokens import token_hash

pytestmark = pytest.mark.django_db

KINDS = ("customer", "order", "product")
API_SCOPES = ["customer.view", "order.view", "product.view", "run.view"]
SECRET = "gx_" + "s" * 43


def pages(there):
    """Every page that tells of records, with all the columns that there are."""
    customer = f"/customers/{there.customer.pk}/"
    columns = urlencode(
        {
            "columns": ",".join(
                name for name in record_type("customer").names if name not in ("consents", "notes", "files")
            )
        }
    )
    return [
        "/", "/customers/", f"/customers/?{columns}", "/customers/?q=zq", "/customers/filters/", "/customers/bulk/?ids=1",
        "/customers/tasks/", customer, f"{customer}timeline/",
        *(f"{customer}timeline/?kind={kind}" for kind in ("orders", "notes", "consents", "segments", "changes")),
        f"{customer}edit/", f"{customer}contacts/", f"{customer}consents/", f"{customer}hand-over/",
        "/search/?q=zq", "/sales/orders/", f"/sales/orders/?customer={there.customer.pk}",
        f"/sales/orders/{there.order.pk}/", "/sales/products/", "/sales/products/?q=zq",
        f"/sales/products/{there.product.pk}/", "/settings/audit/", "/studies/", f"/studies/runs/{there.run.pk}/",
    ]  # fmt: skip


def questions(there):
    """Every operation of the API that tells of records."""
    keys = {"customers": there.customer.pk, "orders": there.order.pk, "products": there.product.pk}
    return [f"/api/v1/{name}" for name in (*keys, "scores", "me")] + [
        f"/api/v1/{name}/{key}" for name, key in keys.items()
    ]


def files():
    """Everything that is sent as a file."""
    return ["/customers/export/", "/sales/orders/export/"]


def answers(user, there, client_of):
    """(where, text) of every way in that is open to him."""
    browser = client_of(user)
    for url in pages(there):
        answer = browser.get(url)
        assert answer.status_code in {200, 403, 404, 405}, url
        yield url, answer.content.decode() if answer.status_code == 200 else ""
    for url in files():
        answer = browser.post(url, {"columns": "all"})
        yield url, b"".join(answer.streaming_content).decode() if answer.status_code == 200 else ""
    program = program_of(user)
    for url in questions(there):
        answer = program.get(url)
        assert answer.status_code in {200, 403, 404}, url
        # What the API calls its fields is no secret.
        yield url, answer.content.decode() if answer.status_code == 200 else ""


def program_of(user):
    now = timezone.now()
    ApiToken.objects.update_or_create(
        token_hash=token_hash(SECRET),
        defaults={
            "user": user,
            "name": "till",
            "scopes": API_SCOPES,
            "created_at": now,
            "expires_at": now + dt.timedelta(days=1),
        },
    )
    return Client(headers={"Authorization": f"Bearer {SECRET}"})


def leaks(user, there, client_of, hidden):
    """``way in: record type.field`` wherever a mark of a hidden field can be read."""
    return [
        f"{url}: {kind}.{field}"
        for url, text in answers(user, there, client_of)
        for kind, fields in hidden.items()
        for field in marks_in(text, kind, fields)
        # On the pages of customers his own name may stand, if only no order is said to be his.
        if (kind, field) != ("order", "customer") or "/orders" in url or "/products" in url
    ]


@pytest.mark.parametrize("role", ["manager", "sales", "service", "analyst", "viewer"])
def test_the_roles_that_come_with_guanxi_hide_what_they_hide(role, there, staff, client_of, actor):
    user = staff[role]
    hidden = {kind: [name for name in MARKS[kind] if not actor(user).may_read(kind, name)] for kind in KINDS}
    assert leaks(user, there, client_of, hidden) == []


def apart(kind, roles):
    """The fields of a record type, spread over so many roles: what stands side by side is hidden apart."""
    fields = list(MARKS[kind])
    return [(kind, fields[first::roles]) for first in range(roles)]


HIDDEN = [*apart("customer", 7), *apart("order", 4), *apart("product", 3)]


@pytest.mark.parametrize(("kind", "fields"), HIDDEN, ids=[f"{kind}-{'-'.join(fields)}" for kind, fields in HIDDEN])
def test_what_any_role_hides_stands_nowhere(kind, fields, there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(*((kind, field) for field in fields))])
    assert leaks(user, there, client_of, {kind: fields}) == []


def test_what_is_not_hidden_is_shown(there, user_of, client_of):
    """Or the tests above would find nothing."""
    user = user_of()
    user.roles.set([role_without()])
    shown = {
        (kind, field)
        for _, text in answers(user, there, client_of)
        for kind in KINDS
        for field in marks_in(text, kind, list(MARKS[kind]))
    }
    assert shown == {(kind, field) for kind in KINDS for field in MARKS[kind]}


# Nobody asks by what is hidden from him


def asked_by(browser, url, **parameters):
    answer = browser.get(url, parameters)
    return answer.status_code, marks_in(answer.content.decode(), "customer", ["number", "name"])


FIELDS = [name for name in record_type("customer").names if name not in {"consents", "notes", "files"}]


def test_nobody_filters_a_list_by_what_is_hidden_from_him(there, user_of, client_of):
    """All fields at once are hidden, and each is asked for: the answer is the same, whatever is looked for."""
    user = user_of()
    user.roles.set([role_without(*(("customer", field) for field in FIELDS))])
    browser = client_of(user)
    for field in FIELDS:
        for operator, value in (("filled", "1"), ("empty", "1"), ("is", "1"), ("is", "zq"), ("starts", "z")):
            assert asked_by(browser, "/customers/", **{f"{field}.{operator}": value}) == (403, []), field
        assert asked_by(browser, "/customers/bulk/", **{f"{field}.is": "1"})[0] == 403


@pytest.mark.parametrize("field", SORTS)
def test_nobody_sorts_a_list_by_what_is_hidden_from_him(field, there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(("customer", field))])
    assert asked_by(client_of(user), "/customers/", sort=f"-{field}")[0] == 403
    assert asked_by(client_of(user), "/customers/")[0] == 200


@pytest.mark.parametrize(
    ("field", "text"), [("name", "Zqname"), ("number", "ZQ-4471"), ("phone", "2946"), ("email", "zqmail@example.com")]
)
def test_nobody_searches_in_what_is_hidden_from_him(field, text, there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without()])
    address = f'href="/customers/{there.customer.pk}/'
    ways = ("/customers/", "/search/")
    assert all(address in client_of(user).get(way, {"q": text}).content.decode() for way in ways)
    user.roles.set([role_without(("customer", field))])
    assert not any(address in client_of(user).get(way, {"q": text}).content.decode() for way in ways)
    assert program_of(user).get("/api/v1/customers", {"q": text}).json()["items"] == []


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("/sales/orders/?number=ZQ-ORD-5519", "number"),
        ("/sales/orders/?from=1994-01-01", "ordered_at"),
        ("/sales/orders/?to=1994-01-01", "ordered_at"),
        ("/sales/orders/?customer=1", "customer"),
    ],
)
def test_nobody_filters_orders_by_what_is_hidden_from_him(url, field, there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(("order", field))])
    assert client_of(user).get(url).status_code == 403
    assert client_of(user).post(url.replace("?", "export/?")).status_code == 403


def test_a_job_does_not_change_whom_a_hidden_field_selects(there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(("customer", "phone"))])
    entries = AuditEntry.objects.count()
    answer = client_of(user).post(
        "/customers/bulk/?phone.is=13877772946", {"which": "all", "action": "untag", "tag": there.tag.pk}
    )
    assert answer.status_code == 403
    assert there.customer.tagged.count() == 1
    assert AuditEntry.objects.count() == entries


# Nobody writes what is hidden from him


WRITTEN = {
    "name": "New", "gender": "female", "born_on": "2000-01-01", "country": "CN", "region": "New", "city": "New",
    "postal_code": "1", "language": "zh", "level": "New", "joined_on": "2000-01-01", "kind": "person",
}  # fmt: skip


def test_nobody_writes_a_field_that_is_hidden_from_him(there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(*(("customer", field) for field in WRITTEN))])
    browser, key = client_of(user), there.customer.pk
    before, entries = state(there), AuditEntry.objects.count()
    for field, value in WRITTEN.items():
        for headers in ({}, {"HX-Request": "true"}):
            answer = browser.post(f"/customers/{key}/field/{field}/", {field: value, "version": 1}, headers=headers)
            assert answer.status_code == 403, field
    assert browser.post(f"/customers/{key}/edit/", {**WRITTEN, "version": 1}).status_code in {302, 400, 403}
    assert state(there) == before
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("field", "url", "posted"),
    [
        ("phone", "contacts/", {"kind": "phone", "value": "13900000000"}),
        ("email", "contacts/", {"kind": "email", "value": "new@example.com"}),
        ("wechat", "contacts/", {"kind": "wechat", "value": "new"}),
        ("address", "contacts/", {"kind": "address", "value": "New"}),
        ("notes", "notes/", {"text": "New"}),
        ("tags", "tags/", {"name": "New"}),
        ("consents", "consents/", {"purpose": "marketing", "channel": "sms", "is_given": "yes", "given": "1"}),
        ("owner", "hand-over/", {"owner": "1", "to_owner": "1", "note": "x"}),
    ],
)
def test_nobody_adds_to_what_is_hidden_from_him(field, url, posted, there, user_of, client_of):
    user = user_of()
    user.roles.set([role_without(("customer", field), ("customer", "team"))])
    before, entries = state(there), AuditEntry.objects.count()
    answer = client_of(user).post(f"/customers/{there.customer.pk}/{url}", posted)
    # 302: a hand-over that has nothing left to hand over.
    assert answer.status_code in {302, 400, 403, 404}
    assert state(there) == before
    assert AuditEntry.objects.count() == entries


def state(there):
    """Everything that is kept of the customer."""
    customer = type(there.customer).objects.filter(pk=there.customer.pk).values().get()
    beside = {
        name: list(getattr(there.customer, name).order_by("pk").values())
        for name in ("contact_points", "consents", "tagged", "notes", "tasks", "attachments", "hand_overs", "scores")
    }
    return customer, beside


def test_the_number_of_who_has_no_name_is_as_hidden(there, user_of, client_of):
    type(there.customer).objects.update(name="")
    user = user_of()
    user.roles.set([role_without(("customer", "number"))])
    assert leaks(user, there, client_of, {"customer": ["number"]}) == []


def test_who_sees_no_customers_reads_no_names_beside_orders(there, user_of, client_of):
    """A warehouse that packs orders."""
    role = role_without()
    role.grants = {"order": {"actions": {"view": "all", "export": "all"}, "fields": {}}}
    role.save()
    user = user_of()
    user.roles.set([role])
    for url, text in answers(user, there, client_of):
        assert marks_in(text, "customer", list(MARKS["customer"])) == [], url
        assert marks_in(text, "product", ["unit_cost"]) == [], url
        assert "/customers/" not in text, url
