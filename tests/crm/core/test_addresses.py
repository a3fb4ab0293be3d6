"""Addresses in templates."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.template.defaulttags import URLNode
from django.urls import NoReverseMatch, set_script_prefix

ADDRESSES = [
    '{% url "customers:list" %}',
    '{% url "customers:edit" key %}',
    '{% url "customers:field" key "city" %}',
    '{% url "customers:field" key name %}',
    '{% url "customers:field" key "7304881202600" %}',
    '{% url "customers:tag_remove" key 5 %}',
    '{% url "customers:file_download" key file %}',
    '{% url "customers:edit" customer_id=key %}',
    '{% url "customers:edit" key as there %}<a href="{{ there }}">',
    "{% url view key %}",
    '{% url "nowhere" key as there %}{{ there }}',
]
KEYS = [7, 7_304_881_202_600, 2**63 - 1]


@pytest.fixture
def drawn():
    """A template with some values; ``by_django`` without what is ours."""

    def draw(template: str, *, by_django: bool = False, **values: object) -> str:
        with pytest.MonkeyPatch.context() as patched:
            if by_django:
                patched.setattr("guanxi_crm.core.templatetags.addresses._Address.render", URLNode.render)
            file = "6f1f3a52-5c1b-4c5e-9e0a-1f1f3a525c1b"
            known = {"key": 7, "name": "city-2", "file": file, "view": "customers:edit"}
            return Template(template).render(Context(known | values))

    return draw


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("template", ADDRESSES)
def test_an_address_is_what_django_would_write(drawn, template, key):
    # The second time it is remembered.
    for _ in range(2):
        assert drawn(template, key=key) == drawn(template, key=key, by_django=True)


@pytest.mark.parametrize(
    "template",
    ['{% url "nowhere" %}', '{% url "customers:edit" %}', '{% url "customers:edit" -1 %}', '{% url "customers:edit" "x" %}',
     '{% url "customers:edit" missing %}', '{% url missing %}'],
)  # fmt: skip
def test_an_address_that_there_is_not_is_refused_as_by_django(drawn, template):
    for by_django in (True, False):
        with pytest.raises(NoReverseMatch):
            drawn(template, by_django=by_django)


def test_an_address_has_the_prefix_under_which_the_server_stands(drawn):
    assert drawn(ADDRESSES[1]) == "/customers/7/edit/"
    set_script_prefix("/crm/")
    try:
        assert drawn(ADDRESSES[1]) == "/crm/customers/7/edit/"
    finally:
        set_script_prefix("/")
