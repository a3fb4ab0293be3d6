"""What a page of the CRM costs, at a million customers: server CPU and wall time of a request, by kind of page.

    python benchmarks/web.py --customers 1000000 --lines 10000000 --data DIR --json FILE
    python benchmarks/web.py --database-url postgres://user@host/name --data DIR

A request goes through the whole stack of a signed-in member of staff (session, middleware, policy, selector, template),
in this process: no network, no web server's own work. CPU is this process's alone; with PostgreSQL the database's work
is in the wall time only. Each page is asked for once unmeasured and then `--times` times, the first five pages of a
list in turn, so that not one page's rows answer from the processor's cache. On a machine whose processors others share,
the least CPU of them is what a request takes when it has one to itself. The database is made once a directory.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from measuring import machine, markdown, write_results

ADMINISTRATOR, SALES = "administrator@example.com", "sales3@example.com"
PAGES = {
    "list": {},
    "list, newest": {"sort": "-created_at"},
    "list, by name": {"sort": "name"},
    "list, by expected amount": {"sort": "-expected_amount"},
    "list, by risk": {"sort": "-churn_probability"},
    "list, by last order": {"sort": "last_order_at"},
    "segment": {"segment.is": "cannot_lose"},
    "segment, by risk": {"segment.is": "champions", "sort": "-churn_probability"},
    "high value at risk": {"value_group.is": "high", "churn_band.is": "high", "sort": "-amount"},
    "silent VIPs": {"is_vip.is": "yes", "is_silent.is": "yes", "sort": "-amount"},
    "tag": {"tags.is": "5"},
    "owner": {"owner.is": "7"},
    "city": {"city.is": "上海"},
    "city of nobody": {"city.is": "拉萨"},
    "amount and city": {"amount.at_least": "1000", "city.is": "杭州"},
    "search 王": {"q": "王"},
    "search 伟 (given name)": {"q": "伟"},
    "search 王伟": {"q": "王伟"},
    "search last four digits": {"q": "8000"},
    "search telephone": {"q": "138 0013"},
    "search zhang": {"q": "zhang"},
    "search mail": {"q": "user77@example.com"},
    "search 王 in a segment": {"q": "王", "segment.is": "champions"},
    "panel of filters": "/customers/filters/",
    "customer": "/customers/{customer}/",
    "customer, edit": "/customers/{customer}/edit/",
    "home": "/",
    "orders": "/sales/orders/",
    "order": "/sales/orders/{order}/",
    "product": "/sales/products/{product}/",
    "API list": "/api/v1/customers",
    "API list, by amount": "/api/v1/customers?sort=-amount",
    "API search 王": "/api/v1/customers?q=王",
    "API detail": "/api/v1/customers/{customer}",
    "API scores": "/api/v1/scores",
    "API orders": "/api/v1/orders?limit=50",
}  # fmt: skip
"""What is asked of the list of customers, or an address; ``{customer}`` is one with many orders."""
_MEASURED = ("page", "who", "cpu_least_ms", "cpu_ms", "cpu_p95_ms", "wall_p50_ms", "wall_p95_ms", "queries", "kb")


def main() -> None:
    options = _options()
    os.environ["GUANXI_DATA_DIR"] = str(options.data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "guanxi_crm.settings"
    if options.database_url:
        os.environ["DATABASE_URL"] = options.database_url
    options.data.mkdir(parents=True, exist_ok=True)
    # Settings are read when Django starts, so that nothing of it can be imported before.
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from web_fill import fill

    from guanxi_crm.customers.models import Customer
    from guanxi_crm.sales.models import Order, OrderLine

    call_command("migrate", verbosity=0)
    filled = fill(options.customers, options.lines)
    rows = list(_measure(options.times))
    print(markdown(("page", "who", "least CPU ms", "p50", "p95", "wall p50 ms", "wall p95 ms", "queries", "kB"), rows))
    write_results(
        options.json,
        {"machine": machine(), "load": round(os.getloadavg()[0], 1), "database": connection.vendor,
         "customers": Customer.objects.count(), "orders": Order.objects.count(), "lines": OrderLine.objects.count(),
         "filled_seconds": filled, "resident_mib": None if filled else _resident_mib(),
         "pages": [dict(zip(_MEASURED, row, strict=True)) for row in rows]},
    )  # fmt: skip


def _measure(times: int) -> Iterator[tuple[Any, ...]]:
    for who, mail in (("administrator", ADMINISTRATOR), ("sales", SALES)):
        client, some = _signed_in(mail), _some(mail)
        # Sales staff make no tokens.
        program = _program(mail) if mail == ADMINISTRATOR else None
        for name, asked in PAGES.items():
            if name.startswith("API") and program is None:
                continue
            url = asked.format(**some) if isinstance(asked, str) else f"/customers/?{urlencode(asked)}"
            yield name, who, *_costs(program if url.startswith("/api/") else client, url, times)


def _signed_in(mail: str) -> Any:
    from django.test import Client

    from guanxi_crm.users.models import User

    client = Client(headers={"Accept-Language": "zh"}, SERVER_NAME="localhost")
    client.force_login(User.objects.get(email=mail), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _program(mail: str) -> Any:
    """A program with a token of this user."""
    from django.test import Client

    from guanxi_crm.users.models import User
    from guanxi_crm.users.policy import actor_for
    from guanxi_crm.users.services.tokens import token_create

    user = actor_for(User.objects.get(email=mail))
    _, secret = token_create(user=user, name="bench", scopes=["customer.view", "order.view"], days=1)
    return Client(headers={"Authorization": f"Bearer {secret}"}, SERVER_NAME="localhost")


def _some(mail: str) -> dict[str, int]:
    """A customer of this user with as many orders as any of his first thousand, one of them, and a product."""
    from django.db.models import Count

    from guanxi_crm.customers.models import Customer
    from guanxi_crm.sales.models import Order, Product
    from guanxi_crm.users.models import User
    from guanxi_crm.users.policy import actor_for

    user = actor_for(User.objects.get(email=mail))
    mine = list(
        user.narrow("customer", Customer.objects.all(), "change").order_by("pk").values_list("pk", flat=True)[:1000]
    )
    busy = Customer.objects.filter(pk__in=mine).annotate(bought=Count("orders")).order_by("-bought", "pk").first()
    order = Order.objects.filter(customer=busy).first()
    return {"customer": busy.pk, "order": order.pk if order else 0, "product": Product.objects.first().pk}


def _costs(client: Any, url: str, times: int) -> tuple[Any, ...]:
    """Least CPU, its median and p95, wall median and p95 in ms, queries, size in kB."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    urls = [url]
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
        asked = len(queries)
    assert answer.status_code == 200, (url, answer.status_code)
    size = len(answer.content) / 1000
    while (
        len(urls) < 5
        and url.startswith("/customers/?")
        and (found := re.search(rb'rel="next" href="([^"]+)"', answer.content))
    ):
        urls.append("/customers/" + found.group(1).decode().replace("&amp;", "&"))
        answer = client.get(urls[-1])
    cpu, wall = [], []
    for turn in range(times):
        began, used = time.perf_counter(), time.process_time()
        client.get(urls[turn % len(urls)])
        cpu.append((time.process_time() - used) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return (
        *(round(each, 1) for each in (min(cpu), statistics.median(cpu), _p95(cpu))),
        *(round(each, 1) for each in (statistics.median(wall), _p95(wall))), asked, round(size, 1),
    )  # fmt: skip


def _resident_mib() -> int:
    """Of this process, after all pages; told only where it has not filled the database before."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines; 0 leaves orders out")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds the database and stays")
    parser.add_argument("--database-url", help="another database than SQLite in DIR")
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
