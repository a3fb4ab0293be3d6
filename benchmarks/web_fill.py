"""A database of a large company for `web.py`: made by formula, written in batches, the same for the same size.

Chinese and English names (7 % are called 王), telephone numbers, owners and teams, orders with their lines, and one
published version of scores. Money is in fen. One customer in a hundred is busy: a fifth of all orders are theirs.

What stands in the tables is what an import and a publication would have written. It is written past them, without
journal and checks, into tables whose indexes are made afterwards, and so in minutes instead of hours; only the search
index is filled by the service that always fills it.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from itertools import islice, repeat

import numpy as np
from django.db import connection, transaction
from django.db.models import Model

from guanxi_crm.core.company import company_update
from guanxi_crm.core.planner import planner_refresh
from guanxi_crm.customers.models import ContactPoint, Customer, CustomerScores, Tag
from guanxi_crm.customers.services.scores import scores_begin, scores_publish
from guanxi_crm.customers.services.search_index import search_index_all
from guanxi_crm.sales.models import Order, OrderLine, Product
from guanxi_crm.users.models import Role, Team, User
from guanxi_crm.users.policy import system
from guanxi_crm.users.services.roles import roles_ensure

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华文玉萍红建国志小雨欣子涵梓轩思宇浩晨佳怡嘉琪诗梦雅"
FIRST = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Kate",
    "Leo",
    "Mia",
    "Noah",
)
LAST = ("Smith", "Brown", "Miller", "Wilson", "Moore", "Taylor", "White", "Harris", "Martin", "Young", "King", "Zhang")
CITIES = ("上海", "北京", "广州", "深圳", "杭州", "成都", "武汉", "西安", "London", "Paris")
SEGMENTS = ("champions", "loyal", "potential_loyal", "new", "promising", "need_attention", "about_to_sleep", "at_risk",
            "cannot_lose", "hibernating")  # fmt: skip
TODAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
STAFF, TEAMS, PRODUCTS, TAGS = 50, 10, 2000, 12
_BATCH = 50_000
_BUSY = 0.2
"""Share of the orders that busy customers make."""
_PRICE = 4115


def fill(customers: int, lines: int) -> dict[str, float]:
    """Fill a migrated database with what it does not hold yet; returns seconds by step."""
    seconds: dict[str, float] = {}
    rng = np.random.default_rng(7)
    steps = []
    if not Customer.objects.exists():
        steps += [
            ("staff", _staff),
            ("customers", lambda: _customers(customers, rng)),
            ("scores", lambda: _scores(customers, rng)),
            ("search index", lambda: [None for _ in search_index_all()]),
        ]
    if lines and not Order.objects.exists():
        steps.append(("orders", lambda: _orders(Customer.objects.count(), lines, np.random.default_rng(8))))
    if steps:
        steps.append(("planner", _planner))
    with _without_safety() if steps else nullcontext():
        for name, step in steps:
            began = time.perf_counter()
            step()
            seconds[name] = round(time.perf_counter() - began, 1)
            print(f"filled: {name} in {seconds[name]} s", flush=True)
    return seconds


def _staff() -> None:
    roles_ensure()
    company_update(name="Bench", timezone="Asia/Shanghai", currency="CNY")
    teams = [Team.objects.create(name=f"team {number}") for number in range(TEAMS)]
    administrator = User.objects.create_user("administrator@example.com", name="Ada Admin")
    administrator.roles.set(Role.objects.filter(is_administrator=True))
    for number in range(STAFF):
        user = User.objects.create_user(f"sales{number}@example.com", name=f"Sales {number}")
        user.roles.set(Role.objects.filter(code="sales"))
        user.teams.set([teams[number % TEAMS]])
    Tag.objects.bulk_create([Tag(name=f"tag {number}") for number in range(TAGS)])


def _customers(count: int, rng: np.random.Generator) -> None:
    surname = rng.choice(len(SURNAMES), count, p=_shares(len(SURNAMES)))
    given = rng.integers(0, len(GIVEN), (count, 2))
    kind, phone = rng.random(count), rng.integers(0, 10**8, count)
    owners = list(User.objects.filter(roles__code="sales").order_by("pk").values_list("pk", "teams"))
    age = rng.integers(0, 3 * 365 * 86400, count)
    first = 1

    def name(row: int) -> str:
        if kind[row] < 0.7:
            last = GIVEN[given[row, 1]] if kind[row] < 0.45 else ""
            return SURNAMES[surname[row]] + GIVEN[given[row, 0]] + last
        return f"{FIRST[given[row, 0] % len(FIRST)]} {LAST[given[row, 1] % len(LAST)]}"

    def customer(row: int) -> tuple[object, ...]:
        owner, team = owners[row % len(owners)]
        made = TODAY - dt.timedelta(seconds=int(age[row]))
        return (first + row, f"C{row:07d}", "person", name(row), "", "CN", "", CITIES[row % len(CITIES)], "", "zh", "",
                owner, team, "import", made, made, 1, "[]")  # fmt: skip

    columns = ("id", "number", "kind", "name", "gender", "country", "region", "city", "postal_code", "language",
               "level",
               "owner_id", "team_id", "origin", "created_at", "updated_at", "version", "edited")  # fmt: skip
    _insert(Customer, columns, (customer(row) for row in range(count)))
    points = (
        (first + row, kind_, value, normal, "", True, "import")
        for row in range(count)
        for kind_, value, normal in (
            ("phone", f"+86 13{row % 10}-{phone[row] // 10000:04d}-{phone[row] % 10000:04d}",
             f"8613{row % 10}{phone[row]:08d}"),
            ("email", f"user{row}@example.com", f"user{row}@example.com"),
        )
    )  # fmt: skip
    _insert(ContactPoint, ("customer_id", "kind", "value", "normal", "label", "is_primary", "origin"), points)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customertag (customer_id, tag_id) "
            f"SELECT id, 1 + id % {TAGS} FROM customers_customer WHERE id % 4 = 0"
        )
    _count_on(Customer, count)


def _scores(count: int, rng: np.random.Generator) -> None:
    version = scores_begin(
        user=system(), as_of=TODAY.date(), snapshot_id=1, horizon_days=90, currency="CNY", grades={"churn": "B"}
    )
    amount = np.round(rng.lognormal(10, 1.2, count)).astype(int)
    days = np.minimum(rng.exponential(200, count).astype(int), 1500)
    orders = rng.poisson(3, count)
    churn = 1 / (1 + np.exp(-(days - 150) / 60 - rng.normal(0, 0.5, count)))
    expected = np.round(amount * (1 - churn) * 0.3).astype(int)
    abc = np.where(amount > np.quantile(amount, 0.8), "A", np.where(amount > np.quantile(amount, 0.5), "B", "C"))
    vip = amount > np.quantile(amount, 0.95)
    segment = np.clip((days / 60).astype(int) + (orders < 3) * 2, 0, len(SEGMENTS) - 1)
    group = np.where(amount > np.quantile(amount, 0.8), "high",
             np.where(expected > np.quantile(expected, 0.8), "potential",
             np.where(amount < np.median(amount), "low", "ordinary")))  # fmt: skip
    band = np.where(churn < 0.33, "low", np.where(churn < 0.66, "medium", "high"))
    reasons = json.dumps({"churn": [["churn.reason_silence", 200, 0.4]]})

    def row(at: int) -> tuple[object, ...]:
        if orders[at] == 0:
            return (version.pk, at + 1, None, None, 0, None, None, None, None, "no_purchase_yet", "", "", False, False,
                    None, None, None, None, "", "{}")  # fmt: skip
        last = TODAY - dt.timedelta(days=int(days[at]), seconds=at % 86400)
        is_late = days[at] > 365
        return (version.pk, at + 1, last - dt.timedelta(days=300), last, int(orders[at]), int(amount[at]), 0,
                int(days[at]), 60.0, SEGMENTS[segment[at]], str(group[at]), str(abc[at]), bool(vip[at]), bool(is_late),
                float(1 - churn[at]), 0.9, int(expected[at]), None if is_late else float(churn[at]),
                "" if is_late else str(band[at]), reasons)  # fmt: skip

    columns = ("scored_id", "customer_id", "first_order_at", "last_order_at", "orders", "amount", "returns_amount",
               "days_since_last_order", "mean_days_between_orders", "segment", "value_group", "abc", "is_vip",
               "is_silent", "p_alive", "expected_orders", "expected_amount", "churn_probability", "churn_band",
               "reasons")  # fmt: skip
    _insert(CustomerScores, columns, (row(at) for at in range(count)))
    scores_publish(user=system(), version=version)


def _orders(customers: int, lines: int, rng: np.random.Generator) -> None:
    """Three or four lines an order, about three orders a customer where there are ten lines a customer."""
    Product.objects.bulk_create(
        [Product(code=f"P{n}", name=f"商品 {n}", category=f"类 {n % 20}") for n in range(PRODUCTS)],
        ignore_conflicts=True,
    )
    count = lines * 3 // 10
    is_busy = rng.random(count) < _BUSY
    buyer = np.where(
        is_busy, rng.integers(1, max(customers // 100, 1) + 1, count), rng.integers(1, customers + 1, count)
    )
    age = rng.integers(0, 3 * 365 * 86400, count)
    first_line = (np.arange(count + 1) * lines + count - 1) // count
    several = np.diff(first_line)

    def order(row: int) -> tuple[object, ...]:
        at = TODAY - dt.timedelta(seconds=int(age[row]))
        key = base64.urlsafe_b64encode(hashlib.blake2b(b"%d" % row, digest_size=18).digest()).decode()
        return (row + 1, key, "bench", f"O{row:08d}", int(buyer[row]), at, at.date(), int(several[row]),
                int(several[row]), int(several[row]) * _PRICE, 0, "CNY", "CN", "", "import")  # fmt: skip

    columns = ("id", "key", "source", "number", "customer_id", "ordered_at", "ordered_on", "lines_count", "items",
               "amount", "returns_amount", "currency", "country", "channel", "origin")  # fmt: skip
    _insert(Order, columns, (order(row) for row in range(count)))
    _count_on(Order, count)
    columns = ("order_id", "line_no", "product_id", "description", "quantity", "unit_price", "amount", "line_kind")
    _insert(OrderLine, columns, _lines(first_line, rng))
    with connection.cursor() as cursor:
        cursor.execute(import_module("guanxi_crm.sales.migrations.0002_product_months").ADD_UP)


def _lines(first_line: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Line by line of one order after the other, as an import writes them."""
    for start in range(0, int(first_line[-1]), _BATCH):
        row = np.arange(start, min(start + _BATCH, int(first_line[-1])))
        order = np.searchsorted(first_line, row, side="right")
        number = row - first_line[order - 1] + 1
        product = rng.integers(1, PRODUCTS + 1, len(row))
        yield from zip(
            order.tolist(), number.tolist(), product.tolist(), repeat(""), repeat(1), repeat(_PRICE / 100),
            repeat(_PRICE), repeat("sale"), strict=False,
        )  # fmt: skip


