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
    columns = urlencode({"columns": ",".join(name for name in record_type("customer").names if name not in ("consents", "notes", "files"))})
    return [
        "/", "/customers/", f"/customers/?{columns}", "/customers/?q=zq", "/customers/filters/", "/customers/bulk/?ids=1",
        "/customers/tasks/", customer, f"{customer}timeline/",
        *(f"{customer}timeline/?kind={kind}" for kind in ("orders", "notes", "consents", "segments", "changes")),
        f"{customer}edit/", f"{customer}contacts/", f"{customer}consents/", f"{customer}hand-over/",
        "/search/?q=zq", "/search/?q=2946", "/sales/orders/", f"/sales/orders/?customer={there.customer.pk}",
        f"/sales/orders/{there.order.pk}/", "/sales/products/", "/sales/products/?q=zq",
        f"/sales/products/{there.product.pk}/", "/settings/audit/", "/studies/", f"/studies/runs/{there.run.pk}/",
    ]  # fmt: skip


def questions(there):
    """Every operation of the API that tells of records."""
    keys = {"customers": there.customer.pk, "orders": there.order.pk, "products": there.product.pk}
    return [f"/api/v1/{name}" for name in (*keys, "scores", "me")] + [f"/api/v1/{name}/{key}" for name, key in keys.items()]


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
        defaults={"user": user, "name": "till", "scopes": API_SCOPES, "created_at": now, "expires_at": now + dt.timedelta(days=1)},
    )
    return Client(headers={"Authorization": f"Bearer {SECRET}"})


def leaks(user, there, client_of, hidden):
    """(way in, record type, field) wherever a mark of a hidden field can be read."""
    return [
        (url, kind, field)
        for url, text in answers(user, there, client_of)
        for kind, fields in hidden.items()
        for field in marks_in(text, kind, fields)
        if (url, kind, field) not in {(url, kind, field) for kind, field in ELSEWHERE.get(url, ())}
    ]


ELSEWHERE: dict[str, list[tuple[str, str]]] = {}


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
    shown = {(kind, field) for _, text in answers(user, there, client_of) for kind in KINDS for field in marks_in(text, kind, list(MARKS[kind]))}
    assert shown == {(kind, field) for kind in KINDS for field in MARKS[kind]}
