"""A web shop's API on this machine, with every way to page, and every way to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ORDERS = [
    {"id": 1, "amount": 1.10, "name": "张三"},
    {"id": 2, "amount": 2, "name": None},
    {"id": 3, "amount": 3.5, "lines": [{"sku": "A", "qty": 2}]},
    {"id": 4, "amount": 4, "name": "two\nlines"},
    {"id": 5, "amount": 5, "name": "x"},
]
PAGE = 2


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    """A length that is not true."""


@dataclass
class Shop:
    """Answers by path; each list is used up from the front, and its last answer stays."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path with query and headers of every request."""

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        if parts.path in self.answers:
            prepared = self.answers[parts.path]
            return prepared.pop(0) if len(prepared) > 1 else prepared[0]
        return self._page(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def _page(self, path: str, query: dict[str, str]) -> Answer:
        start = int(query.get("offset") or query.get("cursor") or (int(query.get("page", 1)) - 1) * PAGE)
        found = ORDERS[start : start + min(int(query.get("limit", PAGE)), PAGE)]
        after = start + len(found)
        more = after < len(ORDERS)
        link = f'<{self.url}{path}?page={after // PAGE + 1}>; rel="next", <{self.url}{path}>; rel="first"'
        answers = {
            "/link": lambda: answer(found, {"Link": link} if more else {}),
            "/cursor": lambda: answer({"data": {"items": found}, "meta": {"next": str(after) if more else None}}),
            "/last-cursor": lambda: answer({"data": found, "last_id": str(after), "has_more": more}),
            "/next-url": lambda: answer({"results": found, "next": f"/next-url?offset={after}" if more else None}),
            "/pages": lambda: answer({"items": found, "total": len(ORDERS)}),
            "/offset": lambda: answer({"items": found, "total": len(ORDERS)}),
            "/stuck": lambda: answer(ORDERS[:PAGE]),
            "/circle": lambda: answer(found, {"Link": f'<{self.url}/circle>; rel="next"'}),
        }
        return answers.get(path, lambda: Answer(status=404))()


def answer(content: Any, headers: dict[str, str] | None = None) -> Answer:
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    return Answer(body, headers={"Content-Type": "application/json", **(headers or {})})


@contextmanager
def serving() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shop.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            found = shop.answer(self.path)
            if found.status == 0:
                self.close_connection = True
                return
            self.send_response(found.status)
            for name, value in found.headers.items():
                if name == "Date":
                    continue
                self.send_header(name, value)
            self.send_header("Content-Length", str(found.declared or len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)
            self.close_connection = found.declared is not None

        def date_time_string(self, _timestamp: float | None = None) -> str:
            return "Tue, 05 Mar 2024 08:00:00 GMT"

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        shop.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
