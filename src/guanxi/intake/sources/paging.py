"""How a web API divides a long list into pages, and where the next page is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as validated

__all__ = ["Cursor", "LinkHeader", "NextUrl", "Offset", "Page", "PageNumber", "Paging", "at_path", "with_parameters"]

_STRICT = ConfigDict(extra="forbid")
"""A description (`guanxi.intake.sources.description`) makes these from what a person wrote."""


@dataclass(frozen=True)
class Page:
    """What a server answered."""

    url: str
    content: Any
    """The JSON of the answer."""
    records: int
    links: Mapping[str, str] = field(default_factory=dict)
    """Of the header ``Link``: relation → URL."""


class Paging(Protocol):
    """Says where the first and the next pages are."""

    def first(self, url: str) -> str:
        """The URL of the first page."""

    def next(self, page: Page) -> str | None:
        """The URL of the page after this one; None after the last."""


@validated(frozen=True, config=_STRICT)
class LinkHeader:
    """The header ``Link: <…>; rel="next"`` (RFC 8288), as GitHub and Shopify send it."""

    style: Literal["link_header"] = "link_header"

    def first(self, url: str) -> str:
        return url

    def next(self, page: Page) -> str | None:
        link = page.links.get("next")
        return urljoin(page.url, link) if link else None


@validated(frozen=True, config=_STRICT)
class NextUrl:
    """A field of the answer holds the URL of the next page, as in ``{"next": "https://…?page=3"}``."""

    path: str
    """Names on the way to it, joined by dots."""
    style: Literal["next_url"] = "next_url"

    def first(self, url: str) -> str:
        return url

    def next(self, page: Page) -> str | None:
        link = at_path(page.content, self.path)
        return urljoin(page.url, str(link)) if link else None


@validated(frozen=True, config=_STRICT)
class Cursor:
    """A field of the answer holds what the next request has to give back as a parameter.

    Examples
    --------
    >>> paging = Cursor("meta.next_cursor", parameter="cursor")
    >>> paging.next(Page("https://shop.example/orders?limit=2", {"meta": {"next_cursor": "b7"}}, 2))
    'https://shop.example/orders?limit=2&cursor=b7'
    """

    path: str
    parameter: str = "cursor"
    more: str | None = None
    """Where the answer says whether there is more (``has_more``); a cursor of the last page is then not followed."""
    style: Literal["cursor"] = "cursor"

    def first(self, url: str) -> str:
        return url

    def next(self, page: Page) -> str | None:
        cursor = at_path(page.content, self.path)
        if cursor in (None, "", False) or (self.more is not None and not at_path(page.content, self.more)):
            return None
        return with_parameters(page.url, {self.parameter: cursor})


@validated(frozen=True, config=_STRICT)
class PageNumber:
    """Pages are numbered, and the first one without records is behind the last."""

    parameter: str = "page"
    start: int = 1
    style: Literal["page_number"] = "page_number"

    def first(self, url: str) -> str:
        return with_parameters(url, {self.parameter: self.start})

    def next(self, page: Page) -> str | None:
        number = int(dict(parse_qsl(urlsplit(page.url).query))[self.parameter])
        return with_parameters(page.url, {self.parameter: number + 1}) if page.records else None


@validated(frozen=True, config=_STRICT)
class Offset:
    """A page is asked for by the number of records before it. A server may give fewer than ``limit`` at a time: only a
    page without records ends the list."""

    parameter: str = "offset"
    limit_parameter: str = "limit"
    limit: int = 100
    style: Literal["offset"] = "offset"

    def first(self, url: str) -> str:
        return with_parameters(url, {self.parameter: 0, self.limit_parameter: self.limit})

    def next(self, page: Page) -> str | None:
        offset = int(dict(parse_qsl(urlsplit(page.url).query))[self.parameter])
        return with_parameters(page.url, {self.parameter: offset + page.records}) if page.records else None


def at_path(content: Any, path: str) -> Any:
    """What stands at a path of names joined by dots; None where there is nothing.

    >>> at_path({"meta": {"next": 3}}, "meta.next"), at_path([1], "meta.next")
    (3, None)
    """
    for name in filter(None, path.split(".")):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def with_parameters(url: str, parameters: Mapping[str, object]) -> str:
    """The URL with these query parameters, in the place of those of the same name."""
    parts = urlsplit(url)
    there = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, parameters.get(name, value)) for name, value in there]
    added = [(name, value) for name, value in parameters.items() if name not in dict(there)]
    return urlunsplit(parts._replace(query=urlencode([*kept, *added])))
