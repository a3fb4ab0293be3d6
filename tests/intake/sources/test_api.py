"""A real HTTP server on this machine, paged through in every style, failing in every way."""

from __future__ import annotations

import gzip
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from guanxi.errors import FileError, InputError, MissingExtra, SettingError
from guanxi.intake.sources import (
    Cursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    stage_api,
    web,
)
from guanxi.intake.staged import Staged
from guanxi.progress import Progress
from intake.sources import shop_server
from intake.sources.shop_server import Answer, Shop, answer

EXPECTED = [
    ("1", "1.1", "张三", None),
    ("2", "2", None, None),
    ("3", "3.5", None, '[{"sku":"A","qty":2}]'),
    ("4", "4", "two\nlines", None),
    ("5", "5", "x", None),
]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with shop_server.serving() as shop:
        yield shop


class Waits(list[float]):
    """A sleep that only remembers how long it was asked to."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def staged_from(shop: Shop, path: str, folder: Path, **options: Any) -> Staged:
    options.setdefault("sleep", Waits())
    return stage_api(shop.url + path, folder / "staged", **options)


def rows_of(staged: Staged) -> list[tuple[str | None, ...]]:
    table = pq.read_table(staged.path)
    assert tuple(table.column_names) == staged.columns
    return [tuple(row.values()) for row in table.to_pylist()]


# Paging


@pytest.mark.parametrize(
    ("path", "records", "paging", "asked"),
    [
        ("/link", "", LinkHeader(), ["/link", "/link?page=2", "/link?page=3"]),
        ("/cursor?a=1", "data.items", Cursor("meta.next"), ["/cursor?a=1", "/cursor?a=1&cursor=2", "/cursor?a=1&cursor=4"]),
        ("/last-cursor", "data", Cursor("last_id", more="has_more"), ["/last-cursor", "/last-cursor?cursor=2", "/last-cursor?cursor=4"]),
        ("/next-url", "results", NextUrl("next"), ["/next-url", "/next-url?offset=2", "/next-url?offset=4"]),
        ("/pages", "items", PageNumber(), [f"/pages?page={number}" for number in (1, 2, 3, 4)]),
        ("/offset", "items", Offset(limit=50), [f"/offset?offset={offset}&limit=50" for offset in (0, 2, 4, 5)]),
    ],
)  # fmt: skip
def test_all_pages_are_read_in_every_style(
    path: str, records: str, paging: Paging, asked: list[str], shop: Shop, tmp_path: Path
) -> None:
    staged = staged_from(shop, path, tmp_path, records=records, paging=paging)
    assert shop.paths == asked
    assert staged.columns == ("id", "amount", "name", "lines")
    assert rows_of(staged) == EXPECTED
    assert (staged.format, staged.file, staged.unread) == ("jsonl", f"127.0.0.1{path.partition('?')[0]}", ())
    assert staged.lines([1, 5]) == [1, 5]
    assert [each.name for each in (tmp_path / "staged").iterdir()] == [staged.path.name]


def test_without_paging_one_page_is_read(shop: Shop, tmp_path: Path) -> None:
    assert rows_of(staged_from(shop, "/pages", tmp_path, records="items")) == [row[:3] for row in EXPECTED[:2]]
    assert shop.paths == ["/pages"]


def test_values_stand_as_they_stood_in_the_answer(shop: Shop, tmp_path: Path) -> None:
    body = (
        b' {"a": [1], "data" : {"items":[ {"n": 1.10, "big": 12345678901234567890,\r\n "e": 1E2} , {"n": -0}]}, "z": 1}'
    )
    shop.answers["/raw"] = [Answer(b"\xef\xbb\xbf" + body)]
    staged = staged_from(shop, "/raw", tmp_path, records="data.items")
    assert rows_of(staged) == [("1.10", "12345678901234567890", "1E2"), ("-0", None, None)]


def test_one_record_with_lines_in_it_is_a_record(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/one"] = [answer([shop_server.ORDERS[2]])]
    assert rows_of(staged_from(shop, "/one", tmp_path)) == [("3", "3.5", '[{"sku":"A","qty":2}]')]


def test_the_same_records_have_the_same_digest_whatever_the_pages(shop: Shop, tmp_path: Path) -> None:
    paged = staged_from(shop, "/pages", tmp_path, records="items", paging=PageNumber())
    shop.answers["/whole"] = [answer({"items": shop_server.ORDERS, "more": False})]
    whole = staged_from(shop, "/whole", tmp_path, records="items")
    assert paged.sha256 == whole.sha256
    assert paged.path != whole.path


def test_progress_is_told_bytes(shop: Shop, tmp_path: Path) -> None:
    progress = Progress()
    with progress.stage("cli.stage_read"):
        staged_from(shop, "/link", tmp_path, paging=LinkHeader(), progress=progress)
    assert progress.stages[0].done > 200


@pytest.mark.parametrize(("path", "paging"), [("/stuck", PageNumber()), ("/circle", LinkHeader())])
def test_a_server_that_gives_the_same_page_for_ever_is_noticed(
    path: str, paging: Paging, shop: Shop, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="the same page again") as caught:
        staged_from(shop, path, tmp_path, paging=paging)
    assert caught.value.code == "sources.pages_repeat"
    assert list((tmp_path / "staged").iterdir()) == []


# Patience


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_longer_and_longer_waits(status: int, shop: Shop, tmp_path: Path) -> None:
    shop.answers["/busy"] = [Answer(status=status)] * 3 + [answer([{"id": 1}])]
    waits = Waits()
    assert staged_from(shop, "/busy", tmp_path, sleep=waits).rows == 1
    assert waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7), ("0", 0), ("Tue, 05 Mar 2024 08:01:30 GMT", 90), ("Tue, 05 Mar 2024 07:00:00 GMT", 0), ("soon", 1)],
)
def test_a_server_is_given_the_time_it_asks_for(asked: str, waited: float, shop: Shop, tmp_path: Path) -> None:
    shop.answers["/busy"] = [Answer(status=429, headers={"Retry-After": asked}), answer([{"id": 1}])]
    waits = Waits()
    staged_from(shop, "/busy", tmp_path, sleep=waits)
    assert waits == [waited]


def test_a_wait_of_an_hour_is_left_to_the_operator(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/busy"] = [Answer(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(InputError, match="asks to wait 60 minutes"):
        staged_from(shop, "/busy", tmp_path)


def test_a_server_that_stays_busy_is_given_up(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/busy"] = [Answer(status=503)]
    waits = Waits()
    with pytest.raises(InputError, match=r"no answer in 6 attempts \(HTTP 503\)"):
        staged_from(shop, "/busy", tmp_path, sleep=waits)
    assert waits == [1, 2, 4, 8, 16]


def test_a_connection_that_breaks_is_tried_again(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/cut"] = [Answer(status=0), Answer(b'[{"id"', declared=1000), answer([{"id": 1}])]
    waits = Waits()
    assert staged_from(shop, "/cut", tmp_path, sleep=waits).rows == 1
    assert waits == [1, 2]


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(InputError, match="gave no answer in 6 attempts"):
        stage_api(f"http://127.0.0.1:{port}/orders", tmp_path, sleep=Waits())


# Answers that are none


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Answer(status=401), "sources.not_allowed"),
        (Answer(status=403), "sources.not_allowed"),
        (Answer(status=404), "sources.wrong_answer"),
        (Answer(status=204), "sources.wrong_answer"),
        (Answer(b"<html>login</html>"), "sources.not_json"),
        (Answer(b'[{"id": 1'), "sources.not_json"),
        (Answer(b"[" * 100_000), "sources.not_json"),
        (Answer(b'"\xff\xfe\xfd"'), "sources.not_json"),
        (Answer(b""), "sources.not_json"),
        (answer({"error": "no", "page": {"orders": [], "more": []}}), "sources.no_list_there"),
        (answer([]), "sources.no_records"),
        (answer([1, 2]), "intake.mostly_unreadable"),
        (Answer(b"[" + b" " * (2 << 20) + b"]"), "sources.page_too_large"),
        (Answer(gzip.compress(b" " * (64 << 20)), headers={"Content-Encoding": "gzip"}), "sources.page_too_large"),
    ],
)
def test_an_answer_that_holds_no_records_is_an_error_with_an_advice(
    given: Answer, code: str, shop: Shop, tmp_path: Path
) -> None:
    shop.answers["/wrong"] = [given]
    with pytest.raises((InputError, FileError)) as caught:
        staged_from(shop, "/wrong", tmp_path, page_bytes=1 << 20)
    assert caught.value.code == code
    assert shop.url.removeprefix("http://").split(":")[0] in str(caught.value)
    assert list((tmp_path / "staged").iterdir()) == []


def test_lists_that_are_there_are_named(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/wrong"] = [answer({"page": {"orders": [], "more": []}, "a": []})]
    with pytest.raises(
        InputError, match=r"no list of records at data\. Lists stand at: a, page\.more, and page\.orders"
    ):
        staged_from(shop, "/wrong", tmp_path, records="data")


def test_pages_without_end_are_stopped_by_their_size(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/many"] = [answer([{"id": at, "note": "x" * 1000}]) for at in range(100)]
    with pytest.raises(InputError, match="more than 0 MiB in 10 pages"):
        staged_from(shop, "/many", tmp_path, paging=PageNumber(), most_bytes=10_000)


# Secrets and other hosts


def test_a_header_is_sent_with_every_page(shop: Shop, tmp_path: Path) -> None:
    staged_from(shop, "/link", tmp_path, paging=LinkHeader(), headers={"Authorization": "Bearer hunter2"})
    assert [headers.get("authorization") for _, headers in shop.asked] == ["Bearer hunter2"] * 3


@pytest.mark.parametrize("status", [401, 404, 503])
def test_neither_secret_nor_query_is_told(status: int, shop: Shop, tmp_path: Path) -> None:
    shop.answers["/wrong"] = [Answer(status=status)]
    path, headers = "/wrong?api_key=hunter3", {"X-Key": "hunter2"}
    with pytest.raises(InputError) as caught:
        staged_from(shop, path, tmp_path, headers=headers)
    everything = "".join(traceback.format_exception(caught.value)) + caught.value.say("zh") + repr(caught.value)
    assert "hunter2" not in everything
    assert "hunter3" not in everything


def test_a_redirect_on_the_same_host_is_followed(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/old"] = [Answer(status=301, headers={"Location": "/link?limit=1"})]
    assert staged_from(shop, "/old", tmp_path).rows == 1


def test_redirects_without_end_are_given_up(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/round"] = [Answer(status=302, headers={"Location": "/round"})]
    with pytest.raises(InputError, match="redirects again and again"):
        staged_from(shop, "/round", tmp_path)
    assert len(shop.asked) == 6


@pytest.mark.parametrize("way", ["redirect", "link", "field"])
def test_a_server_that_points_elsewhere_is_not_followed(way: str, shop: Shop, tmp_path: Path) -> None:
    with shop_server.serving() as inside:
        there = f"{inside.url}/link"
        paging: Paging | None = {"link": LinkHeader(), "field": NextUrl("next")}.get(way)
        shop.answers["/lure"] = [
            {
                "redirect": Answer(status=302, headers={"Location": there}),
                "link": answer([{"id": 1}], {"Link": f'<{there}>; rel="next"'}),
                "field": answer({"items": [{"id": 1}], "next": there}),
            }[way]
        ]
        with pytest.raises(InputError, match="sends us to another address") as caught:
            staged_from(shop, "/lure", tmp_path, records="items" if way == "field" else "", paging=paging)
        assert caught.value.message.parameters["other"] == inside.url
        assert inside.asked == []


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x"])
def test_a_server_cannot_point_to_something_that_is_no_web_page(address: str, shop: Shop, tmp_path: Path) -> None:
    shop.answers["/lure"] = [Answer(status=302, headers={"Location": address})]
    with pytest.raises(InputError, match="sends us to another address"):
        staged_from(shop, "/lure", tmp_path, other_hosts=["127.0.0.1"])


def test_a_host_that_the_operator_names_is_followed_without_secrets(shop: Shop, tmp_path: Path) -> None:
    with shop_server.serving() as other:
        other.answers["/files"] = [answer([{"id": 7}])]
        shop.answers["/moved"] = [Answer(status=302, headers={"Location": f"{other.url}/files"})]
        staged = staged_from(
            shop, "/moved", tmp_path, other_hosts=[other.url.removeprefix("http://")],
            headers={"Authorization": "hunter2"},
        )  # fmt: skip
        assert rows_of(staged) == [("7",)]
        assert "authorization" in shop.asked[0][1]
        assert "authorization" not in other.asked[0][1]


def test_from_https_nobody_is_led_to_http(tmp_path: Path) -> None:
    caller = web.Web(
        "https://shop.example/orders", headers={}, other_hosts=["cdn.example"], sleep=Waits(), page_bytes=1
    )
    caller._require_allowed("https://cdn.example/x", "https://shop.example:443")
    with pytest.raises(InputError, match="sends us to another address"):
        caller._require_allowed("http://cdn.example/x", "https://shop.example:443")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "shop.example/orders", "https://", "ftp://shop.example"])
def test_only_web_addresses_are_taken(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="not a web address"):
        stage_api(url, tmp_path, sleep=Waits())


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "httpx2", None)
    with pytest.raises(MissingExtra, match=r'pip install "guanxi\[api\]"'):
        stage_api("https://shop.example/orders", tmp_path, sleep=Waits())
