"""One GET after another from a web API: patient with a busy server, deaf to one that sends us elsewhere.

The address that the operator gives is trusted, also inside the company's network. Where a server points to afterwards
(a redirect, the link to a next page) is not: followed blindly, it would let a stranger's server have requests sent
from inside the network to machines that only the inside can reach, with our credentials. So every later address needs
the scheme, host and port of the first, or a host that the operator names; and only the first is sent secrets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from guanxi.errors import InputError, MissingExtra, SettingError

try:
    import httpx2
except ModuleNotFoundError:
    httpx2 = None  # type: ignore[assignment]

__all__ = ["Answer", "Web", "origin", "shown_url"]

_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 300.0
_REDIRECTS = 5
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """The body of a page, and where it came from in the end."""

    url: str
    text: str
    links: Mapping[str, str]


class Web:
    """GETs pages from one origin.

    Parameters
    ----------
    url : the address the operator gave; its scheme, host and port are the ones that are trusted
    headers : sent to that origin only; may hold secrets
    other_hosts : hosts (``host`` or ``host:port``) that the server may point to as well
    sleep : waits so many seconds
    page_bytes : a longer body is an error, before it is in memory
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        other_hosts: Collection[str],
        sleep: Callable[[float], None],
        page_bytes: int,
    ) -> None:
        if urlsplit(url).scheme not in _DEFAULT_PORTS or not urlsplit(url).hostname:
            raise SettingError("sources.bad_web_address")
        if httpx2 is None:
            raise MissingExtra("sources.missing_api")
        self._origin = origin(url)
        self._headers = dict(headers)
        self._others = frozenset(other_hosts)
        self._sleep = sleep
        self._page_bytes = page_bytes
        self._client: Any = None

    @contextmanager
    def session(self) -> Iterator[Web]:
        """Connections are kept open inside, and closed after."""
        timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        with httpx2.Client(timeout=timeout, follow_redirects=False, headers={"Accept": "application/json"}) as client:
            self._client = client
            yield self

    def get(self, url: str) -> Answer:
        """The page at ``url``, after as many redirects and repeats as are decent.

        Raises
        ------
        InputError : points elsewhere, refuses, does not answer, stays busy, sends too much or something else than text.
        """
        came_from = self._origin
        for _ in range(_REDIRECTS + 1):
            self._require_allowed(url, came_from)
            answer = self._patiently(url)
            if isinstance(answer, Answer):
                return answer
            url, came_from = urljoin(url, answer), origin(url)
        raise InputError("sources.too_many_redirects", address=shown_url(url))

    def _require_allowed(self, url: str, came_from: str) -> None:
        there = origin(url)
        parts = urlsplit(url)
        named = {parts.hostname, f"{parts.hostname}:{parts.port}"} & self._others
        # From https to http everybody on the way could read along.
        downgraded = came_from.startswith("https:") and parts.scheme == "http"
        if there == self._origin or (named and parts.scheme in _DEFAULT_PORTS and not downgraded):
            return
        raise InputError("sources.points_elsewhere", host=self._origin, other=there)

    def _patiently(self, url: str) -> Answer | str:
        """The answer, or where it redirects to; a busy server is asked again after a while."""
        cause = ""
        for attempt in range(_ATTEMPTS):
            wait = min(_FIRST_WAIT_SECONDS * 2**attempt, _LONGEST_WAIT_SECONDS)
            try:
                status, answer, asked_for = self._once(url)
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                # No server says who we are: the text of such errors holds neither headers nor the query.
                cause = str(error) or type(error).__name__
            else:
                if answer is not None:
                    return answer
                cause = f"HTTP {status}"
                wait = asked_for if asked_for is not None else wait
                if wait > _LONGEST_WAIT_SECONDS:
                    raise InputError("sources.asked_to_wait", address=shown_url(url), minutes=round(wait / 60))
            if attempt + 1 < _ATTEMPTS:
                self._sleep(wait)
        raise InputError("sources.no_answer", address=shown_url(url), attempts=_ATTEMPTS, cause=cause)

    def _once(self, url: str) -> tuple[int, Answer | str | None, float | None]:
        """Status, answer or redirect if there is one, and how long the server asks us to wait."""
        headers = self._headers if origin(url) == self._origin else {}
        with self._client.stream("GET", url, headers=headers) as response:
            status = response.status_code
            if status in _BUSY:
                return status, None, _asked_to_wait(response.headers)
            if status in _REDIRECT and "location" in response.headers:
                return status, response.headers["location"], None
            if status in (401, 403):
                raise InputError("sources.not_allowed", address=shown_url(url), status=status)
            if status != httpx2.codes.OK:
                raise InputError("sources.wrong_answer", address=shown_url(url), status=status)
            links = {rel: link["url"] for rel, link in response.links.items() if "url" in link}
            return status, Answer(url, self._text(response, url), links), None

    def _text(self, response: Any, url: str) -> str:
        body = bytearray()
        # Counted after unpacking: a small packed body may hold a large one.
        for octets in response.iter_bytes(64 << 10):
            body += octets
            if len(body) > self._page_bytes:
                raise InputError("sources.page_too_large", address=shown_url(url), mebibytes=self._page_bytes >> 20)
        try:
            # JSON on the web is UTF-8 (RFC 8259), whatever the header says; the other two are told by their zeros.
            return bytes(body).decode(json.detect_encoding(bytes(body)))
        except UnicodeDecodeError:
            raise InputError("sources.not_json", address=shown_url(url), beginning="…") from None


def origin(url: str) -> str:
    """Scheme, host and port.

    >>> origin("https://Shop.example/orders?page=2") == origin("https://shop.example:443/")
    True
    """
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _DEFAULT_PORTS.get(parts.scheme)}"


def shown_url(url: str) -> str:
    """An address as it may be told: account and query may hold secrets.

    >>> shown_url("https://me:secret@shop.example/orders?api_key=secret")
    'https://shop.example/orders'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of ``Retry-After``; a moment in it is measured against the server's own clock."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        until, sent = parsedate_to_datetime(asked), parsedate_to_datetime(headers["date"])
        return max((until - sent).total_seconds(), 0.0)
    except (ValueError, KeyError, TypeError):
        return None
