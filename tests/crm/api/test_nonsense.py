"""Whatever a program sends, it is answered, and never with a mistake of ours."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi_crm.site.api.entry import api

pytestmark = pytest.mark.django_db

PARAMETERS = {
    path.removeprefix("/api/v1"): [each["name"] for each in told["get"].get("parameters", ()) if each["in"] == "query"]
    for path, told in api.get_openapi_schema()["paths"].items()
    if "{" not in path
}
VALUES = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.sampled_from(["me", "mine", "yes"]),
)
CURSORS = st.lists(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans()), max_size=4
).map(lambda content: base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("="))


@pytest.mark.parametrize("path", PARAMETERS)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_lists_answer_whatever_is_asked(path, data, ask, there, manager):
    asked = data.draw(st.dictionaries(st.sampled_from([*PARAMETERS[path], "x"]), VALUES, max_size=4))
    if "cursor" in PARAMETERS[path] and data.draw(st.booleans()):
        asked["cursor"] = data.draw(CURSORS)
    answer = ask(path, of=manager, **asked)
    assert answer.status_code in {200, 400, 404}, asked
    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/customers/", "/orders/", "/products/", "/runs/"])
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(key=st.one_of(st.integers().map(str), st.text(alphabet="09-ax.%\u4e00", min_size=1, max_size=20)))
def test_records_answer_whatever_key_is_asked(path, key, ask, there, manager):
    assert ask(f"{path}{key}", of=manager).status_code in {200, 400, 404}


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_whatever_stands_in_the_header_is_no_way_in(header, client, company):
    for value in (header, f"Bearer {header}", f"Basic {header}"):
        assert client.get("/api/v1/me", headers={"Authorization": value}).status_code == 401
