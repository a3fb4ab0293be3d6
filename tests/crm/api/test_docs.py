"""The page that describes the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guanxi_crm.site.api.document import operations_of
from guanxi_crm.site.api.entry import api

pytestmark = pytest.mark.django_db
MANUAL = Path(__file__).parents[3] / "docs" / "crm.md"
OPERATIONS = operations_of(api.get_openapi_schema())


@pytest.mark.parametrize(("language", "word"), [("en", "Customers, filtered and sorted"), ("zh-CN", "客户列表")])
def test_it_describes_every_operation_with_an_example(language, word, manager, client_of):
    text = client_of(manager, language=language).get("/api/v1/docs").content.decode()
    assert word in text
    for each in OPERATIONS:
        assert f'id="{each.id}"' in text
        assert f"http://testserver{each.example}".replace("&", "&amp;") in text
    assert "https://" not in text.replace('href="https://', "")


def test_it_leads_to_tokens_who_may_make_some(manager, sales, client_of):
    assert 'href="/settings/tokens/"' in client_of(manager).get("/api/v1/docs").content.decode()
    text = client_of(sales).get("/api/v1/docs").content.decode()
    assert 'href="/settings/tokens/"' not in text
    assert "ask an administrator" in text


def test_who_has_not_signed_in_signs_in_first(client, company):
    assert client.get("/api/v1/docs")["Location"] == "/account/login/?next=/api/v1/docs"


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "{" not in each.path], ids=lambda each: each.id)
def test_its_examples_are_understood(operation, ask, there, manager):
    path, _, asked = operation.example.removeprefix("/api/v1").partition("?")
    parameters = dict(pair.split("=") for pair in asked.split("&") if pair)
    assert ask(path, of=manager, **parameters).status_code == 200


def test_parameters_say_what_they_take():
    customers = next(each for each in OPERATIONS if each.id == "customers")
    parameters = {each.name: each for each in customers.parameters}
    assert parameters["limit"].default == "50"
    assert parameters["is_vip"].choices == ("yes", "no")
    assert "-amount" in parameters["sort"].choices
    assert {"items.owner.name", "next"} <= {each.name for each in customers.answer}
    assert customers.refusals == (400, 401, 403, 404, 429)


def test_the_manual_names_every_operation():
    told = re.findall(r"`(/[a-z/{}]+)`", MANUAL.read_text(encoding="utf-8"))
    assert {re.sub(r"\{\w+\}", "{id}", each.path).removeprefix("/api/v1") for each in OPERATIONS} <= set(told)