def _insert(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows into an empty table, whose indexes are made when all are there."""
    table = model._meta.db_table
    several: Iterator[tuple[object, ...]] = iter(rows)
    with _indexes_later(table):
        while batch := list(islice(several, _BATCH)):
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    # None of the texts has a tabulator, a line's end or a backslash.
                    text = "".join("\t".join(map(_written, row)) + "\n" for row in batch)
                    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                        copy.write(text)
                else:
                    marks = ", ".join(["%s"] * len(columns))
                    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                    cursor.executemany(sql, [tuple(map(_plain, row)) for row in batch])


def _count_on(model: type[Model], last: int) -> None:
    """New records get keys after the last one that was written with its own."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), %s)", [last])


@contextmanager
def _indexes_later(table: str) -> Iterator[None]:
    """Without those of a table's indexes that no constraint needs; made anew at the end."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
                "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)", [table, table]
            )  # fmt: skip
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s",
                [table],
            )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, sql in indexes:
            cursor.execute(sql)


@contextmanager
def _without_safety() -> Iterator[None]:
    """Without what would save the database if the machine stopped now, and without checks of foreign keys."""
    fast = {"foreign_keys": "OFF", "journal_mode": "OFF", "synchronous": "OFF", "cache_size": "-1000000"}
    as_before = {"foreign_keys": "ON", "journal_mode": "WAL", "synchronous": "NORMAL", "cache_size": "-16000"}
    verb = "PRAGMA"
    if connection.vendor == "postgresql":
        fast = {"session_replication_role": "replica", "synchronous_commit": "off", "maintenance_work_mem": "'1GB'"}
        as_before, verb = dict.fromkeys(fast, "DEFAULT"), "SET"
    with connection.cursor() as cursor:
        for name, value in fast.items():
            cursor.execute(f"{verb} {name} = {value}")
        try:
            yield
        finally:
            for name, value in as_before.items():
                cursor.execute(f"{verb} {name} = {value}")


def _plain(value: object) -> object:
    """As Django writes it to SQLite."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date) else value


def _written(value: object) -> str:
    """As COPY reads it."""
    return "\\N" if value is None else str(value)


def _planner() -> None:
    """As an import leaves the statistics, a publication having left its own; on PostgreSQL as its own housekeeping."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    else:
        planner_refresh(Customer, ContactPoint, Product, Order, OrderLine)


def _shares(count: int) -> np.ndarray:
    """Surnames as they are spread: the first has 7 %, the others less and less."""
    weights = 1 / np.arange(3, count + 3) ** 0.9
    weights = weights / weights.sum() * 0.93
    weights[0] += 0.07 - weights[0]
    return weights / weights.sum()
