"""``{% url "customers:edit" customer.pk %}`` as Django has it, only quicker. Built in: no ``{% load %}`` is needed.

A page has a hundred addresses, of a few views, that differ in a key. Django goes through its patterns for each of them;
here that is done once for a view, and the keys are written in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parsed
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.html import escape

register = template.Library()

_MARK = "7304881202"
_STAND_IN = int(f"{_MARK}600")
"""And the numbers after it stand for keys: no pattern has them in its own text."""


class _Address(URLNode):
    def render(self, context: template.Context) -> str:
        given = tuple(each.resolve(context) for each in self.args)
        name = self.view_name.resolve(context)
        if self.kwargs or self.asvar or not name or not all(_is_text(each) or _is_key(each) for each in given):
            return str(super().render(context))
        keys = [each for each in given if not isinstance(each, str)]
        texts = tuple(each if isinstance(each, str) else None for each in given)
        try:
            address = _written(get_urlconf(), get_script_prefix(), name, texts).format(*keys)
        except NoReverseMatch:
            # Said again with the keys as they are.
            return str(super().render(context))
        return escape(address) if context.autoescape else address


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """The address of a view, its arguments keys and texts."""
    node = parsed(parser, token)
    return _Address(node.view_name, node.args, node.kwargs, node.asvar)


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and _MARK not in given


def _is_key(given: Any) -> bool:
    return type(given) is int and given >= 0


@lru_cache(maxsize=2_000)
def _written(_urlconf: str | None, _prefix: str, name: str, texts: tuple[str | None, ...]) -> str:
    """A view's address with a place for each key.

    Raises
    ------
    NoReverseMatch : there is no such view with so many arguments.
    """
    keys = [str(_STAND_IN + number) for number, text in enumerate(texts) if text is None]
    meant = iter(keys)
    address = reverse(name, args=[next(meant) if text is None else text for text in texts])
    address = address.replace("{", "{{").replace("}", "}}")
    for key in keys:
        address = address.replace(key, "{}")
    return address
