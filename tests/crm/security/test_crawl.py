"""A walk through the whole CRM, from home along every link, as each role in each language."""

from __future__ import annotations

import re
import shutil
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, connections, models

from guanxi_crm.core.models import AuditEntry, Company
from guanxi_crm.customers.models import ContactPoint, Customer, Note, Tag, Task
from guanxi_crm.sales.models import OrderLine, Product
from guanxi_crm.users.models import Role, Team, User

MOST_PAGES = 150
LEAST_VISITED = {"administrator": 60, "manager": 60, "sales": 20, "service": 30, "analyst": 40, "viewer": 35}
ROLES = ("administrator", "manager", "sales", "service", "analyst", "viewer")
FOR_ONE = re.compile(r"/\d+/|/[0-9a-f-]{36}/|=[^&]*")
"""What makes addresses of one kind: two of each are visited in English, one in Chinese."""
HAN = re.compile(r"[\u4e00-\u9fff]+")
ENGLISH = re.compile(r"\b[A-Za-z']{2,}(?: [a-z']{2,}){2,}\b")
NOT_OURS = {"code", "pre", "kbd", "textarea"}
"""What is not prose."""


class Page(HTMLParser):
    """What a page has: links, headings, and what a policy of no inline code would refuse."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.headings = 0
        self.lang = ""
        self.inline: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self._within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag == "a" and "download" not in given:
            self.links.append(given.get("href", ""))
        self.headings += tag == "h1"
        self.ids += [given["id"]] if "id" in given else []
        self.inline += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        if tag in ("script", "style") and "nonce" not in given and given.get("type") != "application/json":
            self.inline.append(f"<{tag}>")
        self.words += [
            given[name] for name in ("title", "aria-label", "placeholder", "alt", "data-confirm") if given.get(name)
        ]
        if tag not in {"input", "img", "meta", "link", "br", "hr", "use", "path", "col", "source", "wbr"}:
            self._within.append("data" if "data-code" in given or given.get("lang") else tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        if self._within:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        inside = set(self._within)
        if data.strip() and not inside & {*NOT_OURS, "script", "style", "title"}:
            self.words.append(data.strip())


@pytest.fixture(scope="session")
def rows_of_the_shop(demo_directory, tmp_path_factory, django_db_setup, django_db_blocker):
    """Everything of the simulated company of 300 customers, imported, studied and published: table by table."""
    path = tmp_path_factory.mktemp("crawled") / "demo.sqlite3"
    shutil.copy(demo_directory / "guanxi.sqlite3", path)
    here = connections.databases["default"]
    connections.databases["demo"] = {**here, "ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}, "NAME": str(path)}
    try:
        with django_db_blocker.unblock():
            return [(model, list(model.objects.using("demo").order_by("pk"))) for model in in_order()]
    finally:
        connections["demo"].close()
        del connections.databases["demo"]


def in_order() -> Iterator[type[models.Model]]:
    """Tables, those that others point to first."""
    ours = [
        model
        for config in apps.get_app_configs()
        if config.name.startswith("guanxi_crm")
        for model in config.get_models(include_auto_created=True)
    ]
    done: set[type[models.Model]] = set()
    while left := [model for model in ours if model not in done]:
        ready = [
            model
            for model in left
            if all(
                field.related_model in done or field.related_model is model or field.related_model not in ours
                for field in model._meta.concrete_fields
                if field.remote_field
            )
        ]
        yield from ready
        done.update(ready)


@pytest.fixture
def shop(rows_of_the_shop, demo_directory, db, settings):
    """That company here."""
    settings.RUN_DIR, settings.WAREHOUSE_DIR = demo_directory / "runs", demo_directory / "warehouse"
    Role.objects.all().delete()
    for model, rows in rows_of_the_shop:
        model.objects.bulk_create(rows, batch_size=500)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model for model, _ in rows_of_the_shop]):
            cursor.execute(statement)


def walked(browser, most_of_a_kind):
    """(address, where its link stands, answer, page) of home and all that can be reached from it."""
    waiting, seen, kinds = deque([("/", "/")]), {"/"}, {}
    while waiting and len(seen) <= MOST_PAGES * 40:
        url, came_from = waiting.popleft()
        kind = FOR_ONE.sub("/*/", url)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > most_of_a_kind or len(kinds) > MOST_PAGES:
            continue
        answer = browser.get(url)
        if answer.streaming:
            # To its end: a file that is closed early takes PostgreSQL's connection with it.
            deque(answer.streaming_content, maxlen=0)
        text = answer.content.decode() if not answer.streaming and "html" in answer.get("Content-Type", "") else ""
        page = Page(text) if text and answer.status_code == 200 else None
        yield url, came_from, answer, page
        for link in page.links if page else ():
            there = urlsplit(urljoin(url, link))
            to = there.path + (f"?{there.query}" if there.query else "")
            if there.netloc or there.scheme or link.startswith("#") or to in seen or to.startswith("/static/"):
                continue
            seen.add(to)
            waiting.append((to, url))


def foreign_words(page, language, known):
    """What stands in the other language, and is no data of the company."""
    other = HAN if language == "en" else ENGLISH
    found = [each for text in page.words for each in other.findall(text)]
    return [each for each in found if not any(each in one for one in known)]


def data_of_the_company():
    """Texts that come from data, in whatever language they are."""
    known = {"简体中文", "English", "中文"}
    for model, names in (
        (Customer, ("name", "city", "region", "country", "level")), (Product, ("name", "category")), (OrderLine, ("description",)),
        (Note, ("text",)), (Tag, ("name",)), (Task, ("title",)), (Team, ("name",)), (User, ("name",)), (Company, ("name",)),
        (ContactPoint, ("value",)), (AuditEntry, ("record_name", "user_name")),
    ):  # fmt: skip
        for values in model.objects.values_list(*names).distinct():
            known.update(str(value) for value in values if value)
    return known


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_somewhere_and_every_page_is_whole(role, language, shop, user_of, client_of):
    team = Team.objects.create(name="Shanghai")
    Customer.objects.filter(number__endswith="1").update(team=team)
    user, known, wrong, visited = user_of(role, language=language, teams=[team]), data_of_the_company(), [], 0
    known.update({user.name, user.email})
    browser = client_of(user, language={"en": "en", "zh": "zh-CN"}[language])
    for url, came_from, answer, page in walked(browser, 2 if language == "en" else 1):
        visited += 1
        if answer.status_code == 302 and urlsplit(answer["Location"]).path.startswith("/account/reauthenticate"):
            continue
        if answer.status_code not in {200, 302}:
            wrong.append(f"{url} (from {came_from}): {answer.status_code}")
        if page is None or "sandbox" in answer["Content-Security-Policy"]:
            continue
        told = {
            "h1": page.headings != 1,
            "lang": page.lang != {"en": "en", "zh": "zh-CN"}[language],
            "inline": page.inline,
            "nonce": "'nonce-" not in answer["Content-Security-Policy"],
            "words": foreign_words(page, language, known),
            "template": re.findall(r"\{[%{].*?[%}]\}|\bcrm_[a-z]+\.[a-z_]+", answer.content.decode()),
            "ids": sorted({each for each in page.ids if page.ids.count(each) > 1}),
        }
        wrong += [f"{url}: {name} {value}" for name, value in told.items() if value]
    assert wrong == []
    assert visited >= LEAST_VISITED[role]


def test_the_walk_finds_what_it_looks_for():
    page = Page(
        '<html lang="en"><h1>Hello</h1><h1>Again</h1><p onclick="x()" style="color:red" id="a">客户 and more</p>'
        '<script nonce="n">ours()</script><script>theirs()</script><a id="a" href="/x/" title="标题">go</a><code>代码</code>'
    )
    assert (page.lang, page.headings, page.links, page.ids) == ("en", 2, ["/x/"], ["a", "a"])
    assert page.inline == ["<p onclick>", "<p style>", "<script>"]
    assert foreign_words(page, "en", {"王小明"}) == ["客户", "标题"]
    assert foreign_words(Page("<p>All of these words are English</p><p>顾客 Anna Maria Smith</p>"), "zh", set()) == [
        "All of these words are"
    ]
