"""The records of a web API as a staged table: page by page, each record's values as they stand in the answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from guanxi.errors import FileError, InputError
from guanxi.intake.readers.delivery import Delivery, digest
from guanxi.intake.readers.json_records import stage_json
from guanxi.intake.sources.paging import Page, Paging, at_path
from guanxi.intake.sources.web import Answer, Web, shown_url
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from guanxi.warehouse.duckdb import connect

__all__ = ["stage_api"]

_MEMORY_LIMIT_MIB = 1000
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def stage_api(
    url: str,
    into: Path,
    *,
    sleep: Callable[[float], None],
    records: str = "",
    paging: Paging | None = None,
    headers: Mapping[str, str] | None = None,
    other_hosts: Collection[str] = (),
    page_bytes: int = 64 << 20,
    most_bytes: int = 4 << 30,
    progress: Progress | None = None,
    threads: int = 2,
) -> Staged:
    """Stage the records of a web API that answers in JSON, all pages of it, under the folder ``into``.

    Parameters
    ----------
    url : of the first page, ``https://…``, with the parameters that all pages need
    into : a folder for the staged file; made if need be, removed by the caller when done
    sleep : waits so many seconds, where the server asks for patience; usually `time.sleep`
    records : where the list of records stands in an answer: names joined by dots (``data.items``); empty if the
        answer is the list itself
    paging : how pages follow each other (`guanxi.intake.sources.paging`); None: there is one page
    headers : sent to the server of that address only; may hold secrets, and are told in no message
    other_hosts : hosts that the server may redirect or link to; without them only its own
    page_bytes, most_bytes : limits of one page and of all; beyond them it is an error
    progress : told of bytes; the stage is the caller's
    threads : of DuckDB

    Returns
    -------
    Staged : file ``host/path``; "lines" are the numbers of the records in the order in which the server gave them

    Raises
    ------
    SettingError : not an address.
    MissingExtra : ``guanxi[api]`` is not installed.
    InputError : no answer, refused, sent elsewhere, no JSON, no list there, pages that repeat, too large.
    FileError : no records.

    Notes
    -----
    One page at a time is in memory. A server that is busy (429, 5xx) or gone is asked six times, after 1, 2, 4, 8 and
    16 seconds or what its ``Retry-After`` says. Records that change places while pages are read may come twice or not
    at all; ask for a stable order where the API offers one.
    """
    web = Web(url, headers=headers or {}, other_hosts=other_hosts, sleep=sleep, page_bytes=page_bytes)
    name = f"{urlsplit(url).hostname}{urlsplit(url).path}".rstrip("/")
    into.mkdir(parents=True, exist_ok=True)
    target = next(path for number in count(1) if not (path := into / f"api.{number}.parquet").exists())
    collected = target.with_suffix(".jsonl")
    told = progress or Progress()
    try:
        with collected.open("wb") as file, web.session():
            for text in _pages(web, url, records, paging, most_bytes):
                told.advance(_write_records(file, text))
        if not collected.stat().st_size:
            raise FileError("sources.no_records", address=shown_url(url))
        delivery = Delivery(collected, name, lambda: digest(collected), lambda _: None)
        with connect(memory_limit_mib=_MEMORY_LIMIT_MIB, threads=threads, temporary=into) as con:
            return stage_json(delivery, target, con, one_record_is_enough=True)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        collected.unlink(missing_ok=True)


def _pages(web: Web, url: str, records: str, paging: Paging | None, most_bytes: int) -> Iterator[list[str]]:
    """The records of each page, as the text that they are in the answer."""
    following: str | None = paging.first(url) if paging else url
    seen: set[str] = set()
    before = b""
    total = 0
    while following is not None:
        if following in seen:
            raise InputError("sources.pages_repeat", address=shown_url(following), pages=len(seen))
        seen.add(following)
        answer = web.get(following)
        content = _content(answer)
        listed = _records(answer, content, records)
        # A server that does not know the parameter gives the first page for ever.
        same = hashlib.sha256("\n".join(listed).encode("utf-8", "surrogatepass")).digest()
        if listed and same == before:
            raise InputError("sources.pages_repeat", address=shown_url(following), pages=len(seen))
        before = same
        total += len(answer.text)
        if total > most_bytes:
            raise InputError(
                "sources.too_many_pages", address=shown_url(url), mebibytes=most_bytes >> 20, pages=len(seen)
            )
        yield listed
        # The address asked for, not the one it was redirected to: its parameters are the ones to go on from.
        following = paging.next(Page(following, content, len(listed), answer.links)) if paging else None


def _content(answer: Answer) -> Any:
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        beginning = " ".join(answer.text[:60].split())
        raise InputError("sources.not_json", address=shown_url(answer.url), beginning=beginning) from None


def _records(answer: Answer, content: Any, path: str) -> list[str]:
    found = at_path(content, path)
    if not isinstance(found, list):
        raise InputError(
            "sources.no_list_there", address=shown_url(answer.url), path=path or "–", lists=sorted(_lists(content))[:10]
        )
    text = answer.text
    at = _after_space(text, 1 if text.startswith("\ufeff") else 0)
    for name in filter(None, path.split(".")):
        at = _value_of(text, at, name)
    return list(_elements(text, at))


def _lists(content: Any, above: str = "") -> Iterator[str]:
    """Where lists of objects stand in an answer."""
    if isinstance(content, dict):
        for name, value in content.items():
            if isinstance(value, list):
                yield f"{above}{name}"
            else:
                yield from _lists(value, f"{above}{name}.")


def _value_of(text: str, at: int, wanted: str) -> int:
    """Where the value of a key begins in the object at ``at``; of a key given twice the last, as `json` does it."""
    found = -1
    at = _after_space(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _after_space(text, _after_space(text, at) + 1)
        if name == wanted:
            found = at
        _, at = _DECODER.raw_decode(text, at)
        at = _after_comma(text, at)
    return found


def _elements(text: str, at: int) -> Iterator[str]:
    at = _after_space(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield text[at:end]
        at = _after_comma(text, end)


def _after_comma(text: str, at: int) -> int:
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] == "," else at


def _after_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _write_records(file: IO[bytes], records: list[str]) -> int:
    """One record a line: within JSON a line break is only space between two signs."""
    lines = "".join(f"{record.translate(_NO_BREAKS)}\n" for record in records)
    octets = lines.encode("utf-8", "backslashreplace")
    file.write(octets)
    return len(octets)


_NO_BREAKS = {ord("\r"): " ", ord("\n"): " "}
